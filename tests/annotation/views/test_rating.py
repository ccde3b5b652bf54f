"""The rater's pages: who gets in, and what they see."""

from __future__ import annotations

import re

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from annotation.domain.campaigns import pause_campaign
from annotation.domain.withdrawing import exclude_rater
from annotation.enums import CampaignState, Origin
from annotation.models import Assignment, Campaign, Draft, Judgment
from studies.models import Study, User
from tests import factories
from tests.annotation.views.rating_words import HTMX, INSTRUMENTS, answers, rate_url, url

# Getting to work


def test_rate_claims_an_item_and_goes_to_it(browser_a: Client, campaign: Campaign, rater_a: User) -> None:
    reply = browser_a.get(rate_url(campaign))
    assignment = Assignment.objects.get()
    assert assignment.rater.participant.user == rater_a
    assert reply.status_code == 302
    assert reply["Location"] == url("item", assignment)


def test_rate_again_resumes_the_same_item(browser_a: Client, campaign: Campaign) -> None:
    assert browser_a.get(rate_url(campaign))["Location"] == browser_a.get(rate_url(campaign))["Location"]
    assert Assignment.objects.count() == 1


def test_rate_without_login_asks_for_it(client: Client, campaign: Campaign) -> None:
    reply = client.get(rate_url(campaign))
    assert reply.status_code == 302
    assert reply["Location"] == f"{reverse('studies:login')}?next={rate_url(campaign)}"
    assert not Assignment.objects.exists()


@pytest.mark.parametrize("who", ["lead", "researcher", "outsider"])
def test_rate_does_not_exist_for_others_than_raters(
    client: Client, campaign: Campaign, who: str, request: pytest.FixtureRequest
) -> None:
    client.force_login(request.getfixturevalue(who))
    assert client.get(rate_url(campaign)).status_code == 404
    assert not Assignment.objects.exists()


@pytest.mark.parametrize("state", [CampaignState.DRAFT, CampaignState.CLOSED])
def test_rate_of_a_campaign_that_is_not_open_says_so(browser_a: Client, campaign: Campaign, state: str) -> None:
    Campaign.objects.filter(pk=campaign.pk).update(state=state)
    reply = browser_a.get(rate_url(campaign))
    assert reply.status_code == 200
    assert "is not open" in reply.content.decode()
    assert not Assignment.objects.exists()


def test_rate_of_a_paused_campaign_says_so(browser_a: Client, campaign: Campaign, lead: User) -> None:
    pause_campaign(campaign=campaign, actor=lead)
    assert "is paused" in browser_a.get(rate_url(campaign)).content.decode()


def test_rate_of_a_simulated_campaign_is_not_for_people(browser_a: Client, study: Study) -> None:
    simulated = factories.make_campaign(study, origin=Origin.SIMULATED)
    reply = browser_a.get(rate_url(simulated))
    # A login becomes a human rater, and those never meet simulated ones.
    assert reply.status_code == 403
    assert not Assignment.objects.exists()


def test_rate_of_an_imported_campaign_gives_no_work(browser_a: Client, study: Study) -> None:
    imported = factories.make_campaign(study, origin=Origin.IMPORTED, state=CampaignState.CLOSED)
    assert "is not open" in browser_a.get(rate_url(imported)).content.decode()
    assert not Assignment.objects.exists()


def test_rate_of_an_excluded_rater_gives_no_work(browser_a: Client, held: Assignment, lead: User) -> None:
    exclude_rater(rater=held.rater, reason="two accounts", actor=lead)
    assert "Thank you" in browser_a.get(rate_url(held.campaign)).content.decode()
    assert browser_a.get(url("item", held)).status_code == 410


# The page


@pytest.mark.parametrize("who", ["rater_b", "lead", "researcher", "outsider"])
@pytest.mark.parametrize("name", ["item", "edit-item"])
def test_item_does_not_exist_for_anybody_else(
    client: Client, held: Assignment, who: str, name: str, request: pytest.FixtureRequest
) -> None:
    client.force_login(request.getfixturevalue(who))
    assert client.get(url(name, held)).status_code == 404


