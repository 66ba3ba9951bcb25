"""The detections on everyday tenants, and on attacks: the commands of tests/everyday/README.md."""

import os
import re
import subprocess

import deployed

README = (deployed.PROJECT / "tests/everyday/README.md").read_text("utf-8")
# Attacks that are slower than the hour that is looked at.
MISSED = {"slow, 6 an hour", "600 addresses in a day", "60 users deleted with a secret that leaked"}
SMALL = {"": ["--tenants", "2", "--users", "300", "--days", "2", "--before", "3"], "attacks": [], "speed": ["--events", "2000"]}


def said(command, receiver, *options):
    assert f"\n{command}\n" in README
    run = subprocess.run([*command.split(), *options], cwd=deployed.PROJECT, capture_output=True, text=True, env={**os.environ, "LOCAL_BIN": str(receiver)})
    assert run.returncode == 0, run.stderr
    return run.stdout


def test_an_everyday_tenant_pages_next_to_nothing_and_nothing_critical(receiver):
    printed = said("tests/everyday/run", receiver, *SMALL[""])
    pages, grave = re.search(r"^([\d.]+) pages a day for 10,000 users, (\d+) of them critical in all\.$", printed, re.MULTILINE).groups()
    # Few users make few pages: one page in this time would be 8.3 a day for 10,000.
    assert float(pages) <= 8.4 and grave == "0"


def test_the_same_tenant_is_made_again_from_the_same_seed(monkeypatch):
    monkeypatch.syspath_prepend(deployed.PROJECT / "tests/everyday")
    import tenant

    small = tenant.Tenant(seed=7, users=30, days=2)
    first, second, other = (list(tenant.Everyday(one).records()) for one in (small, small, tenant.Tenant(seed=8, users=30, days=2)))
    assert first == second != other and len(first) > 100


def test_each_attack_is_paged_in_the_clear_and_masked_but_for_the_slow_ones(receiver):
    printed = said("tests/everyday/run attacks", receiver)
    rows = [[cell.strip() for cell in line.split("|")[1:-1]] for line in printed.splitlines() if line.startswith("| ")][1:]
    assert len(rows) > 30
    for kind, variant, *found, by in rows:
        assert found == ["no"] * 3 if variant in MISSED else found[0] == found[2] == "yes", (kind, variant, found)
        # Of names that are not known and that the stream starred, nobody can say how many there were.
        assert variant in MISSED or variant == "names that are not known" or found[1] == "yes", (kind, variant, found)
        assert (by == "none") == (variant in MISSED)


def test_each_detection_is_timed_alone(receiver):
    printed = said("tests/everyday/run speed", receiver, *SMALL["speed"])
    assert printed.count("\n| `") > 50 and re.search(r"^Slowest: \w+, [\d.]+ s \(.*\)\.", printed, re.MULTILINE)
