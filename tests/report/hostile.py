"""What a visitor of a login page can type, and what else may come: each must show as text and do nothing."""

# Each with what must be read on the page.
TYPED = {
    "</script><script>alert(1)</script>": None,
    '"><img src=x onerror=alert(2)>': None,
    "'><svg onload=alert(3)>": None,
    "</style><style>body{display:none}</style>": None,
    "</title><!-- ": None,
    "]]><![CDATA[": None,
    "&lt;b&gt;&amp;#60;": None,
    "{{ 7*7 }}{% raw %}{# x #}": None,
    "${alert(4)} #{alert(4)} <%= 1 %>": None,
    "datum['n'] + toString.constructor('alert(5)')()": None,
    "{\"signal\": \"alert(6)\", \"expr\": \"1+1\"}": None,
    "javascript:alert(7)": None,
    "<meta http-equiv=refresh content='0;url=http://127.0.0.1:9/a'>": None,
    "<base href='http://127.0.0.1:9/'><link rel=stylesheet href=b.css>": None,
    "<iframe srcdoc='<script>parent.alert(8)</script>'></iframe>": None,
    "' autofocus onfocus=alert(9) x='": None,
    "</td></tr></table></main><h1>Owned": None,
    "url(http://127.0.0.1:9/c)": None,
    "line\u2028separators\u2029here": "lineU+2028separatorsU+2029here",
    "exe\u202egpj.user": "exeU+202Egpj.user",
    "\u2066isolated\u2069 \u200f": "U+2066isolatedU+2069 U+200F",
    "zero\u200bwidth\ufeff": "zeroU+200BwidthU+FEFF",
    "joined\u200dnames": "joinedU+200Dnames",
    "nul\u0000 bell\u0007 esc\u001b[31m": "nulU+0000 bellU+0007 escU+001B[31m",
    "break\nand\ttab": "breakU+000AandU+0009tab",
    "filler\u3164 blank\u2800": "fillerU+3164 blankU+2800",
    "tags\U000e0041": "tagsU+E0041",
    "Zoë Łukasz 日本 👩‍👩‍👧": None,
    "שלום עולם": None,
    "می‌خواهم": None,
    "long" * 100: "long" * 40 + "… 400 characters",
}
# The lists of the page have ten rows, so ten texts share a day, and each day gets a page.
DAYS = {f"2026-11-{2 + start // 10:02}": list(TYPED)[start : start + 10] for start in range(0, len(TYPED), 10)}


def events():
    """Records that bring each text to every place of its day's page that shows text of an event."""
    return [record(day, f"{name}-{TEXTS.index(typed)}", typed, *kind) for day, texts in DAYS.items() for typed in texts for name, kind in KINDS.items()]


def once_a_day():
    """One event of nobody for each day."""
    return [{"log_id": f"d-{day}", "data": {"date": f"{day}T13:00:00.000Z", "type": "s"}} for day in DAYS]


TEXTS = list(TYPED)
# The hour, the type, and the country where it is not the text: so the text is a country that is new to the user.
KINDS = {"before": (9, "s", "Peru"), "worked": (10, "s", None), "failed": (11, "fp", None), "leaked": (12, "pwd_leak", None)}


def record(day, name, typed, hour, kind, country):
    return {"log_id": f"h-{name}", "data": {
        "date": f"{day}T{hour:02}:00:00.000Z", "type": kind, "description": typed, "user_id": typed, "user_name": typed, "client_id": typed,
        "client_name": typed, "ip": typed, "user_agent": typed, "connection": typed, "hostname": typed,
        "location_info": {"country_code": country or typed, "country_name": country or typed, "city_name": typed}, "details": {"x": typed},
    }}


def read_as(typed):
    return TYPED[typed] or typed
