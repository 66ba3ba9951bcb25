"""Invented happenings in tenants, each with the detections that must fire on it, and no others.

Every scenario is a source of its own, so that one lake holds them all: what fires is told apart by its source.
"""

import hashlib
import itertools
import json
from datetime import datetime, timedelta, timezone

# Yesterday morning: no burst crosses midnight, and the fresh half of events_live holds it.
BASE = (datetime.now(timezone.utc) - timedelta(days=1)).replace(hour=10, minute=0, second=0, microsecond=0)
IDS = itertools.count(1)
BOSS = {"name": "Ada", "email": "ada@example.com", "user_id": "google-oauth2|1001"}


def event(type, minutes=0.0, days=0, **data):
    when = BASE + timedelta(days=days, minutes=minutes)
    stamp = when.strftime("%Y-%m-%dT%H:%M:%S.") + f"{when.microsecond // 1000:03}Z"
    log_id = f"900{when.strftime('%Y%m%d%H%M%S')}{next(IDS):039}"
    return {"log_id": log_id, "data": {"date": stamp, "type": type, "log_id": log_id, "tenant_name": "acme-prod", **data}}


def change(method, path, body=None, answer=None, minutes=0.0, type="sapi", description="", who=BOSS, days=0, status=200, **data):
    """A call of the Management API as Auth0 logs it."""
    auth = {"user": who, "strategy": "jwt", "credentials": {"jti": "0" * 32}} if who else {"strategy": "jwt", "credentials": {"jti": "1" * 32}}
    request = {"method": method, "path": path, "query": {}, "userAgent": "test", "channel": "https://manage.example.com/", "ip": "192.0.2.10", "auth": auth}
    details = {"request": {**request, **({} if body is None else {"body": body})}, "response": {"statusCode": status, "body": {} if answer is None else answer}}
    common = {"description": description, "ip": "192.0.2.10", "client_id": "dashboard", "details": details, "user_id": who["user_id"] if who else ""}
    return event(type, minutes, days, **{**common, **data})


def login(type, user="bo", ip="198.51.100.7", minutes=0.0, days=0, **data):
    return event(type, minutes, days, **{"ip": ip, "user_id": f"auth0|{user}", "user_name": f"{user}@example.com", "client_id": "web", **data})


def times(count, every, make):
    """So many records, so many minutes apart."""
    return [make(n, n * every) for n in range(count)]


def place(country, latitude, longitude, city=None, ip="198.51.100.7"):
    found = {"country_code": country, "latitude": latitude, "longitude": longitude, "city_name": city}
    return {"ip": ip, "location_info": {name: value for name, value in found.items() if value is not None}}


AMSTERDAM, PARIS, SYDNEY = place("NL", 52.37, 4.9, "Amsterdam"), place("FR", 48.86, 2.35, "Paris", "203.0.113.75"), place("AU", -33.87, 151.21, "Sydney", "203.0.113.20")
# An address right at the distance of 500 km north of one on the equator, and one right below.
EQUATOR, NEARER, FARTHER = place("GA", 0.0, 9.0, "South"), place("GA", 4.49, 9.0, "Near", "203.0.113.4"), place("GA", 4.50, 9.0, "Far", "203.0.113.5")
CENTRE = place("US", 37.751, -97.822, ip="203.0.113.30")
SHIELDS = "/api/v2/attack-protection"


def phone(user, number, minutes=0.0, days=0, where="authenticator"):
    return event("gd_enrollment_complete", minutes, days, user_id=f"auth0|{user}", user_name=f"{user}@example.com",
                 description="Guardian - Enrollment complete (sms)", details={where: {"phone_number": number, "type": "sms"}})


def busy(hour_calls, days, client="sync", type="sapi"):
    return [change("patch", "/api/v2/users/auth0%7Cx", {}, minutes=n / 20, days=days, type=type, who=None, client_id=client) for n in range(hour_calls)]


# Changes that each page, as (method, path, body, answer).
GRANT = "/api/v2/client-grants"
MANAGEMENT = "https://acme-prod.eu.auth0.com/api/v2/"
OFF, ON = {"enabled": False}, {"enabled": True, "shields": ["block", "admin_notification"]}
NEVER = {"challenge_password_policy": "never"}
WRITTEN = {
    "attack_protection_off": ("patch", f"{SHIELDS}/brute-force-protection", OFF, {**ON, **OFF}),
    "bot_detection_off": ("patch", f"{SHIELDS}/bot-detection", NEVER, NEVER),
    "mfa_factor_disabled": ("put", "/api/v2/guardian/factors/otp", OFF, OFF),
    "mfa_factor_enabled": ("put", "/api/v2/guardian/factors/sms", {"enabled": True}, {"enabled": True}),
    "mfa_policy_disabled": ("put", "/api/v2/guardian/policies", [], []),
    "mfa_risk_assessment_disabled": ("patch", "/api/v2/risk-assessments/settings", OFF, OFF),
    "log_stream_changed": ("patch", "/api/v2/log-streams/lst_9", {"name": "siem", "filters": []}, {"id": "lst_9", "name": "siem", "status": "active"}),
    "post_login_flow_changed": ("patch", "/api/v2/actions/triggers/post-login/bindings", {"bindings": [{"ref": "a"}]}, {"bindings": [{"id": "1", "updated_at": "x"}]}),
    "client_grant_widened": ("patch", f"{GRANT}/cgr_9", {"scope": ["delete:users"]}, {"audience": MANAGEMENT, "scope": ["delete:users"]}),
}
# Changes that page each time.
MADE = {
    "role_created": ("post", "/api/v2/roles", {"name": "x"}, None),
    "users_exported": ("post", "/api/v2/jobs/users-exports", {}, None),
    "client_secret_rotated": ("post", "/api/v2/clients/abc/rotate-secret", None, None),
    "admin_invited": ("post", "/api/v2/tenants/invitations", {"roles": ["owner"]}, None),
    "tenant_member_deleted": ("delete", "/api/v2/tenants/members/1", None, None),
    "integration_installed": ("post", "/api/v2/integrations/installed", {}, None),
    "user_joined_tenant": ("patch", "/api/v2/tenants/invitations/inv_1", {"state": "accepted"}, None),
    "member_invited": ("post", "/api/v2/organizations/org_1/invitations", {}, None),
}
REFUSALS = [400, 401, 403, 404, 409, 422, 429, 500, "403"]


