"""`manage.py run_study` on the demo's corpus and recorded answers: whole, stopped, tolerated, waiting for people."""

from __future__ import annotations

from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from annotation.domain.assignment import claim_assignment
from annotation.domain.campaigns import start_campaign
from annotation.models import Campaign
from pipeline.demo.stages import PLAN, RECORDED
from pipeline.domain.executing import execute_run
from pipeline.domain.masking import mask_summary
from pipeline.management import carrying
from pipeline.models import Completion, Run, StudyPlan, Vote, WorkUnit
from studies.models import AuditEvent, Study
from tests import factories

pytestmark = pytest.mark.django_db
FIRST = PLAN.read_text().split("[evidence]")[0].replace('attributes = "merge"', "")  # import, extract and merge


def run_study(*words: str, **options: Any) -> str:
    said = StringIO()
    call_command("run_study", *words, stdout=said, stderr=said, **options)
    return said.getvalue()


def counts() -> list[int]:
    return [model._default_manager.count() for model in (Study, Run, WorkUnit, Completion, Campaign, AuditEvent)]


@pytest.fixture
def plan(tmp_path: Path) -> Path:
    path = tmp_path / "plan.toml"
    path.write_text(FIRST)
    return path


def test_run_study_takes_the_demo_through_every_stage_and_asks_nothing_again(monkeypatch: pytest.MonkeyPatch) -> None:
    said = run_study("demo")
    assert set(Run.objects.values_list("state", flat=True)) == {"complete"}
    campaigns = Campaign.objects.values_list("instrument", "state").order_by("pk")
    assert list(campaigns) == [("attribute_quality", "draft"), ("relevance", "draft"), ("preference", "draft")]
    assert "Campaign preference is a draft: look at it and start it at /s/demo/c/preference/" in said
    before = counts()
    monkeypatch.setattr(carrying, "execute_run", None)  # nothing is carried out
    again = run_study("demo")
    assert counts() == before
    assert [line.split()[-1] for line in again.splitlines() if line.startswith("campaign")] == ["draft"] * 3
    run_study("demo", "--show")
    assert counts() == before


def test_run_study_stops_where_a_step_fails_and_goes_on_with_what_failed(plan: Path, tmp_path: Path) -> None:
    short = tmp_path / "short.jsonl"
    short.write_text("".join(RECORDED.read_text().splitlines(keepends=True)[2:]))
    plan.write_text(FIRST.replace("pipeline/demo/recorded.jsonl", str(short)))
    with pytest.raises(CommandError, match="--tolerate SHARE bears some"):
        run_study("trial", "--plan", str(plan))
    assert Run.objects.get(stage="extract").n_failed == 2
    assert not Run.objects.filter(stage="merge").exists()
    asked = Completion.objects.filter(state="answered").count()
    with pytest.raises(CommandError):
        run_study("trial", "--tolerate", "0.05")
    run_study("trial", "--tolerate", "0.1")
    assert Run.objects.get(stage="merge").state == "complete"
    calls = Completion.objects.count()
    run_study("trial", "--tolerate", "0.1")
    assert Completion.objects.count() == calls  # what failed and is borne is left alone
    short.write_text(RECORDED.read_text())
    run_study("trial", "--tolerate", "0.1", "--retry")
    assert Run.objects.get(stage="extract").state == "complete"
    assert Completion.objects.filter(state="answered").count() == asked + 2


