"""The views of ocsf/: events as OCSF says them. ocsf/types.tsv holds the class, activity, status and severity of each type code."""

import ocsf_objects as objects
from ocsf_objects import METHODS, among, case, detail, filled, given, literal, milliseconds, name, row
from writing import listed

from auth0_log_lake.statements import table

TYPES = table("ocsf/types.tsv")
CATEGORIES = {0: "Uncategorized", 2: "Findings", 3: "Identity & Access Management", 6: "Application Activity"}
SEVERITIES = {0: "Unknown", 1: "Informational", 2: "Low", 3: "Medium", 4: "High"}
OPERATIONS = {1: "Create", 2: "Read", 3: "Update", 4: "Delete"}
VIEWS = {
    "ocsf_authentication": (3002, "user actor src_endpoint dst_endpoint service session auth_protocol_id auth_protocol is_mfa http_request http_response"),
    "ocsf_account_change": (3001, "user actor src_endpoint http_request http_response"),
    "ocsf_user_access": (3005, "user privileges actor src_endpoint http_request http_response"),
    "ocsf_group_management": (3006, "group user actor src_endpoint http_request http_response"),
    "ocsf_entity_management": (3004, "entity actor src_endpoint http_request http_response"),
    "ocsf_detection_finding": (2004, "finding_info evidences is_alert"),
    "ocsf_api_activity": (6003, "api actor src_endpoint dst_endpoint http_request http_response"),
    "ocsf_application_lifecycle": (6002, "app"),
    "ocsf_application_error": (6008, ""),
    "ocsf_base_event": (0, ""),
}
FIRST = "time time_dt class_uid class_name category_uid category_name activity_id activity_name type_uid type_name"
FIRST += " status_id status severity_id severity message status_code status_detail metadata"


# What several attributes need, worked out once for each event.
WORKED_OUT = {
    "class_uid": "coalesce(types.class_uid, 0)",
    "class_name": "coalesce(types.class_name, 'Base Event')",
    "activity_id": f"coalesce(CASE WHEN types.activity_from = 'method' THEN {case('upper(' + detail('request.method') + ')', METHODS)} END, types.activity_id, 0)",
    "mapped_name": "coalesce(types.activity_name, 'Unknown')",
    "activity_from": "types.activity_from",
    "status_id": "coalesce(types.status_id, 0)",
    "severity_id": "coalesce(types.severity_id, 0)",
    "object": "types.object",
    "mfa": "types.mfa",
    "address": "CASE WHEN contains(any_ip_addresses, ip) THEN ip END",
    "method": f"upper({detail('request.method')})",
    "path": detail("request.path"),
    "answered": f"TRY_CAST({detail('response.statusCode')} AS integer)",
    "person": f"CASE WHEN types.object = 'client' THEN {filled('client_id')} ELSE coalesce({filled('user_id')}, {filled(detail('request.auth.user.user_id'))}) END",
    "person_name": f"CASE WHEN types.object = 'client' THEN {filled('client_name')} ELSE coalesce({filled('user_name')}, {filled(detail('request.auth.user.email'))}) END",
}



