from __future__ import annotations

import os
import signal
import subprocess
import sys
import textwrap
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from config.supervisor import LONGEST_PAUSE, pause_before
from tests.processes import ROOT, alive, until

# A supervisor of its own process over services that write their process id into the folder given.
DRIVER = """
import logging, sys
from pathlib import Path
from config.supervisor import Service, Supervisor
logging.basicConfig(level="INFO")
folder = Path(sys.argv[1])
services = [
    Service(name, [sys.executable, "-c", code, str(folder / name)])
    for name, code in SERVICES.items()
]
sys.exit(Supervisor(services, **OPTIONS).run())
"""

NOTE = "import os, sys, time; file = open(sys.argv[1], 'a'); print(os.getpid(), file=file, flush=True)"
OBEDIENT = f"{NOTE}; time.sleep(600)"
STUBBORN = f"import signal; signal.signal(signal.SIGTERM, signal.SIG_IGN); {NOTE}; time.sleep(600)"
SHORT_LIVED = f"{NOTE}; sys.exit(3)"
# The leader obeys; a child of its group does not.
WITH_CHILD = f"""
import os, signal, sys, time
if os.fork() == 0:
    {STUBBORN}
time.sleep(0.2)
{OBEDIENT}
"""


class Driver:
    def __init__(self, folder: Path, services: dict[str, str], options: dict[str, float]) -> None:
        code = textwrap.dedent(DRIVER).replace("SERVICES", repr(services)).replace("OPTIONS", repr(options))
        self.folder = folder
        # Under nohup the tests would inherit a SIGHUP that means nothing, and the supervisor keeps to that.
        self.process = subprocess.Popen(
            [sys.executable, "-c", code, str(folder)],
            cwd=ROOT,
            stderr=subprocess.PIPE,
            text=True,
            preexec_fn=lambda: signal.signal(signal.SIGHUP, signal.SIG_DFL),  # noqa: PLW1509
        )

    def ids(self, name: str) -> list[int]:
        path = self.folder / name
        return [int(line) for line in path.read_text().split()] if path.exists() else []

    def wait_for(self, name: str, count: int = 1) -> list[int]:
        until(lambda: len(self.ids(name)) >= count)
        return self.ids(name)

    def all_ids(self) -> list[int]:
        return [number for path in self.folder.iterdir() for number in self.ids(path.name)]


@pytest.fixture
def drive(tmp_path: Path) -> Iterator[Callable[..., Driver]]:
    drivers: list[Driver] = []

    def start(services: dict[str, str], **options: float) -> Driver:
        drivers.append(Driver(tmp_path, services, options))
        return drivers[-1]

    yield start
    for driver in drivers:
        driver.process.kill()
        driver.process.communicate()
        for number in driver.all_ids():
            if alive(number):
                os.kill(number, signal.SIGKILL)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGHUP])
def test_supervisor_signal_ends_every_service(drive: Callable[..., Driver], number: int) -> None:
    driver = drive({"one": OBEDIENT, "two": OBEDIENT})
    ids = driver.wait_for("one") + driver.wait_for("two")
    driver.process.send_signal(number)
    assert driver.process.wait(5) == 0
    assert not [number for number in ids if alive(number)]


def test_supervisor_stubborn_service_is_killed_after_grace(drive: Callable[..., Driver]) -> None:
    driver = drive({"stubborn": STUBBORN}, grace=1)
    [number] = driver.wait_for("stubborn")
    began = time.monotonic()
    driver.process.terminate()
    assert driver.process.wait(10) == 0
    assert 0.9 < time.monotonic() - began < 5
    assert not alive(number)


def test_supervisor_orphans_of_a_service_end_too(drive: Callable[..., Driver]) -> None:
    driver = drive({"family": WITH_CHILD}, grace=1)
    ids = driver.wait_for("family", 2)
    driver.process.terminate()
    assert driver.process.wait(10) == 0
    assert not [number for number in ids if alive(number)]


def test_supervisor_killed_takes_services_along(drive: Callable[..., Driver]) -> None:
    driver = drive({"one": OBEDIENT, "stubborn": STUBBORN})
    ids = driver.wait_for("one") + driver.wait_for("stubborn")
    driver.process.kill()
    until(lambda: not any(alive(number) for number in ids), seconds=5)


def test_supervisor_dead_service_starts_again(drive: Callable[..., Driver]) -> None:
    driver = drive({"one": OBEDIENT, "two": OBEDIENT})
    [first] = driver.wait_for("one")
    [other] = driver.wait_for("two")
    os.kill(first, signal.SIGKILL)
    assert len(driver.wait_for("one", 2)) == 2
    assert alive(other)


def test_supervisor_hopeless_service_stops_everything_loudly(drive: Callable[..., Driver]) -> None:
    driver = drive({"hopeless": SHORT_LIVED, "other": OBEDIENT}, most_failures=3)
    _, errors = driver.process.communicate(timeout=20)
    assert driver.process.returncode == 1
    assert len(driver.ids("hopeless")) == 3
    assert "hopeless ended 3 times in a row (3): stopping everything" in errors
    assert not [number for number in driver.ids("other") if alive(number)]


def test_supervisor_program_that_is_missing_stops_everything(tmp_path: Path) -> None:
    code = "import sys; from config.supervisor import *; sys.exit(Supervisor([Service('web', ['/no/such'])]).run())"
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, timeout=10, check=False
    )
    assert done.returncode == 1
    assert "web cannot be started" in done.stderr


@pytest.mark.parametrize(("ending", "code"), [("sys.exit(3)", 3), ("os.kill(os.getpid(), 9)", 137), ("sys.exit(0)", 0)])
def test_supervisor_ends_all_with_the_service_that_decides(tmp_path: Path, ending: str, code: int) -> None:
    note = tmp_path / "other"
    program = f"""
import sys
from config.supervisor import Service, Supervisor
python = [sys.executable, "-c"]
deciding = "import os, sys, time; time.sleep(0.5); {ending}"
other = "import os, sys, time; open(sys.argv[1], 'w').write(str(os.getpid())); time.sleep(600)"
services = [Service("other", [*python, other, {str(note)!r}]), Service("work", [*python, deciding], decides=True)]
supervisor = Supervisor(services)
code = supervisor.run()
assert supervisor.decided
sys.exit(code)
"""
    done = subprocess.run([sys.executable, "-c", program], cwd=ROOT, timeout=20, check=False)
    assert done.returncode == code
    assert not alive(int(note.read_text()))


def test_pause_before_doubles_up_to_the_longest() -> None:
    assert [pause_before(failures) for failures in (1, 2, 3)] == [1, 2, 4]
    assert pause_before(50) == LONGEST_PAUSE
