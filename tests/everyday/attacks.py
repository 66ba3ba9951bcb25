"""Attacks on small everyday tenants, in variants, and which detections page them: see README.md.

    tests/everyday/run attacks [--seed 1]
"""

import argparse
import json
import os
import pathlib
import sys
import tempfile
from datetime import timedelta

HERE = pathlib.Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE.parent / "engines")]
import deployed  # noqa: E402
import pages  # noqa: E402
import tenant  # noqa: E402

USERS, DAYS = 200, 3


class Attack:
    """Attackers in one tenant, on its last day."""

    def __init__(self, everyday):
        self.e, self.day = everyday, everyday.t.days - 1
        self.start = everyday.start + timedelta(days=self.day, hours=9, minutes=20)
        self.people, self.boss = everyday.people, everyday.staff[0]

    def tries(self, count, seconds, address, person=None, type="fp", start=0.0):
        """So many tries, so many seconds apart, each on another user or all on one."""
        for n in range(count):
            who = person or self.people[n % len(self.people)]
            yield self.one(who, type, address(n) if callable(address) else address, start + n * seconds)

    def one(self, person, type, address, seconds, **data):
        city = ("Novosibirsk", "RU", 55.0, 82.9)
        self.e.places.setdefault(address, dict(zip(("city_name", "country_code", "latitude", "longitude"), city, strict=True)))
        return self.e.of(person, self.start + timedelta(seconds=seconds), type, address, "Firefox 99.0.0 / Linux 0.0.0", self.day, **data)

    def change(self, method, path, body=None, answer=None, seconds=0, **by):
        return self.e.change(self.start + timedelta(seconds=seconds), method, path, body, answer, **(by or {"admin": self.boss, "address": self.boss["home"]}))


def botnet(n):
    return f"203.0.{n // 250}.{n % 250 + 1}"


ONE, SHIELDS = "203.0.113.66", "/api/v2/attack-protection"
# Each attack with its variant: what is done, and the detections any of which is a hit.
ATTACKS = {
    ("spraying", "one address"): (lambda a: a.tries(100, 5, ONE), {"password_spraying"}),
    ("spraying", "slow, 12 an hour"): (lambda a: a.tries(100, 300, ONE), {"password_spraying"}),
    ("spraying", "slow, 6 an hour"): (lambda a: a.tries(60, 600, ONE), {"password_spraying"}),
    ("spraying", "slow, 6 an hour, then in"): (lambda a: [*a.tries(60, 600, ONE), a.one(a.people[7], "s", ONE, 37_000)], {"login_from_attacker"}),
    ("spraying", "a /64 of IPv6"): (lambda a: a.tries(100, 5, lambda n: f"2001:db8:66:66::{n:x}"), {"password_spraying"}),
    ("spraying", "IPv4 written as IPv6"): (lambda a: a.tries(100, 5, lambda n: ("::ffff:" if n % 2 else "") + ONE), {"password_spraying"}),
    ("spraying", "names that are not known"): (lambda a: (a.one({"id": "", "name": f"info{n}@example.com"}, "fu", ONE, n * 5) for n in range(100)), {"password_spraying"}),
    ("spraying", "behind an office"): (lambda a: a.tries(100, 5, a.e.offices[0]), {"password_spraying", "brute_force"}),
    ("spraying", "across origins"): (lambda a: a.tries(100, 5, ONE, type="fcoa"), {"password_spraying", "cross_origin_abused"}),
    ("spraying", "then in"): (lambda a: [*a.tries(100, 5, ONE), a.one(a.people[7], "s", ONE, 600)], {"login_from_attacker"}),
    ("stuffing", "600 addresses in an hour"): (lambda a: a.tries(600, 5, botnet), {"distributed_failures"}),
    ("stuffing", "600 addresses in a day"): (lambda a: a.tries(600, 85, botnet), {"distributed_failures"}),
    ("stuffing", "leaked passwords"): (lambda a: a.tries(40, 60, botnet, type="pwd_leak"), {"leaked_password_surge"}),
    ("guessing", "one user, one address"): (lambda a: a.tries(60, 20, ONE, a.people[3]), {"brute_force"}),
    ("guessing", "one user, one address, then in"): (lambda a: [*a.tries(9, 20, ONE, a.people[3]), a.one(a.people[3], "s", ONE, 400)], {"failures_then_login"}),
    ("guessing", "one user, many addresses, then in"): (lambda a: [*a.tries(30, 900, botnet, a.people[3]), a.one(a.people[3], "s", botnet(99), 28_000)], {"login_after_many_addresses"}),
    ("guessing", "until the address is blocked, then in"): (lambda a: [*a.tries(9, 20, ONE), a.one({"id": "", "name": ""}, "limit_mu", ONE, 200), a.one(a.people[3], "s", ONE, 400)], {"login_from_blocked", "login_from_attacker"}),
    ("MFA", "push after push"): (lambda a: a.tries(9, 60, ONE, a.people[3], type="gd_send_pn"), {"push_fatigue"}),
    ("MFA", "push after push, until accepted"): (lambda a: [*a.tries(9, 60, ONE, a.people[3], type="gd_send_pn"), a.one(a.people[3], "gd_auth_succeed", ONE, 500)], {"push_fatigue"}),
    ("MFA", "one phone on three users"): (lambda a: (a.one(a.people[n], "gd_enrollment_complete", ONE, n, details={"authenticator": {"phone_number": "+15559999"}}) for n in range(3)), {"phone_shared"}),
    ("MFA", "removed from many users"): (lambda a: (a.change("delete", f"/api/v2/users/auth0%7C{n}/multifactor/duo", seconds=n * 30) for n in range(12)), {"mfa_removed_surge"}),
    ("sessions", "a token stolen"): (lambda a: [a.e.of(a.people[3], a.start, "s", a.people[3]["home"], a.people[3]["agent"], a.day), a.one(a.people[3], "ferrt", ONE, 900, description="reused refresh token detected")], {"refresh_token_reused"}),
    ("sessions", "in from the other side of the world"): (lambda a: [a.e.of(a.people[3], a.start, "s", a.people[3]["home"], a.people[3]["agent"], a.day), a.one(a.people[3], "s", ONE, 900)], {"impossible_travel"}),
    ("accounts", "200 sign-ups in an hour"): (lambda a: (a.one({"id": f"auth0|x{n}", "name": f"x{n}@example.org"}, "ss", botnet(n), n * 5) for n in range(200)), {"signup_flood"}),
    ("accounts", "300 text messages in an hour"): (lambda a: a.tries(300, 4, botnet, type="gd_send_sms"), {"message_pumping"}),
    ("tenant", "brute-force protection off"): (lambda a: [a.change("patch", f"{SHIELDS}/brute-force-protection", {"enabled": False})], {"attack_protection_off"}),
    ("tenant", "an address exempted"): (lambda a: [a.change("patch", f"{SHIELDS}/suspicious-ip-throttling", {"allowlist": [ONE]})], {"allowlist_widened"}),
    ("tenant", "MFA policy emptied"): (lambda a: [a.change("put", "/api/v2/guardian/policies", ["all-applications"]), a.change("put", "/api/v2/guardian/policies", [], seconds=9)], {"mfa_policy_disabled"}),
    ("tenant", "a factor off"): (lambda a: [a.change("put", "/api/v2/guardian/factors/otp", {"enabled": on}, seconds=n) for n, on in enumerate((True, False))], {"mfa_factor_disabled"}),
    ("tenant", "the log stream paused"): (lambda a: [a.change("patch", "/api/v2/log-streams/lst_0", {"status": "paused"})], {"log_stream_changed"}),
    ("tenant", "another log stream"): (lambda a: [a.change("post", "/api/v2/log-streams", {"type": "http"}, {"id": "lst_7"})], {"log_stream_created"}),
    ("tenant", "every scope granted"): (lambda a: [a.change("post", "/api/v2/client-grants", {"audience": "https://t.auth0.com/api/v2/", "allow_all_scopes": True})], {"client_grant_widened"}),
    ("tenant", "an owner invited"): (lambda a: [a.change("post", "/api/v2/tenants/invitations", {"roles": ["owner"]})], {"admin_invited"}),
    ("tenant", "an action bound to the login"): (lambda a: [a.change("patch", "/api/v2/actions/triggers/post-login/bindings", {"bindings": [{"ref": {"value": "evil"}}]})], {"post_login_flow_changed"}),
    ("tenant", "an identity provider added"): (lambda a: [a.change("post", "/api/v2/connections", {"strategy": "oidc"}, {"id": "con_9", "strategy": "oidc"})], {"connection_created"}),
    ("tenant", "30 users deleted by a person"): (lambda a: (a.change("delete", f"/api/v2/users/auth0%7C{n}", seconds=n * 9) for n in range(30)), {"users_deleted"}),
    ("tenant", "60 users deleted with a secret that leaked"): (lambda a: (a.change("delete", f"/api/v2/users/auth0%7C{n}", seconds=n * 9, client="stolen") for n in range(60)), {"users_deleted"}),
    ("tenant", "all users exported"): (lambda a: [a.change("post", "/api/v2/jobs/users-exports", {})], {"users_exported"}),
    ("tenant", "the signing key rotated"): (lambda a: [a.change("post", "/api/v2/keys/signing/rotate")], {"signing_key_changed"}),
}
MASKS = ["", "stars", "hash"]


