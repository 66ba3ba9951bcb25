"""OCSF's objects in SQL, over one event of the view in generate_ocsf.py.

They are ROWs, since Athena, Trino and DuckDB all read `src_endpoint.ip`; what has no place in them is in the map `unmapped`.
"""

from writing import literal

VERSION = "1.8.0"
METHODS = {"POST": 1, "GET": 2, "HEAD": 2, "PUT": 3, "PATCH": 3, "DELETE": 4, "OPTIONS": 99}
CONTINENTS = {"AF": "Africa", "AN": "Antarctica", "AS": "Asia", "EU": "Europe", "NA": "North America", "OC": "Oceania", "SA": "South America"}
OBSERVABLES = {"Hostname": 1, "IP Address": 2, "User Name": 4, "Email Address": 5, "HTTP User-Agent": 16, "User Object: uid": 31}
# The e-mail addresses that OCSF's pattern takes, less the odd ones.
EMAIL = r"^[A-Za-z0-9._%+-]+@[A-Za-z0-9-]+\.[A-Za-z0-9.-]+$"
RESERVED = ("user", "group", "time", "date", "references")

# Classes without user, actor and endpoints; classes whose user stands in the actor; classes that name the host that was called.
BARE, ACTED, CALLED = (0, 6002, 6008), (2004, 3004, 6003), (2004, 3002, 6003)


def name(column):
    return f'"{column}"' if column in RESERVED else column


def row(*fields):
    """A struct of (name, type, value), and its type."""
    kind = "ROW(" + ", ".join(f"{name(field)} {type_}" for field, type_, _ in fields) + ")"
    return f"CAST(ROW({', '.join(value for _, _, value in fields)}) AS {kind})", kind


def given(struct, *values):
    """The struct where any of the values is there, else null."""
    some = f"coalesce({', '.join(values)})" if len(values) > 1 else values[0]
    return f"CASE WHEN {some} IS NOT NULL THEN {struct} END"


def case(value, words):
    return f"CASE {value} " + " ".join(f"WHEN {literal(k) if isinstance(k, str) else k} THEN {literal(v) if isinstance(v, str) else v}" for k, v in words.items()) + " END"


def among(classes):
    return f"class_uid IN ({', '.join(map(str, classes))})"


def detail(path):
    return f"json_extract_scalar(details, '$.{path}')"


def milliseconds(column):
    return f"date_diff('millisecond', TIMESTAMP '1970-01-01 00:00:00', {column})"


def filled(column):
    return f"nullif({column}, '')"


APP = [filled("client_id"), filled("client_name")]
PLACE = [filled("city_name"), filled("country_code")]
# API Activity must have an actor; elsewhere it needs a user or an application.
HAS_ACTOR = f"(class_uid = 6003 OR ({among(ACTED)} AND coalesce(person, person_name) IS NOT NULL)"
HAS_ACTOR += f" OR (NOT {among(BARE)} AND coalesce({', '.join(APP)}) IS NOT NULL))"


def user():
    email = f"CASE WHEN regexp_like(person_name, {literal(EMAIL)}) THEN person_name END"
    kind = "CASE WHEN object = 'client' OR person LIKE '%@clients' THEN 4 WHEN coalesce(person, person_name) IS NOT NULL THEN 1 ELSE 0 END"
    org, org_type = row(("uid", "varchar", filled("organization_id")), ("name", "varchar", filled("organization_name")))
    return row(
        ("uid", "varchar", "person"),
        ("name", "varchar", "CASE WHEN person IS NULL THEN coalesce(person_name, 'Unknown') ELSE person_name END"),
        ("email_addr", "varchar", email),
        ("uid_alt", "varchar", "CASE WHEN object IS DISTINCT FROM 'client' THEN identity_user_id END"),
        ("type_id", "integer", kind),
        ("org", org_type, given(org, filled("organization_id"), filled("organization_name"))),
    )


def actor():
    (who, who_type), app, idp_values = user(), APP, [filled("connection_id"), filled("connection")]
    idp, idp_type = row(("uid", "varchar", idp_values[0]), ("name", "varchar", idp_values[1]))
    struct, kind = row(
        ("user", who_type, f"CASE WHEN {among(ACTED)} THEN {given(who, 'person', 'person_name')} END"),
        ("app_uid", "varchar", app[0]),
        ("app_name", "varchar", f"coalesce({app[1]}, CASE WHEN coalesce(person, person_name, {app[0]}) IS NULL THEN 'Unknown' END)"),
        ("idp", idp_type, given(idp, *idp_values)),
    )
    return f"CASE WHEN {HAS_ACTOR} THEN {struct} END", kind


def src_endpoint():
    location, location_type = row(
        ("city", "varchar", filled("city_name")),
        ("country", "varchar", filled("country_code")),
        ("continent", "varchar", case("continent_code", CONTINENTS)),
        ("lat", "double", "latitude"),
        ("long", "double", "longitude"),
    )
    struct, kind = row(
        ("ip", "varchar", "address"),
        ("name", "varchar", "CASE WHEN address IS NULL THEN 'Unknown' END"),
        ("type_id", "integer", "CASE WHEN is_mobile THEN 5 END"),
        ("location", location_type, given(location, *PLACE)),
    )
    return f"CASE WHEN class_uid = 6003 OR coalesce(address, {', '.join(PLACE)}) IS NOT NULL THEN {struct} END", kind