@pytest.mark.parametrize("name", ["submit-item", "draft-answer", "return-item", "revise-item"])
def test_writes_do_not_exist_for_another_rater(client: Client, held: Assignment, rater_b: User, name: str) -> None:
    client.force_login(rater_b)
    assert client.post(url(name, held), answers()).status_code == 404
    assert not Judgment.objects.exists()
    assert not Draft.objects.exists()


def test_item_does_not_exist_for_who_left_the_study(browser_a: Client, held: Assignment, rater_a: User) -> None:
    rater_a.memberships.all().delete()
    assert browser_a.get(url("item", held)).status_code == 404


@pytest.mark.parametrize("name", ["submit-item", "draft-answer", "return-item", "revise-item"])
def test_writes_take_only_post(browser_a: Client, held: Assignment, name: str) -> None:
    assert browser_a.get(url(name, held)).status_code == 405


@pytest.mark.parametrize("name", ["submit-item", "draft-answer"])
def test_write_after_logout_says_so_and_sends_nowhere(client: Client, held: Assignment, name: str) -> None:
    reply = client.post(url(name, held), answers(), headers=HTMX)
    assert reply.status_code == 401
    assert "logged out" in reply.content.decode()


@pytest.mark.parametrize("instrument", INSTRUMENTS)
def test_item_shows_every_question_with_its_answers(
    browser_a: Client, study: Study, rater_a: User, instrument: str
) -> None:
    campaign = factories.make_campaign(study, n_items=1, n_questions=3, instrument=instrument)
    assignment = factories.claim(factories.make_rater(campaign, rater_a))
    html = browser_a.get(url("item", assignment)).content.decode()
    n = {"attribute_quality": 3, "relevance": 2, "preference": 5}[instrument]
    assert len(re.findall(r'type="radio" name="answer-\d', html)) == 3 * n
    for position in assignment.order:
        assert f"Attribute 0.{position}" in html


def test_item_is_not_stored_by_the_browser(browser_a: Client, held: Assignment) -> None:
    for reply in (
        browser_a.get(url("item", held)),
        browser_a.get(rate_url(held.campaign)),
        browser_a.post(url("submit-item", held), answers(n=1)),
        browser_a.post(url("draft-answer", held), {"answer-0": "yes"}),
        browser_a.post(url("submit-item", held), answers()),
        browser_a.get(url("edit-item", held)),
    ):
        assert "no-store" in reply["Cache-Control"], reply.request


def test_item_for_htmx_is_the_part_alone(browser_a: Client, held: Assignment) -> None:
    full = browser_a.get(url("item", held)).content.decode()
    part = browser_a.get(url("item", held), headers=HTMX).content.decode()
    assert "<html" in full
    assert "<html" not in part
    assert part.strip().startswith("<title>")
    assert '<main id="item"' in part


def test_item_keeps_html_in_texts_as_text(browser_a: Client, held: Assignment) -> None:
    held.item.questions.update(text="<script>alert(1)</script>")
    assert held.item.prompt
    held.item.prompt.text = "<img src=x onerror=alert(1)>"
    held.item.prompt.save()
    html = browser_a.get(url("item", held)).content.decode()
    assert "<script>alert" not in html
    assert "<img" not in html


def test_simulated_campaign_is_marked_on_its_pages(browser_a: Client, held: Assignment) -> None:
    assert "Simulated" not in browser_a.get(url("item", held)).content.decode()
    Campaign.objects.filter(pk=held.campaign_id).update(origin=Origin.SIMULATED)
    assert '<span class="tag">Simulated</span>' in browser_a.get(url("item", held)).content.decode()
    assert '<span class="tag">Simulated</span>' in browser_a.get(reverse("annotation:home")).content.decode()


@pytest.mark.parametrize("instrument", INSTRUMENTS)
def test_item_asks_no_more_queries_for_more_questions(
    browser_a: Client, study: Study, rater_a: User, instrument: str
) -> None:
    counts = []
    for n in (1, 3, 12):
        campaign = factories.make_campaign(study, n_items=2, n_questions=n, instrument=instrument)
        assignment = factories.claim(factories.make_rater(campaign, rater_a))
        browser_a.get(url("item", assignment))  # what is rendered for the first time is stored
        with CaptureQueriesContext(connection) as queries:
            browser_a.get(url("item", assignment))
        counts.append(len(queries))
    assert counts[0] == counts[1] == counts[2], counts
    assert counts[0] <= 22
