"""Personal data in what raters write: looked for after the fact, and never read by others before."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from django.test import Client, override_settings
from django.urls import reverse
from django.utils import timezone

from annotation.domain import remark_masks
from annotation.domain.judging import Answer, RemarkInput, Submission, submit_assignment
from annotation.domain.remark_masks import covered_words, look_through_remarks
from annotation.domain.withdrawing import withdraw_rater
from annotation.enums import CouldTell, RemarkKind
from annotation.models import Assignment, Closing, Remark
from annotation.tasks import task_look_through_remarks
from pipeline.enums import MaskKind, Stage
from pipeline.masks import Span
from pipeline.models import Mask
from studies.models import Study, User
from tests import factories
from tests.pipeline.backends.test_personal_data import spacy_pipeline

pytestmark = pytest.mark.django_db
WORDS = "I am Ada Lovelace: ada@example.org"


@pytest.fixture
def said(study: Study, rater_a: User) -> Assignment:
    """A page of answers with a note on its first question, and what its rater says at the end."""
    campaign = factories.make_campaign(study, n_items=2, n_questions=2)
    held = factories.claim(factories.make_rater(campaign, rater_a))
    remarks = (RemarkInput(RemarkKind.NOTE, WORDS, place=0), RemarkInput(RemarkKind.FLAG, "Odd."))
    answers = {place: Answer("yes") for place in range(len(held.order))}
    submit_assignment(assignment=held, submission=Submission(key="k", answers=answers, remarks=remarks))
    Closing.objects.create(rater=held.rater, could_tell=CouldTell.values[0], how=WORDS, made_at=timezone.now())
    return held


def pages(client: Client, lead: User, said: Assignment) -> list[str]:
    client.force_login(lead)
    where = [said.campaign.study.slug, said.campaign.slug]
    addresses = (
        reverse("annotation:remarks", args=where),
        reverse("annotation:rater", args=[*where, said.rater.participant.pseudonym]),
    )
    return [client.get(address).content.decode() for address in addresses]


def test_words_are_shown_to_others_once_they_were_looked_through(
    client: Client, lead: User, rater_a: User, said: Assignment
) -> None:
    question = Remark.objects.get(text=WORDS).question
    assert question
    run = factories.make_run(said.campaign.study, Stage.MASK)
    Mask.objects.create(run=run, attribute=question.attribute, start=0, end=9, kind=MaskKind.NAME)
    for page in pages(client, lead, said):
        assert (page.count("Not shown yet"), "Lovelace" in page, "Odd." in page) == (2, False, False)
        assert "I have read these" not in page
    task_look_through_remarks()
    remarks, rater = pages(client, lead, said)
    for page in (remarks, rater):
        assert "I am Ada Lovelace: [e-mail address]" in page
        assert ("Not shown yet" in page, "ada@example.org" in page, "Odd." in page) == (False, False, True)
    assert "I have read these" in remarks
    assert f"on “[name]{question.text[9:]}”" in remarks
    client.force_login(rater_a)
    own = client.get(reverse("annotation:edit-item", args=[said.token])).content.decode()
    assert "ada@example.org" in own


def test_other_rules_look_again_and_add_what_they_find(said: Assignment, tmp_path: Path) -> None:
    assert (look_through_remarks(), look_through_remarks()) == (3, 0)
    with override_settings(PERSONAL_DATA_MODEL=spacy_pipeline(tmp_path / "model")):
        assert (look_through_remarks(), look_through_remarks()) == (3, 0)
    for masks in (Remark.objects.get(text=WORDS).masks, Closing.objects.get().masks):
        assert masks == [[5, 17, "name"], [19, 34, "email"]]
        assert covered_words(WORDS, masks).replace("\u2060", "") == "I am [name]: [e-mail address]"


def test_what_is_erased_while_it_is_looked_through_stays_erased(
    said: Assignment, monkeypatch: pytest.MonkeyPatch
) -> None:
    def erased_meanwhile(texts: list[str]) -> list[list[Span]]:
        withdraw_rater(rater=said.rater, erase=True)
        return [[Span(0, 1, MaskKind.NAME)] for _ in texts]

    monkeypatch.setattr(remark_masks, "spans_in", erased_meanwhile)
    look_through_remarks()
    rows: list[Any] = [*Remark.objects.values_list("text", "masks"), *Closing.objects.values_list("how", "masks")]
    assert rows == [(None, [])] * 3


def test_without_its_model_nothing_is_shown_and_the_log_says_why(
    said: Assignment, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    with override_settings(PERSONAL_DATA_MODEL=tmp_path):
        task_look_through_remarks()
    assert "holds no spaCy pipeline" in caplog.text
    assert not Remark.objects.exclude(looked_with="").exists()