def refused():
    """Each change as the API refuses it, with each status."""
    made = list({**WRITTEN, **MADE}.values())
    error = {"statusCode": 403, "error": "Forbidden"}
    return [change(*args[:3], error, status=status, minutes=n) for n, args in enumerate(made) for status in REFUSALS] + [
        {**record, "data": {**record["data"], "details": {**record["data"]["details"], "response": answer}}}
        for answer in ({"body": error}, {"status": 404}) for record in (change(*args[:3], minutes=60) for args in made)
    ] + [change("post", "/oidc/register", {}, error, status=403, minutes=m, who=None) for m in range(20)] + [
        change("delete", f"/api/v2/users/auth0%7C{m}", None, error, status=404, minutes=m) for m in range(30)]


def deploy(minutes=0.0, days=0, by=None, **settings):
    """What a deploy tool writes: every setting, changed or not."""
    return [change(*args, minutes=minutes, days=days, who=by, client_id="deploy") for args in {**WRITTEN, **settings}.values()]


def masked(records, mask, user_id=True):
    """The same records as a stream sends that masks or hashes names and numbers."""
    hidden = json.loads(json.dumps(records))
    for record in hidden:
        data = record["data"]
        data["user_name"] = mask(data.get("user_name", ""))
        if not user_id:
            data["user_id"] = ""
        for part in ("authenticator", "enrollment"):
            if part in (data.get("details") or {}):
                data["details"][part]["phone_number"] = mask(data["details"][part]["phone_number"])
    return hidden


def hashed(text):
    return hashlib.sha256(text.encode()).hexdigest()[:16]


REUSED = "Unsuccessful Refresh Token exchange, reused refresh token detected"
SPRAY = [("fp", n, n) for n in range(25)] + [("s", 7, 30)]


def sprayed(start=0.0, **where):
    return [login(type, user=f"victim{n}", minutes=start + m, **where) for type, n, m in SPRAY]


LEAKS = [login("pwd_leak", user=f"leak{n}", ip=f"192.0.2.{n}") for n in range(3)]
STRANGERS = [phone(f"person{n}", f"+1555010{n}", n) for n in range(3)]
MASKED = {"login_from_attacker": 1, "password_spraying": 1, "brute_force": 1, "leaked_password_login": 3}
TIERED = {"shields": ["user_notification"], "mode": "count_per_identifier"}

