"""A campaign's pages are in its language for all its raters; what stands before a campaign is in the browser's."""

from __future__ import annotations

import re

import pytest
from django.urls import reverse

from tests import factories

GERMAN, HTMX = {"Accept-Language": "de-AT,de;q=0.9"}, {"HX-Request": "true"}


@pytest.fixture
def german(study, rater_a):
    campaign = factories.make_campaign(study, n_items=3, language="de")
    return factories.make_rater(campaign, rater_a)


def answers_to(page: str) -> dict[str, str]:
    names = set(re.findall(r'name="(answer-\d+)"', page))
    key = re.search(r'name="key" value="([^"]+)"', page)
    assert key
    return dict.fromkeys(names, "yes") | {"key": key[1]}


def test_items_are_in_the_campaign_s_language_whatever_the_browser_asks_for(client, german, rater_a):
    """The page, and the next item that a submit brings by the fast path."""
    client.force_login(rater_a)
    url = reverse("annotation:item", args=[factories.claim(german).token])
    page = client.get(url, headers={"Accept-Language": "en"}).content.decode()
    assert '<html lang="de" dir="ltr">' in page
    assert "Würde dieses Wissen die Antwort in irgendeiner Weise ändern?" in page
    assert "Abgeben" in page
    headers = HTMX | {"Accept-Language": "en"}
    following = client.post(f"{url}submit/", answers_to(page), headers=headers).content.decode()
    assert "Aufgabe 2 von höchstens 3" in following
    assert "Submit" not in following


def test_english_campaign_stays_english_in_a_german_browser(client, study, rater_a):
    rater = factories.make_rater(factories.make_campaign(study, n_items=3), rater_a)
    client.force_login(rater_a)
    url = reverse("annotation:item", args=[factories.claim(rater).token])
    page = client.get(url, headers=GERMAN).content.decode()
    assert '<html lang="en" dir="ltr">' in page
    following = client.post(f"{url}submit/", answers_to(page), headers=HTMX | GERMAN).content.decode()
    assert "Item 2 of up to 3" in following
    refused = client.post(f"{url}submit/", {}, headers=GERMAN).content.decode()
    assert "Question 1 has no answer yet." in refused or "submitted" in refused


def test_language_without_a_catalogue_is_english(client, study, rater_a):
    rater = factories.make_rater(factories.make_campaign(study, language="xx"), rater_a)
    client.force_login(rater_a)
    page = client.get(reverse("annotation:item", args=[factories.claim(rater).token]), headers=GERMAN)
    assert '<html lang="en"' in page.content.decode()


def test_pages_before_a_campaign_are_in_the_browser_s_language(client, db):
    page = client.get("/login/", headers=GERMAN)
    assert "<h1>Anmelden</h1>" in page.content.decode()
    assert "Accept-Language" in page["Vary"]
    assert "<h1>Log in</h1>" in client.get("/login/", headers={"Accept-Language": "fr"}).content.decode()


def test_leads_pages_are_english_in_every_browser(client, study, lead):
    client.force_login(lead)
    page = client.get(f"/s/{study.slug}/", headers=GERMAN).content.decode()
    assert '<html lang="en"' in page
    assert "Log out" in page
