"""A lead changes a campaign's rules, K and cohort, and reads what raters said."""

from __future__ import annotations

import pytest
from django.utils import timezone

from annotation.models import Campaign, Remark
from annotation.views.rules_form import RulesForm
from tests import factories
from tests.annotation.views.test_studies import text_of

PAGE = "/s/figs/c/one/"


@pytest.fixture
def campaign(study, client, lead):
    client.force_login(lead)
    return factories.make_campaign(study, slug="one", n_items=3, n_questions=2, k=2)


def filled(campaign, **more):
    values = RulesForm(campaign).initial | more
    return {name: value for name, value in values.items() if value is not None and value is not False}


def test_rules_are_kept_as_they_were_filled_in(client, campaign):
    given = filled(campaign, max_items="7", pass_mark="75", lease_minutes="45", time_zone="Europe/Berlin")
    assert client.post(f"{PAGE}rules/change/", given).status_code == 303
    found = Campaign.objects.get()
    assert (found.max_items, found.pass_mark, found.lease_seconds) == (7, 0.75, 2700)
    assert found.time_zone == "Europe/Berlin"


def test_rule_that_makes_no_sense_is_refused_at_its_field(client, campaign):
    response = client.post(f"{PAGE}rules/change/", filled(campaign, check_every="1"))
    assert response.status_code == 400
    assert "A check at every item leaves no work" in text_of(response)
    assert Campaign.objects.get().check_every == 0


def test_raising_k_is_told_before_it_is_done(client, campaign):
    text = text_of(client.get(f"{PAGE}rules/", {"k": "4"}))
    assert "opens 6 seats and asks for 12 judgments more; the campaign then wants 24" in text
    client.post(f"{PAGE}rules/raise-k/", {"k": "4"})
    assert Campaign.objects.get().k == 4


def test_cohort_of_unknown_pseudonyms_is_refused_by_name(client, campaign):
    response = client.post(f"{PAGE}rules/cohort/", {"who": "listed", "pseudonyms": "nobody"})
    assert response.status_code == 400
    assert "Nobody in this study has the pseudonym nobody" in text_of(response)
    assert not Campaign.objects.get().cohort_only
    rater = factories.make_rater(campaign)
    client.post(f"{PAGE}rules/cohort/", {"who": "listed", "pseudonyms": rater.participant.pseudonym})
    assert Campaign.objects.get().cohort_only
    assert campaign.cohort.get().participant == rater.participant


def test_remarks_are_new_until_they_are_marked_as_read(client, campaign):
    assignment = factories.submit(factories.claim(factories.make_rater(campaign)))
    flag = Remark.objects.create(
        assignment=assignment, kind="flag", position=0, text="<b>Crude</b>", made_at=timezone.now()
    )
    assert "Read 1 new flag" in text_of(client.get(PAGE))
    body = client.get(f"{PAGE}remarks/").content.decode()
    assert "<b>Crude" not in body
    assert "1 is new to you" in body
    assert client.post(f"{PAGE}remarks/read/", {"last": str(flag.pk)}).status_code == 303
    assert "Read 1 new flag" not in text_of(client.get(PAGE))
