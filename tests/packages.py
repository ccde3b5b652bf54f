"""The distribution's packages that the tests need: which are missing, and as root their installation."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.services import chromium_path, postgres_folder

CLUSTER_SETTINGS = Path("/etc/postgresql-common/createcluster.d/fitting-room-tests.conf")
START_POLICY = Path("/usr/sbin/policy-rc.d")


def missing_packages() -> list[str]:
    found = {
        "postgresql": postgres_folder(),
        "redis-server": shutil.which("redis-server"),
        "chromium": chromium_path(),
    }
    missing = [package for package, where in found.items() if where is None]
    # A browser without fonts shows boxes, and lays the page out by their size.
    return [*missing, "fonts-dejavu-core"] if "chromium" in missing else missing


def install_line(packages: list[str]) -> str:
    return f"sudo apt-get install -y {' '.join(packages)}"


def install(packages: list[str]) -> bool:
    """Installs them without starting a service or making a cluster; False where that does not work."""
    if os.geteuid() != 0 or shutil.which("apt-get") is None:
        return False
    print(f"Installing {', '.join(packages)} ...", flush=True)
    with nothing_started():
        return all(apt_get(*words) for words in (["update"], ["install", "-y", "--no-install-recommends", *packages]))


def apt_get(*words: str) -> bool:
    environment = os.environ | {"DEBIAN_FRONTEND": "noninteractive"}
    done = subprocess.run(["apt-get", "-qq", *words], check=False, env=environment, stdout=subprocess.DEVNULL)
    return done.returncode == 0


@contextmanager
def nothing_started() -> Iterator[None]:
    """For the time of the installation, what a package would do to this machine beyond its files is switched off."""
    with file_for_now(CLUSTER_SETTINGS, "create_main_cluster = false\n", 0o644):  # noqa: SIM117
        with file_for_now(START_POLICY, "#!/bin/sh\nexit 101\n", 0o755):
            yield


@contextmanager
def file_for_now(path: Path, content: str, mode: int) -> Iterator[None]:
    """A file that is there inside the block; one that was there before is left alone."""
    if path.exists():
        yield
        return
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(content)
    path.chmod(mode)
    try:
        yield
    finally:
        path.unlink(missing_ok=True)
