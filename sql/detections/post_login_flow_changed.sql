-- id: post_login_flow_changed
-- title: The flow of Actions after login was changed.
-- severity: medium
-- do: Compare the Actions of the flow with what should be there. One that is gone may have been a check; a new one sees every login.
-- silent: the same flow written again; the flow of another trigger
-- attack: T1556
-- key: row_id
SELECT source, actor AS subject, event_time, row_id
FROM changes
WHERE method IN ('patch', 'put') AND regexp_like(path, '/v2/actions/triggers/post-login/bindings$') AND NOT {same}
