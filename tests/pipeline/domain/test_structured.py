"""A server is asked once what it makes of a schema; the answer is the study's, and every call is on record."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from pipeline.domain.executing import execute_run
from pipeline.domain.planning import plan_run
from pipeline.domain.progress import run_progress
from pipeline.domain.runs import start_run
from pipeline.models import Completion, Run
from pipeline.stages import stage_for
from studies.models import Study
from tests.openai_server import PROBE, ModelServer, model_server
from tests.pipeline.backing import SmallStudy, small_study

FORM: dict[str, list[str]] = {"attributes": []}


@pytest.fixture
def small(study: Study) -> SmallStudy:
    return small_study(study)


@pytest.fixture
def server(small: SmallStudy, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[ModelServer]:
    monkeypatch.setenv("OPENAI_API_KEY", f"key-{time.monotonic_ns()}")
    run = plan_run(study=small.study, stage="extract", backend="openai_api", model="m")
    stage = stage_for("extract", "openai_api")
    units = list(run.work_units.all())
    requests = [next(stage.work(run, material)) for material in stage.load(run, units)]
    rows = [
        {"model": "m", "messages": [vars(message) for message in request.messages], "text": json.dumps(FORM)}
        for request in requests
    ]
    run.delete()
    with model_server(tmp_path, rows) as running:
        yield running


def extract(small: SmallStudy, server: ModelServer, **more: Any) -> Run:
    to: dict[str, Any] = {"backend_options": {"base_url": server.base_url}}
    run = plan_run(study=small.study, stage="extract", backend="openai_api", model="m", **to | more)
    execute_run(run=start_run(run=run), first_wait=0.01)
    run.refresh_from_db()
    return run


def sent(server: ModelServer) -> tuple[list[str | None], list[str | None]]:
    """The form of each probe, and of each other request."""
    bodies = server.status()["bodies"]
    forms: tuple[list[str | None], list[str | None]] = ([], [])
    for body in bodies:
        forms[not body["messages"][0]["content"].startswith(PROBE)].append(body.get("response_format", {}).get("type"))
    return forms


@pytest.mark.parametrize(
    ("honoured", "probes", "then"),
    [
        ("schema", ["json_schema"], "json_schema"),
        ("json_object", ["json_schema", "json_object"], "json_object"),
        ("prompt", ["json_schema", "json_object"], None),
    ],
)
def test_schema_is_sent_in_the_form_that_the_server_honours(
    small: SmallStudy, server: ModelServer, honoured: str, probes: list[str], then: str | None
) -> None:
    server.honours(honoured)
    run = extract(small, server)
    assert (run.state, run.outcome["structured_output"]) == ("complete", honoured)
    assert sent(server) == (probes, [then])  # both conversations say the same: one question
    progress = run_progress(run)
    assert progress.asked == 1 + len(probes)
    assert progress.done == run.n_units


def test_probe_is_the_studys_and_not_asked_again(small: SmallStudy, server: ModelServer) -> None:
    first = extract(small, server)
    execute_run(run=start_run(run=first))
    corpus = small.ann.corpus.slug
    second = extract(small, server, parameters={"corpus": corpus})  # the same questions in another run
    assert second.pk != first.pk
    assert len(sent(server)[0]) == 1
    third = extract(small, server, parameters={"max_tokens": 7})  # new questions
    assert (third.outcome, third.state) == (first.outcome, "complete")
    assert len(sent(server)[0]) == 1
    assert Completion.objects.filter(request__probe__form="schema").count() == 1


def test_keys_of_answers_are_the_same_whatever_the_server_honours(small: SmallStudy, server: ModelServer) -> None:
    server.honours("prompt")
    run = extract(small, server)
    keys = set(run.completions.exclude(request__has_key="probe").values_list("cache_key", flat=True))
    stage = stage_for("extract", "openai_api")
    materials = stage.load(run, list(run.work_units.all()))
    assert keys == {next(stage.work(run, material)).cache_key for material in materials}


def test_probe_that_meets_faults_is_tried_again(small: SmallStudy, server: ModelServer) -> None:
    server.faults({1: "500", 2: "nothing"})
    run = extract(small, server)
    assert run.outcome == {"structured_output": "schema"}
    assert run_progress(run).failed_calls == 2


def test_server_that_refuses_the_field_gets_it_in_no_field(small: SmallStudy, server: ModelServer) -> None:
    server.faults({1: "400", 2: "400"})
    run = extract(small, server)
    assert run.outcome == {"structured_output": "prompt"}
    assert sent(server)[1] == [None]


def test_server_of_no_answer_at_all_leaves_it_open(small: SmallStudy, server: ModelServer) -> None:
    server.faults(dict.fromkeys(range(1, 6), "500"))
    run = extract(small, server)
    assert (run.outcome, run.state) == ({}, "complete")
    assert sent(server)[1] == ["json_schema"]
