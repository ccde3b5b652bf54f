"""The start page: what there is to judge, or where the studies are."""

from __future__ import annotations

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from annotation.enums import CampaignState, Origin
from annotation.models import Campaign
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
