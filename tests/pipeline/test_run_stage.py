"""The newcomer's way with real processes: the command, a model server that counts, faults, and kills in mid-run."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from pytest_django.plugin import DjangoDbBlocker

from pipeline.demo import authored
from pipeline.demo.stages import RECORDED
from tests.openai_server import ModelServer, model_server, question_of
from tests.pipeline.demo_answers import CORPUS, recorded_demo
from tests.processes import ROOT, manage, own_environment, until

pytestmark = pytest.mark.django_db  # so that there is a database to record the demo in when this runs alone

OAK, BIRCH, _ = authored.MODELS
LOOK = """
import json
from django.db.models import Count
from pipeline.models import Attribute, Completion, Run
print("LOOK", json.dumps({
    "recorded": list(Completion.objects.filter(state="answered").values_list("request", flat=True)),
    "states": list(Run.objects.exclude(stage="import").values_list("stage", "state")),
    "units": list(Run.objects.exclude(stage="import").values_list("work_units__state").annotate(Count("work_units"))),
    "abandoned": Completion.objects.filter(state="abandoned").count(),
    "attributes": Attribute.objects.count(),
}))
"""


@pytest.fixture(scope="module")
def questions(django_db_setup: None, django_db_blocker: DjangoDbBlocker) -> list[dict[str, Any]]:
    with django_db_blocker.unblock(), recorded_demo() as made:
        return made.questions


@pytest.fixture
def server(questions: list[dict[str, Any]], tmp_path: Path) -> Iterator[ModelServer]:
    with model_server(tmp_path, questions) as running:
        yield running


@pytest.fixture
def environment(tmp_path: Path) -> Iterator[dict[str, str]]:
    """An installation of its own with the demo's corpus in a study."""
    with own_environment(tmp_path / "data", migrated=True) as variables:
        done = manage(variables, "import_corpus", str(CORPUS), "--study", "trial")
        assert done.returncode == 0, done.stderr
        yield variables


def run_stage(environment: dict[str, str], stage: str, *words: str, fails: bool = False) -> str:
    done = manage(environment, "run_stage", "trial", stage, *words)
    assert (done.returncode != 0) == fails, done.stdout + done.stderr
    return done.stdout + done.stderr


def look(environment: dict[str, str]) -> dict[str, Any]:
    done = manage(environment, "shell", "-v0", "-c", LOOK)
    found = re.search(r"^LOOK (.*)$", done.stdout, re.MULTILINE)
    assert found, done.stderr
    return dict(json.loads(found[1]))


def test_run_stage_takes_every_stage_through_a_model_server(environment: dict[str, str], server: ModelServer) -> None:
    by_server = ("--backend", "openai_api", "--base-url", server.base_url)
    chain = [
        ("extract", "--model", OAK, *by_server),
        ("merge", "--model", "all-MiniLM-L6-v2", "--backend", "recorded", "--recorded", str(authored.EMBEDDINGS)),
        ("select", "--model", OAK, *by_server),
        ("respond", "--model", BIRCH, *by_server),
        ("judge", "--model", OAK, *by_server),
    ]
    said = [run_stage(environment, *words) for words in chain]
    assert all("Complete: " in words for words in said), said
    counts = server.status()
    assert counts["requests"] == len(counts["counts"]) == 24 + 144 + 17 + 69
    assert counts["most_at_once"] > 1
    assert "Complete: 24 of 24 done, 24 asked" in said[0]
    assert re.search(r", \d+ tokens", said[0])
    # The same again: no request is sent.
    assert "Complete: 24 of 24 done" in run_stage(environment, *chain[0])
    assert server.requests == counts["requests"]


def test_run_stage_missing_recorded_answer_shows_the_request(environment: dict[str, str], tmp_path: Path) -> None:
    short = tmp_path / "short.jsonl"
    short.write_text("".join(RECORDED.read_text().splitlines(keepends=True)[1:]))
    said = run_stage(
        environment, "extract", "--model", OAK, "--backend", "recorded", "--recorded", str(short), fails=True
    )
    assert "Incomplete: 23 of 24 done, 1 failed" in said
    assert f"1 failed: {short} has no answer to this request of {OAK} (key " in said
    assert "[user] Below is one conversation between a person and an assistant." in said
    # With the whole file the same command does what failed, and only that.
    said = run_stage(environment, "extract", "--model", OAK, "--backend", "recorded", "--recorded", str(RECORDED))
    assert "Complete: 24 of 24 done, 24 asked" in said