def http_request():
    url, url_type = row(("path", "varchar", "path"))
    method = f"CASE WHEN method IN ({', '.join(map(literal, METHODS))}) THEN method END"
    struct, kind = row(("http_method", "varchar", method), ("url", url_type, given(url, "path")), ("user_agent", "varchar", filled("user_agent")))
    return given(struct, method, "path", filled("user_agent")), kind


def dst_endpoint():
    struct, kind = row(("hostname", "varchar", filled("hostname")))
    return given(struct, filled("hostname")), kind


def service():
    uid, called = APP
    unknown = f"CASE WHEN coalesce({uid}, {called}, {filled('hostname')}) IS NULL THEN 'Unknown' END"
    return given(row(("uid", "varchar", uid), ("name", "varchar", f"coalesce({called}, {unknown})"))[0], uid, called, unknown)


def metadata():
    product, product_type = row(("name", "varchar", "'Auth0'"), ("vendor_name", "varchar", "'Okta'"))
    return row(
        ("version", "varchar", literal(VERSION)),
        ("profiles", "ARRAY(varchar)", "ARRAY['datetime']"),
        ("product", product_type, product),
        ("uid", "varchar", "row_id"),
        ("original_event_uid", "varchar", "log_id"),
        ("event_code", "varchar", "type"),
        ("source", "varchar", "'Auth0 tenant logs'"),
        ("type", "varchar", "category"),
        ("tenant_uid", "varchar", f"coalesce({filled('tenant_name')}, source)"),
        ("log_provider", "varchar", "'auth0-log-lake'"),
        ("log_name", "varchar", "'events'"),
        ("log_source", "varchar", "source"),
        ("original_time", "varchar", "date_format(\"date\", '%Y-%m-%dT%H:%i:%s.%fZ')"),
        ("logged_time", "bigint", milliseconds("parse_time")),
        ("correlation_uid", "varchar", filled("transaction_linking_id")),
    )[0]


def observables():
    whose = f"CASE WHEN {among([3004, 6003])} THEN 'actor.user.' WHEN class_uid = 2004 THEN 'evidences[].actor.user.' ELSE 'user.' END"
    found = "CASE WHEN class_uid = 2004 THEN 'evidences[].' ELSE '' END"
    bare = among(BARE)
    seen = [
        ("IP Address", "address", f"CASE WHEN {bare} THEN 'unmapped.ip' ELSE {found} || 'src_endpoint.ip' END"),
        ("HTTP User-Agent", filled("user_agent"), f"CASE WHEN {bare} THEN 'unmapped.user_agent' ELSE {found} || 'http_request.user_agent' END"),
        ("Hostname", filled("hostname"), f"CASE WHEN {among(CALLED)} THEN {found} || 'dst_endpoint.hostname' ELSE 'unmapped.hostname' END"),
        ("User Object: uid", "person", f"CASE WHEN {bare} THEN 'unmapped.user_id' ELSE {whose} || 'uid' END"),
        ("User Name", "person_name", f"CASE WHEN {bare} THEN 'unmapped.user_name' ELSE {whose} || 'name' END"),
        ("Email Address", f"CASE WHEN NOT {bare} AND regexp_like(person_name, {literal(EMAIL)}) THEN person_name END", f"{whose} || 'email_addr'"),
    ]
    objects = [given(row(("name", "varchar", path), ("type_id", "integer", str(OBSERVABLES[kind])), ("type", "varchar", literal(kind)), ("value", "varchar", value))[0], value) for kind, value, path in seen]
    return f"filter(ARRAY[{', '.join(objects)}], o -> o IS NOT NULL)"


def unmapped():
    """Every column that the attributes of its class do not hold, as text."""
    always = "client_ip audience scope strategy strategy_type environment_name agent_id external_agent_id session_connection tracking_id"
    always += " mtls_thumbprint_sha256 data_log_id country_code3 country_name continent_code time_zone auth0_client security_context references"
    always += " event_schema details unmapped"
    values = {column: name(column) for column in always.split()}
    values["is_mobile"] = "CAST(is_mobile AS varchar)"
    bare, no_place = among(BARE), f"coalesce({', '.join(PLACE)}) IS NULL"
    no_user = f"{bare} OR ({among(ACTED)} AND coalesce(person, person_name) IS NULL)"
    for columns, lost in {
        ("ip",): f"{bare} OR address IS NULL",
        ("hostname",): f"NOT {among(CALLED)}",
        ("user_id", "user_name"): f"{bare} OR object = 'client'",
        ("identity_user_id",): f"{no_user} OR object = 'client'",
        ("organization_id", "organization_name"): no_user,
        ("connection", "connection_id"): f"NOT coalesce({HAS_ACTOR}, false)",
        ("client_id", "client_name", "user_agent", "city_name", "country_code"): bare,
        ("latitude", "longitude"): f"{bare} OR {no_place}",
    }.items():
        values |= {column: f"CASE WHEN {lost} THEN {text_of(column)} END" for column in columns}
    return f"MAP(ARRAY[{', '.join(map(literal, values))}], ARRAY[{', '.join(values.values())}])"


def text_of(column):
    """Degrees as decimals, which every engine writes alike."""
    return f"CAST(CAST({column} AS decimal(12, 7)) AS varchar)" if column in ("latitude", "longitude") else column
