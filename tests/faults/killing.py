"""One run, its processes killed again and again: the command and a worker in turn, on questions that a server counts.

The words of every promise are in tests.faults.checking.problems_of_kills.
"""

from __future__ import annotations

import os
import random
import sys
import time
from collections import Counter
from contextlib import ExitStack
from pathlib import Path

from tests.faults.mortal import Mortal, clock, worker
from tests.faults.scene import MODEL, scene
from tests.faults.trial import Report
from tests.openai_server import ModelServer, model_server, question_of
from tests.processes import ROOT, manage, own_environment, until
from tests.services import private_postgres, private_redis

CALLS = 4  # at once, of one process
LEASE = "2"  # seconds until the units of a command that was killed are anybody's
DELAY = 0.02  # of the server's answers


def killed_in_mid_run(folder: Path, seed: str, *, units: int, kills: int) -> Report:
    """A run of ``units`` whose process dies ``kills`` times at points drawn by the seed, and is then let end."""
    report, began, chance = Report("", seed), time.monotonic(), random.Random(seed)
    with ExitStack() as stack:
        environment = stack.enter_context(own_environment(folder / "data", migrated=True))
        report.title = f"a run killed on {_ground(environment)}"
        backstage = stack.enter_context(scene(environment))
        backstage.ask("make_study")
        planned = backstage.ask("plan", units=units)
        models = stack.enter_context(model_server(folder, planned["rows"]))
        models.delay(DELAY)
        words = ["trial", "select", "--model", MODEL, "--from", planned["source"], "--base-url", models.base_url]
        words += ["--concurrency", str(CALLS), "--lease", LEASE]
        for number in range(kills):
            doomed = (_command, _workers)[number % 2](environment, folder, words)
            stack.callback(lambda processes: [process.kill() for process in processes], doomed)
            kill_at(doomed, models, chance, share=max(1, units // kills), report=report)
        models.delay(0)
        done = manage(environment, "run_stage", *words, timeout=120)
        if done.returncode:
            report.problems.append(done.stderr[-500:])
        found = backstage.ask("check_kills", seen=seen_by(models))
        report.problems += found["problems"]
        report.figures.update(found["counts"])
        report.figures["sent"] = models.requests
    report.seconds = time.monotonic() - began
    return report


def killed_anywhere(folder: Path, seed: str, *, postgres: bool, redis: bool) -> Report:
    """The longer form, with servers of its own."""
    with ExitStack() as stack:
        for name, wanted, start in (("DATABASE_URL", postgres, private_postgres), ("REDIS_URL", redis, private_redis)):
            if wanted:
                os.environ[name] = stack.enter_context(start())
                stack.callback(os.environ.pop, name)
        return killed_in_mid_run(folder, seed, units=500, kills=12)


def _ground(environment: dict[str, str]) -> str:
    database = "PostgreSQL" if environment.get("DATABASE_URL") else "SQLite"
    return f"{database} with {'Redis' if environment.get('REDIS_URL') else 'files'}"


def _command(environment: dict[str, str], folder: Path, words: list[str]) -> list[Mortal]:
    command = [sys.executable, "-m", "tests.faults.hurry", "run_stage", *words]
    process = Mortal("command", command, {"env": environment, "cwd": ROOT}, lambda: True, folder / "command")
    process.start()
    return [process]


def _workers(environment: dict[str, str], folder: Path, words: list[str]) -> list[Mortal]:
    """Nobody sends them a hint: the clock's sweeps find the run, and what the killed one before them held."""
    processes = [worker(environment, folder), clock(environment, folder)]
    for process in processes:
        process.start()
    return processes


def kill_at(doomed: list[Mortal], models: ModelServer, chance: random.Random, *, share: int, report: Report) -> None:
    """All of them, once so many more questions came; a short while later, so as not always right after one."""
    enough = models.requests + chance.randint(1, share)
    until(lambda: models.requests >= enough or doomed[0].ended())
    time.sleep(chance.uniform(0, 2 * DELAY))
    report.figures["ended before its kill"] += doomed[0].ended()
    report.figures["kills"] += 1
    for process in doomed:
        process.kill()


def seen_by(models: ModelServer) -> Counter[str]:
    """How often each question came, answered or not."""
    return Counter(question_of(body) for body in models.status()["bodies"])
