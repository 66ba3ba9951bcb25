"""What comes with us is pinned, and somebody proposes newer versions of it."""

import re
import tomllib

import pytest
import yaml
from conftest import PROJECT

REQUIREMENTS = sorted(path for folder in ("analysis", "tests") for path in (PROJECT / folder).glob("**/requirements*.txt"))


def test_the_files_of_python_packages_are_found():
    assert len(REQUIREMENTS) >= 6


@pytest.mark.parametrize("path", REQUIREMENTS, ids=lambda path: str(path.relative_to(PROJECT)))
def test_every_python_package_is_pinned_by_its_hashes(path):
    requirements = re.split(r"\n(?=[A-Za-z])", path.read_text().replace("\\\n", ""))
    pinned = [r for r in requirements if not r.startswith("#")]
    assert pinned and all(re.match(r"[\w.\[\],-]+==\S+( ; [^-]+)? +--hash=sha256:[0-9a-f]{64}", r) for r in pinned), path


def test_every_installation_of_python_packages_asks_for_hashes():
    scripts = [p for folder in ("scripts", "analysis", "tests", ".github") for p in (PROJECT / folder).rglob("*") if p.is_file()]
    scripts = [p for p in scripts if p.suffix in ("", ".yml", ".yaml") and "target" not in p.parts]
    lines = [line for path in scripts for line in path.read_text().splitlines() if re.search(r'pip\S*,? "?install', line)]
    assert lines and all("--require-hashes" in line for line in lines), lines


def test_every_build_takes_the_crates_of_the_lock_file():
    text = "".join((PROJECT / name).read_text() for name in ("Makefile", "scripts/package", ".cargo/config.toml"))
    builds = [line for line in text.splitlines() if re.search(r"\bcargo (build|test|clippy|doc|bench|run|lambda build|install)\b", line) and "echo" not in line]
    assert len(builds) > 10 and all("--locked" in line for line in builds), [line for line in builds if "--locked" not in line]


def test_one_compiler_is_named_and_none_older_than_the_manifest_needs():
    channel = tomllib.loads((PROJECT / "rust-toolchain.toml").read_text())["toolchain"]["channel"]
    needed = tomllib.loads((PROJECT / "Cargo.toml").read_text())
    needed = needed["workspace"]["package"].get("rust-version") if "package" in needed.get("workspace", {}) else needed["package"]["rust-version"]
    number = lambda version: [int(part) for part in version.split(".")]  # noqa: E731
    assert re.fullmatch(r"\d+\.\d+\.\d+", channel) and number(channel) >= number(needed)


def test_ci_fails_where_weaknesses_cannot_be_looked_up():
    steps = yaml.safe_load((PROJECT / ".github/workflows/ci.yml").read_text())["jobs"]["check"]["steps"]
    [check] = [step for step in steps if step.get("run") == "make check"]
    assert check["env"] == {"ADVISORIES": "required"}


def test_newer_versions_are_proposed_of_all_that_is_pinned():
    updates = yaml.safe_load((PROJECT / ".github/dependabot.yml").read_text())["updates"]
    watched = {(u["package-ecosystem"], folder) for u in updates for folder in u.get("directories", [u.get("directory")])}
    assert {("cargo", "/"), ("cargo", "/fuzz"), ("github-actions", "/"), ("rust-toolchain", "/")} <= watched
    assert {folder for kind, folder in watched if kind == "pip"} == {f"/{path.parent.relative_to(PROJECT)}" for path in REQUIREMENTS}


def test_every_path_with_an_owner_is_there():
    lines = [line.split() for line in (PROJECT / ".github/CODEOWNERS").read_text().splitlines() if line and not line.startswith("#")]
    assert lines[0][0] == "*"
    for path, *owners in lines[1:]:
        assert (PROJECT / path.strip("/")).exists() and owners and all(owner.startswith("@") for owner in owners), path
