"""From 20 people's conversations to three campaigns, with real models in processes of their own that babble."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.models.babble import make_babbler
from tests.models.model_server import tiny_server
from tests.openai_server import ModelServer
from tests.processes import manage, own_environment

PLAN = """
title = "Twenty people of WildChat"
tolerate = 0.9 # models that babble fail often

[[import]]
path = "{data}/wildchat/wildchat1m_layout_converted.jsonl"

[[import]]
path = "{data}/lima/study_prompts_even.jsonl"
format = "prompts"

[servers.here]
backend = "local"
options = {{ device = "cpu", batch = 16 }}

[servers.there]
backend = "openai_api"
options = {{ base_url = "{url}", concurrency = 16 }}

[models]
qwen = {{ name = "babble-qwen", server = "here", options = {{ model_path = "{qwen}" }} }}
llama = {{ name = "babble-llama", server = "there" }}
minilm = {{ name = "all-MiniLM-L6-v2", server = "here" }}

[people]
embedder = "minilm"
parameters = {{ n_people = 20, seed = "1", openings_embedded = 3, scripted_share = 1.0 }}

[match]
parameters = {{ prompts_per_person_max = 3, seed = "1" }}

[extract]
model = "qwen"
parameters = {{ max_tokens = 200 }}

[merge]
embedder = "minilm"
parameters = {{ min_confidence = 0.0 }}

[evidence]
model = "llama"
parameters = {{ max_tokens = 60, temperature = 1.0, max_characters = 2500 }}

[verify]
models = ["llama"]
parameters = {{ max_tokens = 12, temperature = 1.0, max_characters = 2500 }}

[refine]
model = "qwen"
parameters = {{ max_tokens = 120, temperature = 1.0, max_characters = 2500 }}

[select]
models = ["qwen", "llama"]
only_sampled = true
parameters = {{ labels = true, max_tokens = 8 }}

[select.baselines]
bm25 = {{}}
embedding = {{ embedder = "minilm" }}
all = {{}}
none = {{}}

[respond]
models = ["qwen", "llama"]
select = "all"
parameters = {{ max_tokens = 250, temperature = 1.0 }}

[judge]
models = ["qwen", "llama"]
only_sampled = true
parameters = {{ labels = true, max_tokens = 8 }}

[mention]
models = ["llama"]
only_sampled = true
parameters = {{ max_tokens = 8, temperature = 1.0 }}

[why]
models = ["llama"]
judged_by = "llama"
parameters = {{ max_tokens = 12, temperature = 1.0, also_uncertain = true, max_characters = 2500 }}

[campaigns.quality]
instrument = "attribute_quality"

[campaigns.relevance]
instrument = "relevance"
sample = 60

[campaigns.preference]
instrument = "preference"
sample = 24
"""

STAGES = {"people", "match", "extract", "merge", "evidence", "verify", "refine", "select", "respond", "judge"}
STAGES |= {"mention", "why", "sample"}

LOOK = """
import json
from django.db.models import Count, F, Q
from annotation.models import Campaign
from pipeline.models import *
def people_of(run):
    units = [unit.subject.get("conversation") for unit in run.work_units.all()]
    return set(Conversation.objects.filter(pk__in=[unit for unit in units if unit]).values_list("person", flat=True))

by_run = {}
for run in Run.objects.exclude(stage="import").order_by("pk"):
    states = dict(run.work_units.values_list("state").annotate(n=Count("pk")))
    by_run[f"{run.stage} {run.model_name or run.backend}"] = {
        "state": run.state, "units": run.n_units, "states": states, "votes": run.votes.count(),
        "probabilities": run.votes.filter(raw_score__isnull=False).count(), "findings": run.findings.count(),
        "attributes": run.attributes.count(), "responses": run.responses.count(),
        "people": run.work_units.count() and len(people_of(run)),
        "unsaid": run.work_units.filter(state="failed", failure="").count(),
    }
print("LOOK", json.dumps({
    "runs": by_run,
    "people": SampledPerson.objects.count(),
    "matched": PersonPrompt.objects.count(),
    "pairs": ResponsePair.objects.count(),
    "generic": Response.objects.filter(condition="generic").count(),
    "strangers": Evidence.objects.exclude(conversation__person=F("attribute__person")).count(),
    "evidence": Evidence.objects.count(),
    "completions": dict(Completion.objects.values_list("state").annotate(n=Count("pk"))),
    "campaigns": {c.instrument: [c.state, c.items.count(), c.questions.count()] for c in Campaign.objects.all()},
}))
"""


@pytest.fixture(autouse=True)
def _one_thread_each(monkeypatch: pytest.MonkeyPatch) -> None:
    """Of so small a model's work there is too little to share."""
    monkeypatch.setenv("OMP_NUM_THREADS", "1")


