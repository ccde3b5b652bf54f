"""From 20 people's conversations to three campaigns with real models in their own processes; only their words are noise."""

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
parameters = {{ n_people = 20, seed = "1", openings_embedded = 3 }}

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
parameters = {{ max_tokens = 60, temperature = 1.0, max_characters = 800 }}

[verify]
models = ["llama"]
parameters = {{ max_tokens = 12, temperature = 1.0, max_characters = 800 }}

[refine]
model = "qwen"
parameters = {{ max_tokens = 120, temperature = 1.0, max_characters = 800 }}

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
parameters = {{ max_tokens = 12, temperature = 1.0, also_uncertain = true, max_characters = 800 }}

[campaigns.quality]
instrument = "attribute_quality"

[campaigns.relevance]
instrument = "relevance"
sample = 60

[campaigns.preference]
instrument = "preference"
sample = 24
"""

LOOK = """
import json
from django.db.models import Count, F, Q
from annotation.models import Campaign
from pipeline.models import *
by_run = {}
for run in Run.objects.exclude(stage="import").order_by("pk"):
    states = dict(run.work_units.values_list("state").annotate(n=Count("pk")))
    by_run[f"{run.stage} {run.model_name}"] = {
        "state": run.state, "units": run.n_units, "states": states, "votes": run.votes.count(),
        "probabilities": run.votes.filter(raw_score__isnull=False).count(), "findings": run.findings.count(),
        "attributes": run.attributes.count(), "responses": run.responses.count(), "parameters": run.parameters,
        "seconds": (run.finished_at - run.started_at).total_seconds(),
        "failed": list(run.work_units.filter(state="failed").values_list("failure", "reason").annotate(n=Count("pk")))[:4],
        "unsaid": run.work_units.filter(state="failed", failure="").count(),
    }
print("LOOK", json.dumps({
    "runs": by_run,
    "people": SampledPerson.objects.count(),
    "matched": PersonPrompt.objects.count(),
    "pairs": ResponsePair.objects.count(),
    "relevant": Vote.objects.filter(run__model_name="all").count(),
    "strangers": Evidence.objects.exclude(conversation__person=F("attribute__person")).count(),
    "evidence": Evidence.objects.count(),
    "completions": dict(Completion.objects.values_list("state").annotate(n=Count("pk"))),
    "campaigns": {c.instrument: [c.state, c.items.count(), c.questions.count()] for c in Campaign.objects.all()},
}))
"""


@pytest.fixture
def server(tmp_path: Path) -> Iterator[ModelServer]:
    with tiny_server([make_babbler(tmp_path, "llama")], guided=True) as running:
        yield running


@pytest.fixture
def environment(tmp_path: Path) -> Iterator[dict[str, str]]:
    with own_environment(tmp_path / "data", migrated=True, OMP_NUM_THREADS="2", HF_HUB_OFFLINE="1") as variables:
        yield variables


def look(environment: dict[str, str]) -> dict[str, Any]:
    done = manage(environment, "shell", "-v0", "-c", LOOK)
    found = re.search(r"^LOOK (.*)$", done.stdout, re.MULTILINE)
    assert found, done.stderr
    return dict(json.loads(found[1]))


def test_run_study_takes_twenty_people_from_conversations_to_items(
    environment: dict[str, str], server: ModelServer, study_data: Path, tmp_path: Path
) -> None:
    plan = tmp_path / "plan.toml"
    plan.write_text(PLAN.format(data=study_data, url=server.base_url, qwen=make_babbler(tmp_path, "qwen")))
    done = manage(environment, "run_study", "wild", "--plan", str(plan), timeout=300)
    assert done.returncode == 0, done.stdout + done.stderr
    print(done.stdout, done.stderr)
    found = look(environment)
    print(json.dumps(found, indent=1))
