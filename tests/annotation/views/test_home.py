"""The start page: what there is to judge, or where the studies are."""

from __future__ import annotations

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from annotation.domain.finishing import end_rater
from annotation.domain.screening.making import make_check_item
from annotation.enums import CampaignState, ItemRole, Origin, RaterGate, RaterOutcome
from annotation.models import Campaign, Rater
from studies.models import Study, User
from tests import factories

HOME = "/"


def test_home_asks_who_is_there(client: Client, db: None) -> None:
    assert client.get(HOME)["Location"] == "/login/?next=/"


def test_home_of_a_rater_without_campaigns_says_so(browser_a: Client) -> None:
    assert "Nothing at the moment" in browser_a.get(HOME).content.decode()


def test_home_offers_what_is_collecting(browser_a: Client, study: Study) -> None:
    campaign = factories.make_campaign(study, title="Figs first")
    html = browser_a.get(HOME).content.decode()
    assert "Figs first" in html
    assert reverse("annotation:rate", args=[campaign.public_id]) in html
    assert "<strong>change the answer</strong>" in html


@pytest.mark.parametrize(
    ("state", "words"), [(CampaignState.PAUSED, "Paused by its lead"), (CampaignState.COMPLETE, "Complete. Thank you")]
)
def test_home_says_why_there_is_no_way_in(browser_a: Client, study: Study, state: str, words: str) -> None:
    campaign = factories.make_campaign(study, state=state)
    html = browser_a.get(HOME).content.decode()
    assert words in html
    assert reverse("annotation:rate", args=[campaign.public_id]) not in html


def test_home_shows_no_drafts_and_nothing_imported(browser_a: Client, study: Study) -> None:
    factories.make_campaign(study, title="Not started", state=CampaignState.DRAFT)
    factories.make_campaign(study, title="From a file", state=CampaignState.CLOSED, origin=Origin.IMPORTED)
    html = browser_a.get(HOME).content.decode()
    assert "Not started" not in html
    assert "From a file" not in html


def test_home_shows_nothing_of_other_studies(browser_a: Client, other_study: Study) -> None:
    factories.make_campaign(other_study, title="None of yours")
    assert "None of yours" not in browser_a.get(HOME).content.decode()


def test_home_counts_what_the_rater_saved(browser_a: Client, study: Study, rater_a: User, rater_b: User) -> None:
    campaign = factories.make_campaign(study)
    for user in (rater_a, rater_b):
        factories.submit(factories.claim(factories.make_rater(campaign, user)))
    assert "1 item saved by you" in browser_a.get(HOME).content.decode()


def test_home_says_the_next_step(browser_a: Client, study: Study, rater_a: User, lead: User) -> None:
    campaign = factories.make_campaign(study, n_items=40)
    pilot = factories.make_campaign(study, state=CampaignState.DRAFT)
    for source in pilot.items.all():
        right = {0: ["yes"]}
        make_check_item(campaign=campaign, source=source, role=ItemRole.TRAINING, expected=right, actor=lead)
    assert ">Practice: 2 items<" in browser_a.get(HOME).content.decode()  # and nobody has joined by looking
    assert not Rater.objects.exists()
    rater = factories.make_rater(campaign, rater_a)
    rater = Rater.objects.select_related("campaign").get(pk=rater.pk)
    factories.submit(factories.claim(rater))
    assert ">Practice: 1 item<" in browser_a.get(HOME).content.decode()
    told = {
        (RaterGate.CONSENT, 0): "Read the information",
        (RaterGate.QUIZ, 0): "Answer the quiz",
        (RaterGate.OPEN, 1): "Start: item 1 of up to 40",
        (RaterGate.OPEN, 12): "Continue: item 12 of up to 40",
    }
    for (gate, n_submitted), words in told.items():
        Rater.objects.update(gate=gate, n_before=1, n_submitted=n_submitted)
        assert f">{words}<" in browser_a.get(HOME).content.decode()


def test_home_leads_to_the_last_page_of_a_part_that_ended(browser_a: Client, study: Study, rater_a: User) -> None:
    rater = factories.make_rater(factories.make_campaign(study, max_items=1), rater_a)
    factories.submit(factories.claim(rater))
    end_rater(rater=rater, outcome=RaterOutcome.COMPLETED)
    html = browser_a.get(HOME).content.decode()
    assert "Your part is complete" in html
    assert "Its last page" in html
    assert "Continue" not in html


def test_pages_say_when_the_days_quota_opens_again(browser_a: Client, study: Study, rater_a: User) -> None:
    campaign = factories.make_campaign(study, max_items_day=1, time_zone="Pacific/Auckland", language="de")
    factories.submit(factories.claim(factories.make_rater(campaign, rater_a)))
    html = browser_a.get(HOME).content.decode()
    assert "That is all for today. It goes on from " in html
    assert ", 00:00 (Pacific/Auckland, in " in html
    rate = reverse("annotation:rate", args=[campaign.public_id])
    assert rate not in html
    end = browser_a.get(rate).content.decode()
    assert "Es geht weiter ab " in end
    assert ", 00:00 (Pacific/Auckland, in " in end


def test_home_asks_no_more_queries_for_more_campaigns(browser_a: Client, study: Study) -> None:
    counts = []
    for _ in range(3):
        factories.make_campaign(study, n_items=1)
        browser_a.get(HOME)
        with CaptureQueriesContext(connection) as queries:
            browser_a.get(HOME)
        counts.append(len(queries))
    assert len(set(counts)) == 1, counts


def test_home_of_a_lead_leads_to_the_studies(client: Client, study: Study, other_study: Study, lead: User) -> None:
    factories.make_campaign(study, title="For raters")
    client.force_login(lead)
    html = client.get(HOME).content.decode()
    assert f'href="/s/{study.slug}/"' in html
    assert other_study.title not in html
    assert "For raters" not in html
    assert Campaign.objects.count() == 1
