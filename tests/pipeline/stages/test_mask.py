from __future__ import annotations

from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.core.management import call_command
from django.test import override_settings

from annotation.instruments import INSTRUMENTS
from pipeline.domain.errors import RunError
from pipeline.domain.executing import execute_run
from pipeline.domain.masking import (
    mask_summary,
    plan_masks,
    plan_masks_of_texts,
    shown_prompts,
    shown_responses,
    shown_turns,
    shown_wordings,
)
from pipeline.domain.planning import inputs_for, plan_run
from pipeline.domain.runs import start_run
from pipeline.domain.subjects import subjects_in_words
from pipeline.enums import Condition, InstrumentName, RunState, Stage
from pipeline.models import REASON, STATEMENT, Conversation, Evidence, Mask, Response, Run, WorkUnit
from pipeline.stages.maskable import BLOCKS, CONVERSATIONS
from studies.models import Study
from tests import factories
from tests.pipeline.backends.test_personal_data import spacy_pipeline

pytestmark = pytest.mark.django_db

MAIL = "I am Ada Lovelace: ada@example.org"


def imported(study: Study, n: int = 3) -> Run:
    """An import of ``n`` conversations of one person, each with an address in its first turn."""
    run = factories.make_run(study, Stage.IMPORT, backend="imported")
    person = factories.make_person(factories.make_corpus(study))
    for _ in range(n):
        turns = [{"role": "user", "content": MAIL}, {"role": "assistant", "content": "Hello, **ada@example.org**."}]
        factories.make_conversation(person, run, turns)
    return run


def masked(study: Study, source: Run, **options: Any) -> Run:
    run = start_run(run=plan_masks(study=study, imported=source))
    execute_run(run=run, **options)
    return run


def test_mask_covers_what_an_import_brought_and_says_what(study: Study) -> None:
    run = masked(study, imported(study))
    assert (run.state, run.backend) == (RunState.COMPLETE, "presidio")
    assert run.outcome == {"masks": {"email": 6}, "places": 6, "names": "", "conversations": 3}
    assert {(row.turn, row.start, row.end) for row in Mask.objects.all()} == {(0, 19, 34), (1, 9, 24)}
    assert Conversation.objects.first().turns[0]["content"] == MAIL  # type: ignore[union-attr]
    assert str(mask_summary(study)) == (
        "6 places masked: 6 e-mail addresses. Names were not looked for (set PERSONAL_DATA_MODEL)."
    )


