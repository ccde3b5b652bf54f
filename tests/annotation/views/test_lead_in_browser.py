"""A lead and a new rater in Chromium: what only a browser can show."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page, expect

from annotation.enums import CampaignState
from annotation.models import Campaign
from studies.models import Membership
from tests import factories

pytestmark = pytest.mark.django_db(transaction=True)


def log_in(page: Page, base: str, name: str) -> None:
    page.goto(f"{base}/login/")
    page.get_by_label("Username").fill(name)
    page.get_by_label("Password").fill(factories.PASSWORD)
    page.keyboard.press("Enter")
    page.wait_for_url(f"{base}/")


def test_lead_pauses_and_resumes_without_leaving_the_page(page, live_server, study, lead):
    factories.make_campaign(study, slug="one", title="Figs?")
    log_in(page, live_server.url, "lead")
    page.get_by_role("link", name="Figs and people").click()
    page.wait_for_url("**/s/figs/")  # until it is loaded: before the script runs, the button posts and leads back
    page.evaluate("document.body.dataset.same = 'page'")
    page.get_by_role("button", name="Pause Figs?").press("Enter")
    expect(page.get_by_role("status").filter(has_text="is paused")).to_be_visible()
    assert Campaign.objects.get().state == CampaignState.PAUSED
    expect(page.get_by_role("button", name="Resume Figs?")).to_be_focused()
    assert page.evaluate("document.body.dataset.same") == "page"
    page.keyboard.press("Enter")
    expect(page.get_by_role("button", name="Pause Figs?")).to_be_visible()
    assert Campaign.objects.get().state == CampaignState.COLLECTING


def test_lead_without_script_pauses_all_the_same(browser, live_server, study, lead):
    factories.make_campaign(study, slug="one", title="Figs?")
    page = browser.new_context(java_script_enabled=False).new_page()
    log_in(page, live_server.url, "lead")
    page.goto(f"{live_server.url}/s/figs/")
    page.get_by_role("button", name="Pause Figs?").click()
    expect(page.get_by_text("“Figs?” is paused.")).to_be_visible()
    assert page.url == f"{live_server.url}/s/figs/"
    page.context.close()


def test_invited_rater_makes_an_account_and_finds_the_campaign(page, live_server, study, lead):
    factories.make_campaign(study, title="Figs?")
    log_in(page, live_server.url, "lead")
    page.goto(f"{live_server.url}/s/figs/")
    page.get_by_label("How many people").fill("5")
    page.get_by_role("button", name="Make a link").click()
    link = page.get_by_label("Invitation link").input_value()
    page.get_by_role("button", name="Log out").click()

    page.goto(link)
    page.get_by_label("Username").fill("ada")
    page.get_by_label("Password").fill("12345")
    page.keyboard.press("Enter")
    expect(page.get_by_text("too short")).to_be_visible()
    page.get_by_label("Password").fill(factories.PASSWORD)
    page.keyboard.press("Enter")
    page.wait_for_url(f"{live_server.url}/")
    expect(page.get_by_text("You are a rater of “Figs and people”")).to_be_visible()
    expect(page.get_by_role("heading", name="Figs?")).to_be_visible()
    assert Membership.objects.get(user__username="ada").role == "rater"


def test_pages_fit_a_phone_with_the_longest_names(page, live_server, study, lead):
    title = "Donaudampfschifffahrtsgesellschaftskapitänsmützenfabrikationsleiterstellvertretung " * 2
    campaign = factories.make_campaign(study, slug="one", title=title.strip())
    factories.submit(factories.claim(factories.make_rater(campaign)))
    factories.make_run(study, model_name="an-organisation-with-a-long-name/A-Model-With-A-Long-Name-70B-Instruct-FP8")
    page.set_viewport_size({"width": 360, "height": 740})
    log_in(page, live_server.url, "lead")
    for address in ("/s/figs/", "/s/figs/c/one/"):
        page.goto(live_server.url + address)
        assert page.evaluate("document.documentElement.scrollWidth") <= 360, address
