"""Pages of work as the product serves them, read back: every text as it is in the database."""

from __future__ import annotations

import pytest
from django.test import Client

from annotation.domain.joining import enroll_simulated, join_campaign
from annotation.domain.submissions import questions_on_page
from annotation.enums import Origin
from annotation.models import Assignment, Campaign, Question
from pipeline.enums import Condition, InstrumentName
from pipeline.models import Prompt, Response
from rebuild.page import Page, Turn, read_page
from studies.models import Study, User
from tests import factories

ODD = "Says “a < b & c”,\n  then: &amp; <b>no</b> #1 “tag”"
MARKDOWN = '# A *title*\n\n- one `<x>`\n- two\n\n```\n<main id="item">\n```'
HTMX = {"HX-Request": "true"}


def served(study: Study, user: User, instrument: str, headers: dict[str, str] | None = None) -> tuple[Page, Assignment]:
    campaign = factories.make_campaign(study, instrument=instrument, origin=Origin.SIMULATED, n_items=1)
    question = campaign.questions.first()
    Question.objects.filter(pk=question.pk).update(text=ODD)
    Prompt.objects.update(text=ODD)
    Response.objects.update(text=MARKDOWN)
    Response.objects.filter(condition=Condition.PERSONALIZED).update(text=ODD)
    person = question.attribute.person
    turns = [{"role": "user", "content": ODD}, {"role": "assistant", "content": MARKDOWN}]
    factories.make_conversation(person, factories.make_run(study), turns)
    factories.make_conversation(person, factories.make_run(study), turns[:1])
    enroll_simulated(study=study, user=user)
    assignment = factories.claim(join_campaign(user=user, campaign=campaign))
    client = Client()
    client.force_login(user)
    html = client.get(f"/a/{assignment.token}/", headers=headers or {}).content.decode()
    return read_page(html), assignment


@pytest.mark.parametrize("instrument", InstrumentName.values)
@pytest.mark.parametrize("headers", [{}, HTMX], ids=["page", "partial"])
def test_page_has_the_form_and_every_statement_in_its_place(
    study: Study, rater_a: User, instrument: str, headers: dict[str, str]
) -> None:
    page, assignment = served(study, rater_a, instrument, headers)
    assert page.submit_url == f"/a/{assignment.token}/submit/"
    assert page.token == assignment.token
    assert page.instrument == instrument
    assert page.statements == [question.text for question in questions_on_page(assignment)]
    assert ODD in page.statements
    assert {"csrfmiddlewaretoken", "key", "seconds"} <= page.hidden.keys()
    assert len(page.hidden["key"]) == 26
    assert page.marked == (not headers)  # the partial replaces what stands below the mark


def test_page_of_quality_has_the_conversations_as_written(study: Study, rater_a: User) -> None:
    page, _ = served(study, rater_a, InstrumentName.ATTRIBUTE_QUALITY)
    assert page.conversations == [[Turn("person", ODD), Turn("assistant", MARKDOWN)], [Turn("person", ODD)]]


def test_page_of_relevance_has_the_prompt(study: Study, rater_a: User) -> None:
    page, _ = served(study, rater_a, InstrumentName.RELEVANCE)
    assert page.passages == {"prompt": ODD}


def test_page_of_preference_has_both_sides_as_written(study: Study, rater_a: User) -> None:
    page, assignment = served(study, rater_a, InstrumentName.PREFERENCE)
    other = {"left": "right", "right": "left"}[assignment.side]
    assert page.passages == {"prompt": ODD, assignment.side: ODD, other: MARKDOWN}
    assert not page.conversations


def test_page_of_a_human_campaign_is_not_marked(study: Study, rater_a: User) -> None:
    campaign: Campaign = factories.make_campaign(study, n_items=1)
    client = Client()
    client.force_login(rater_a)
    page = read_page(client.get(f"/c/{campaign.public_id}/rate/", follow=True).content.decode())
    assert page.submit_url
    assert not page.marked


def test_page_without_work_has_no_form(study: Study, rater_a: User) -> None:
    campaign = factories.make_campaign(study, n_items=0)
    client = Client()
    client.force_login(rater_a)
    page = read_page(client.get(f"/c/{campaign.public_id}/rate/").content.decode())
    assert (page.submit_url, page.token) == ("", "")
    assert page.heading.startswith("Nothing for you")
