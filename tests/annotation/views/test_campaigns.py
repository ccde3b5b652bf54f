from __future__ import annotations

import re

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from annotation.domain.overview import raters_of
from annotation.enums import CampaignState as S
from annotation.enums import ItemRole, Origin
from annotation.models import Assignment, Campaign, Item
from pipeline.enums import InstrumentName
from studies.models import AuditEvent
from tests import factories
from tests.annotation.views.test_studies import HTMX, text_of

PAGE = "/s/figs/c/one/"


@pytest.fixture
def campaign(study):
    return factories.make_campaign(study, slug="one", title="Figs?", n_items=3, n_questions=2, k=2)


@pytest.mark.parametrize(
    ("step", "before", "after"),
    [("start", S.DRAFT, S.COLLECTING), ("pause", S.COLLECTING, S.PAUSED), ("close", S.PAUSED, S.CLOSED)],
)
def test_step_is_taken_and_recorded_and_leads_back(client, campaign, lead, step, before, after):
    Campaign.objects.update(state=before)
    client.force_login(lead)
    response = client.post(f"{PAGE}{step}/", {"next": PAGE})
    assert (response.status_code, response["Location"]) == (303, PAGE)
    assert Campaign.objects.get().state == after
    assert AuditEvent.objects.get(verb=f"{step}_campaign").actor == lead


def test_step_leads_to_no_other_host(client, campaign, lead):
    client.force_login(lead)
    assert client.post(f"{PAGE}pause/", {"next": "//evil.example/"})["Location"] == "/s/figs/"


def test_wrong_step_says_why_and_changes_nothing(client, campaign, lead):
    Campaign.objects.update(state=S.CLOSED)
    client.force_login(lead)
    response = client.post(f"{PAGE}start/", follow=True)
    assert "“Figs?” cannot be started. It is closed for good" in text_of(response)
    assert 'role="alert"' in response.content.decode()
    assert Campaign.objects.get().state == S.CLOSED


def test_step_by_htmx_answers_with_the_campaigns_alone(client, campaign, lead):
    client.force_login(lead)
    response = client.post(f"{PAGE}pause/", headers=HTMX)
    assert response.status_code == 200
    body = response.content.decode()
    assert body.lstrip().startswith('<section id="campaigns"')
    assert "Resume" in body
    assert "is paused" in body


def test_step_by_a_researcher_is_404_and_changes_nothing(client, campaign, researcher):
    client.force_login(researcher)
    for step in ("start", "pause", "close"):
        assert client.post(f"{PAGE}{step}/").status_code == 404
    assert Campaign.objects.get().state == S.COLLECTING
    assert not AuditEvent.objects.exists()


def test_campaign_page_shows_items_by_seats_and_every_item(client, campaign, lead):
    first, second = factories.make_rater(campaign), factories.make_rater(campaign)
    for _ in range(3):
        factories.submit(factories.claim(first))
    factories.submit(factories.claim(second))
    client.force_login(lead)
    text = text_of(client.get(PAGE))
    assert "0 of 2 0 items 1 of 2 2 items 2 of 2 1 item" in text
    assert "66 % 8 of 12 judgments" in text


def test_campaign_page_counts_no_gold_among_its_items(client, campaign, lead):
    factories.make_item(campaign, 9, role=ItemRole.GOLD)
    client.force_login(lead)
    assert "0 of 2 3 items 1 of 2 0 items 2 of 2 0 items" in text_of(client.get(PAGE))


def test_campaign_page_knows_raters_by_pseudonym_only(client, campaign, lead, rater_a):
    rater = factories.make_rater(campaign, rater_a)
    factories.submit(factories.claim(rater))
    client.force_login(lead)
    text = text_of(client.get(PAGE))
    assert f"{rater.participant.pseudonym} Active 1 2 0" in text
    assert "rater_a" not in text


def test_campaign_page_says_on_which_side_the_personalized_response_stood(client, study, lead):
    campaign = factories.make_campaign(
        study, slug="one", instrument=InstrumentName.PREFERENCE, n_items=2, k=2, n_questions=1
    )
    rater = factories.make_rater(campaign)
    for _ in range(2):
        factories.submit(factories.claim(rater))
    client.force_login(lead)
    text = text_of(client.get(PAGE))
    assert "stood 1 time on the left and 1 time on the right" in text
    assert "1 / 1" in text


def test_campaign_page_renders_the_guideline_and_no_script_in_it(client, study, lead):
    campaign = factories.make_campaign(study, slug="one")
    campaign.guideline = factories.make_guideline(study, text="Be **kind**. <script>alert(1)</script>")
    campaign.save()
    client.force_login(lead)
    body = client.get(PAGE).content.decode()
    assert "<strong>kind</strong>" in body
    assert "<script>alert" not in body


def test_campaign_page_of_imported_answers_offers_no_step(client, study, lead):
    factories.make_campaign(study, slug="one", origin=Origin.IMPORTED, state=S.CLOSED)
    client.force_login(lead)
    response = client.get(PAGE)
    assert re.findall(r'method="post" action="([^"]+)"', response.content.decode()) == ["/logout/"]
    assert "imported answers" in text_of(response)
    assert " of 3 seats" not in text_of(response)


