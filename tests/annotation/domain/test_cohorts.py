"""Who is taken out of a cohort holds nothing any more, and a lead who does that to somebody at work has said so."""

from __future__ import annotations

from dataclasses import replace

import pytest
from django.test import Client
from django.urls import reverse

from annotation.domain.assignment import claim_assignment
from annotation.domain.cohort_choices import TakesAway, keep_to_listed, keep_to_passed
from annotation.domain.cohorts import set_cohort
from annotation.domain.judging import Answer, save_draft
from annotation.domain.rules import rules_of, set_rules
from annotation.enums import AssignmentState
from annotation.models import Assignment, Campaign, CohortMember, Rater
from studies.models import Study, User
from tests import factories
from tests.annotation.domain.invariants import check_seats


@pytest.fixture
def campaign(study: Study) -> Campaign:
    return factories.make_campaign(study, n_items=3)


@pytest.fixture
def raters(campaign: Campaign) -> list[Rater]:
    """Two at work, each with a draft."""
    made = [factories.make_rater(campaign) for _ in range(2)]
    for rater in made:
        save_draft(assignment=factories.claim(rater), place=0, answer=Answer("yes"))
    return made


def names(*raters: Rater) -> str:
    return " ".join(rater.participant.pseudonym for rater in raters)


def state_of(rater: Rater) -> str:
    return Assignment.objects.get(rater=rater).state


def test_who_is_taken_out_hands_on_what_they_hold(campaign: Campaign, raters: list[Rater], lead: User) -> None:
    stays, goes = raters
    both = [rater.participant for rater in raters]
    set_cohort(campaign=campaign, participants=both, actor=lead)
    set_rules(campaign=campaign, actor=lead, rules=replace(rules_of(campaign), cohort_only=True))
    assert {state_of(rater) for rater in raters} == {AssignmentState.HELD}
    set_cohort(campaign=campaign, participants=both[:1], actor=lead)
    assert (state_of(stays), state_of(goes)) == (AssignmentState.HELD, AssignmentState.EXPIRED)
    late = Assignment.objects.get(rater=goes)
    assert late.drafts.count() == 1
    assert claim_assignment(rater=goes) is None
    check_seats(campaign)
    factories.submit(late)
    assert state_of(goes) == AssignmentState.SUBMITTED, "a late answer is taken"
    check_seats(campaign)


def test_rule_that_only_a_cohort_may_take_part_takes_from_the_others(
    campaign: Campaign, raters: list[Rater], lead: User
) -> None:
    stays, goes = raters
    set_cohort(campaign=campaign, participants=[stays.participant], actor=lead)
    assert state_of(goes) == AssignmentState.HELD, "everybody may take part as yet"
    set_rules(campaign=campaign, actor=lead, rules=replace(rules_of(campaign), cohort_only=True))
    assert (state_of(stays), state_of(goes)) == (AssignmentState.HELD, AssignmentState.EXPIRED)


def test_choice_that_takes_from_somebody_at_work_has_to_be_confirmed(
    campaign: Campaign, raters: list[Rater], lead: User
) -> None:
    stays, goes = raters
    with pytest.raises(TakesAway, match="1 rater is in the middle of an item"):
        keep_to_listed(campaign=campaign, pseudonyms=names(stays), actor=lead)
    campaign.refresh_from_db()
    assert not campaign.cohort_only
    assert not CohortMember.objects.exists()
    assert keep_to_listed(campaign=campaign, pseudonyms=names(stays), actor=lead, confirmed=True) == 1
    assert (state_of(stays), state_of(goes)) == (AssignmentState.HELD, AssignmentState.EXPIRED)
    pilot = factories.make_campaign(campaign.study, n_items=1)
    factories.submit(factories.claim(factories.make_rater(pilot)))
    with pytest.raises(TakesAway):
        keep_to_passed(campaign=campaign, source=pilot, actor=lead)


def test_page_asks_before_it_takes_anything_away(campaign: Campaign, raters: list[Rater], lead: User) -> None:
    stays, goes = raters
    client = Client()
    client.force_login(lead)
    url = reverse("annotation:change-cohort", args=[campaign.study.slug, campaign.slug])
    choice = {"who": "listed", "pseudonyms": names(stays)}
    asked = client.post(url, choice)
    assert asked.status_code == 409
    page = asked.content.decode()
    assert "in the middle of an item" in page
    assert 'name="confirmed"' in page
    assert stays.participant.pseudonym in page, "what was chosen stands in the form"
    assert state_of(goes) == AssignmentState.HELD
    assert client.post(url, choice | {"confirmed": "on"}).status_code == 303
    assert state_of(goes) == AssignmentState.EXPIRED
