"""What the engine adds to a backend's own time, and what a finished run costs that is run again.

    python -m benchmarks.pipeline_engine [--full]

The backend takes as long as a call takes, and answers. It is called bare, with the calls that the engine would make and
as many at once, and by a run of select over as many units, in turn; the median of the turns counts. Then a finished run
of 5,000 units is asked for again, from planning to its end, beside what 5,000 calls of 5 ms take one after the other.
"""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Sequence
from statistics import median
from typing import TYPE_CHECKING, Any

from benchmarks.pipeline_rows import Ratio

if TYPE_CHECKING:
    from pipeline.models import Run
    from studies.models import Study

AT_ONCE = 20  # calls
QUICK, FULL = ((0.2, 600), (1.0, 160)), ((0.2, 5_000), (1.0, 1_000))  # seconds of a call, calls
AGAIN, SHORT = 5_000, 0.005


def sleeping_backend(seconds: float, concurrency: int) -> Any:
    from pipeline.backends.base import ModelAnswer, Outcome, Threaded
    from pipeline.requests import ModelRequest

    class Sleeping(Threaded):
        name, version, batch = "sleeping", "1", 1
        calls = 0

        def __init__(self) -> None:
            self.concurrency = concurrency

        def answer(self, requests: Sequence[ModelRequest]) -> list[Outcome]:
            self.calls += 1
            time.sleep(seconds)
            return [ModelAnswer("YES\nIt would.") for _ in requests]

    return Sleeping()


def material(n: int, name: str) -> tuple[Study, Run]:
    """A study with ``n`` attributes of one person, to whom one prompt is put."""
    from pipeline.models import Attribute
    from tests import factories

    study = factories.make_study(name)
    merge, person = factories.make_run(study, "merge"), factories.make_person(factories.make_corpus(study))
    factories.make_prompt(study, "What goes with figs?", (person,))
    Attribute.objects.bulk_create(
        Attribute(person=person, run=merge, position=place, text=f"Keeps {place} bees.") for place in range(n)
    )
    return study, merge


def planned(study: Study, merge: Run) -> Run:
    from pipeline.domain.planning import plan_run
    from pipeline.domain.runs import start_run

    run = plan_run(study=study, stage="select", backend="recorded", model="model-a", inputs=[merge])
    return start_run(run=run)


def by_engine(seconds: float, calls: int, name: str) -> float:
    from pipeline.domain.executing import execute_run

    run = planned(*material(calls, name))
    backend = sleeping_backend(seconds, AT_ONCE)
    began = time.monotonic()
    assert execute_run(run=run, backend=backend), run.problem
    took = time.monotonic() - began
    assert (run.n_done, backend.calls) == (calls, calls)
    return took


def bare(seconds: float, calls: int) -> float:
    from pipeline.requests import Message, ModelRequest

    backend = sleeping_backend(seconds, AT_ONCE)
    requests = [ModelRequest("model-a", (Message("user", f"{place}?"),)) for place in range(calls)]
    began = time.monotonic()
    for future in [backend.submit([request]) for request in requests]:
        future.result()
    took = time.monotonic() - began
    backend.close()
    return took


def engine_rows(database: str, sizes: Sequence[tuple[float, int]], turns: int) -> list[Ratio]:
    rows = []
    for seconds, calls in sizes:
        pairs = [
            (by_engine(seconds, calls, f"{calls}-{turn}"), bare(seconds, calls)) for turn in range(turns)
        ]  # in turn, so that what else the machine does befalls both
        ratio = median(ours / floor for ours, floor in pairs)
        note = f"{median(ours for ours, _ in pairs):.2f} s against {median(floor for _, floor in pairs):.2f} s"
        what = f"engine / bare backend, {calls:,} calls of {seconds:g} s, {AT_ONCE} at once, {database}"
        rows.append(Ratio(what, ratio, "<", 1.05, note))
    return rows


def again_row(database: str) -> Ratio:
    from pipeline.domain.executing import execute_run

    study, merge = material(AGAIN, "again")
    backend = sleeping_backend(0, 1)
    backend.batch = 200
    assert execute_run(run=planned(study, merge), backend=backend)
    calls, seconds = backend.calls, []
    for _ in range(5):
        began = time.monotonic()
        run = planned(study, merge)
        assert execute_run(run=run, backend=backend)
        seconds.append(time.monotonic() - began)
    assert (run.n_done, backend.calls) == (AGAIN, calls), "a finished run was asked again"
    note = f"{AGAIN * SHORT:.0f} s against {median(seconds):.2f} s and no call"
    what = f"{AGAIN:,} calls of {1000 * SHORT:.0f} ms / a finished run of them again, {database}"
    return Ratio(what, AGAIN * SHORT / median(seconds), ">", 100, note)


def main(words: list[str]) -> None:
    import django

    django.setup()
    from django.db import connection

    database = {"sqlite": "SQLite", "postgresql": "PostgreSQL"}[connection.vendor]
    full = "--full" in words
    rows = [*engine_rows(database, FULL if full else QUICK, 3 if full else 2), again_row(database)]
    print("ROWS", json.dumps([row._asdict() for row in rows]))


if __name__ == "__main__":
    main(sys.argv[1:])
