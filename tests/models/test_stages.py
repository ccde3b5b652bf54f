"""Stages over models whose words are noise: what cannot be read is recorded, counted and shown; nothing falls over."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from pipeline.domain.executing import execute_run
from pipeline.domain.planning import plan_run
from pipeline.domain.runs import start_run
from pipeline.enums import FailureKind, RunState
from pipeline.models import Completion, GivenAttribute, Run, Vote
from studies.models import Study
from tests import factories
from tests.models.model_server import tiny_server
from tests.openai_server import ModelServer
from tests.pipeline.backing import SmallStudy, small_study


@pytest.fixture
def small(study: Study) -> SmallStudy:
    return small_study(study)


@pytest.fixture(scope="module", params=[False, True], ids=["deaf to schemas", "guided"])
def server(request: pytest.FixtureRequest, tiny_llama: Path, tiny_qwen: Path) -> Any:
    with tiny_server([tiny_llama, tiny_qwen], guided=request.param) as running:
        yield running


def carry_out(study: Study, stage: str, backend: str, model: str, inputs: list[Run], **more: Any) -> Run:
    options = more.pop("options", {})
    run = plan_run(
        study=study, stage=stage, backend=backend, model=model, inputs=inputs, parameters=more, backend_options=options
    )
    assert execute_run(run=start_run(run=run)), run.problem
    run.refresh_from_db()
    return run


def test_votes_of_a_model_of_noise_are_unparseable_and_kept(small: SmallStudy, tiny: Path) -> None:
    run = carry_out(small.study, "select", "local", str(tiny), [small.merge], max_tokens=16)
    assert (run.state, run.n_done) == (RunState.COMPLETE, 3)
    votes = Vote.objects.filter(run=run)
    assert {vote.status for vote in votes} == {"unparseable"}
    assert all(vote.reason.startswith("expected YES or NO first, got") for vote in votes)
    asked = Completion.objects.filter(run=run)
    assert {(row.state, row.finish_reason, row.completion_tokens) for row in asked} == {("answered", "length", 16)}
    assert {row.backend_version.split()[0] for row in asked} == {"transformers"}


def test_labels_make_votes_of_any_model(small: SmallStudy, tiny: Path) -> None:
    run = carry_out(small.study, "select", "local", str(tiny), [small.merge], labels=True)
    votes = Vote.objects.filter(run=run)
    assert {vote.value for vote in votes} <= {"yes", "no"}
    assert {vote.status for vote in votes} == {"answered"}
    for vote in votes:
        shares = vote.completion.label_probabilities or {}
        assert vote.raw_score == pytest.approx(shares["YES"])
        assert sum(shares.values()) == pytest.approx(1)
        assert vote.value == ("yes" if shares["YES"] > 0.5 else "no")


def test_judge_by_noise_and_by_labels(small: SmallStudy, tiny_qwen: Path) -> None:
    respond = factories.make_run(small.study, "respond")
    pair = factories.make_pair(small.ann, small.prompt, respond)
    for place, attribute in enumerate(small.attributes[:2]):
        GivenAttribute.objects.create(response=pair.personalized, attribute=attribute, position=place)
    inputs = [respond]
    noise = carry_out(small.study, "judge", "local", str(tiny_qwen), inputs, orders="both", max_tokens=12)
    labelled = carry_out(small.study, "judge", "local", str(tiny_qwen), inputs, labels=True)
    assert {vote.status for vote in Vote.objects.filter(run=noise)} == {"unparseable"}
    assert {vote.value for vote in Vote.objects.filter(run=labelled)} <= set("12345")
    assert Vote.objects.filter(run=labelled).count() == 2


def test_extract_by_the_server_fails_in_words_or_keeps_to_the_schema(
    small: SmallStudy, server: ModelServer, request: pytest.FixtureRequest
) -> None:
    """Where schemas are ignored in silence, one repair is asked for and the failure is on record."""
    guided = "[guided]" in request.node.name
    run = carry_out(
        small.study, "extract", "openai_api", "tiny-llama", [], max_tokens=60, options={"base_url": server.base_url}
    )
    kinds = set(run.work_units.values_list("state", "failure"))
    texts = list(Completion.objects.filter(run=run).values_list("text", flat=True))
    if guided:
        assert all(text.lstrip().startswith("{") for text in texts)
    else:
        assert kinds == {("failed", FailureKind.UNPARSEABLE)} or kinds == {("failed", FailureKind.CUT_OFF)}
        assert len(texts) == 2 * run.n_units
        assert run.state == RunState.INCOMPLETE
    counts = server.status()["counts"]
    assert set(counts.values()) == {1}


def test_extract_by_a_local_model_is_guided_to_attributes(small: SmallStudy, tiny_qwen: Path) -> None:
    run = carry_out(
        small.study, "extract", "local", str(tiny_qwen), [], max_tokens=600, temperature=1.5, top_p=1.0, seed=1
    )
    asked = Completion.objects.filter(run=run)
    assert all(row.text.replace(" ", "").startswith('{"attributes":[') for row in asked)
    for row in asked.filter(finish_reason="stop"):
        json.loads(row.text)
    assert run.n_done + run.n_failed == run.n_units == 2
    assert set(run.work_units.values_list("failure", flat=True)) <= {"", FailureKind.UNPARSEABLE, FailureKind.CUT_OFF}


def test_stage_through_server_and_local_gives_the_same_answers(
    small: SmallStudy, server: ModelServer, tiny_llama: Path
) -> None:
    """The same model in a server process and here: greedy answers are equal word for word."""
    here = carry_out(small.study, "select", "local", str(tiny_llama), [small.merge], max_tokens=20)
    there = carry_out(
        small.study,
        "select",
        "openai_api",
        "tiny-llama",
        [small.merge],
        max_tokens=20,
        options={"base_url": server.base_url},
    )
    texts = [
        list(Completion.objects.filter(run=run).order_by("cache_key").values_list("text", "completion_tokens"))
        for run in (here, there)
    ]
    assert sorted(texts[0]) == sorted(texts[1])


def test_conversation_longer_than_the_context_is_a_failure_of_its_own_kind(small: SmallStudy, tiny_llama: Path) -> None:
    person = small.ann
    long = factories.make_conversation(person, small.merge, turns=[{"role": "user", "content": "fig " * 6000}])
    run = carry_out(small.study, "extract", "local", str(tiny_llama), [], max_tokens=40)
    unit = run.work_units.get(key=long.public_id)
    assert (unit.state, unit.failure) == ("failed", FailureKind.TOO_LONG)
    assert "leave no room for an answer" in unit.reason