def test_mask_goes_on_where_it_was_stopped_and_finds_nothing_twice(
    study: Study, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(BLOCKS, CONVERSATIONS, 2)
    source = imported(study, 5)
    run = masked(study, source, limit=2)
    assert (run.n_units, run.state, Mask.objects.count()) == (3, RunState.RUNNING, 8)
    assert masked(study, source) == run
    assert masked(study, source).state == RunState.COMPLETE
    assert Mask.objects.count() == 10
    assert mask_summary(study).waiting == 0


def test_mask_reads_the_oldest_import_that_nobody_looked_through(study: Study, other_study: Study) -> None:
    imported(other_study)
    first, second = imported(study), imported(study)
    assert inputs_for(study, Stage.MASK, "presidio") == [first]
    masked(study, first)
    assert inputs_for(study, Stage.MASK, "presidio") == [second]
    assert mask_summary(study).waiting == 3
    with pytest.raises(RunError, match="mask has no backend 'openai_api': use one of presidio"):
        plan_run(study=study, stage=Stage.MASK, backend="openai_api", inputs=[second])


def test_names_make_another_run_and_overlapping_masks_one_token(study: Study, tmp_path: Path) -> None:
    source = imported(study, 1)
    first = masked(study, source)
    with override_settings(PERSONAL_DATA_MODEL=spacy_pipeline(tmp_path / "model")):
        second = masked(study, source)
        assert inputs_for(study, Stage.MASK, "presidio") == [source]
    assert second != first
    assert second.outcome["masks"] == {"email": 2, "name": 1}
    (texts,) = shown_turns(list(Conversation.objects.all())).values()
    assert texts[0].text.replace("\u2060", "") == "I am [name]: [e-mail address]"


def test_run_planned_with_a_model_for_names_waits_for_it(study: Study, tmp_path: Path) -> None:
    with override_settings(PERSONAL_DATA_MODEL=spacy_pipeline(tmp_path / "model")):
        run = start_run(run=plan_masks(study=study, imported=imported(study)))
    execute_run(run=run)
    assert run.state == RunState.PAUSED
    assert "set PERSONAL_DATA_MODEL accordingly" in run.problem
    assert not Mask.objects.exists()


def test_raters_see_tokens_and_evidence_marks_the_right_words(study: Study) -> None:
    conversation = Conversation.objects.get(run=imported(study, 1))
    attribute = factories.make_attribute(
        conversation.person, factories.make_run(study, Stage.MERGE), "Is ada@figs.org."
    )
    for start, end in ((0, 4), (5, 25)):
        Evidence.objects.create(attribute=attribute, conversation=conversation, turn=0, start=start, end=end)
    masked(study, conversation.run)
    texts = plan_masks_of_texts(study=study)
    assert texts
    execute_run(run=start_run(run=texts))
    campaign = factories.make_campaign(study, n_items=0, instrument=InstrumentName.ATTRIBUTE_QUALITY)
    item = factories.make_item(campaign, 0, 0)
    question = factories.make_question(item, attribute, 0)
    page = INSTRUMENTS[InstrumentName.ATTRIBUTE_QUALITY].page(None, [question])  # type: ignore[arg-type]
    typed, written = (turn.passage for turn in (page.conversations or ())[0].turns)
    assert typed.text == "I am Ada Lovelace: [e-mail address]"
    assert (written.text, "example.org" in written.html) == ("Hello, **[e-mail address]**.", False)
    assert "<strong>[e-mail address]</strong>" in written.html
    assert page.questions[0].text == "Is [e-mail address]."
    assert [evidence.quote for evidence in page.questions[0].evidence] == ["I am", "Ada Lovelace: [e-mail address]"]


def test_import_looks_for_personal_data_unless_told_not_to(tmp_path: Path, study_data: Path) -> None:
    path = str(study_data / "personas" / "personalens_personas.jsonl")
    out = StringIO()
    call_command("import_corpus", path, "--study", "figs", "--no-masks", stdout=out, stderr=StringIO())
    assert not Run.objects.filter(stage=Stage.MASK).exists()
    call_command("run_stage", "figs", "mask", stdout=out, stderr=StringIO())
    assert "Complete" in out.getvalue()
    call_command("import_corpus", path, "--study", "figs-again", stdout=out, stderr=StringIO())
    assert "9 places masked: 4 e-mail addresses" in out.getvalue()
    assert Mask.objects.count() == 18


def test_prompts_and_responses_are_looked_through_once_and_what_comes_later_too(study: Study) -> None:
    source = imported(study, 1)
    prompt = factories.make_prompt(study, "Write to eve@example.org.")
    person = factories.make_person(factories.make_corpus(study))
    response = factories.make_pair(person, prompt, factories.make_run(study, Stage.RESPOND)).generic
    Response.objects.filter(pk=response.pk).update(text="Dear eve@example.org,")
    masked(study, source)
    assert (mask_summary(study).waiting, mask_summary(study).texts) == (0, 3)
    assert inputs_for(study, Stage.MASK, "presidio") == []
    first = plan_masks_of_texts(study=study)
    assert first == plan_masks_of_texts(study=study)
    assert first
    execute_run(run=start_run(run=first))
    assert first.outcome == {"masks": {"email": 2}, "places": 2, "names": ""} | {
        "prompts": 1,
        "responses": 1,
        "attributes": 0,
    }
    assert shown_prompts([prompt]) == {prompt.pk: "Write to [e-mail address]."}
    response.refresh_from_db()
    assert shown_responses([response]) == {response.pk: "Dear [e-mail address],"}
    assert (plan_masks_of_texts(study=study), mask_summary(study).left) == (None, "")
    factories.make_prompt(study, "And to ada@example.org?")
    going_on = factories.make_run(study, Stage.RESPOND, state=RunState.RUNNING)
    Response.objects.create(run=going_on, prompt=prompt, generator="m", condition=Condition.GENERIC, text="Yes.")
    assert mask_summary(study).left == "1 prompt, response or attribute"
    second = plan_masks_of_texts(study=study)
    assert second
    execute_run(run=start_run(run=second))
    assert (second.n_units, second.outcome["prompts"], Mask.objects.count()) == (1, 1, 5)


def test_attributes_are_looked_through_once_their_run_has_ended(study: Study) -> None:
    """What they state and why; a copy of it is covered, a text in its place is not."""
    person, run = factories.make_person(factories.make_corpus(study)), factories.make_run(study)
    stated = factories.make_attribute(person, run, "Is eve@example.org.", reason="Wrote from eve@example.org.")
    factories.make_attribute(person, run, None)
    going_on = factories.make_run(study, Stage.MERGE, state=RunState.RUNNING)
    factories.make_attribute(person, going_on, "Is ada@example.org.")
    assert mask_summary(study).texts == 2
    looked = plan_masks_of_texts(study=study)
    assert looked
    execute_run(run=start_run(run=looked))
    assert looked.outcome["attributes"] == 1
    assert set(Mask.objects.values_list("attribute", "turn", "start", "end")) == {
        (stated.pk, STATEMENT, 3, 18),
        (stated.pk, REASON, 11, 26),
    }
    assert shown_wordings([(stated.pk, "Is eve@example.org."), (stated.pk, "Choose yes here.")]) == [
        "Is [e-mail address].",
        "Choose yes here.",
    ]
    assert mask_summary(study).left == ""


def test_prompts_and_attributes_are_covered_wherever_leads_read_them(study: Study) -> None:
    prompt = factories.make_prompt(study, "Write to eve@example.org.")
    person = factories.make_person(factories.make_corpus(study))
    attribute = factories.make_attribute(person, factories.make_run(study), "Is eve@example.org.")
    run = plan_masks_of_texts(study=study)
    assert run
    execute_run(run=start_run(run=run))
    subject = {"prompt": prompt.pk, "attribute": attribute.pk}
    unit = WorkUnit.objects.create(run=run, key="asked", position=9, subject=subject)
    said = {part.name: part.text for part in subjects_in_words([unit])[unit.pk]}
    assert (said["Prompt"], said["Attribute"]) == ("Write to [e-mail address].", "Is [e-mail address].")
