"""The two trials, for pytest and for `make soak`: many raters at once, and raters while everything else is killed."""

from __future__ import annotations

import math
import os
import random
import shutil
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from tests.faults.mortal import Mortal, clock, kill_one, mortal_postgres, mortal_redis, web, worker
from tests.faults.proxy import Plan, proxy
from tests.faults.raters import PATIENCE, Crowd, Habits, start_raters
from tests.faults.scene import MODEL, Scene, scene
from tests.openai_server import ModelServer, model_server
from tests.processes import copy_schema, database_url, manage, migrated_database, own_environment, until

LONGEST = 150.0  # seconds until a trial that does not end is a failure
CALLS = 3  # to the model server at once, of one process
READY = 2  # calls of a process that are on record as sent, for each that is: the engine's AHEAD
VICTIMS = ("web", "web child", "worker", "worker child")
SERVERS = ("postgres", "postgres child", "redis")
# Of how many processes' calls each kill may lose the answers.
KILLS_CALLS_OF = {"killed worker": 2, "killed worker child": 2, "killed postgres": 2, "killed postgres child": 2}


@dataclass
class Report:
    """What was done and found; ``problems`` is empty where every promise held."""

    title: str
    seed: str
    figures: Counter[str] = field(default_factory=Counter)
    problems: list[str] = field(default_factory=list)
    seconds: float = 0.0

    def __str__(self) -> str:
        figures = ", ".join(f"{name} {number}" for name, number in self.figures.items())
        found = "".join(f"\n    {problem}" for problem in self.problems) or " nothing"
        return f"{self.title} (seed {self.seed}, {self.seconds:.0f} s): {figures}; found:{found}"


@dataclass(frozen=True)
class Size:
    raters: int
    items: int
    questions: int = 3
    k: int = 3
    instrument: str = "preference"


@dataclass(frozen=True)
class Strike:
    """Who is killed once that share of the campaign's pages was acknowledged, and how long it stays dead."""

    at: float
    victims: tuple[str, ...]
    dead: float


@dataclass
class Copy:
    """An installation of its own, nothing of it running but its database and Redis."""

    environment: dict[str, str]
    folder: Path
    scene: Scene
    servers: dict[str, Mortal] = field(default_factory=dict)
    restarts: int = 0

    def tend(self) -> None:
        """Starts again what ended by itself, as the supervisor does: a worker does where its first child is killed."""
        for server in self.servers.values():
            if server.ended():
                server.start()
                self.restarts += 1

    def begin(self, name: str, server: Mortal) -> None:
        self.servers[name] = server
        server.start()


@contextmanager
def installation(folder: Path, *, postgres: bool, mortal: bool = True, **more: str) -> Iterator[Copy]:
    """SQLite and a broker of files, or a PostgreSQL and a Redis that nobody else uses and that may die; the session's
    own where nothing is to die and it has them."""
    with ExitStack() as stack:
        servers = {}
        session = os.environ.get("DATABASE_URL", "")
        if postgres and (mortal or not session):
            servers["postgres"], more["DATABASE_URL"] = stack.enter_context(mortal_postgres(folder))
            servers["redis"], more["REDIS_URL"] = stack.enter_context(mortal_redis(folder))
            if session:
                copy_schema(database_url(session, migrated_database(session)), more["DATABASE_URL"])
        environment = stack.enter_context(own_environment(folder / "data", migrated=True)) | more
        copy = Copy(environment, folder, stack.enter_context(scene(environment)), servers)
        stack.callback(lambda: [server.kill() for name, server in copy.servers.items() if name not in SERVERS])
        yield copy


def many_at_once(folder: Path, seed: str, *, postgres: bool, size: Size) -> Report:
    """All raters at once on one small campaign, nothing in between, nothing killed: not one error is allowed."""
    report, began = Report(f"races on {'PostgreSQL' if postgres else 'SQLite'}", seed), time.monotonic()
    with installation(folder, postgres=postgres, mortal=False) as copy:
        made = copy.scene.ask("make", **size.__dict__)
        copy.begin("web", web(copy.environment, folder))
        crowd = crowd_at(int(copy.environment["PORT"]), made["rate_url"], folder, Habits(seed, skip=0.05))
        copy.scene.ask("watch")
        start_raters(made["names"], crowd)
        wait_for(crowd, size.raters, report, copy)
        note_campaign(copy, crowd, report)
    report.seconds = time.monotonic() - began
    return report


def all_dying(folder: Path, seed: str, *, postgres: bool, size: Size, units: int, strikes: Sequence[Strike]) -> Report:
    """Raters behind a bad line and a run at a model server, while one server after the other is killed with -9."""
    report, began = Report(f"kills on {'PostgreSQL' if postgres else 'SQLite'}", seed), time.monotonic()
    with ExitStack() as stack:
        copy = stack.enter_context(installation(folder, postgres=postgres))
        made = copy.scene.ask("make", **size.__dict__)
        planned = copy.scene.ask("plan", units=units)
        models = stack.enter_context(model_server(folder, planned["rows"]))
        models.delay(0.25)
        for name, start in (("web", web), ("worker", worker), ("clock", clock)):
            copy.begin(name, start(copy.environment, folder))
        queue_run(copy, models, planned["source"])
        line = stack.enter_context(proxy(int(copy.environment["PORT"]), Plan(seed)))
        crowd = crowd_at(line.port, made["rate_url"], folder, Habits(seed, thought=0.2, skip=0.03, stubborn=True))
        copy.scene.ask("watch")
        start_raters(made["names"], crowd)
        for strike in strikes:
            carry_out(strike, copy, crowd, report, pages=size.items * size.k, raters=size.raters)
        crowd.limit = math.inf
        wait_for(crowd, size.raters, report, copy)
        report.figures.update({f"replies {name}" if name == "lost" else name: n for name, n in line.counts.items()})
        note_campaign(copy, crowd, report)
        models.delay(0)
        note_run(copy, models, report)
    report.seconds = time.monotonic() - began
    return report


