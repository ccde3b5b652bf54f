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
from django.core.management import CommandError, call_command

from annotation.domain.importing import import_corpus
from pipeline.demo import authored
from pipeline.demo.stages import RECORDED
from pipeline.domain.executing import AHEAD
from tests.openai_server import ModelServer, model_server, question_of
from tests.processes import ROOT, manage, own_environment, until

CORPUS = authored.PERSONAS.parent
OAK, BIRCH, _ = authored.MODELS
LOOK = """
import json
from django.db.models import Count
from pipeline.models import Attribute, Completion, Run
print("LOOK", json.dumps({
    "recorded": list(Completion.objects.filter(state="answered").values_list("request", flat=True)),
    "states": list(Run.objects.filter(stage="extract").values_list("stage", "state")),
    "units": list(Run.objects.filter(stage="extract").values_list("work_units__state").annotate(Count("work_units"))),
    "failed": sorted(Completion.objects.filter(state="failed").values_list("reason", flat=True)),
    "abandoned": Completion.objects.filter(state="abandoned").count(),
    "attributes": Attribute.objects.count(),
}))
"""


@pytest.fixture
def server(tmp_path: Path) -> Iterator[ModelServer]:
    """Gives the demo's recorded answers."""
    with model_server(tmp_path, [json.loads(line) for line in RECORDED.read_text().splitlines()]) as running:
        yield running


@pytest.fixture(scope="module")
def prepared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, str]]:
    """An installation with the demo's corpus in a study."""
    with own_environment(tmp_path_factory.mktemp("prepared") / "data", migrated=True) as variables:
        done = manage(variables, "import_corpus", str(CORPUS), "--study", "trial")
        assert done.returncode == 0, done.stderr
        yield variables


@pytest.fixture
def environment(prepared: dict[str, str], tmp_path: Path) -> Iterator[dict[str, str]]:
    """A copy of it, for one test."""
    with own_environment(tmp_path / "data", copy_of=prepared) as variables:
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


@pytest.mark.once("tests/pipeline/demo takes every stage through both databases")
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
    assert (
        counts["requests"] == len(counts["counts"]) == 1 + 24 + 144 + 17 + 69
    )  # one probe of what it makes of a schema
    assert counts["most_at_once"] > 1
    assert "Complete: 24 of 24 done, 25 asked" in said[0]
    assert re.search(r", \d+ tokens", said[0])
    # The same again: no request is sent.
    assert "Complete: 24 of 24 done" in run_stage(environment, *chain[0])
    assert server.requests == counts["requests"]


@pytest.mark.once("words of the command")
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


@pytest.mark.once("of the server's faults, not the database's")
def test_run_stage_rides_out_faults_of_the_server(environment: dict[str, str], server: ModelServer) -> None:
    server.faults({2: "429", 3: "500", 5: "half", 7: "html", 9: "empty", 11: "nothing"})
    said = run_stage(environment, "extract", "--model", OAK, "--backend", "openai_api", "--base-url", server.base_url)
    found = re.search(r"Complete: 24 of 24 done, 25 asked, (\d+) failed calls", said)
    assert found
    reasons = look(environment)["failed"]
    assert len(reasons) == int(found[1])
    lost = [reason for reason in reasons if reason == "APIConnectionError: Connection error."]
    # "half" and "nothing"; and, on a busy machine, calls on connections that the server was just closing.
    assert len(lost) >= 2
    others = [reason.partition(":")[0] for reason in reasons if reason not in lost]
    assert others == ["429", "500", "the reply is no JSON", "the reply is no chat completion"]
    assert set(server.status()["counts"].values()) == {1}


@pytest.mark.once("words of the command")
def test_run_stage_that_is_refused_is_a_sentence(environment: dict[str, str], server: ModelServer) -> None:
    said = run_stage(environment, "extract", "--base-url", server.base_url, "--model", "nobody", fails=True)
    assert "the server knows no model 'nobody'" in said
    assert "Traceback" not in said


REFUSED = [
    (("--model", OAK, "--param", "warmth=1"), "extract parameter warmth=1"),
    (("--model", OAK, "--param", "warmth"), "'warmth' is not NAME=VALUE"),
    (("--model", OAK, "--from", "abc"), "run abc: study 'trial' has no such run"),
    (("--model", OAK, "--budget-money", "1"), f"no price of {OAK} by openai_api is known"),
    (("--model", OAK, "--budget-money", "much"), "'much' is no amount of money"),
    (("--model", OAK, "--budget-tokens", "0"), "a budget is more than nothing"),
    ((), "name it with --model"),
]


@pytest.mark.django_db
def test_run_stage_refuses_with_a_message() -> None:
    import_corpus(source="study", path=CORPUS, slug="trial")
    for words, message in REFUSED:
        with pytest.raises(CommandError, match=re.escape(message)):
            call_command("run_stage", "trial", "extract", "--base-url", "http://127.0.0.1:9/v1", *words)


def start(environment: dict[str, str], server: ModelServer, *words: str) -> subprocess.Popen[bytes]:
    command = [sys.executable, str(ROOT / "manage.py"), "run_stage", "trial", "extract", "--model", OAK]
    command += ["--base-url", server.base_url, "--concurrency", "3", "--lease", "2", *words]
    return subprocess.Popen(command, env=environment, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)


def test_run_stage_killed_again_and_again_repeats_nothing_recorded(
    environment: dict[str, str], server: ModelServer
) -> None:
    server.delay(0.2)
    kept: dict[str, int] = {}
    for _ in range(2):
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
    assert repeated <= found["abandoned"] <= 2 * AHEAD * 3  # two kills of a worker with three places


@pytest.mark.once("killed, as above, it loses more")
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


def test_two_runs_that_ask_the_same_at_the_same_moment_pay_once(
    environment: dict[str, str], server: ModelServer
) -> None:
    server.delay(0.2)
    both = [start(environment, server), start(environment, server, "--param", "corpus=demo")]
    assert [process.wait(timeout=60) for process in both] == [0, 0]
    found, counts = look(environment), server.status()["counts"]
    assert found["states"] == [["extract", "complete"]] * 2
    assert found["units"] == [["done", 2 * 24]]
    assert len(counts) == 1 + 24
    assert set(counts.values()) == {1}


def test_run_stage_queued_is_done_by_a_worker(environment: dict[str, str], server: ModelServer) -> None:
    said = run_stage(environment, "extract", "--model", OAK, "--base-url", server.base_url, "--queue")
    assert "Left to the workers of queue calls" in said
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
