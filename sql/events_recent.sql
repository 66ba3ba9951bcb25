CREATE TABLE events_recent WITH (format = 'PARQUET') AS
SELECT
  CAST(event_time AS timestamp(3)) AS event_time, log_id, type, description, connection, connection_id, client_id, client_name, ip, client_ip, hostname, user_id, user_name, identity_user_id, audience, scope, strategy, strategy_type, organization_id, organization_name, tenant_name, environment_name, agent_id, external_agent_id, session_connection, transaction_linking_id, tracking_id, mtls_thumbprint_sha256, data_log_id, is_mobile, user_agent, country_code, country_code3, country_name, city_name, latitude, longitude, time_zone, continent_code, auth0_client, security_context, event_schema, details, unmapped, code_name, category, outcome, source, row_id, any_ip_addresses, any_usernames, schema_version, CAST(parse_time AS timestamp(3)) AS parse_time, time_source, drift, request_id
FROM events_live
WHERE parse_time >= CAST(current_timestamp AT TIME ZONE 'UTC' AS timestamp) - INTERVAL '{hours}' HOUR
  AND event_time >= CAST(current_timestamp AT TIME ZONE 'UTC' AS timestamp) - INTERVAL '35' DAY