def run(seed):
    """For each attack and mask, which of its detections paged it, and which others did."""
    with tempfile.TemporaryDirectory() as folder:
        cases = {f"t{n}-{mask or 'clear'}": (attack, mask) for n, attack in enumerate(ATTACKS) for mask in MASKS}
        receiver = deployed.Receiver(os.environ["LOCAL_BIN"], folder, tokens={source: f"token-{source}" for source in cases})
        try:
            for n, (source, (attack, mask)) in enumerate(cases.items()):
                everyday = tenant.Everyday(tenant.Tenant(seed=seed + n, users=USERS, days=DAYS, masked=mask, admins=3))
                records = [*everyday.records(), *ATTACKS[attack][0](Attack(everyday))]
                assert receiver.post(json.dumps(records), source)["rejected"] == 0
        finally:
            receiver.stop()
        found = {}
        for hit in pages.hits(folder, tenant.Tenant().end - timedelta(days=1)):
            if hit["severity"] != "info":
                found.setdefault(hit["source"], set()).add(hit["detection"])
    return {case: found.get(source, set()) for source, case in cases.items()}


def main():
    parser = argparse.ArgumentParser(description="Says which attacks are paged.", formatter_class=argparse.ArgumentDefaultsHelpFormatter)
    parser.add_argument("--seed", type=int, default=1)
    found = run(parser.parse_args().seed)
    print("| attack | variant | in the clear | starred | hashed | paged by |\n|---|---|---|---|---|---|")
    hits = 0
    for attack in ATTACKS:
        by = [found[attack, mask] & ATTACKS[attack][1] for mask in MASKS]
        hits += sum(map(bool, by))
        print(f"| {attack[0]} | {attack[1]} | {' | '.join('yes' if ids else 'no' for ids in by)} | {', '.join(f'`{id}`' for id in sorted(set().union(*by))) or 'none'} |")
    print(f"\n{hits} of {len(ATTACKS) * len(MASKS)} attacks are paged.")


if __name__ == "__main__":
    main()