@pytest.mark.parametrize("who", ["rater_a", "outsider"])
def test_campaign_page_is_404_to_raters_and_to_others(client, request, campaign, who):
    client.force_login(request.getfixturevalue(who))
    assert client.get(PAGE).status_code == 404


def test_campaign_of_one_study_is_not_found_under_another(client, campaign, other_study, outsider):
    client.force_login(outsider)
    assert client.get("/s/other/c/one/").status_code == 404


def test_campaign_page_takes_the_same_queries_for_one_rater_and_three(client, campaign, lead):
    client.force_login(lead)
    factories.submit(factories.claim(factories.make_rater(campaign)))
    client.get(PAGE)  # the guideline is rendered once
    with CaptureQueriesContext(connection) as one:
        client.get(PAGE)
    for _ in range(2):
        factories.submit(factories.claim(factories.make_rater(campaign)))
    factories.make_item(campaign, 9)
    with CaptureQueriesContext(connection) as three:
        client.get(PAGE)
    assert len(three) <= len(one), "one less where no item can be stuck"


def test_items_are_listed_page_by_page(client, study, lead, monkeypatch):
    monkeypatch.setattr("annotation.views.campaigns.ITEMS_PER_PAGE", 2)
    factories.make_campaign(study, slug="one", n_items=3, n_questions=1)
    client.force_login(lead)
    assert "1 to 2 of 3 Later items" in text_of(client.get(PAGE))
    assert "Earlier items 3 to 3 of 3" in text_of(client.get(PAGE, {"items": "2"}))
    assert client.get(PAGE, {"items": "nonsense"}).status_code == 200


def test_page_of_what_is_missing_leads_to_who_holds_it_and_gives_it_to_others(client, campaign, lead):
    rater = factories.make_rater(campaign)
    factories.claim(rater)
    client.force_login(lead)
    campaigns = client.get(PAGE).content.decode()
    assert f'href="{PAGE}missing/"' in campaigns
    assert "12 judgments are still" in text_of(client.get(PAGE))
    text = text_of(client.get(f"{PAGE}missing/"))
    assert "3 items without all 2 answers, 3 of them with a place that none of the 1 rater who may go on" in text
    assert "1 answer, and nobody here could give it" in text
    own = f"{PAGE}raters/{rater.participant.pseudonym}/"
    assert f'href="{own}"' in client.get(f"{PAGE}missing/").content.decode()
    assert "Give to others" in client.get(own).content.decode()
    assert "1 item of rater" in text_of(client.post(f"{own}hand-on/", follow=True))
    assert "Give to others" not in client.get(own).content.decode()
    Campaign.objects.update(state=S.PAUSED)
    assert "does not collect now" in text_of(client.get(f"{PAGE}missing/"))


def test_page_of_what_is_missing_is_empty_where_nothing_is(client, study, lead):
    factories.make_campaign(study, slug="one", n_items=0)
    client.force_login(lead)
    assert "Every item has its answers." in text_of(client.get(f"{PAGE}missing/"))


def test_page_of_what_is_missing_asks_for_raters_where_there_are_none(client, campaign, lead):
    client.force_login(lead)
    text = text_of(client.get(f"{PAGE}missing/"))
    assert "no rater here who may go on" in text
    assert "stuck" not in text


def test_page_of_what_is_missing_takes_as_many_queries_for_many_items(client, study, campaign, lead):
    client.force_login(lead)
    counts = []
    for n in (0, 4):
        for position in range(10, 10 + n):
            factories.make_item(campaign, position)
        factories.claim(factories.make_rater(campaign))
        with CaptureQueriesContext(connection) as captured:
            client.get(f"{PAGE}missing/")
        counts.append(len(captured))
    assert counts[0] == counts[1]


def test_lead_is_told_of_who_clicks_through_and_of_a_day_that_is_over(client, campaign, lead):
    Item.objects.update(words=1000)
    rater = factories.make_rater(campaign)
    for _ in range(3):
        factories.submit(factories.claim(rater))
    Assignment.objects.update(seconds=5)
    Campaign.objects.update(max_items_day=3)
    client.force_login(lead)
    factories.make_item(campaign, 9)
    text = text_of(client.get(PAGE))
    assert "Look at 1 rater who sent most of their pages faster than these can be read" in text
    assert "everybody here has done the 3 items of a day, and 4 items still open" in text
    assert "3 of 3 pages sent faster than" in text_of(client.get(f"{PAGE}signals/"))


def test_raters_are_counted_each_on_their_own(campaign):
    """A count over a join has every other sub-select reckoned for each joined row: minutes at a million answers."""
    rater = factories.make_rater(campaign)
    factories.submit(factories.claim(rater))
    factories.claim(rater)
    row = vars(raters_of(campaign).get())
    assert [row[name] for name in ("n_items", "n_surplus", "n_held", "n_judgments")] == [1, 0, 1, 2]
    assert row["last_at"]
    assert 'GROUP BY "annotation_rater"' not in str(raters_of(campaign).query)
