"""Units whose worker dies: anybody's again, then alone, then failed; what was given back is not held against them."""

from __future__ import annotations

import pytest

from pipeline.domain.claiming import DEATHS, SUSPECT, claim_units, release_claims
from pipeline.domain.executing import execute_run
from pipeline.domain.planning import plan_run
from pipeline.domain.runs import start_run
from pipeline.models import Run, WorkUnit
from studies.clock import from_now
from studies.models import Study
from tests.pipeline.backing import Scripted, says_yes_of, small_study


@pytest.fixture
def run(study: Study) -> Run:
    small = small_study(study)
    planned = plan_run(study=study, stage="select", backend="recorded", model="model-a", inputs=[small.merge])
    return start_run(run=planned)


def claim(run: Run, limit: int = 10) -> list[int]:
    """Positions of what a worker gets."""
    return [unit.position for unit in claim_units(run=run, token="me", limit=limit, seconds=60)]


def die(run: Run, attempts: int, *positions: int) -> None:
    """As if so many workers had died with these units, the last of them just now."""
    units = WorkUnit.objects.filter(run=run, position__in=positions)
    units.update(state="claimed", lease_token="dead", lease_until=from_now(-1), attempts=attempts)


def test_claim_units_takes_what_the_dead_held(run: Run) -> None:
    die(run, 1, 0, 1)
    assert claim(run) == [0, 1, 2]


def test_claim_units_gives_a_suspect_alone_and_last(run: Run) -> None:
    die(run, SUSPECT, 0, 1)
    assert claim(run) == [2]
    assert claim(run) == [0]
    assert claim(run) == [1]


def test_claim_units_gives_up_on_a_unit_that_kills_its_workers(run: Run) -> None:
    die(run, DEATHS, 0)
    assert claim(run) == [1, 2]
    failed = run.work_units.get(position=0)
    assert (failed.state, failed.failure, failed.lease_token) == ("failed", "worker_died", "")
    assert failed.reason == "its worker died 5 times with this unit at work"
    assert failed.settled_at is not None


def test_claim_units_finds_the_next_behind_many_that_are_given_up(run: Run) -> None:
    die(run, DEATHS, 0, 1)
    assert claim(run, limit=2) == [2]


def test_release_claims_is_not_held_against_a_unit(run: Run) -> None:
    for _ in range(2 * DEATHS):
        assert claim(run) == [0, 1, 2]
        release_claims(run=run, token="me")
    assert set(run.work_units.values_list("attempts", flat=True)) == {0}


def test_execute_run_works_on_suspects_one_at_a_time_and_ends_incomplete(run: Run) -> None:
    die(run, SUSPECT, 0, 1)
    die(run, DEATHS, 2)
    together: list[int] = []

    def say(request: object) -> str:
        together.append(run.work_units.filter(state="claimed").exclude(lease_token="dead").count())
        return "NO"

    backend = Scripted(lambda _: "NO", concurrency=5)
    submit = backend.submit
    backend.submit = lambda requests: (say(requests), submit(requests))[1]  # type: ignore[method-assign]
    assert execute_run(run=run, backend=backend)
    assert together == [1, 1]
    assert (run.state, run.n_done, run.n_failed) == ("incomplete", 2, 1)


def test_start_run_gives_what_was_given_up_a_fresh_try(run: Run) -> None:
    die(run, DEATHS, 0, 1, 2)
    assert execute_run(run=run, backend=Scripted(says_yes_of()))
    assert (run.state, run.n_failed) == ("incomplete", 3)
    again = start_run(run=run)
    assert claim(again) == [0, 1, 2]
    assert set(run.work_units.values_list("attempts", flat=True)) == {1}
