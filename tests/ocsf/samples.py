"""A record of each type code, as Auth0 sends them: invented people, documentation addresses, the fields and details of each kind.

A code twice: with all that Auth0 tells, and with hardly more than the code, since most fields may be missing, empty or null.
"""

import csv
import pathlib

PROJECT = pathlib.Path(__file__).resolve().parents[2]
UNKNOWN = "code_of_tomorrow"

ADMIN = {"user_id": "auth0|5f3c9d7e1b2a4c6d8e0f1a2b", "name": "Robin Admin", "email": "robin@example.com"}
CLIENT = {"client_id": "U9yqRPA3lIYbKC9mUfwa7TJJX4o6dDAE", "client_name": "Harbourline Web"}
CONNECTION = {"connection": "Username-Password-Authentication", "connection_id": "con_RFKsT9wlV4ArShkK", "strategy": "auth0", "strategy_type": "database"}
ORGANIZATION = {"organization_id": "org_k3bR7ZtQpWm1xYvN", "organization_name": "harbourline"}
USER = {"user_id": "auth0|64f0a1b2c3d4e5f60718293a", "user_name": "noor.visser@example.com", "identity_user_id": "64f0a1b2c3d4e5f60718293a"}
PLACE = {
    "country_code": "NL", "country_code3": "NLD", "country_name": "Netherlands", "city_name": "Utrecht", "latitude": 52.0907,
    "longitude": 5.1214, "time_zone": "Europe/Amsterdam", "continent_code": "EU",
}
CALLER = {"ip": "203.0.113.24", "user_agent": "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0", "hostname": "login.example.com"}
VISIT = {**CALLER, "location_info": PLACE, "isMobile": False}
ERROR = {"error": {"message": "Wrong email or password.", "oauthError": "invalid_grant", "type": "invalid_user_password"}}

# Codes of Auth0 itself, of jobs and of the tenant's settings, in which nobody stands.
ALONE = {
    "acls_summary": {"start_time": "2026-07-01T11:00:00.000Z", "end_time": "2026-07-01T12:00:00.000Z", "stats": [{"acl_id": "acl_1", "matches": 12}]},
    "custom_domain_verification_failed": {"domain": "login.example.com", "error": {"message": "CNAME record not found"}},
    "directory_sync_completed": {"synchronization_id": "sync_1", "sync_status": "completed", "scheduled": True},
    "directory_sync_failed": {"synchronization_id": "sync_1", "sync_status": "failed", "scheduled": True},
    "directory_sync_started": {"synchronization_id": "sync_1", "sync_status": "started", "scheduled": True},
    "fui": {"connection": "Username-Password-Authentication", "tenant": "harbourline-prod", "error": "Invalid file"},
    "kms_key_management_failure": {"id": "key_7f1", "type": "tenant-master-key", "state": "pre-activation"},
    "kms_key_management_success": {"id": "key_7f1", "type": "tenant-master-key", "state": "active"},
    "kms_key_state_changed": {"id": "key_7f1", "type": "tenant-master-key", "state": "deactivated"},
    "resource_cleanup": {"resource": "refresh_tokens", "start": 1782907200000, "removedCount": 14, "endCount": 200},
    "ss_sso_failure": {"connection_name": "harbourline-saml", "flow_type": "create", "ss_sso_event_name": "create_connection"},
    "ss_sso_info": {"connection_name": "harbourline-saml", "flow_type": "create", "ss_sso_event_name": "try_connection_started"},
    "ss_sso_success": {"connection_name": "harbourline-saml", "flow_type": "create", "ss_sso_event_name": "create_connection"},
    "sui": {"connection": "Username-Password-Authentication", "tenant": "harbourline-prod"},
    **dict.fromkeys(["admin_update_launch", "appi", "coff", "con", "fcpro", "sys_os_update_end", "sys_os_update_start", "sys_update_end", "sys_update_start"], {}),
}
# Codes of an application that acts for itself.
MACHINE = {"seccft", "feccft", "token_quota_consumption_warning"}
METHODS = {"sapi": "post", "fapi": "DELETE", "mgmt_api_read": "GET", "sscim": "PATCH", "fscim": "PUT"}
# What each category tells in details.
TOLD = {
    "attack_protection": {"action": "block", "stage": "login", "flow": "login"},
    "action": {"executions": ["lg0ouAUtJdTij"], "error": {"message": "TypeError: Cannot read properties of undefined"}},
    "login": {"session_id": "C5BKUw1RFtXwwwcu88HHDoxTZGY5Kfv_", "prompts": [{"name": "login", "flow": "universal-login"}], "stats": {"loginsCount": 7}},
    "logout": {"session_id": "C5BKUw1RFtXwwwcu88HHDoxTZGY5Kfv_", "return_to": "https://app.example.com/"},
    "mfa": {"authenticator": {"type": "push", "name": "phone"}, "transaction_id": "tx_1"},
    "organization": {"reason": "invitation"},
    "provisioning": {},
    "rate_limit": {"limit": {"bucket": "authentication-api", "global": False, "size": 100}, "request": {"method": "POST", "path": "/oauth/token"}},
    "signup": {"body": {"email": "noor.visser@example.com", "tenant": "harbourline-prod"}},
    "silent_auth": {"session_id": "C5BKUw1RFtXwwwcu88HHDoxTZGY5Kfv_", "qs": {"prompt": "none", "response_type": "code"}},
    "system": {"title": "Note", "feature": "sdk"},
    "token_exchange": {"access_token_jti": "ScgTk4BDjMp5EkGfcKxw3y", "grant_id": "grant_1"},
    "user": {"request": {"method": "POST", "path": "/dbconnections/change_password", "body": {"email": "noor.visser@example.com"}}},
}