def crowd_at(port: int, rate_url: str, folder: Path, habits: Habits) -> Crowd:
    logs = folder / "raters"
    logs.mkdir()
    return Crowd(port, rate_url, logs, habits)


def queue_run(copy: Copy, models: ModelServer, source: str) -> None:
    words = ["--model", MODEL, "--from", source, "--base-url", models.base_url, "--concurrency", str(CALLS), "--queue"]
    done = manage(copy.environment, "run_stage", "trial", "select", *words)
    assert done.returncode == 0, done.stderr


def strikes_for(seed: str, *, postgres: bool, more: int = 0) -> list[Strike]:
    """Everybody once, ``more`` of anybody, sometimes two together; moments, order and lengths by the seed."""
    chance = random.Random(seed)
    everybody = [*VICTIMS, *(SERVERS if postgres else ())]
    doomed = [(name,) for name in everybody] + [tuple(chance.sample(everybody, 2)) for _ in range(more)]
    chance.shuffle(doomed)
    moments = sorted(chance.uniform(0.02, 0.8) for _ in doomed)
    return [Strike(at, names, chance.uniform(0, 0.6)) for at, names in zip(moments, doomed, strict=True)]


def carry_out(strike: Strike, copy: Copy, crowd: Crowd, report: Report, *, pages: int, raters: int) -> None:
    """Not before the moment has come; nothing is dead afterwards, and a rater has got on while Redis was."""
    crowd.limit = strike.at * pages + 3 * raters
    if not wait_until(lambda: crowd.acknowledged >= strike.at * pages or crowd.problems != [], copy, LONGEST / 3):
        crowd.problems.append(f"the raters stand still at {crowd.acknowledged} of {pages} pages")
    if crowd.problems:
        return
    time.sleep(random.Random(f"{crowd.habits.seed}:{strike.at}").uniform(0, 0.3))
    report.figures["pages open at kills"] += pages - crowd.acknowledged
    for name in strike.victims:
        report.figures[f"killed {name}"] += 1
        kill(copy.servers[name.removesuffix(" child")], child=name.endswith("child"), chance=random.Random(strike.at))
    if strike.victims == ("redis",):
        before = crowd.acknowledged
        until(lambda: crowd.acknowledged > before + raters // 2 or crowd.problems != [])
    time.sleep(strike.dead)
    for name in strike.victims:
        if not name.endswith("child"):
            copy.servers[name].start()


def kill(server: Mortal, *, child: bool, chance: random.Random) -> None:
    """All of it, or one of its processes, which the server itself has to replace."""
    children = server.children() if child else []
    if children:
        kill_one(chance.choice(children))
    elif not child:
        server.kill()


def wait_until(condition: Callable[[], bool], copy: Copy, seconds: float) -> bool:
    """Whether it came true in time; what ends by itself meanwhile is started again."""
    deadline = time.monotonic() + seconds
    while not condition() and time.monotonic() < deadline:
        copy.tend()
        time.sleep(0.05)
    return condition()


def wait_for(crowd: Crowd, raters: int, report: Report, copy: Copy) -> None:
    """Until every rater has left; one that has met a problem ends all."""
    if not wait_until(lambda: crowd.left == raters or crowd.problems != [], copy, LONGEST):
        report.problems.append(f"{raters - crowd.left} raters are not done after {LONGEST:.0f} s")
    crowd.over.set()
    until(lambda: crowd.left == raters, seconds=2 * PATIENCE)
    report.problems += crowd.problems


def note_campaign(copy: Copy, crowd: Crowd, report: Report) -> None:
    records = crowd.records()
    found = copy.scene.ask("check", records=records)
    report.problems += found["problems"]
    report.figures["sent again"] = crowd.again
    for verb in ("submit", "revise", "return"):
        report.figures[f"acknowledged {verb}s"] = sum(row["verb"] == verb for row in records)
    report.figures["looks"] = found["looks"]


def note_run(copy: Copy, models: ModelServer, report: Report) -> None:
    """The run ends by itself; what the model server answered twice is on record."""
    wait_until(lambda: copy.scene.ask("status") not in ("planned", "running"), copy, 60)
    counts = models.status()["counts"]
    found = copy.scene.ask("check_run", counts=counts)
    repeated = sum(n - 1 for n in counts.values())
    # A worker's two processes work side by side, each with its calls; a dying database takes both from them.
    in_flight = READY * CALLS * sum(n * KILLS_CALLS_OF.get(name, 0) for name, n in report.figures.items())
    if not repeated <= found["abandoned"] <= in_flight:
        report.problems.append(f"repeated {repeated}, abandoned {found['abandoned']}, in flight at most {in_flight}")
    report.problems += found["problems"]
    report.figures |= {"model answers": sum(counts.values()), "repeated": repeated, "abandoned": found["abandoned"]}
    report.figures["ended by themselves"] = copy.restarts


def clean(folder: Path) -> None:
    shutil.rmtree(folder, ignore_errors=True)


def possible() -> str:
    """Why these trials cannot run here, "" where they can."""
    return "" if sys.platform == "linux" and os.path.isdir("/proc") else "kills processes found through /proc"
