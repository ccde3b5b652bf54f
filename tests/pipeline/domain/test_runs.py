from __future__ import annotations

from typing import Any

import pytest

from pipeline.domain.errors import RunError
from pipeline.domain.planning import inputs_for, plan_run
from pipeline.domain.runs import cancel_run, finish_run, pause_run, start_run
from pipeline.models import Run, WorkUnit
from pipeline.prompts import template, text_sha256
from studies.models import Study
from tests import factories
from tests.pipeline.backing import SmallStudy, run_stage, says_yes_of, small_study


@pytest.fixture
def small(study: Study) -> SmallStudy:
    return small_study(study)


def plan(small: SmallStudy, **changes: Any) -> Run:
    wanted: dict[str, Any] = {"stage": "select", "backend": "recorded", "model": "model-a", "inputs": [small.merge]}
    return plan_run(study=small.study, **wanted | changes)


def test_plan_run_stores_everything_that_shapes_it(small: SmallStudy) -> None:
    run = plan(small, parameters={"temperature": 0.5}, revision="r1", backend_options={"base_url": "http://m"})
    assert (run.state, run.n_units, run.model_revision) == ("planned", 3, "r1")
    assert run.parameters["temperature"] == 0.5
    assert run.parameters["max_tokens"] == 200  # a default is stored too
    assert run.template_sha256 == text_sha256(template("select"))
    assert run.backend_options == {"base_url": "http://m"}
    assert list(run.inputs.all()) == [small.merge]
    assert list(run.work_units.values_list("position", flat=True).order_by("position")) == [0, 1, 2]


def test_plan_run_twice_is_the_same_run(small: SmallStudy) -> None:
    run = plan(small, backend_options={"base_url": "http://old"})
    again = plan(small, backend_options={"base_url": "http://new"})
    assert again.pk == run.pk
    assert again.backend_options == {"base_url": "http://new"}
    assert WorkUnit.objects.count() == 3


@pytest.mark.parametrize(
    "change",
    [{"model": "model-b"}, {"revision": "r2"}, {"parameters": {"seed": 1}}, {"backend": "openai_api"}],
)
def test_plan_run_with_anything_else_is_another_run(small: SmallStudy, change: dict[str, Any]) -> None:
    assert plan(small, **change).pk != plan(small).pk


def test_plan_run_over_new_units_is_another_run(small: SmallStudy) -> None:
    run = plan(small)
    factories.make_attribute(small.bea, small.merge, "Reads maps.")
    assert plan(small).pk != run.pk


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"stage": "dream"}, "no stage is called 'dream'"),
        ({"backend": "telepathy"}, r"select has no backend 'telepathy': use one of recorded, openai_api, .*bm25"),
        ({"model": ""}, "name it with --model"),
        ({"parameters": {"temperature": "hot"}}, "select parameter temperature='hot'"),
        ({"parameters": {"heat": 1}}, "select parameter heat=1.*It takes: temperature"),
        ({"inputs": []}, "name it with --from RUN"),
    ],
)
def test_plan_run_refuses_with_value_and_remedy(small: SmallStudy, change: dict[str, Any], message: str) -> None:
    with pytest.raises(RunError, match=message):
        plan(small, **change)
    assert not WorkUnit.objects.exists()


def test_plan_run_refuses_inputs_of_another_study_stage_or_state(small: SmallStudy, other_study: Study) -> None:
    for source, message in (
        (factories.make_run(other_study, "merge"), "belongs to another study"),
        (factories.make_run(small.study, "judge"), "reads a run of merge or extract"),
        (factories.make_run(small.study, "merge", state="running"), "is running: let it end first"),
        (factories.make_run(small.study, "merge"), "finds nothing to do"),
    ):
        with pytest.raises(RunError, match=message):
            plan(small, inputs=[source])


def test_inputs_for_takes_the_only_one_and_lists_several(small: SmallStudy) -> None:
    assert inputs_for(small.study, "extract", "recorded") == []
    assert inputs_for(small.study, "select", "recorded") == [small.merge]
    factories.make_run(small.study, "extract")
    assert inputs_for(small.study, "select", "recorded") == [small.merge]  # merged before extracted
    other = factories.make_run(small.study, "merge")
    with pytest.raises(RunError, match=f"--from:(.|\n)*{other.public_id}"):
        inputs_for(small.study, "select", "recorded")
    with pytest.raises(RunError, match="has none that ended"):
        inputs_for(small.study, "judge", "recorded")


def test_pause_run_lets_nothing_be_claimed_and_start_goes_on(small: SmallStudy) -> None:
    run = start_run(run=plan(small))
    assert pause_run(run=run).state == "paused"
    assert not finish_run(run=run)
    assert run.state == "paused"
    assert start_run(run=run).state == "running"


def test_cancel_run_is_for_good(small: SmallStudy) -> None:
    run = cancel_run(run=start_run(run=plan(small)))
    assert run.state == "cancelled"
    with pytest.raises(RunError, match="was cancelled"):
        start_run(run=run)


def test_complete_run_is_neither_paused_nor_cancelled_nor_started(small: SmallStudy) -> None:
    run, _ = run_stage(small.study, "select", [small.merge], says_yes_of())
    assert (run.state, run.n_done, run.n_failed) == ("complete", 3, 0)
    for change in (pause_run, cancel_run, start_run):
        change(run=run)
        assert run.state == "complete"
