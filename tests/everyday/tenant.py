"""An everyday tenant without an attack, as the records that Auth0 would send. README.md says what is in it, and why.

Everything comes from the seed and the parameters, so that the same tenant can be made again.
"""

import dataclasses
import hashlib
import math
import random
from datetime import datetime, timedelta

# city, country, latitude, longitude, carrier's gateway is said to be in the capital.
CITIES = [
    ("Amsterdam", "NL", 52.37, 4.90), ("Rotterdam", "NL", 51.92, 4.48), ("Berlin", "DE", 52.52, 13.40), ("Munich", "DE", 48.14, 11.58),
    ("Hamburg", "DE", 53.55, 9.99), ("Paris", "FR", 48.86, 2.35), ("Marseille", "FR", 43.30, 5.37), ("Madrid", "ES", 40.42, -3.70),
    ("London", "GB", 51.51, -0.13), ("New York", "US", 40.71, -74.01), ("Seattle", "US", 47.61, -122.33), ("Austin", "US", 30.27, -97.74),
    ("Sydney", "AU", -33.87, 151.21), ("Singapore", "SG", 1.35, 103.82), ("Toronto", "CA", 43.65, -79.38), ("Mumbai", "IN", 19.08, 72.88),
]
AGENTS = ["Chrome 131.0.0 / Windows 10.0.0", "Chrome 131.0.0 / Mac OS X 10.15.7", "Safari 18.1.0 / Mac OS X 10.15.7", "Firefox 132.0.0 / Windows 10.0.0", "Edge 131.0.0 / Windows 10.0.0"]
PHONES = ["Mobile Safari 18.1.0 / iOS 18.1.0", "Chrome Mobile 131.0.0 / Android 15.0.0"]
APPS = ["portal", "shop", "mobile", "wiki", "billing"]
# Share of a day's logins by hour, UTC.
HOURS = [1, 1, 1, 1, 2, 4, 8, 14, 18, 16, 13, 11, 12, 14, 13, 11, 9, 7, 6, 5, 4, 3, 2, 1]


@dataclasses.dataclass(frozen=True)
class Tenant:
    """What differs between tenants. Rates are a day, unless they say otherwise."""

    seed: int = 1
    users: int = 10_000
    end: datetime = datetime(2026, 8, 3)  # the end of a month is in the last week
    days: int = 21
    logins: float = 0.45  # a user
    failed: float = 0.05  # of the attempts to log in
    unknown: float = 0.2  # of those, with a name that is not known
    office: float = 0.4  # of the users work in one
    mobile: float = 0.3  # of the logins come through a carrier's gateway
    vpn: float = 0.06  # of the users have one of the company's
    own_vpn: float = 0.02  # of the users have a commercial one
    travellers: float = 0.01  # of the users leave for a week
    push: float = 0.1  # of the users accept a push at each login
    raced: float = 0.002  # of the exchanges of a refresh token
    leavers: float = 0.0005  # of the users, deleted by the directory
    leaked: float = 0.0003  # of the users
    moved: int = 5  # addresses that the geo database puts elsewhere in the time
    admins: int = 20
    masked: str = ""  # "stars" or "hash": what the stream does to names
    deploys: str = "both"  # "auth0", "terraform" or "both"