@pytest.fixture
def server(tmp_path: Path) -> Iterator[ModelServer]:
    with tiny_server([make_babbler(tmp_path, "llama")], guided=True) as running:
        yield running


@pytest.fixture
def environment(tmp_path: Path) -> Iterator[dict[str, str]]:
    with own_environment(tmp_path / "data", migrated=True, HF_HUB_OFFLINE="1") as variables:
        yield variables


def look(environment: dict[str, str]) -> dict[str, Any]:
    done = manage(environment, "shell", "-v0", "-c", LOOK)
    found = re.search(r"^LOOK (.*)$", done.stdout, re.MULTILINE)
    assert found, done.stderr
    return dict(json.loads(found[1]))


def run_study(environment: dict[str, str], *words: str) -> str:
    done = manage(environment, "run_study", "wild", *words, timeout=600)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_run_study_takes_twenty_people_from_conversations_to_items(
    environment: dict[str, str], server: ModelServer, study_data: Path, tmp_path: Path
) -> None:
    plan = tmp_path / "plan.toml"
    plan.write_text(PLAN.format(data=study_data, url=server.base_url, qwen=make_babbler(tmp_path, "qwen")))
    run_study(environment, "--plan", str(plan))
    found = look(environment)
    check_runs(found["runs"])
    check_material(found)
    asked, answered = server.requests, found["completions"]
    assert set(answered) == {"answered"}  # nothing failed on its way, nothing was given up
    # The same again asks no model, here or there, and plans nothing new.
    run_study(environment)
    assert (look(environment), server.requests) == (found, asked)


def check_runs(runs: dict[str, dict[str, Any]]) -> None:
    """Every run has ended, each of its units with exactly one outcome, each failure with its kind."""
    assert {name.split()[0] for name in runs} == STAGES
    for name, run in runs.items():
        assert run["state"] in ("complete", "incomplete"), name
        if run["states"]:  # draws have rows of their own and no units
            assert set(run["states"]) <= {"done", "failed"}, name
            assert sum(run["states"].values()) == run["units"], name
            assert run["states"]["done"] > 0, name
        assert run["unsaid"] == 0, name
        done = run["states"].get("done", 0)
        of_units = {"verify": "votes", "mention": "findings", "why": "findings", "respond": "responses"}
        if kind := of_units.get(name.split()[0]):
            assert run[kind] == done, name


def check_material(found: dict[str, Any]) -> None:
    runs, drawn = found["runs"], found["runs"]["sample seeded"]
    assert found["people"] == runs["extract babble-qwen"]["people"] == 20
    assert runs["extract babble-qwen"]["units"] == 129
    assert 2 * 20 <= found["matched"] <= 3 * 20
    assert runs["merge all-MiniLM-L6-v2"]["attributes"] >= runs["refine babble-qwen"]["attributes"] > 20
    assert found["evidence"] > 0
    assert found["strangers"] == 0  # evidence is of the person whom the attribute is about
    # Votes of models are on what was drawn for people, of baselines too; qwen's have the probabilities of its labels.
    for model in ("babble-qwen", "babble-llama", "bm25", "all-MiniLM-L6-v2", "all", "none"):
        assert runs[f"select {model}"]["votes"] == 60, model
    for model in ("babble-qwen", "babble-llama"):
        assert runs[f"judge {model}"]["votes"] == 24, model
    assert runs["select babble-qwen"]["probabilities"] == 60
    assert runs["judge babble-qwen"]["probabilities"] == 24
    generated = [runs[f"respond {model}"] for model in ("babble-qwen", "babble-llama")]
    assert 0 < found["pairs"] <= sum(run["responses"] for run in generated) - found["generic"]
    assert drawn["units"] in (60, 24)
    campaigns = found["campaigns"]
    assert {name: row[0] for name, row in campaigns.items()} == dict.fromkeys(campaigns, "draft")
    assert campaigns["attribute_quality"][2] == runs["refine babble-qwen"]["attributes"]
    assert (campaigns["relevance"][2], campaigns["preference"][2]) == (60, 24)
