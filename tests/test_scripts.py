"""What a newcomer's machine may lack is named, with the line that installs it."""

from __future__ import annotations

import os
import re
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from tests import packages, run
from tests.processes import ROOT


def script(name: str, *words: str, path: Path, **more: str) -> subprocess.CompletedProcess[str]:
    """One of scripts/ with only the programs that lie in ``path``."""
    environment = {"PATH": str(path), "HOME": str(path)} | more
    command = ["/bin/sh", str(ROOT / "scripts" / name), *words]
    return subprocess.run(command, env=environment, capture_output=True, text=True, timeout=60, check=False)


def program(folder: Path, name: str, body: str) -> None:
    (folder / name).write_text(f"#!/bin/sh\n{body}\n")
    (folder / name).chmod(0o755)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """A PATH with the few programs that the scripts themselves use, and apt-get."""
    folder = tmp_path / "bin"
    folder.mkdir()
    for name in ("dirname", "cat", "cmp", "cp", "rm"):
        found = shutil.which(name)
        assert found is not None
        (folder / name).symlink_to(found)
    program(folder, "apt-get", "exit 1")
    return folder


def test_python_passes_over_shims_with_nothing_behind_them(path: Path) -> None:
    program(path, "python3.13", "echo 'python3.13: command not found' >&2; exit 127")
    program(path, "python3", f'exec "{sys.executable}" "$@"')
    found = script("python", path=path)
    assert (found.returncode, found.stdout) == (0, f"{path / 'python3'}\n")


def test_python_missing_or_too_old_is_named_with_its_install_line(path: Path) -> None:
    program(path, "python3", "exit 1")
    refused = script("python", path=path)
    assert refused.returncode == 1
    assert refused.stdout == ""
    assert "Python 3.11, 3.12 or 3.13 is missing" in refused.stderr
    assert "sudo apt-get install -y python3 python3-venv" in refused.stderr


def test_python_without_venv_is_named_with_its_package(path: Path) -> None:
    # Debian's python3 without python3-venv: it runs, but ensurepip is not there.
    program(path, "python3", f'case "$*" in *ensurepip*) exit 1;; esac; exec "{sys.executable}" "$@"')
    refused = script("python", path=path)
    assert refused.returncode == 1
    assert "python3 cannot make environments" in refused.stderr
    assert f"apt-get install -y python3.{sys.version_info.minor}-venv" in refused.stderr


def test_run_names_a_missing_git(path: Path) -> None:
    refused = script("run", path=path)
    assert refused.returncode == 1
    assert "git is missing. Install it: sudo apt-get install -y git" in refused.stderr


# Acts as a Python with venv and pip: an environment is a copy of itself, an installation a line in a file.
PRETENDED_PYTHON = """
case "$1 $2" in
    "-m venv") mkdir -p "$3/bin"; cp "$0" "$3/bin/python";;
    "-m pip") echo "$@" >> "$LOG";;
esac
"""


def test_venv_is_made_once_repaired_when_broken_and_renewed_with_its_lock(path: Path, tmp_path: Path) -> None:
    folder, lock, log = tmp_path / "venv", tmp_path / "lock.txt", tmp_path / "log"
    program(path, "python3", PRETENDED_PYTHON)
    (path / "mkdir").symlink_to(str(shutil.which("mkdir")))

    def installations() -> int:
        done = script("venv", str(folder), str(lock), path=path, LOG=str(log))
        assert done.returncode == 0, done.stderr
        return len(log.read_text().splitlines())

    lock.write_text("one==1\n")
    assert installations() == 2
    assert log.read_text().splitlines()[0].endswith("--require-hashes -r requirements/pip.txt")
    assert f"--require-hashes --no-deps -r {lock}" in log.read_text()
    assert installations() == 2  # nothing to do
    lock.write_text("one==2\n")
    assert installations() == 3
    (folder / "bin" / "python").unlink()
    (folder / "bin" / "python").symlink_to("/no/such/python")
    assert installations() == 5
    assert (folder / "bin" / "python").is_file()


def test_venv_installs_torch_first_and_without_hashes(path: Path, tmp_path: Path) -> None:
    folder, lock, first, log = (tmp_path / name for name in ("venv", "lock.txt", "first.txt", "log"))
    lock.write_text("one==1\n")
    program(path, "python3", PRETENDED_PYTHON)
    (path / "mkdir").symlink_to(str(shutil.which("mkdir")))
    for version in ("2.13.0", "2.13.0", "2.14.0"):  # the same, nothing to do; another, all of it again
        first.write_text(f"torch=={version}\n")
        done = script("venv", str(folder), str(lock), str(first), path=path, LOG=str(log))
        assert done.returncode == 0, done.stderr
    steps = [line.partition("--no-compile ")[2] for line in log.read_text().splitlines()]
    assert steps[1:] == [f"-r {first}", f"--require-hashes --no-deps -r {lock}"] * 2


def test_lock_of_local_models_leaves_torch_to_its_own_step() -> None:
    """Which wheel of torch fits, and what it brings for CUDA, is the machine's affair; all else goes by its hash."""
    names = re.findall(r"^([a-z0-9][a-z0-9-]*)==", (ROOT / "requirements/models.txt").read_text(), re.MULTILINE)
    assert {"transformers", "sentence-transformers", "outlines", "pytest", "django"} <= set(names)
    assert not [name for name in names if re.match(r"torch|triton|nvidia|cuda", name)]
    exact = re.findall(r"^[^#\n].*", (ROOT / "requirements/torch.txt").read_text(), re.MULTILINE)
    assert exact == ["torch==2.13.0"]


def test_venv_interrupted_installation_is_done_again(path: Path, tmp_path: Path) -> None:
    folder, lock, log = tmp_path / "venv", tmp_path / "lock.txt", tmp_path / "log"
    lock.write_text("one==1\n")
    program(path, "python3", PRETENDED_PYTHON.replace('echo "$@" >> "$LOG"', "exit 1"))
    (path / "mkdir").symlink_to(str(shutil.which("mkdir")))
    assert script("venv", str(folder), str(lock), path=path, LOG=str(log)).returncode == 1
    program(folder / "bin", "python", PRETENDED_PYTHON)
    assert script("venv", str(folder), str(lock), path=path, LOG=str(log)).returncode == 0
    assert log.exists()


def test_make_test_without_programs_or_root_says_the_one_line(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(packages, "postgres_folder", lambda: None)
    monkeypatch.setattr(packages, "chromium_path", lambda: None)
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    monkeypatch.setattr(signal, "signal", lambda *_: None)
    assert run.main([]) == 2
    assert "sudo apt-get install -y postgresql chromium fonts-dejavu-core" in capsys.readouterr().err


def test_install_changes_nothing_else_on_the_machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    cluster, policy = tmp_path / "createcluster.d" / "ours.conf", tmp_path / "policy-rc.d"
    policy.write_text("the administrator's own")
    monkeypatch.setattr(packages, "CLUSTER_SETTINGS", cluster)
    monkeypatch.setattr(packages, "START_POLICY", policy)
    with packages.nothing_started():
        assert "create_main_cluster = false" in cluster.read_text()
    assert not cluster.exists()
    assert policy.read_text() == "the administrator's own"