def test_run_study_interrupted_goes_on_with_the_same_run(plan: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupted(*, run: Run, **_: Any) -> bool:
        execute_run(run=run, limit=5)
        raise KeyboardInterrupt

    with monkeypatch.context() as broken:
        broken.setattr(carrying, "execute_run", interrupted)
        with pytest.raises(CommandError, match="stopped; the same command goes on"):
            run_study("trial", "--plan", str(plan))
    assert Run.objects.get(stage="extract").work_units.filter(state="done").count() == 5
    run_study("trial")
    assert Run.objects.get(stage="extract").state == "complete"
    assert Completion.objects.count() == 24


def test_run_study_refuses_a_bad_plan_and_makes_nothing(plan: Path) -> None:
    plan.write_text(FIRST.replace('model = "oak"', 'model = "elm"'))
    before = counts()
    with pytest.raises(CommandError, match=r"plan.toml:\d+: extract.model: no model is called 'elm'"):
        run_study("trial", "--plan", str(plan))
    with pytest.raises(CommandError, match="study 'trial' has no plan: give it one with --plan FILE"):
        run_study("trial")
    assert counts() == before


def test_run_study_says_what_of_an_import_is_wrong(plan: Path, tmp_path: Path) -> None:
    (tmp_path / "bad.jsonl").write_text('{"prompt_index": 0}\n')
    plan.write_text(FIRST.replace("pipeline/demo/corpus", str(tmp_path / "bad.jsonl")))
    said = StringIO()
    with pytest.raises(CommandError, match="stopped here"):
        call_command("run_study", "trial", "--plan", str(plan), stdout=said, stderr=said)
    assert "bad.jsonl" in said.getvalue()
    assert not Run.objects.exists()


PEOPLE_SELECT = """
[select.baselines]
all = {}

[respond]
models = ["oak"]
select = "labels"

[campaigns.relevance]
instrument = "relevance"
k = 1
sample = 3
"""


def test_run_study_waits_for_people_and_goes_on_with_their_labels(plan: Path) -> None:
    plan.write_text(FIRST + PEOPLE_SELECT)
    said = run_study("trial", "--plan", str(plan))
    assert "labels relevance             waits    the raters of campaign relevance (draft)" in said
    assert "When what the others wait for is there, the same command goes on." in said
    campaign = Campaign.objects.get()
    rater = factories.make_rater(start_campaign(campaign=campaign, actor=None))
    for _ in range(campaign.items.count()):
        factories.submit(factories.claim(rater), "yes")
    assert claim_assignment(rater=rater) is None  # which notices that the campaign is complete
    with pytest.raises(CommandError, match="stopped here"):  # nobody recorded what oak would answer to this choice
        run_study("trial")
    assert Run.objects.get(stage="respond").inputs.get().stage == "label"
    assert Run.objects.get(stage="respond").work_units.count() > 3


def test_run_study_leaves_runs_to_the_workers(plan: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    handed: list[Run] = []

    def worker(run: Run) -> None:
        handed.append(run)
        execute_run(run=Run.objects.get(pk=run.pk))

    monkeypatch.setattr(carrying, "enqueue_run", worker)
    monkeypatch.setattr(carrying, "LOOK", 0.01)
    run_study("trial", "--plan", str(plan), "--queue")
    assert [run.stage for run in handed] == ["extract", "merge"]
    assert set(Run.objects.values_list("state", flat=True)) == {"complete"}


def test_set_plan_keeps_the_text_and_notes_who_changed_it(plan: Path) -> None:
    run_study("trial", "--plan", str(plan), "--show")
    run_study("trial", "--plan", str(plan), "--show")
    assert StudyPlan.objects.get().text == FIRST
    assert AuditEvent.objects.filter(verb="set_plan").count() == 1
    assert not Run.objects.exists()


def test_a_run_that_was_cancelled_stops_the_study(plan: Path) -> None:
    run_study("trial", "--plan", str(plan))
    Run.objects.filter(stage="merge").update(state="cancelled")
    with pytest.raises(CommandError, match="stopped here"):
        run_study("trial")
    said = run_study("trial", "--show")
    assert "merge                        refused" in said
    assert "it was cancelled: change the step's parameters for another run" in said


VERIFY = """
[verify]
models = ["birch"]
"""
WHY = """
[why]
models = ["birch"]
judged_by = "birch"
"""


def test_a_last_step_without_anything_to_do_keeps_nothing_back(plan: Path) -> None:
    plan.write_text(FIRST + VERIFY)
    run_study("trial", "--plan", str(plan), "--tolerate", "1")  # no evidence, so not all was recorded
    Vote.objects.filter(value="rejected").delete()  # nothing was flagged
    plan.write_text(FIRST + VERIFY + WHY)
    said = run_study("trial", "--plan", str(plan), "--tolerate", "1")
    assert "why birch                    nothing  why finds nothing to do in study 'trial'" in said


def test_run_study_looks_for_personal_data_once(plan: Path) -> None:
    plan.write_text(FIRST.split("[extract]")[0] + "[mask]\n")
    run_study("trial", "--plan", str(plan))
    run_study("trial")
    imported, prompts = Run.objects.filter(stage="mask").order_by("pk")
    assert (imported.state, imported.inputs.get().stage) == ("complete", "import")
    assert (prompts.state, prompts.inputs.count(), prompts.outcome["responses"]) == ("complete", 0, 0)


def test_run_study_looks_through_the_attributes_that_it_made(plan: Path) -> None:
    plan.write_text(FIRST + "[mask]\n")
    said = run_study("trial", "--plan", str(plan))
    assert said.index("merge\n") < said.index("mask attributes\n")
    assert mask_summary(Study.objects.get()).texts == 0
    assert Run.objects.filter(stage="mask", work_units__subject__has_key="attributes").exists()