def test_run_stage_rides_out_faults_of_the_server(environment: dict[str, str], server: ModelServer) -> None:
    server.faults({1: "429", 3: "500", 5: "half", 7: "html", 9: "empty", 11: "no choices"})
    said = run_stage(environment, "extract", "--model", OAK, "--backend", "openai_api", "--base-url", server.base_url)
    assert "Complete: 24 of 24 done, 24 asked, 6 failed calls" in said
    assert set(server.status()["counts"].values()) == {1}


REFUSED = [
    (("--model", "nobody"), "the server knows no model 'nobody'"),
    (("--model", OAK, "--param", "warmth=1"), "extract parameter warmth=1"),
    (("--model", OAK, "--param", "warmth"), "'warmth' is not NAME=VALUE"),
    (("--model", OAK, "--from", "abc"), "run abc: study 'trial' has no such run"),
    ((), "name it with --model"),
]


def test_run_stage_refuses_with_a_message(environment: dict[str, str], server: ModelServer) -> None:
    for words, message in REFUSED:
        said = run_stage(environment, "extract", "--base-url", server.base_url, *words, fails=True)
        assert message in said
        assert "Traceback" not in said


def start(environment: dict[str, str], server: ModelServer) -> subprocess.Popen[bytes]:
    command = [sys.executable, str(ROOT / "manage.py"), "run_stage", "trial", "extract", "--model", OAK]
    command += ["--base-url", server.base_url, "--concurrency", "3", "--lease", "2"]
    return subprocess.Popen(command, env=environment, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)


def test_run_stage_killed_again_and_again_repeats_nothing_recorded(
    environment: dict[str, str], server: ModelServer
) -> None:
    server.delay(0.2)
    kept: dict[str, int] = {}
    for _ in range(3):
        before = server.requests
        process = start(environment, server)
        until(lambda: server.requests >= before + 5)  # noqa: B023
        process.send_signal(signal.SIGKILL)
        process.wait()
        counts = server.status()["counts"]
        kept |= {question_of(request): counts[question_of(request)] for request in look(environment)["recorded"]}
    server.delay(0)
    assert start(environment, server).wait() == 0
    found, counts = look(environment), server.status()["counts"]
    assert found["states"] == [["extract", "complete"]]
    assert found["units"] == [["done", 24]]
    assert kept
    assert {question: counts[question] for question in kept} == kept
    repeated = sum(count - 1 for count in counts.values())
    assert repeated <= found["abandoned"] <= 3 * 3  # three kills with at most three calls in flight


def test_run_stage_interrupted_keeps_every_answer_and_pays_nothing_twice(
    environment: dict[str, str], server: ModelServer
) -> None:
    server.delay(0.3)
    process = start(environment, server)
    until(lambda: server.requests >= 5)
    process.send_signal(signal.SIGTERM)
    assert process.wait(timeout=20) != 0
    server.delay(0)
    assert start(environment, server).wait() == 0
    assert look(environment)["abandoned"] == 0
    assert set(server.status()["counts"].values()) == {1}


def test_run_stage_queued_is_done_by_a_worker(environment: dict[str, str], server: ModelServer) -> None:
    said = run_stage(environment, "extract", "--model", OAK, "--base-url", server.base_url, "--queue")
    assert "Left to the workers of queue celery" in said
    assert server.requests == 0
    command = [sys.executable, "-m", "celery", "-A", "config", "--quiet", "worker", "--concurrency", "2"]
    worker = subprocess.Popen(
        [*command, "--loglevel", "WARNING", "--without-mingle", "--without-gossip"], env=environment, cwd=ROOT
    )
    try:
        until(lambda: server.requests >= 24, seconds=60)
        until(lambda: look(environment)["states"] == [["extract", "complete"]], seconds=30)
    finally:
        os.kill(worker.pid, signal.SIGTERM)
        worker.wait()
    assert set(server.status()["counts"].values()) == {1}