# Name: records, and how many hits of each detection; 0 where it comes near and must be silent.
SCENARIOS = {
    # Changes of protection.
    "brute-force-off": ([change("patch", f"{SHIELDS}/brute-force-protection", OFF, {**ON, **OFF})], {"attack_protection_off": 1}),
    "two-shields-off": ([change("patch", f"{SHIELDS}/breached-password-detection", OFF, OFF), change("patch", f"{SHIELDS}/suspicious-ip-throttling", {"shields": []}, {"enabled": True, "shields": []})], {"attack_protection_off": 2}),
    "off-without-answer": ([change("patch", f"{SHIELDS}/suspicious-ip-throttling", OFF)], {"attack_protection_off": 1}),
    "shields-on": ([change("patch", f"{SHIELDS}/{which}", ON, ON) for which in ("brute-force-protection", "breached-password-detection", "suspicious-ip-throttling")], {"attack_protection_off": 0}),
    "shield-read-or-failed": ([change("get", f"{SHIELDS}/brute-force-protection", None, OFF, type="mgmt_api_read"), change("patch", f"{SHIELDS}/brute-force-protection", OFF, OFF, type="fapi")], {"attack_protection_off": 0}),
    "bots-let-in": ([change("patch", "/api/v2/anomaly/captchas", {"policy": "off"}, {"policy": "off", "passwordless_policy": "high_risk"}, description="Create or update the anomaly detection captcha")], {"bot_detection_off": 1}),
    "bots-never-asked": ([change("patch", f"{SHIELDS}/bot-detection", {"challenge_password_reset_policy": "never"}, {"challenge_password_policy": "when_risky", "challenge_password_reset_policy": "never"})], {"bot_detection_off": 1}),
    "bots-only-watched": ([change("patch", f"{SHIELDS}/bot-detection", {"monitoring_mode_enabled": True})], {"bot_detection_off": 1}),
    "bots-asked": ([change("patch", f"{SHIELDS}/bot-detection", {"challenge_password_policy": "always"}, {"challenge_password_policy": "always", "challenge_password_reset_policy": "when_risky", "monitoring_mode_enabled": False}), change("patch", "/api/v2/anomaly/captchas", {}, {"policy": "always_on"}, description="Create or update the anomaly detection captcha")], {"bot_detection_off": 0}),
    # Changes of MFA.
    "policy-emptied": ([change("put", "/api/v2/guardian/policies", [], [])], {"mfa_policy_disabled": 1}),
    "policy-set": ([change("put", "/api/v2/guardian/policies", ["all-applications"], ["all-applications"])], {"mfa_policy_enabled": 1}),
    "policy-read": ([change("get", "/api/v2/guardian/policies", None, [], type="mgmt_api_read"), change("put", "/api/v2/guardian/policies/other", [], [])], {"mfa_policy_disabled": 0, "mfa_policy_enabled": 0}),
    "factor-on": ([change("put", "/api/v2/guardian/factors/sms", {"enabled": True}, {"enabled": True})], {"mfa_factor_enabled": 1}),
    "factor-off": ([change("put", "/api/v2/guardian/factors/webauthn-roaming", OFF, OFF)], {"mfa_factor_disabled": 1}),
    "factor-provider": ([change("put", "/api/v2/guardian/factors/sms/providers/twilio", {"enabled": True}, {"enabled": True})], {"mfa_factor_enabled": 0, "mfa_factor_disabled": 0}),
    "risk-off": ([change("patch", "/api/v2/risk-assessment/config", {"AfterAuthentication": False}, {"AfterAuthentication": False, "BeforeLoginPrompt": True})], {"mfa_risk_assessment_disabled": 1}),
    "risk-on": ([change("patch", "/api/v2/risk-assessment/config", {"AfterAuthentication": True}, {"AfterAuthentication": True})], {"mfa_risk_assessment_enabled": 1}),
    "risk-other": ([change("patch", "/api/v2/risk-assessment/config", {"BeforeLoginPrompt": False}, {"BeforeLoginPrompt": False})], {"mfa_risk_assessment_disabled": 0, "mfa_risk_assessment_enabled": 0}),
    # People and applications.
    "role-made": ([change("post", "/api/v2/roles", {"name": "auditor"}, {"id": "rol_1"})], {"role_created": 1}),
    "role-given": ([change("post", "/api/v2/roles/rol_1/users", {"users": ["auth0|1"]}), change("get", "/api/v2/roles", None, [], type="mgmt_api_read"), change("patch", "/api/v2/roles/rol_1", {"name": "x"})], {"role_created": 0}),
    "member-deleted": ([change("delete", "/api/v2/tenants/members/1", description="Delete tenant member")], {"tenant_member_deleted": 1}),
    "member-read": ([change("get", "/api/v2/tenants/members", description="Get tenant members", type="mgmt_api_read")], {"tenant_member_deleted": 0}),
    "integration": ([change("post", "/api/v2/integrations/installed", {"integration_id": "1"}, description="Install an available integration")], {"integration_installed": 1}),
    "integration-gone": ([change("delete", "/api/v2/integrations/installed/1"), change("get", "/api/v2/integrations/installed", type="mgmt_api_read")], {"integration_installed": 0}),
    "owner-invited": ([change("post", "/api/v2/tenants/invitations", {"owners": ["eve@example.org"], "roles": ["owner"]})], {"admin_invited": 1}),
    "guests-invited": ([change("post", "/api/v2/tenants/invitations", {"roles": ["viewer"]}), change("post", "/api/v2/organizations/org_1/invitations", {"invitee": {"email": "x@example.com"}})], {"member_invited": 2}),
    "invitations-read": ([change("get", "/api/v2/organizations/org_1/invitations", type="mgmt_api_read"), change("delete", "/api/v2/organizations/org_1/invitations/uinv_1")], {"member_invited": 0, "admin_invited": 0}),
    "joined": ([change("patch", "/api/v2/tenants/invitations/inv_1", {"state": "accepted"})], {"user_joined_tenant": 1}),
    "declined": ([change("patch", "/api/v2/tenants/invitations/inv_1", {"state": "declined"})], {"user_joined_tenant": 0}),
    "flow-changed": ([change("patch", "/api/v2/actions/triggers/post-login/bindings", {"bindings": []}, description="Update trigger bindings")], {"post_login_flow_changed": 1}),
    "other-flow": ([change("patch", "/api/v2/actions/triggers/pre-user-registration/bindings", {"bindings": []})], {"post_login_flow_changed": 0}),
    "stream-changed": ([change("patch", "/api/v2/log-streams/lst_1", {"status": "paused"}), change("delete", "/api/v2/log-streams/lst_1", minutes=1)], {"log_stream_changed": 2}),
    "stream-made": ([change("post", "/api/v2/log-streams", {"type": "http"}), change("get", "/api/v2/log-streams/lst_1", type="mgmt_api_read")], {"log_stream_changed": 0, "log_stream_created": 1}),
    "secret-rotated": ([change("post", "/api/v2/clients/abc/rotate-secret"), change("post", "/api/v2/clients/abc/credentials", {"credential_type": "public_key"})], {"client_secret_rotated": 2}),
    "client-changed": ([change("patch", "/api/v2/clients/abc", {"name": "x"}), change("get", "/api/v2/clients/abc/credentials", type="mgmt_api_read")], {"client_secret_rotated": 0}),
    "grant-widened": ([change("patch", "/api/v2/client-grants/cgr_1", {"scope": ["read:users", "delete:users"]}, {"audience": "https://acme-prod.eu.auth0.com/api/v2/", "scope": ["read:users", "delete:users"]}), change("post", "/api/v2/client-grants", {"audience": "https://acme-prod.eu.auth0.com/api/v2/", "scope": ["update:clients"]})], {"client_grant_widened": 2}),
    "grant-harmless": ([change("patch", "/api/v2/client-grants/cgr_1", {"scope": ["read:users"]}, {"audience": "https://acme-prod.eu.auth0.com/api/v2/", "scope": ["read:users"]}), change("post", "/api/v2/client-grants", {"audience": "https://api.example.com/", "scope": ["delete:stock"]})], {"client_grant_widened": 0}),
    "export": ([change("post", "/api/v2/jobs/users-exports", {"format": "csv"})], {"users_exported": 1}),
    "import": ([change("post", "/api/v2/jobs/users-imports", {}), change("get", "/api/v2/jobs/job_1", type="mgmt_api_read")], {"users_exported": 0}),
    # Counted by person and time: at the threshold, below it, and spread too far.
    "deleted-20": (times(20, 3, lambda n, m: change("delete", f"/api/v2/users/auth0%7C{n}", minutes=m)), {"users_deleted": 1}),
    "deleted-19": (times(19, 3, lambda n, m: change("delete", f"/api/v2/users/auth0%7C{n}", minutes=m)), {"users_deleted": 0}),
    "deleted-slowly": (times(20, 3.2, lambda n, m: change("delete", f"/api/v2/users/auth0%7C{n}", minutes=m)), {"users_deleted": 0}),
    "deleted-by-two": (times(38, 1, lambda n, m: change("delete", f"/api/v2/users/auth0%7C{n}", minutes=m, who={**BOSS, "email": f"{n % 2}@example.com"})), {"users_deleted": 0}),
    "surge-100": (busy(20, -3) + busy(100, 0), {"management_api_surge": 1}),
    "surge-99": (busy(19, -3) + busy(99, 0), {"management_api_surge": 0}),
    "surge-as-ever": (busy(21, -3) + busy(100, 0), {"management_api_surge": 0}),
    "surge-first-day": (busy(120, 0), {"management_api_surge": 0}),
    "surge-after-long": (busy(2, -15) + busy(100, 0), {"management_api_surge": 0}),
    "registered-15": (times(15, 4, lambda n, m: change("post", "/oidc/register", {"client_name": f"{n}"}, minutes=m, description="Dynamic client registration", who=None)), {"dynamic_clients": 1}),
    "registered-14": (times(14, 4, lambda n, m: change("post", "/oidc/register", {"client_name": f"{n}"}, minutes=m, description="Dynamic client registration", who=None)), {"dynamic_clients": 0}),
    "registered-slowly": (times(15, 4.5, lambda n, m: change("post", "/oidc/register", {"client_name": f"{n}"}, minutes=m, who=None)), {"dynamic_clients": 0}),
    # Logins.
    "crossed-10": (times(9, 1, lambda n, m: login("fcoa", minutes=m)) + [login("scoa", minutes=9), login("pwd_leak", minutes=10)], {"cross_origin_abused": 1, "leaked_password_login": 1, "failures_then_login": 1}),
    "crossed-9": (times(9, 1, lambda n, m: login("fcoa", minutes=m)) + times(30, 0.1, lambda n, m: login("scoa", minutes=20 + m)), {"cross_origin_abused": 0, "failures_then_login": 1}),
    "crossed-slowly": (times(10, 7, lambda n, m: login("fcoa", minutes=m)), {"cross_origin_abused": 0}),
    "crossed-by-many": (times(40, 1, lambda n, m: login("scoa", user=f"u{n}", minutes=m)), {"cross_origin_abused": 0}),
    "leaks-10": (times(10, 6, lambda n, m: login("pwd_leak", user=f"u{n}", ip=f"198.51.100.{n}", minutes=m)), {"leaked_password_surge": 1, "leaked_password_login": 10}),
    "leaks-9": (times(9, 6, lambda n, m: login("pwd_leak", user="one", ip=f"198.51.100.{n}", minutes=m)), {"leaked_password_login": 1, "leaked_password_surge": 0}),
    "leaks-slowly": (times(10, 7, lambda n, m: login("pwd_leak", user="one", ip=f"198.51.100.{n}", minutes=m)), {"leaked_password_login": 1, "leaked_password_surge": 0}),
    "leak-elsewhere": ([login("signup_pwd_leak"), login("reset_pwd_leak"), login("scp")], {"leaked_password_login": 0}),
    "limits": ([login(code, user=f"u{n}") for n, code in enumerate(("api_limit", "limit_delegation", "limit_mu", "limit_phone", "limit_sul", "limit_wc", "gd_otp_rate_limit_exceed", "gd_recovery_rate_limit_exceed"))], {"limit_hit": 8}),
    "limit-again": ([login("limit_wc", minutes=m) for m in range(5)], {"limit_hit": 1}),
    "limit-near": ([login("api_limit_warning"), login("ublkdu"), login("token_quota_consumption_warning")], {"limit_hit": 0}),
    "failed-11": (times(11, 6, lambda n, m: login(("fp", "f", "fu", "fs")[n % 4], minutes=m)), {"brute_force": 1}),
    "failed-10": (times(10, 6, lambda n, m: login("fp", minutes=m)), {"brute_force": 0}),
    "failed-slowly": (times(11, 6.1, lambda n, m: login("fp", minutes=m)), {"brute_force": 0}),
    "failed-from-many": (times(22, 1, lambda n, m: login("fp", ip=f"198.51.100.{n}", minutes=m)), {"brute_force": 0}),
    "failed-two-days": (times(11, 1, lambda n, m: login("fp", minutes=m)) + times(11, 1, lambda n, m: login("fp", minutes=m, days=-1)), {"brute_force": 2}),
    "sprayed-10": (times(10, 5, lambda n, m: login("fp", user=f"u{n}", minutes=20 + m)), {"password_spraying": 1}),
    "sprayed-9": (times(10, 5, lambda n, m: login("fp", user=f"u{n % 9}", minutes=20 + m)), {"password_spraying": 0}),
    "sprayed-slowly": (times(10, 8, lambda n, m: login("fp", user=f"u{n}", minutes=m)), {"password_spraying": 0}),
    "attacker-in": (times(5, 1, lambda n, m: login("fp", user=f"u{n}", minutes=m)) + [login("s", user="u3", minutes=30)], {"login_from_attacker": 1}),
    "attacker-in-4": (times(8, 1, lambda n, m: login("fp", user=f"u{n % 4}", minutes=m)) + [login("s", user="u3", minutes=30)], {"login_from_attacker": 0}),
    "attacker-later": ([login("s", user="u3")] + times(5, 1, lambda n, m: login("fp", user=f"u{n}", minutes=1 + m)), {"login_from_attacker": 0}),
    "attacker-long-ago": (times(5, 1, lambda n, m: login("fp", user=f"u{n}", minutes=m, days=-1)) + [login("s", user="u3", minutes=5)], {"login_from_attacker": 0}),
    "pushed-5": (times(5, 3.75, lambda n, m: event("gd_send_pn", m, user_id="auth0|bo", user_name="bo@example.com")), {"push_fatigue": 1}),
    "pushed-4": (times(4, 1, lambda n, m: event("gd_send_pn", m, user_id="auth0|bo")) + [event("gd_send_pn", 1, user_id="auth0|cy"), event("gd_send_sms", 2, user_id="auth0|bo")], {"push_fatigue": 0}),
    "pushed-slowly": (times(5, 4, lambda n, m: event("gd_send_pn", m, user_id="auth0|bo")), {"push_fatigue": 0}),
    "phone-shared": ([phone("bo", "+15550100"), phone("cy", "+15550100", 5, where="enrollment"), phone("di", "+15550111", 6)], {"phone_shared": 1}),
    "phone-shared-before": ([phone("bo", "+15550100", days=-20), phone("cy", "+15550100")], {"phone_shared": 1}),
    "phone-again": ([phone("bo", "+15550100"), phone("bo", "+15550100", 9), phone("cy", "", 10), phone("di", "", 11), phone("ed", "+15550111", days=-31), phone("fe", "+15550111")], {"phone_shared": 0}),
    "token-reused": ([login("ferrt", description=REUSED, minutes=m) for m in (0, 9)] + [login("ferrt", user="cy", description=REUSED)], {"refresh_token_reused": 2}),
    "token-unknown": ([login("ferrt", description="Unknown or invalid refresh token."), login("fertft", description=REUSED)], {"refresh_token_reused": 0}),
    # Places.
    "travelled": ([login("s", **AMSTERDAM), login("s", minutes=120, **SYDNEY)], {"impossible_travel": 1}),
    "travelled-slowly": ([login("s", **AMSTERDAM), login("s", minutes=40, **PARIS), login("s", user="cy", minutes=60, **SYDNEY)], {"impossible_travel": 0}),
    "travelled-a-day": ([login("s", days=-1, **AMSTERDAM), login("s", **SYDNEY)], {"impossible_travel": 0}),
    "travelled-500-km": ([login("s", **EQUATOR), login("s", minutes=33, **FARTHER)], {"impossible_travel": 1}),
    "travelled-499-km": ([login("s", **EQUATOR), login("s", minutes=1, **NEARER)], {"impossible_travel": 0}),
    "travelled-900-km-h": ([login("s", **EQUATOR), login("s", minutes=34, **FARTHER)], {"impossible_travel": 0}),
    "admin-abroad": ([change("get", "/api/v2/clients", type="mgmt_api_read", days=-20), login("s", user_id=BOSS["user_id"], days=-20, **AMSTERDAM), login("s", user_id=BOSS["user_id"], **PARIS)], {"admin_new_country": 1}),
    "admin-again": ([change("get", "/api/v2/clients", type="mgmt_api_read", days=-20), *(login("s", user_id=BOSS["user_id"], days=days, **where) for days, where in ((-30, PARIS), (-20, PARIS), (0, PARIS)))], {"admin_new_country": 0}),
    "admin-first-seen": ([change("get", "/api/v2/clients", type="mgmt_api_read"), login("s", user_id=BOSS["user_id"], **PARIS)], {"admin_new_country": 0}),
    "admin-after-91-days": ([change("get", "/api/v2/clients", type="mgmt_api_read"), login("s", user_id=BOSS["user_id"], days=-91, **AMSTERDAM), login("s", user_id=BOSS["user_id"], **PARIS)], {"admin_new_country": 0}),
    "user-abroad": ([login("s", days=-20, **AMSTERDAM), login("s", **PARIS)], {"admin_new_country": 0}),
    # What the API refused changed nothing; what a deploy wrote again changed nothing either.
    "refused": (refused(), {id: 0 for id in (*WRITTEN, *MADE, "dynamic_clients", "users_deleted")}),
    "without-status": ([{**r, "data": {**r["data"], "details": {"request": r["data"]["details"]["request"]}}} for r in (change(*args, minutes=n) for n, args in enumerate(MADE.values()))], {id: 1 for id in MADE}),
    "deployed-daily": ([record for day in range(-5, 1) for record in deploy(days=day)], {id: 1 for id in WRITTEN}),
    "deployed-by-two": (deploy(days=-2) + deploy(minutes=5, days=-1, by=BOSS), {id: 1 for id in WRITTEN}),
    "deployed-off-and-on": ([change("put", "/api/v2/guardian/factors/otp", {"enabled": on}, {"enabled": on}, minutes=m) for m, on in enumerate((True, False, False, True, False))], {"mfa_factor_disabled": 2, "mfa_factor_enabled": 2}),
    "lockout-stays-on": ([change("patch", f"{SHIELDS}/brute-force-protection", TIERED, {**ON, **TIERED})], {"attack_protection_off": 0}),
    "lockout-off": ([change("patch", f"{SHIELDS}/brute-force-protection", {}, {**ON, **TIERED, "mode": "count_per_identifier_and_ip"}), change("patch", f"{SHIELDS}/suspicious-ip-throttling", {}, {**ON, **TIERED})], {"attack_protection_off": 2}),
    "grant-narrowed": ([change("patch", f"{GRANT}/cgr_1", {"scope": scope}, {"audience": MANAGEMENT, "scope": scope}, minutes=m) for m, scope in enumerate((["read:users", "update:users", "delete:users"], ["update:users"], ["read:logs", "update:users"]))], {"client_grant_widened": 1}),
    "grant-all-scopes": ([change("post", GRANT, {"audience": MANAGEMENT, "allow_all_scopes": True}, {"id": "cgr_1", "audience": MANAGEMENT, "scope": [], "allow_all_scopes": True}), change("patch", f"{GRANT}/cgr_2", {"allow_all_scopes": True}), change("patch", f"{GRANT}/cgr_3", {"scope": ["read:users"]}, {"audience": MANAGEMENT, "allow_all_scopes": "true"}), change("patch", f"{GRANT}/cgr_1", {"allow_all_scopes": True, "scope": ["delete:users"]}, {"audience": MANAGEMENT, "allow_all_scopes": True}, minutes=9)], {"client_grant_widened": 3}),
    "grant-all-of-another": ([change("post", GRANT, {"audience": "https://api.example.com/", "allow_all_scopes": True}), change("patch", f"{GRANT}/cgr_2", {"allow_all_scopes": False}, {"audience": MANAGEMENT, "allow_all_scopes": False})], {"client_grant_widened": 0}),
    "exported-nightly": ([change("post", "/api/v2/jobs/users-exports", {}, who=None, client_id="backup", days=day) for day in range(-4, 1)], {"users_exported": 1}),
    "leavers-daily": ([change("delete", f"/api/v2/users/ad%7C{day}x{n}", minutes=n / 10, days=day, who=None, client_id="hr") for day in (-3, -2, -1, 0) for n in range(30)], {"users_deleted": 0}),
    "leavers-of-a-month": ([change("delete", f"/api/v2/users/ad%7C{day}x{n}", minutes=n / 10, days=day, who=None, client_id="hr") for day, count in ((-2, 8), (-1, 3), (0, 99)) for n in range(count)], {"users_deleted": 0}),
    "leavers-sudden": ([change("delete", f"/api/v2/users/ad%7C{day}x{n}", minutes=n / 10, days=day, who=None, client_id="hr") for day, count in ((-3, 8), (0, 100)) for n in range(count)], {"users_deleted": 1, "management_api_surge": 1}),
    # A stream that masks or hashes names says as much.
    "in-the-clear": (sprayed() + LEAKS + STRANGERS, MASKED),
    "names-starred": (masked(sprayed() + LEAKS + STRANGERS, lambda _: "********"), MASKED),
    "names-hashed": (masked(sprayed() + LEAKS + STRANGERS, hashed), MASKED),
    "names-hashed-alone": (masked(sprayed() + LEAKS, hashed, user_id=False), MASKED),
    "names-partly-starred": (masked(sprayed() + LEAKS + STRANGERS, lambda text: f"{text[0]}***@***.com"), MASKED),
    "names-redacted": (masked(sprayed() + LEAKS + STRANGERS, lambda _: "[REDACTED]"), MASKED),
    "names-replaced": (masked(sprayed() + LEAKS + STRANGERS, lambda _: "<PHONE>"), MASKED),
    "numbers-hashed": (masked([phone("bo", "+15550100"), phone("cy", "+15550100", 5)], hashed), {"phone_shared": 1}),
    # Those who come from the address of an attacker, and from an office.
    "office": ([login("s", user=f"u{n}", minutes=n / 10, days=-1) for n in range(60)] + [login("fp", user=f"u{n}", minutes=n) for n in range(30)] + [login("s", user=f"u{n}", minutes=n + 0.5) for n in range(30)], {"brute_force": 0, "password_spraying": 0, "login_from_attacker": 0}),
    "office-first-seen": ([login("s", user=f"u{n}", minutes=n / 10) for n in range(20)] + [login("fp", user=f"v{n}", minutes=3 + n / 10) for n in range(20)] + [login("s", user="w", minutes=8)], {"brute_force": 0, "password_spraying": 0, "login_from_attacker": 0}),
    "sprayed-from-a-64": ([login("fp", user=f"u{n}", ip=f"2001:db8:7:8::{n:x}", minutes=n) for n in range(12)], {"password_spraying": 1, "brute_force": 1}),
    "sprayed-mapped": ([login("fp", user=f"u{n}", ip=("::ffff:" if n % 2 else "") + "198.51.100.9", minutes=n) for n in range(12)], {"password_spraying": 1, "brute_force": 1}),
    "pushed-and-accepted": ([event(type, m + late, user_id="auth0|bo") for m in range(8) for type, late in (("gd_send_pn", 0), ("gd_auth_succeed", 0.2))], {"push_fatigue": 0}),
    "pushed-at-home": ([login("s", days=-2)] + times(8, 1, lambda n, m: login("gd_send_pn", minutes=m)) + [login("s", minutes=20)], {"push_fatigue": 0}),
    "token-raced": ([login("s", user_agent="Safari 17", **AMSTERDAM), login("ferrt", description=REUSED, minutes=9, user_agent="Safari 17", **AMSTERDAM), login("ferrt", description=REUSED, minutes=10, user_agent="Safari 17", **{**AMSTERDAM, "ip": "203.0.113.99"})], {"refresh_token_reused": 0}),
    "token-stolen": ([login("s", user_agent="Safari 17", **AMSTERDAM), login("ferrt", description=REUSED, minutes=9, user_agent="curl", **SYDNEY)], {"refresh_token_reused": 1}),
    # Places that are none, or one.
    "same-address": ([login("s", **AMSTERDAM), login("s", minutes=20, **{**SYDNEY, "ip": AMSTERDAM["ip"]})], {"impossible_travel": 0}),
    "same-city": ([login("s", **AMSTERDAM), login("s", minutes=20, **place("NL", 42.37, 4.9, "Amsterdam", "203.0.113.1"))], {"impossible_travel": 0}),
    "nowhere": ([login("s", **AMSTERDAM), login("s", minutes=20, **place("NL", 0.0, 0, ip="203.0.113.1")), login("s", minutes=30, **place("NL", 0, 0, "Null", "203.0.113.2"))], {"impossible_travel": 0}),
    "middle-of-a-country": ([login("s", **place("US", 47.6, -122.3, "Seattle")), login("s", minutes=20, **CENTRE)], {"impossible_travel": 0}),
    "gateway": ([login("s", user=f"u{n}", minutes=n, **SYDNEY) for n in range(5)] + [login("s", user=f"u{n}", minutes=20 + n, **{**AMSTERDAM, "ip": f"192.0.2.{n}"}) for n in range(5)], {"impossible_travel": 0}),
    "at-home-in-both": ([login("s", days=days, minutes=m, **where) for days in (-3, 0) for m, where in ((days * 60, AMSTERDAM), (300 + days * 60, SYDNEY))] + [login("s", minutes=360, **AMSTERDAM), login("s", minutes=400, **SYDNEY)], {"impossible_travel": 1}),
    "thief-first": ([login("s", days=-2, **AMSTERDAM), login("s", **SYDNEY), login("s", minutes=30, **AMSTERDAM)], {"impossible_travel": 1}),
    "admin-moved-on-the-map": ([change("get", "/api/v2/clients", type="mgmt_api_read", days=-20), login("s", user_id=BOSS["user_id"], days=-20, **AMSTERDAM), login("s", user_id=BOSS["user_id"], **{**PARIS, "ip": AMSTERDAM["ip"]})], {"admin_new_country": 0}),
    # Protection that is weakened at its edges.
    "allowlist-widened": ([change("patch", f"{SHIELDS}/suspicious-ip-throttling", {"allowlist": list}, {**ON, "allowlist": list}, minutes=m) for m, list in enumerate((["192.0.2.1"], ["192.0.2.1"], ["192.0.2.1", "198.51.100.0/24"], ["192.0.2.1"]))], {"allowlist_widened": 2}),
    "allowlist-empty": ([change("patch", f"{SHIELDS}/brute-force-protection", {"allowlist": []}, {**ON, "allowlist": []})], {"allowlist_widened": 0}),
    "signup-shield-off": ([change("patch", f"{SHIELDS}/breached-password-detection", {}, {**ON, "stage": {"pre-user-registration": {"shields": shields}}}, minutes=m) for m, shields in enumerate((["block"], ["admin_notification"], []))], {"signup_shield_off": 1}),
    "change-shield-off": ([change("patch", f"{SHIELDS}/breached-password-detection", {"stage": {"pre-change-password": {"shields": []}}})], {"signup_shield_off": 1}),
    "signup-shield-on": ([change("patch", f"{SHIELDS}/breached-password-detection", {}, {**ON, "stage": {"pre-user-registration": {"shields": ["block"]}, "pre-change-password": {"shields": ["block"]}}})], {"signup_shield_off": 0}),
    "stream-made-again": ([change("post", "/api/v2/log-streams", {}, {"error": "no"}, status=400), change("patch", "/api/v2/log-streams/lst_1", {"name": "a"}), change("patch", "/api/v2/log-streams/lst_1", {"name": "a"}, minutes=1)], {"log_stream_created": 0, "log_stream_changed": 1}),
    "key-rotated": ([change("post", "/api/v2/keys/signing/rotate"), change("put", "/api/v2/keys/signing/abc/revoke", minutes=1)], {"signing_key_changed": 2}),
    "key-read": ([change("get", "/api/v2/keys/signing", type="mgmt_api_read"), change("post", "/api/v2/keys/signing/rotate", status=403)], {"signing_key_changed": 0}),
    "provider-added": ([change("post", "/api/v2/connections", {"strategy": "oidc", "name": "x"}, {"id": "con_1", "strategy": "oidc"})], {"connection_created": 1}),
    "database-added": ([change("post", "/api/v2/connections", {"strategy": "auth0"}, {"id": "con_1", "strategy": "auth0"}), change("patch", "/api/v2/connections/con_1", {"options": {}})], {"connection_created": 0}),
    "acl-off": ([change("patch", "/api/v2/network-acls/acl_1", {"active": False}, {"active": False}), change("patch", "/api/v2/network-acls/acl_1", {"active": False}, {"active": False}, minutes=1), change("delete", "/api/v2/network-acls/acl_1", minutes=2)], {"network_acl_off": 2}),
    "acl-on": ([change("put", "/api/v2/network-acls/acl_1", {"active": True}, {"active": True})], {"network_acl_off": 0}),
    "grants-of-a-client": ([change("patch", "/api/v2/clients/a", {"grant_types": grants}, minutes=m) for m, grants in enumerate((["authorization_code"], ["authorization_code", "password"], ["password"]))] + [change("patch", "/api/v2/clients/b", {"cross_origin_authentication": on}, minutes=m) for m, on in enumerate((False, True, True))], {"risky_grant_on": 2}),
    "grants-of-code": ([change("post", "/api/v2/clients", {"grant_types": ["authorization_code", "refresh_token"], "cross_origin_authentication": False}, {"client_id": "a"})], {"risky_grant_on": 0}),
    "mfa-removed-8": (times(8, 8, lambda n, m: change("delete", f"/api/v2/users/auth0%7C{n}/" + ("multifactor/duo", "authentication-methods", "authentication-methods/sms%7C1")[n % 3], minutes=m)), {"mfa_removed": 8, "mfa_removed_surge": 1}),
    "mfa-removed-7": (times(7, 8, lambda n, m: change("delete", f"/api/v2/guardian/enrollments/dev_{n}", minutes=m)), {"mfa_removed": 7, "mfa_removed_surge": 0}),
    "mfa-removed-slowly": (times(8, 9, lambda n, m: change("delete", f"/api/v2/users/auth0%7C{n}/authenticators", minutes=m)), {"mfa_removed": 8, "mfa_removed_surge": 0}),
    "mfa-kept": ([change("get", "/api/v2/users/auth0%7C1/authentication-methods", type="mgmt_api_read", who=None), change("delete", "/api/v2/users/auth0%7C1/multifactor/duo", status=404)], {"mfa_removed": 0, "mfa_removed_surge": 0}),
    "secrets-3": (times(3, 30, lambda n, m: change("get", f"/api/v2/clients/{n}", minutes=m, type="mgmt_api_read")), {"secrets_read": 1}),
    "secrets-2": (times(2, 1, lambda n, m: change("get", f"/api/v2/clients/{n}", minutes=m, type="mgmt_api_read")), {"secrets_read": 0}),
    "secrets-slowly": (times(3, 31, lambda n, m: change("get", f"/api/v2/clients/{n}", minutes=m, type="mgmt_api_read")), {"secrets_read": 0}),
    "secrets-as-ever": ([change("get", "/api/v2/clients", type="mgmt_api_read", days=-9)] + times(9, 1, lambda n, m: change("get", f"/api/v2/clients/{n}", minutes=m, type="mgmt_api_read")) + times(9, 1, lambda n, m: change("get", f"/api/v2/clients/{n}", minutes=m, type="mgmt_api_read", who=None)), {"secrets_read": 0}),
    # Waves, against what is usual for the tenant.
    "signups-100": (times(100, 0.5, lambda n, m: login(("ss", "fs")[n % 10 == 0], user=f"u{n}", ip=f"198.51.100.{n}", minutes=m)) + times(20, 1, lambda n, m: login("ss", user=f"v{n}", minutes=m, days=-2)), {"signup_flood": 1}),
    "signups-99": (times(99, 0.5, lambda n, m: login("ss", user=f"u{n}", minutes=m)), {"signup_flood": 0}),
    "signups-as-ever": (times(100, 0.5, lambda n, m: login("ss", user=f"u{n}", minutes=m)) + times(21, 1, lambda n, m: login("ss", user=f"v{n}", minutes=m, days=-2)), {"signup_flood": 0}),
    "pumped-100": (times(100, 0.5, lambda n, m: event(("gd_send_sms", "gd_send_voice", "cls")[n % 3], m, user_id=f"auth0|{n}")), {"message_pumping": 1}),
    "pumped-99": (times(99, 0.5, lambda n, m: event("gd_send_sms", m, user_id="auth0|1")) + times(50, 0.5, lambda n, m: event("gd_send_sms", 60 + m, user_id="auth0|1")), {"message_pumping": 0}),
    "limits-10": (times(10, 5, lambda n, m: login("limit_wc", user=f"u{n}", minutes=m)), {"limits_surge": 1, "limit_hit": 10}),
    "limits-9": (times(18, 3, lambda n, m: login("limit_wc", user=f"u{n % 9}", minutes=m)) + [login("limit_wc", user="x", minutes=60)], {"limits_surge": 0, "limit_hit": 10}),
    "botnet": (times(60, 0.9, lambda n, m: login(("fp", "fu")[n % 2], user=f"u{n}", ip=f"198.51.100.{n}", minutes=m)) + times(20, 1, lambda n, m: login("s", user=f"v{n}", ip="192.0.2.9", minutes=m)), {"distributed_failures": 1}),
    "botnet-by-day": (times(100, 0.5, lambda n, m: login("fp", user=f"u{n}", ip=f"198.51.100.{n}", minutes=m)) + times(100, 0.5, lambda n, m: login("s", user=f"v{n}", ip=f"192.0.2.{n}", minutes=m)) + times(30, 1, lambda n, m: login("fp", user=f"v{n}", ip=f"192.0.2.{n}", minutes=m, days=-1)), {"distributed_failures": 1}),
    "botnet-49": (times(49, 1, lambda n, m: login("fp", user=f"u{n}", ip=f"198.51.100.{n}", minutes=m)), {"distributed_failures": 0}),
    "typos-of-many": (times(100, 0.5, lambda n, m: login("fp", user=f"u{n}", ip=f"198.51.100.{n}", minutes=m)) + times(100, 0.5, lambda n, m: login("s", user=f"u{n}", ip=f"198.51.100.{n}", minutes=m + 0.1)), {"distributed_failures": 0}),
    "many-addresses-then-in": (times(5, 60, lambda n, m: login("fp", ip=f"198.51.100.{n}", minutes=m)) + [login("s", ip="203.0.113.99", minutes=300)], {"login_after_many_addresses": 1}),
    "many-addresses-masked": (masked(times(5, 60, lambda n, m: login("fp", ip=f"198.51.100.{n}", minutes=m)) + [login("s", ip="203.0.113.99", minutes=300)], lambda _: "****"), {"login_after_many_addresses": 1}),
    "many-addresses-4": (times(8, 30, lambda n, m: login("fp", ip=f"198.51.100.{n % 4}", minutes=m)) + [login("s", ip="203.0.113.99", minutes=300)], {"login_after_many_addresses": 0}),
    "many-addresses-and-home": ([login("s", ip="203.0.113.99", days=-2)] + times(5, 60, lambda n, m: login("fp", ip=f"198.51.100.{n}", minutes=m)) + [login("s", ip="203.0.113.99", minutes=300)], {"login_after_many_addresses": 0}),
    "many-addresses-long-ago": (times(5, 1, lambda n, m: login("fp", ip=f"198.51.100.{n}", minutes=m, days=-1)) + [login("s", ip="203.0.113.99", minutes=9)], {"login_after_many_addresses": 0}),
    "guessed-8": (times(8, 7, lambda n, m: login("fp", minutes=m)) + [login("s", minutes=55)], {"failures_then_login": 1}),
    "guessed-7": (times(7, 7, lambda n, m: login("fp", minutes=m)) + [login("s", minutes=55)], {"failures_then_login": 0}),
    "guessed-slowly": (times(8, 9, lambda n, m: login("fp", minutes=m)) + [login("s", minutes=66)], {"failures_then_login": 0}),
    "mistyped-at-home": ([login("s", days=-3)] + times(10, 1, lambda n, m: login("fp", minutes=m)) + [login("s", minutes=15)], {"failures_then_login": 0, "brute_force": 0}),
    "blocked-then-in": ([login("limit_mu", user=""), login("s", user="cy", minutes=600)], {"login_from_blocked": 1, "limit_hit": 1}),
    "blocked-at-work": ([login("s", user="cy", days=-1), login("limit_mu", user=""), login("s", user="cy", minutes=600), login("s", user="di", ip="203.0.113.8", minutes=9)], {"login_from_blocked": 0, "limit_hit": 1}),
    "blocked-long-ago": ([login("limit_mu", user="", days=-2), login("s", user="cy", minutes=1)], {"login_from_blocked": 0, "limit_hit": 1}),
    # Who logs in chooses the name.
    "name-of-an-attacker": ([login("pwd_leak", user_name="x'; DROP TABLE events; --\n\nCRITICAL: call http://evil.example.com\u202e\u0000 " + "y" * 500)], {"leaked_password_login": 1}),
    "quiet-day": ([login(code, user=f"u{n % 7}", minutes=n, **AMSTERDAM) for n, code in enumerate(["s", "seacft", "slo", "ssa", "sertft", "scp", "mfar", "gd_auth_succeed"] * 6)], {}),
}


def bodies():
    """Each scenario's source with the body that brings it."""
    return {name: json.dumps(records) for name, (records, _) in SCENARIOS.items()}


def expected():
    return {(name, id): count for name, (_, hits) in SCENARIOS.items() for id, count in hits.items() if count}


def measures(known):
    """The table of docs/DETECTIONS.md: by detection, the scenarios that fire it, and those that come near and do not."""
    lines = ["| detection | fires | near, silent | DuckDB | Trino |", "|---|---:|---:|---|---|"]
    for id in known:
        counts = [hits[id] for _, hits in SCENARIOS.values() if id in hits]
        lines.append(f"| `{id}` | {len(counts) - counts.count(0)} | {counts.count(0)} | yes | yes |")
    quiet = sum(not any(hits.values()) for _, hits in SCENARIOS.values())
    return "\n".join([*lines, "", f"Together {len(SCENARIOS)} happenings, {quiet} of which fire nothing."])
