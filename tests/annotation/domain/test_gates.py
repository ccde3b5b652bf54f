"""The way from joining to the work, and what ends it."""

from __future__ import annotations

import pytest

from annotation.domain.consenting import Wording, answer_consent, write_form
from annotation.domain.gates import ask_again, open_gates
from annotation.enums import RaterGate, RaterOutcome
from annotation.models import Campaign, Consent, ConsentForm, Rater
from studies.models import Study, User
from tests import factories


def form_of(study: Study, **parts: str) -> ConsentForm:
    words = {"pay": "£9 an hour", "contact": "ada@example.org", "information": "Figs.", "statement": "I agree."}
    return write_form(study=study, actor=None, wording=Wording(minutes=20, **words | parts))


@pytest.fixture
def campaign(study: Study) -> Campaign:
    return factories.make_campaign(study, consent_form=form_of(study))


@pytest.fixture
def rater(campaign: Campaign, rater_a: User) -> Rater:
    return open_gates(rater=factories.make_rater(campaign, rater_a))


def test_campaign_without_gates_lets_everybody_in(study: Study) -> None:
    rater = open_gates(rater=factories.make_rater(factories.make_campaign(study)))
    assert (rater.gate, rater.outcome, rater.n_before, rater.next_check) == (RaterGate.OPEN, "", 0, None)


def present_form(campaign: Campaign) -> ConsentForm:
    assert campaign.consent_form
    return campaign.consent_form


def test_consent_stands_before_the_work_until_it_is_given(campaign: Campaign, rater: Rater) -> None:
    assert rater.gate == RaterGate.CONSENT
    consent = answer_consent(rater=rater, form=present_form(campaign), agreed=True)
    rater.refresh_from_db()
    assert (rater.gate, consent.agreed) == (RaterGate.OPEN, True)
    answer_consent(rater=rater, form=present_form(campaign), agreed=True)
    assert Consent.objects.get() == consent
    assert Consent.objects.get().answered_at == consent.answered_at


def test_declining_ends_the_part_and_may_be_changed(campaign: Campaign, rater: Rater) -> None:
    answer_consent(rater=rater, form=present_form(campaign), agreed=False)
    rater.refresh_from_db()
    assert (rater.gate, rater.outcome) == (RaterGate.ENDED, RaterOutcome.NO_CONSENT)
    answer_consent(rater=rater, form=present_form(campaign), agreed=True)
    rater.refresh_from_db()
    assert (rater.gate, rater.outcome) == (RaterGate.OPEN, RaterOutcome.NONE)


def test_new_wording_is_asked_again_before_the_next_item(campaign: Campaign, rater: Rater) -> None:
    answer_consent(rater=rater, form=present_form(campaign), agreed=True)
    campaign.consent_form = form_of(campaign.study, information="Figs and pears.")
    campaign.save()
    assert ask_again(campaign=campaign) == 1
    rater.refresh_from_db()
    assert rater.gate == RaterGate.CONSENT