def codes():
    """Every type code that Auth0 is known to send, with its name, category and outcome."""
    with open(PROJECT / "sql/event_types.tsv", encoding="utf-8", newline="") as file:
        return {row["code"]: row for row in csv.DictReader(file, delimiter="\t", quoting=csv.QUOTE_NONE)}


def samples():
    """Records by log_id: each code and one that nobody knows, full and sparse."""
    known = codes()
    unknown = {"code": UNKNOWN, "name": "New Thing", "category": "login", "outcome": "notice"}
    records = [full(at, row) for at, row in enumerate([*known.values(), unknown])]
    return {record["log_id"]: record for record in records + [sparse(record) for record in records]}


def full(at, row):
    """All that Auth0 tells with a code."""
    log_id = f"900202607011200{at:03}0000000000000000012233720368{at:08}"
    data = {
        "date": f"2026-07-01T12:{at // 60:02}:{at % 60:02}.{at:03}Z", "type": row["code"], "description": row["name"], "log_id": log_id,
        "tenant_name": "harbourline-prod", "environment_name": "prod-eu-1", "$event_schema": {"version": "1.0.0"}, **people(row), "details": details(row),
    }
    return {"log_id": log_id, "data": data}


def people(row):
    """Who stands in a record of this kind, and from where."""
    code, category = row["code"], row["category"]
    if code in ALONE:
        return CONNECTION if code.startswith("directory_sync") else {}
    if code in MACHINE:
        return {**CALLER, **CLIENT, "user_id": "", "user_name": "", "audience": "https://api.example.com/", "scope": "read:orders write:orders"}
    if category == "management":
        return {**CALLER, **CLIENT, "user_id": ADMIN["user_id"], "references": {"trace_id": "2e2f21e93750986a60b7991de281b66f"}}
    if category == "provisioning":
        return {**CALLER, **CLIENT, "user_id": ""}
    rest = {"audience": "https://api.example.com/", "scope": ["openid", "profile"], "auth0_client": {"name": "nextjs-auth0", "version": "4.11.0"}}
    more = {"client_ip": "198.51.100.7", "tracking_id": "t-1", "transaction_linking_id": "linked-1", "security_context": {"ja3": "8eb4da21832d9a57448e37744790a28d"}}
    return {**VISIT, **CLIENT, **CONNECTION, **ORGANIZATION, **USER, **rest, **more, "isMobile": category == "mfa"}


def details(row):
    code, category = row["code"], row["category"]
    if code in ALONE:
        return ALONE[code]
    if code in METHODS:
        path = "/scim/v2/connections/con_1/Users/u_1" if "scim" in code else "/api/v2/clients/c_1"
        request = {"method": METHODS[code], "path": path, "channel": "api", "auth": {"user": ADMIN, "strategy": "jwt"}, "body": {"name": "Scanner"}}
        return {"request": request, "response": {"statusCode": 403 if code.startswith("f") else 200, "body": {}}}
    return {**TOLD[category], **(ERROR if row["outcome"] == "failure" and category != "action" else {})}


def sparse(record):
    """The same code with hardly anything beside it."""
    data = {key: record["data"][key] for key in ("date", "type")}
    return {"log_id": record["log_id"] + "-sparse", "data": {**data, "description": None, "user_id": "", "user_name": "", "client_id": None, "ip": "100.223.435"}}
