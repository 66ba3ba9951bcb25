"""How the package gets onto a machine: as a wheel, and as the environment that a clone makes for itself."""

import pathlib
import subprocess
import sys
import sysconfig

import duckdb
from conftest import PROJECT

VENV = [sys.executable, PROJECT / "scripts/venv"]


def ran(*command, **options):
    return subprocess.run(command, check=True, capture_output=True, text=True, timeout=300, **options).stdout


def test_a_wheel_answers_outside_the_clone(tmp_path, samples):
    ran(sys.executable, "-m", "pip", "wheel", "-q", "--no-deps", "--no-build-isolation", "-w", tmp_path, PROJECT / "analysis")
    [wheel] = tmp_path.glob("*.whl")
    ran(sys.executable, "-m", "venv", "--without-pip", tmp_path / "venv")
    ran(sys.executable, "-m", "pip", "--python", tmp_path / "venv/bin/python", "install", "-q", "--no-deps", wheel)
    # The libraries come from this environment: the names in it, without the clone that its own .pth names.
    [packages] = (tmp_path / "venv").glob("lib/python*/site-packages")
    (packages / "libraries.pth").write_text(sysconfig.get_path("purelib"))
    where = ran(tmp_path / "venv/bin/python", "-c", "import auth0_log_lake; print(auth0_log_lake.__file__)", cwd=tmp_path)
    assert where.startswith(str(packages))
    program = tmp_path / "venv/bin"
    said = ran(program / "lake-query", "--lake", samples, "--format", "csv", "SELECT count(*) FROM ocsf_events JOIN rejects ON 1 = 1", cwd=tmp_path)
    assert int(said.split()[1]) > 1000
    assert "has 165 events" in ran(program / "lake-report", "--lake", samples, "--since", "2026-06-01", cwd=tmp_path) and (tmp_path / "report.html").stat().st_size > 10_000
    found = subprocess.run([program / "lake-detect", "--lake", samples], cwd=tmp_path, capture_output=True, text=True, timeout=300)
    assert found.returncode == 1 and " hits of " in found.stdout


def test_the_lock_is_what_the_package_needs():
    lock = (PROJECT / "analysis/requirements.txt").read_text("utf-8")
    pins = [line for line in lock.splitlines() if "==" in line]
    assert lock.count("--hash=sha256:") > len(pins) > 10 and f"duckdb=={duckdb.__version__}" in lock
    wanted = (PROJECT / "analysis/pyproject.toml").read_text("utf-8").split("dependencies = [")[1].split("]")[0]
    for name in (line.strip(' ",').split("==")[0].split(">=")[0] for line in wanted.splitlines() if line.strip()):
        assert f"\n{name}==" in lock, name


def made_at_once(venv, requirements, count):
    runs = [subprocess.Popen([*VENV, venv, requirements], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) for _ in range(count)]
    said = [run.communicate(timeout=300) for run in runs]
    assert [run.returncode for run in runs] == [0] * count, said
    assert {out for out, _ in said} == {f"{venv}/bin/python\n"}
    return "".join(err for _, err in said).count("installing")


def test_first_runs_at_once_make_one_environment_and_an_interrupted_one_is_repaired(tmp_path):
    venv, requirements = tmp_path / "venv", tmp_path / "requirements.txt"
    requirements.write_text("# nothing\n")
    assert made_at_once(venv, requirements, 4) == 1
    assert ran(venv / "bin/python", "-c", "import auth0_log_lake.keys; print('there')") == "there\n"
    assert made_at_once(venv, requirements, 2) == 0
    # As where it was interrupted: nothing says that it was made.
    (venv / "made").unlink()
    (venv / "bin/pip").write_text("")
    assert made_at_once(venv, requirements, 2) == 1
    requirements.write_text("# nothing else\n")
    assert made_at_once(venv, requirements, 2) == 1


def test_an_environment_that_cannot_be_made_is_a_sentence(tmp_path):
    (tmp_path / "requirements.txt").write_text("no-such-file-or-package @ file:///no/such/file.whl\n")
    said = subprocess.run([*VENV, tmp_path / "venv", tmp_path / "requirements.txt"], capture_output=True, text=True, timeout=300)
    assert (said.returncode, said.stdout) == (2, "") and "venv: the environment was not made" in said.stderr and "Traceback" not in said.stderr
    assert not pathlib.Path(tmp_path / "venv/made").exists()


def test_the_command_of_a_clone_passes_arguments_and_exit_codes_through(samples):
    program = PROJECT / "analysis/run"
    said = subprocess.run([program, "query", "--lake", samples, "SELEC $HOME"], capture_output=True, text=True, timeout=600)
    assert said.returncode == 2 and "syntax error" in said.stderr
    assert subprocess.run([program, "sing"], capture_output=True, text=True, timeout=60).returncode == 2
