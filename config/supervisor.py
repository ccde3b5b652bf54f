"""Runs a few services as one: what dies is started again, and when one must end all of them end.

Each service leads a process group of its own, so that Ctrl-C in a terminal reaches only the supervisor, and so that
what a service leaves behind can still be ended. On Linux a service also dies with a supervisor that was killed.
"""

from __future__ import annotations

import ctypes
import logging
import os
import select
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from types import FrameType
from typing import Any

log = logging.getLogger(__name__)

GRACE = 10.0  # seconds between TERM and KILL
STEADY = 60.0  # a service that lived this long starts its count of failures again
MOST_FAILURES = 5
LONGEST_PAUSE = 30.0
PR_SET_PDEATHSIG = 1


@dataclass(frozen=True)
class Service:
    """A command to keep running. ``keep`` are the descriptors that it inherits.

    With ``decides`` it is the one the others are there for: when it ends, all end, and its exit code is everybody's.
    """

    name: str
    command: Sequence[str]
    env: Mapping[str, str] = field(default_factory=dict)
    keep: Sequence[int] = ()
    decides: bool = False


@dataclass
class Running:
    """What the supervisor knows of one service. ``process`` is None between an end and the next start."""

    service: Service
    process: subprocess.Popen[bytes] | None = None
    started: float = 0.0
    failures: int = 0
    start_at: float = 0.0


def die_with_parent(parent: int) -> Callable[[], None]:
    """For preexec_fn: the kernel kills the child when the thread that started it ends (Linux; elsewhere nothing)."""
    prctl = ctypes.CDLL(None).prctl if sys.platform == "linux" else None

    def between_fork_and_exec() -> None:
        if prctl is not None:
            prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
            if os.getppid() != parent:  # it ended before the line above
                os._exit(1)

    return between_fork_and_exec


def pause_before(failures: int) -> float:
    """Seconds to wait after that many failures in a row: 1, 2, 4 ... 30."""
    return min(LONGEST_PAUSE, 2.0 ** (failures - 1))


def signal_group(group: int, number: int) -> bool:
    """Sends a signal (0 only asks) to a process group; False when nobody is left in it."""
    try:
        os.killpg(group, number)
    except ProcessLookupError:
        return False
    except PermissionError:  # macOS, for a group that holds only zombies
        return False
    return True


class Supervisor:
    """``run`` blocks until a signal or too many failures; then every process of every service has ended.

    ``on_tick`` is called about five times a second from the same thread (the announcement lives there); it must not
    block for long.
    """

    def __init__(
        self,
        services: Sequence[Service],
        *,
        on_tick: Callable[[], None] = lambda: None,
        grace: float = GRACE,
        most_failures: int = MOST_FAILURES,
    ) -> None:
        self.running = [Running(service) for service in services]
        self.on_tick = on_tick
        self.grace = grace
        self.most_failures = most_failures
        self.stopping = False
        self.decided = False  # whether a service that decides has ended by itself
        self.exit_code = 0

    def run(self) -> int:
        """The exit code: 0 after SIGINT or SIGTERM, 1 when a service could not be kept running."""
        reader, writer = socket.socketpair()
        reader.setblocking(False)
        writer.setblocking(False)
        before: dict[signal.Signals, Any] = {}
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            if number != signal.SIGHUP or signal.getsignal(number) != signal.SIG_IGN:  # nohup stays nohup
                before[number] = signal.signal(number, self._stop)
        before[signal.SIGCHLD] = signal.signal(signal.SIGCHLD, lambda *_: None)
        wakeup = signal.set_wakeup_fd(writer.fileno(), warn_on_full_buffer=False)
        try:
            while not self.stopping:
                self._tend()
                self.on_tick()
                self._sleep(reader)
        finally:
            self._end_all()
            signal.set_wakeup_fd(wakeup)
            for number, handler in before.items():
                signal.signal(number, handler)
            reader.close()
            writer.close()
        return self.exit_code

    def _stop(self, number: int, frame: FrameType | None) -> None:
        self.stopping = True

    def _sleep(self, reader: socket.socket) -> None:
        """Until a signal, at most a fifth of a second."""
        if not self.stopping and select.select([reader], [], [], 0.2)[0]:
            reader.recv(4096)

    def _tend(self) -> None:
        now = time.monotonic()
        for running in self.running:
            if running.process is not None and running.process.poll() is not None:
                self._note_end(running, now)
            if running.process is None and not self.stopping and now >= running.start_at:
                self._start(running)

    def _start(self, running: Running) -> None:
        service = running.service
        try:
            running.process = subprocess.Popen(  # noqa: S603
                service.command,
                env=os.environ | service.env,
                pass_fds=service.keep,
                start_new_session=True,
                preexec_fn=die_with_parent(os.getpid()),  # noqa: PLW1509 - this process has no threads
            )
        except OSError as error:
            log.error("%s cannot be started: %s", service.name, error)
            self.stopping, self.exit_code = True, 1
            return
        running.started = time.monotonic()

    def _note_end(self, running: Running, now: float) -> None:
        """Ends what the service left behind and decides when it starts again, or that all must end."""
        assert running.process is not None
        code = running.process.returncode
        signal_group(running.process.pid, signal.SIGKILL)
        lived = now - running.started
        running.process = None
        if running.service.decides:
            self.stopping, self.decided = True, True
            self.exit_code = code if code >= 0 else 128 - code  # as a shell says it
            return
        running.failures = 1 if lived >= STEADY else running.failures + 1
        if running.failures >= self.most_failures:
            times = f"ended {running.failures} times in a row ({code})"
            log.error("%s %s: stopping everything", running.service.name, times)
            self.stopping, self.exit_code = True, 1
            return
        pause = pause_before(running.failures)
        running.start_at = now + pause
        log.warning("%s ended (%s) after %.0f s: starting it again in %.0f s", running.service.name, code, lived, pause)

    def _end_all(self) -> None:
        """TERM to every service; KILL after the grace to whatever is left of its group.

        TERM goes to the leader alone as long as it lives: Celery's pool processes would drop their task on it.
        """
        log.info("ending everything, within %.0f s", self.grace)
        ending = [running.process for running in self.running if running.process is not None]
        for process in ending:
            process.terminate()
        deadline = time.monotonic() + self.grace
        while ending and time.monotonic() < deadline:
            time.sleep(0.05)
            ending = [process for process in ending if not self._has_ended(process)]
        for process in ending:
            log.warning("process group %d did not end within %.0f s: killed", process.pid, self.grace)
            signal_group(process.pid, signal.SIGKILL)
            process.wait()

    @staticmethod
    def _has_ended(process: subprocess.Popen[bytes]) -> bool:
        """Whether leader and group are gone; orphans of a leader that has gone are told to go."""
        return process.poll() is not None and not signal_group(process.pid, signal.SIGTERM)
