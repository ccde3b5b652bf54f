"""A process full of simulated people: ``python -m rebuild.driver``, told on standard input what to do.

One line of JSON comes in; standard input then stays open as long as whoever asked lives, and its end is our end. Out go
lines of JSON: ``{"saved": n}`` for each acknowledged page of n answers, ``{"requests": n, "retries": n}`` at the end,
or ``{"problem": ...}``. No Django here.
"""

from __future__ import annotations

import json
import os
import sys
import threading
import traceback
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from rebuild.access_log import AccessLog
from rebuild.browser import Browser, Unreachable
from rebuild.rater import Judge, RaterStuck, SimulatedPerson


@dataclass(frozen=True)
class Login:
    number: int  # of the simulated rater, from 1
    username: str
    password: str


@dataclass(frozen=True)
class Job:
    """``campaigns`` are public ids; every second rater takes them in the opposite order."""

    origin: str
    campaigns: tuple[str, ...]
    logins: tuple[Login, ...]
    world_seed: str
    world_scale: float
    log: str

    def as_line(self) -> bytes:
        return json.dumps(asdict(self)).encode() + b"\n"


def job_of(line: str) -> Job:
    row: dict[str, Any] = json.loads(line)
    logins = tuple(Login(**login) for login in row.pop("logins"))
    return Job(logins=logins, campaigns=tuple(row.pop("campaigns")), **row)


def main() -> int:
    job = job_of(sys.stdin.readline())
    threading.Thread(target=_end_with_parent, name="end-with-parent", daemon=True).start()
    from pipeline.sources.world import make_world
    from pipeline.sources.world.raters import SimulatedRater

    world = make_world(job.world_seed, job.world_scale)
    log = AccessLog(Path(job.log))
    pool = ThreadPoolExecutor(max_workers=len(job.logins))
    people = [pool.submit(_live, job, login, SimulatedRater(world, login.number), log) for login in job.logins]
    for ended in as_completed(people):
        error = ended.exception()
        if error is not None:
            if not isinstance(error, RaterStuck | Unreachable):
                traceback.print_exception(error, file=sys.stderr)
            say(problem=f"{type(error).__name__}: {error}")
            os._exit(1)  # the other threads would work on
    browsers = [ended.result() for ended in people]
    log.close()
    say(requests=sum(each.requests for each in browsers), retries=sum(each.retries for each in browsers))
    return 0


def say(**words: Any) -> None:
    """One write, so that lines of several threads stay whole."""
    os.write(sys.stdout.fileno(), json.dumps(words).encode() + b"\n")


def _live(job: Job, login: Login, judge: Judge, log: AccessLog) -> Browser:
    browser = Browser(job.origin)
    person = SimulatedPerson(
        browser=browser,
        judge=judge,
        log=log,
        number=login.number,
        username=login.username,
        password=login.password,
        htmx=login.number % 2 == 0,
        on_saved=lambda n: say(saved=n),
    )
    person.log_in()
    for campaign in job.campaigns if login.number % 4 < 2 else reversed(job.campaigns):
        person.work_on(campaign)
    browser.close()
    return browser


def _end_with_parent() -> None:
    sys.stdin.read()
    os._exit(1)


if __name__ == "__main__":
    sys.exit(main())
