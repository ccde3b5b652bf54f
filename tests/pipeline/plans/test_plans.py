from __future__ import annotations

import re

import pytest
from django.conf import settings

from pipeline.demo.stages import demo_plan
from pipeline.plans import PlanRefused, parse_plan
from pipeline.plans.steps import StageStep, steps_of
from pipeline.stages import STAGES

SMALL = """
[servers.vllm]
options = { base_url = "http://localhost:8000/v1" }

[models]
oak = { name = "oak-70b", server = "vllm" }

[extract]
model = "oak"

[select]
models = ["oak"]

[campaigns.relevance]
instrument = "relevance"
"""


def problems(text: str) -> list[str]:
    with pytest.raises(PlanRefused) as refused:
        parse_plan(text, "plan.toml")
    return refused.value.problems


REFUSED = [
    (SMALL + "\n[respond", "plan.toml: no TOML: Expected ']'"),
    (SMALL + '\n[sleect]\nmodels = ["oak"]', "plan.toml:17: sleect: a plan has no such key; it may have title, "),
    (SMALL.replace('model = "oak"', 'modle = "oak"'), "plan.toml:9: extract.modle: a plan has no such key"),
    (SMALL.replace('model = "oak"', ""), "plan.toml:8: extract.model: is missing"),
    (SMALL.replace('models = ["oak"]', "models = 3"), "plan.toml:12: select.models: 3: Input should be a valid tuple"),
    (SMALL.replace('["oak"]', '["aok"]'), "plan.toml:12: select.models.0: no model is called 'aok': use one of oak"),
    (SMALL.replace('server = "vllm"', 'server = "vlm"'), "plan.toml:6: models.oak.server: no server is called 'vlm'"),
    (SMALL.replace("base_url =", "api_key ="), "plan.toml:3: servers.vllm.options.api_key: a plan holds no secret"),
    (SMALL + '\n[judge]\nmodels = ["oak"]', "plan.toml:17: judge: it reads what respond makes: add [respond]"),
    (SMALL + "\n[select.baselines]\nbm52 = {}", "plan.toml:18: select.baselines.bm52: no baseline is called 'bm52'"),
    (SMALL + "\n[select.baselines]\nembedding = {}", "it compares embeddings: name a model as its embedder"),
    (SMALL + "\n[select.parameters]\nwarmth = 1", "plan.toml:18: select.parameters.warmth: 1: Extra inputs"),
    (SMALL.replace("[select]", "[select]\nonly_sampled = true"), "no campaign of relevance draws a sample"),
    (SMALL + '\n[respond]\nmodels = ["oak"]\nselect = "elm"', "plan.toml:19: respond.select: 'elm' selects nothing"),
    (SMALL + '\n[why]\nmodels = ["oak"]', "labels come from a campaign of attribute_quality"),
    (SMALL.replace("[servers.vllm]", "[servers.vllm]\nbackend = 'vllm'"), "'vllm' is no backend: use one of recorded"),
    ("tolerate = 2\n", "plan.toml:1: tolerate: 2: Input should be less than or equal to 1"),
]


@pytest.mark.parametrize(("text", "message"), REFUSED)
def test_parse_plan_names_line_key_and_remedy(text: str, message: str) -> None:
    assert any(message in problem for problem in problems(text)), problems(text)


def test_parse_plan_says_all_that_is_wrong_at_once() -> None:
    assert len(problems(SMALL.replace('"oak"', '"elm"'))) == 2


def test_steps_of_the_demo_are_every_stage_and_read_only_what_stands_before_them() -> None:
    steps = steps_of(demo_plan())
    seen: set[str] = set()
    for step in steps:
        assert set(step.reads) <= seen, step
        seen.add(step.name)
    assert {step.stage for step in steps if isinstance(step, StageStep)} == set(STAGES) - {"mask"}


def test_the_plan_of_the_docs_is_one() -> None:
    text = (settings.BASE_DIR / "docs" / "running-a-study.md").read_text(encoding="utf-8")
    plan = parse_plan(re.findall(r"```toml\n(.*?)```", text, re.DOTALL)[0])
    assert len(steps_of(plan)) == 29


def test_steps_take_labels_where_respond_asks_for_people() -> None:
    plan = parse_plan(SMALL + '\n[respond]\nmodels = ["oak"]\nselect = "labels"\n')
    reads = {step.name: step.reads for step in steps_of(plan)}
    assert reads["labels relevance"] == ("campaign relevance",)
    assert reads["respond oak"] == ("labels relevance",)


def test_steps_draw_a_sample_before_models_vote_on_it() -> None:
    text = SMALL.replace("[select]", "[select]\nonly_sampled = true") + "sample = 5\n"
    reads = {step.name: step.reads for step in steps_of(parse_plan(text))}
    assert reads["select oak"] == ("extract", "sample relevance")
    assert reads["campaign relevance"] == ("extract", "sample relevance")


def test_a_models_options_go_before_its_servers() -> None:
    text = SMALL.replace('server = "vllm" }', 'server = "vllm", options = { timeout = 5, base_url = "http://b" } }')
    step = next(step for step in steps_of(parse_plan(text)) if step.name == "extract")
    assert isinstance(step, StageStep)
    assert step.server is not None
    assert step.server.options == {"timeout": 5, "base_url": "http://b"}