class Everyday:
    """One tenant's records, a day at a time."""

    def __init__(self, tenant):
        self.t, self.dice, self.count = tenant, random.Random(tenant.seed), 0
        self.start = tenant.end - timedelta(days=tenant.days)
        self.addresses = self.numbers()
        self.places = {}  # where an address is said to be
        dice = self.dice
        self.offices = [self.address(dice.choice(CITIES)) for _ in range(max(1, tenant.users // 250))]
        sizes = [dice.uniform(math.log(10), math.log(1000)) for _ in self.offices]
        self.gateways = {city: [self.address(city, vague=city[1] == "US" and n == 0) for n in range(6)] for city in CITIES}
        self.exits = [self.address(dice.choice(CITIES)) for _ in range(3)]
        self.commercial = [self.address(dice.choice(CITIES)) for _ in range(60)]
        self.people = [self.person(n, sizes) for n in range(tenant.users)]
        self.staff = [self.admin(n) for n in range(tenant.admins)]
        self.moves = {address: (dice.randrange(tenant.days), dice.choice(CITIES)) for address in dice.sample(self.offices + [p["home"] for p in self.people[:200]], min(tenant.moved, len(self.offices)))}
        self.settings = Settings(self)

    def numbers(self):
        n = 0
        while True:
            n += 1
            yield f"2001:db8:{n >> 16:x}:{n & 65535:x}::{n % 250 + 1:x}" if n % 7 == 0 else f"10.{n >> 16 & 255}.{n >> 8 & 255}.{n & 255}"

    def address(self, city, vague=False):
        address = next(self.addresses)
        name, country, latitude, longitude = city
        middle = {"country_code": country, "latitude": 37.751, "longitude": -97.822}
        self.places[address] = middle if vague else {"country_code": country, "city_name": name, "latitude": latitude, "longitude": longitude}
        return address

    def person(self, n, sizes):
        dice = self.dice
        office = dice.choices(range(len(self.offices)), [math.exp(size) for size in sizes])[0] if dice.random() < self.t.office else None
        place = self.places[self.offices[office]] if office is not None else None
        city = next(c for c in CITIES if c[0] == place["city_name"]) if place else dice.choice(CITIES)
        return {
            "id": f"auth0|{n:024x}", "name": f"person{n}@example.com", "city": city, "home": self.address(city), "office": self.offices[office] if office is not None else None,
            "agent": dice.choice(AGENTS), "phone": dice.choice(PHONES), "vpn": dice.choice(self.exits) if dice.random() < self.t.vpn else None,
            "own_vpn": dice.random() < self.t.own_vpn, "push": dice.random() < self.t.push, "away": (dice.randrange(self.t.days), dice.choice(CITIES)) if dice.random() < self.t.travellers else None,
        }

    def admin(self, n):
        city = self.dice.choice(CITIES[:5])
        home = self.address(city)
        return {"user": {"name": f"Admin {n}", "email": f"admin{n}@example.com", "user_id": f"google-oauth2|{n:021}"}, "home": home, "away": (self.dice.randrange(self.t.days), self.address(self.dice.choice(CITIES))) if self.dice.random() < 0.05 else None}

    # Records.

    def record(self, when, type, **data):
        self.count += 1
        stamp = when.strftime("%Y-%m-%dT%H:%M:%S.") + f"{when.microsecond // 1000:03}Z"
        log_id = f"900{when.strftime('%Y%m%d%H%M%S')}{self.t.seed % 1000:03}{self.count:036}"
        return {"log_id": log_id, "data": {"date": stamp, "type": type, "log_id": log_id, "tenant_name": f"tenant-{self.t.seed}", **data}}

    def name(self, name):
        return {"": name, "stars": "********", "hash": hashlib.sha256(name.encode()).hexdigest()[:16]}[self.t.masked]

    def place(self, address, day):
        since, city = self.moves.get(address, (day + 1, None))
        if day >= since:
            return dict(zip(("city_name", "country_code", "latitude", "longitude"), city, strict=True))
        return self.places[address]

    def of(self, person, when, type, address, agent, day, **data):
        about = {"ip": address, "user_id": person["id"], "user_name": self.name(person["name"]), "user_agent": agent, "location_info": self.place(address, day)}
        return self.record(when, type, **{**about, "client_id": data.pop("client_id", "portal"), "connection": "Users", **data})

    def moment(self, day, hours=HOURS):
        hour = self.dice.choices(range(24), hours)[0]
        return self.start + timedelta(days=day, hours=hour, seconds=self.dice.uniform(0, 3599))

    def records(self):
        for day in range(self.t.days):
            workday = (self.start + timedelta(days=day)).weekday() < 5
            yield from self.logins(day, workday)
            yield from self.rest(day)
            yield from self.machines(day)
            yield from self.admins(day, workday)
            yield from self.settings.deploys(day, workday)

    def where(self, person, when, day, workday):
        """The address and the agent of a login."""
        dice = self.dice
        if person["away"] and person["away"][0] <= day < person["away"][0] + 7:
            person.setdefault("hotel", self.address(person["away"][1]))
            return person["hotel"], person["agent"]
        if dice.random() < self.t.mobile:
            return dice.choice(self.gateways[person["city"]]), person["phone"]
        if person["own_vpn"] and dice.random() < 0.3:
            return dice.choice(self.commercial), person["agent"]
        if person["vpn"] and dice.random() < 0.5:
            return person["vpn"], person["agent"]
        if person["office"] and workday and 6 <= when.hour <= 17:
            return person["office"], person["agent"]
        return person["home"], person["agent"]

    def logins(self, day, workday):
        dice, t = self.dice, self.t
        share = t.logins if workday else t.logins / 3
        for person in self.people:
            for _ in range(sum(dice.random() < share / 3 for _ in range(3))):
                when = self.moment(day)
                address, agent = self.where(person, when, day, workday)
                yield from self.login(person, when, address, agent, day)

    def login(self, person, when, address, agent, day):
        dice, t = self.dice, self.t
        app, tries = dice.choice(APPS), 0
        while dice.random() < t.failed and tries < 10:
            tries += 1
            unknown = dice.random() < t.unknown
            wrong = {"user_id": "", "user_name": self.name(person["name"].replace("person", "persom", 1))} if unknown else {}
            yield self.of(person, when, "fu" if unknown else "fp", address, agent, day, client_id=app, description="Wrong email or password.", **wrong)
            when += timedelta(seconds=dice.uniform(4, 40))
        forgotten = tries > 3 and dice.random() < 0.5
        if forgotten:
            # Some go on trying until they are locked out, and ask for another password then.
            for _ in range(int(dice.expovariate(0.4))):
                tries += 1
                yield self.of(person, when, "fp" if tries < 10 else "limit_wc", address, agent, day, client_id=app)
                when += timedelta(seconds=dice.uniform(4, 40))
            yield self.of(person, when, "scpr", address, agent, day)
            when += timedelta(minutes=3)
            yield self.of(person, when, "scp", address, agent, day)
        if person["push"]:
            for _ in range(1 + (dice.random() < 0.05) + (7 if dice.random() < 0.0005 else 0)):
                yield self.of(person, when, "gd_send_pn", address, agent, day)
                when += timedelta(seconds=dice.uniform(5, 45))
            yield self.of(person, when, "gd_auth_succeed", address, agent, day)
        yield self.of(person, when, "s", address, agent, day, client_id=app)
        yield self.of(person, when + timedelta(seconds=1), "seacft", address, agent, day, client_id=app)
        for n in range(int(dice.expovariate(0.5))):
            later = when + timedelta(minutes=30 * (n + 1))
            if dice.random() < t.raced:
                yield self.of(person, later + timedelta(milliseconds=300), "ferrt", address, agent, day, client_id=app, description="Unsuccessful Refresh Token exchange, reused refresh token detected", details={"familyId": "f", "latestCounter": n + 1, "tokenCounter": n})
            yield self.of(person, later, "sertft" if dice.random() < 0.7 else "ssa", address, agent, day, client_id=app)
        if dice.random() < 0.2:
            yield self.of(person, when + timedelta(hours=2), "slo", address, agent, day, client_id=app)

    def rest(self, day):
        """What a few people do each day."""
        dice, t = self.dice, self.t

        def some(rate):
            n = rate * t.users
            return dice.sample(self.people, min(t.users, int(n) + (dice.random() < n % 1)))

        for person in some(t.leaked):
            yield self.of(person, self.moment(day), dice.choice(["pwd_leak", "pwd_leak", "signup_pwd_leak"]), person["home"], person["agent"], day)
        for person in some(0.001):
            yield self.of(person, self.moment(day), "ss", person["home"], person["agent"], day)
        for person in some(0.0005):
            yield self.of(person, self.moment(day), "fs", person["home"], person["agent"], day, description="The user already exists.")
        for person in some(0.0015):
            other = dice.choice(self.people)
            number = f"+1555{int(person['id'][6:], 16):07}"
            yield self.of(person, self.moment(day), "gd_enrollment_complete", person["home"], person["agent"], day, details={"authenticator": {"id": "sms|1", "type": "sms", "phone_number": self.name(number)}})
            if dice.random() < 0.003:  # a couple with one phone
                yield self.of(other, self.moment(day), "gd_enrollment_complete", other["home"], other["agent"], day, details={"authenticator": {"id": "sms|2", "type": "sms", "phone_number": self.name(number)}})
        for person in some(0.00003):  # a client that keeps an old password
            start = self.moment(day)
            for n in range(30):
                yield self.of(person, start + timedelta(minutes=10 * n), "fepft", person["home"], person["agent"], day, client_id="old-mail")

    def machines(self, day):
        """Applications: tokens for machines, a sync of profiles, and the directory that deletes leavers."""
        dice, t = self.dice, self.t
        office = self.offices[0]
        midnight = self.start + timedelta(days=day)
        for n in range(t.users // 10):
            yield self.record(midnight + timedelta(seconds=n * 864_000 / t.users), "seccft", client_id=f"service-{n % 12}", ip="192.0.2.40", user_id="", user_name="")
        for hour in range(24):
            for n in range(int(dice.gauss(t.users / 400, 4))):
                when = midnight + timedelta(hours=hour, seconds=n * 20)
                yield self.change(when, "patch", f"/api/v2/users/auth0%7C{n}", {"app_metadata": {"n": n}}, client="sync", address="192.0.2.41")
            if dice.random() < 0.05:
                yield self.record(midnight + timedelta(hours=hour), "api_limit", client_id="sync", ip="192.0.2.41", user_id="")
        leavers = int(t.leavers * t.users * dice.uniform(0.3, 1.7) * (6 if (midnight + timedelta(days=1)).day == 1 else 1))
        for n in range(leavers):
            yield self.change(midnight + timedelta(hours=2, seconds=n), "delete", f"/api/v2/users/ad%7C{day}x{n}", None, client="hr-sync", address=office)
        yield self.change(midnight + timedelta(hours=3), "post", "/api/v2/jobs/users-exports", {"format": "json"}, {"id": f"job_{day}"}, client="backup", address="192.0.2.42")

    def change(self, when, method, path, body, answer=None, client="dashboard", admin=None, address="192.0.2.43", status=None, **data):
        user = admin["user"] if admin else ""
        request = {"method": method, "path": path, "query": {}, "userAgent": "x", "channel": "api", "ip": address, "auth": {"user": user, "strategy": "jwt", "credentials": {"jti": "0" * 32}}}
        codes = {"post": 201, "delete": 204}
        details = {"request": request | ({} if body is None else {"body": body}), "response": {"statusCode": status or codes.get(method, 200), "body": {} if answer is None else answer}}
        about = {"ip": address, "client_id": client, "user_id": user["user_id"] if user else "", "details": details, "location_info": self.places.get(address, {"country_code": "NL"})}
        return self.record(when, "sapi", **about, **data)

    def admins(self, day, workday):
        """Support staff in the dashboard. Some changes are refused, and of those that are not few change the tenant."""
        dice = self.dice
        for admin in self.staff if workday else self.staff[:2]:
            home = admin["away"][1] if admin["away"] and admin["away"][0] <= day < admin["away"][0] + 5 else admin["home"]
            for _ in range(dice.randrange(6)):
                user, when = f"auth0%7C{dice.randrange(self.t.users):024x}", self.moment(day)
                method, path, body = dice.choice([
                    ("patch", f"/api/v2/users/{user}", {"blocked": False}), ("post", f"/api/v2/users/{user}/roles", {"roles": ["rol_1"]}),
                    ("post", "/api/v2/tickets/password-change", {"user_id": user}), ("delete", f"/api/v2/user-blocks/{user}", None),
                    ("post", "/api/v2/jobs/verification-email", {"user_id": user}), ("patch", "/api/v2/prompts", {"universal_login_experience": "new"}),
                ])
                yield self.change(when, method, path, body, admin=admin, address=home)
            if dice.random() < 0.02:
                path, body = dice.choice([("/api/v2/roles", {"name": ""}), ("/api/v2/clients/abc/rotate-secret", None), ("/api/v2/tenants/invitations", {"roles": ["owner"]}), ("/api/v2/jobs/users-exports", {})])
                yield self.change(self.moment(day), "post", path, body, {"error": "no"}, admin=admin, address=home, status=dice.choice([400, 403, 409]))
            if dice.random() < 0.01:
                details = {"request": {"method": "get", "path": "/api/v2/clients/abc", "auth": {"user": admin["user"]}}, "response": {"statusCode": 200, "body": {}}, "accessedSecrets": ["client_secret"]}
                yield self.record(self.moment(day), "mgmt_api_read", ip=home, client_id="dashboard", user_id=admin["user"]["user_id"], details=details, location_info=self.places[home])
        if dice.random() < 0.1:  # a guest of an organization
            yield self.change(self.moment(day), "post", "/api/v2/organizations/org_1/invitations", {"invitee": {"email": "g@example.com"}}, admin=self.staff[0], address=self.staff[0]["home"])
        if dice.random() < 0.02:  # a new role, once in seven weeks
            yield self.change(self.moment(day), "post", "/api/v2/roles", {"name": "r"}, {"id": f"rol_{day}"}, admin=self.staff[1], address=self.staff[1]["home"])


class Settings:
    """The settings of a tenant, which deploys write again each time, changed or not. Some protections are off, and stay so."""

    def __init__(self, everyday):
        self.e, dice = everyday, everyday.dice
        shields = lambda on: {"enabled": on, "shields": ["block", "user_notification"] if dice.random() < 0.8 else []}  # noqa: E731
        self.written = {
            **{("patch", f"/api/v2/attack-protection/{name}"): shields(dice.random() < 0.7) for name in ("brute-force-protection", "breached-password-detection", "suspicious-ip-throttling")},
            ("patch", "/api/v2/attack-protection/bot-detection"): {"challenge_password_policy": dice.choice(["never", "when_risky"]), "monitoring_mode_enabled": dice.random() < 0.5},
            **{("put", f"/api/v2/guardian/factors/{name}"): {"enabled": dice.random() < 0.3} for name in ("sms", "otp", "email", "push-notification", "webauthn-roaming", "webauthn-platform", "duo", "recovery-code")},
            ("put", "/api/v2/guardian/policies"): dice.choice([[], ["all-applications"], ["confidence-score"]]),
            ("patch", "/api/v2/risk-assessments/settings"): {"enabled": dice.random() < 0.5},
            ("patch", "/api/v2/actions/triggers/post-login/bindings"): {"bindings": [{"ref": {"type": "action_name", "value": f"a{n}"}} for n in range(3)]},
            **{("patch", f"/api/v2/log-streams/lst_{n}"): {"name": f"s{n}", "status": "active", "sink": {"httpEndpoint": "https://siem.example.com/"}} for n in range(2)},
            **{("patch", f"/api/v2/client-grants/cgr_{n}"): {"scope": dice.sample(["read:users", "update:users", "delete:users", "create:clients", "read:logs"], 3)} for n in range(10)},
            ("patch", "/api/v2/client-grants/cgr_all"): {"allow_all_scopes": True},
            **{("patch", f"/api/v2/roles/rol_{n}"): {"name": f"role {n}"} for n in range(5)},
            **{("patch", f"/api/v2/clients/client_{n}"): {"name": f"app {n}", "callbacks": ["https://app.example.com/"]} for n in range(20)},
            **{("patch", f"/api/v2/connections/con_{n}"): {"options": {"brute_force_protection": True}} for n in range(4)},
            **{("patch", f"/api/v2/actions/actions/act_{n}"): {"code": "exports.onExecutePostLogin = …"} for n in range(5)},
        }

    def deploys(self, day, workday):
        e = self.e
        if not workday:
            return
        if e.t.deploys in ("auth0", "both") and e.dice.random() < 0.7:
            yield from self.deploy(day, "deploy-cli")
        if e.t.deploys in ("terraform", "both") and e.dice.random() < 0.4:
            details = {"request": {"method": "get", "path": "/api/v2/clients", "auth": {"user": ""}}, "response": {"statusCode": 200, "body": []}, "accessedSecrets": ["client_secret"]}
            yield e.record(e.moment(day), "mgmt_api_read", ip="192.0.2.44", client_id="terraform", details=details, user_id="")
            yield from self.deploy(day, "terraform")

    def deploy(self, day, tool):
        e, when = self.e, self.e.moment(day)
        for n, ((method, path), body) in enumerate(self.written.items()):
            # Terraform writes what its provider knows, which is a little more.
            asked = {**body, "note": tool} if tool == "terraform" and isinstance(body, dict) and "bindings" not in body else body
            whole = body if isinstance(body, list) else {"id": path.rsplit("/", 1)[-1], **({"audience": "https://tenant.eu.auth0.com/api/v2/"} if "client-grants" in path else {}), **body}
            yield e.change(when + timedelta(seconds=n), method, path, asked, whole, client=tool, address="192.0.2.44")


def tenants(count, users, days, seed=1):
    """Tenants that differ in what makes detections ring."""
    for n in range(count):
        yield Tenant(
            seed=seed + n, users=users, days=days, failed=0.01 + 0.10 * n / max(1, count - 1), mobile=0.1 + 0.04 * n, masked=["", "stars", "", "hash", ""][n % 5],
            deploys=["auth0", "terraform", "both"][n % 3], office=0.2 + 0.06 * n, own_vpn=0.005 + 0.003 * n, travellers=0.01 + 0.002 * n,
        )
