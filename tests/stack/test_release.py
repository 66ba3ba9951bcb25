"""What a release publishes, made by scripts/package with cargo played by a script."""

import os
import subprocess

import pytest
import yaml
from conftest import PROJECT

CARGO = """#!/usr/bin/env bash
echo "$*" >> "$CALLS"
case "$1 $2" in
    "lambda build") mkdir -p target/lambda/receiver; echo package > target/lambda/receiver/bootstrap.zip ;;
    "cyclonedx --quiet") grep '^members' "$4" >> "$CALLS"; echo list > "$(dirname "$4")/${!#}.json" ;;
esac
"""
TARGETS = {"arm64": "aarch64-unknown-linux-gnu", "x86_64": "x86_64-unknown-linux-gnu"}


@pytest.fixture
def package(tmp_path):
    project, tools = tmp_path / "project", tmp_path / "bin"
    subprocess.run(["git", "clone", "--quiet", "--no-hardlinks", PROJECT, project], check=True)
    (project / "scripts/package").write_bytes((PROJECT / "scripts/package").read_bytes())
    tools.mkdir()
    (tools / "cargo").write_text(CARGO)
    (tools / "cargo").chmod(0o755)
    calls = tmp_path / "calls"

    def run(*arguments):
        environment = os.environ | {"PATH": f"{tools}:{os.environ['PATH']}", "CALLS": str(calls)}
        said = subprocess.run([project / "scripts/package", *arguments], env=environment, capture_output=True, text=True)
        return said, project / "target/package", calls.read_text() if calls.exists() else ""

    return run


@pytest.mark.parametrize("arch", TARGETS)
def test_a_package_comes_with_the_list_of_the_receivers_crates(package, arch):
    said, folder, calls = package(arch)
    assert said.returncode == 0, said.stderr
    assert sorted(path.name for path in folder.iterdir()) == [f"auth0-log-lake-{arch}.cdx.json", f"auth0-log-lake-{arch}.zip"]
    assert f"--output-format zip --{arch.replace('_', '-')}\n" in calls
    assert f"--target {TARGETS[arch]} " in calls
    assert "\nmembers = []\n" in calls  # without the operator's commands


@pytest.mark.parametrize("arguments", [[], ["arm"]])
def test_another_architecture_is_refused_in_a_sentence(package, arguments):
    said, folder, calls = package(*arguments)
    assert said.returncode == 2 and not folder.exists() and not calls
    assert said.stderr == f"scripts/package needs arm64 or x86_64; got '{''.join(arguments)}'\n"


def test_the_release_packages_every_architecture_of_the_stack():
    release = yaml.safe_load((PROJECT / ".github/workflows/release.yml").read_text())
    template = (PROJECT / "template.yaml").read_text()
    [allowed] = [line for line in template.split("  Architecture:\n")[1].splitlines()[:4] if "AllowedValues" in line]
    architectures = release["jobs"]["package"]["strategy"]["matrix"]["arch"]
    assert sorted(architectures) == sorted(TARGETS) == sorted(yaml.safe_load(allowed.strip())["AllowedValues"])