def attributes():
    """Each attribute of the views, in OCSF's name, with its value."""
    activity = f"CASE WHEN activity_from = 'method' AND activity_id <> 99 THEN {case('activity_id', OPERATIONS)} ELSE mapped_name END"
    status = f"CASE WHEN class_uid = 2004 THEN 'New' ELSE {case('status_id', {0: 'Unknown', 1: 'Success', 2: 'Failure'})} END"
    message = f"coalesce({filled('description')}, code_name, type)"
    return {
        "time": milliseconds("event_time"),
        "time_dt": "event_time",
        "class_uid": "class_uid",
        "class_name": "class_name",
        "category_uid": case("class_uid", {uid: uid // 1000 for uid, _ in VIEWS.values()}),
        "category_name": case("class_uid", {uid: CATEGORIES[uid // 1000] for uid, _ in VIEWS.values()}),
        "activity_id": "activity_id",
        "activity_name": activity,
        "type_uid": "CAST(class_uid AS bigint) * 100 + activity_id",
        "type_name": f"concat(class_name, ': ', CASE WHEN activity_id = 99 THEN 'Other' ELSE {activity} END)",
        "status_id": "status_id",
        "status": status,
        "severity_id": "severity_id",
        "severity": case("severity_id", SEVERITIES),
        "message": message,
        "status_code": "type",
        "status_detail": f"CASE WHEN class_uid <> 2004 AND status_id = 2 THEN coalesce({detail('error.message')}, {filled('description')}) END",
        "metadata": objects.metadata(),
        **of_people(),
        **of_classes(message),
        "observables": objects.observables(),
        "unmapped": objects.unmapped(),
    }


def of_people():
    """Who, from where, through what."""
    session = row(("uid", "varchar", detail("session_id")))[0]
    protocol = "CASE WHEN category = 'token_exchange' THEN 6 WHEN strategy IN ('oidc', 'okta') THEN 4 WHEN strategy = 'samlp' THEN 5 WHEN strategy = 'ad' THEN 12 END"
    return {
        "user": f"CASE WHEN NOT {among(objects.BARE + objects.ACTED)} THEN {objects.user()[0]} END",
        "actor": objects.actor()[0],
        "src_endpoint": objects.src_endpoint()[0],
        "dst_endpoint": objects.dst_endpoint()[0],
        "service": objects.service(),
        "session": given(session, detail("session_id")),
        "auth_protocol_id": protocol,
        "auth_protocol": case(protocol, {6: "OAUTH 2.0", 4: "OpenID", 5: "SAML", 12: "LDAP"}),
        "is_mfa": "mfa",
        "http_request": objects.http_request()[0],
        "http_response": given(row(("code", "integer", "answered"))[0], "answered"),
    }


def of_classes(message):
    """What one class alone has."""
    group = [filled("organization_id"), filled("organization_name")]
    called = f"coalesce({group[1]}, CASE WHEN {group[0]} IS NULL THEN 'Unknown' END)"
    evidence = {key: getattr(objects, key)() for key in ("actor", "src_endpoint", "dst_endpoint", "http_request")}
    some = " OR ".join(f"{value} IS NOT NULL" for value, _ in evidence.values())
    evidences = row(*((key, kind, value) for key, (value, kind) in evidence.items()))[0]
    return {
        "api": row(("operation", "varchar", f"coalesce({message}, 'Unknown')"))[0],
        "entity": row(("uid", "varchar", f"coalesce({detail('id')}, connection_id)"), ("name", "varchar", "object"), ("type", "varchar", "object"))[0],
        "group": row(("uid", "varchar", group[0]), ("name", "varchar", called), ("type", "varchar", "object"))[0],
        "privileges": "ARRAY[object]",
        "app": row(("name", "varchar", "object"), ("vendor_name", "varchar", "'Okta'"))[0],
        "finding_info": row(
            ("uid", "varchar", "row_id"), ("title", "varchar", "code_name"),
            ("types", "ARRAY(varchar)", "ARRAY[category]"), ("created_time", "bigint", milliseconds("event_time")),
        )[0],
        "evidences": f"CASE WHEN {some} THEN ARRAY[{evidences}] END",
        "is_alert": "severity_id >= 3",
    }


def ocsf_types(types=TYPES):
    def values(line):
        numbers = ("class_uid", "activity_id", "status_id", "severity_id")
        return "(" + ", ".join(value if key in numbers else (value or "NULL") if key == "mfa" else literal(value) if value else "NULL" for key, value in line.items()) + ")"

    columns = ", ".join(types[0])
    return f"""\
CREATE OR REPLACE VIEW ocsf_types AS
SELECT {columns} FROM (VALUES
  {listed(map(values, types))}
) AS types ({columns})
"""


def ocsf_events():
    worked_out = listed((f"{value} AS {key}" for key, value in WORKED_OUT.items()), 4)
    return f"""\
CREATE OR REPLACE VIEW ocsf_events AS
SELECT
  {listed(f"{value} AS {name(key)}" for key, value in attributes().items())}
FROM (
  SELECT
    events.*,
    {worked_out}
  FROM events
  LEFT JOIN ocsf_types AS types ON types.code = events.type
) AS event
"""


def of_class(view):
    class_uid, own = VIEWS[view]
    return f"""\
CREATE OR REPLACE VIEW {view} AS
SELECT
  {listed(name(key) for key in [*FIRST.split(), *own.split(), "observables", "unmapped"])}
FROM ocsf_events
WHERE class_uid = {class_uid}
"""


FILES = {
    "ocsf/ocsf_types.sql": ocsf_types,
    "ocsf/ocsf_events.sql": ocsf_events,
    **{f"ocsf/{view}.sql": lambda view=view: of_class(view) for view in VIEWS},
}
