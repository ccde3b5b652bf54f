"""Before the first item: what raters are told, what they answer to it, and where each answer leads."""

from __future__ import annotations

from dataclasses import replace

import pytest
from django.test import Client
from django.urls import reverse

from annotation.domain.rules import rules_of, set_rules
from annotation.enums import RaterGate, RaterOutcome
from annotation.models import Assignment, Campaign, Consent, Rater, Recruitment, Visit
from studies.models import Study, User
from tests import factories
from tests.annotation.domain.test_gates import form_of
from tests.recruiters.fixtures import come, recruit
from tests.recruiters.mock_prolific import MockProlific


@pytest.fixture
def campaign(study: Study) -> Campaign:
    words = {"warning": "Chats can be **crude**.", "information": "You read *chats*. <script>alert(1)</script>"}
    return factories.make_campaign(study, consent_form=form_of(study, **words))


def path(name: str, campaign: Campaign) -> str:
    return reverse(f"annotation:{name}", args=[campaign.public_id])


def answer(browser: Client, campaign: Campaign, agreed: str, version: int = 1) -> tuple[int, str]:
    """Status and page, where no other follows."""
    reply = browser.post(path("consent", campaign), {"agreed": agreed, "version": version})
    return reply.status_code, reply["Location"] if reply.status_code == 303 else reply.content.decode()


def test_information_stands_before_the_first_item(browser_a: Client, campaign: Campaign) -> None:
    for name in ("rate", "quiz", "instructions"):
        assert browser_a.get(path(name, campaign), follow=True).redirect_chain[-1][0] == path("begin", campaign)
    page = browser_a.get(path("begin", campaign)).content.decode()
    for words in ("about 20 minutes", "£9 an hour", "ada@example.org", "<strong>crude</strong>", "<em>chats</em>"):
        assert words in page
    assert "<script>alert" not in page
    assert not Assignment.objects.exists()


def test_who_agrees_reads_the_instructions_and_works(browser_a: Client, campaign: Campaign) -> None:
    assert answer(browser_a, campaign, "1") == (303, path("instructions", campaign))
    assert answer(browser_a, campaign, "1")[0] == 303
    page = browser_a.get(path("instructions", campaign)).content.decode()
    assert "<strong>change the answer</strong>" in page
    assert browser_a.get(path("begin", campaign))["Location"] == path("rate", campaign)
    assert "/a/" in browser_a.get(path("rate", campaign))["Location"]
    consent = Consent.objects.get()
    assert (consent.agreed, consent.form, consent.answered_at is not None) == (True, campaign.consent_form, True)
    status, page = answer(browser_a, campaign, "0")
    assert status == 409
    assert "You can stop at any time" in page


def test_who_declines_may_change_their_mind(browser_a: Client, campaign: Campaign) -> None:
    assert answer(browser_a, campaign, "0") == (303, path("rate", campaign))
    assert "You do not take part." in browser_a.get(path("rate", campaign)).content.decode()
    assert "change your mind" in browser_a.get(path("begin", campaign)).content.decode()
    assert answer(browser_a, campaign, "1") == (303, path("instructions", campaign))
    assert (Rater.objects.get().gate, Rater.objects.get().outcome) == (RaterGate.OPEN, "")


def test_who_came_by_a_recruiter_and_declines_gets_the_code_until_the_place_is_gone(
    prolific: MockProlific, campaign: Campaign, lead: User
) -> None:
    rater = come(prolific, recruit(campaign, prolific, lead)).rater
    browser = Client()
    assert rater.participant.user is not None
    browser.force_login(rater.participant.user)
    answer(browser, campaign, "0")
    assert "CODE-NO-CONSENT" in browser.get(path("rate", campaign)).content.decode()
    Visit.objects.update(status="RETURNED")
    assert answer(browser, campaign, "1")[0] == 409
    assert "CODE-NO-CONSENT" in browser.get(path("begin", campaign), follow=True).content.decode()


def test_no_answer_is_asked_again(browser_a: Client, campaign: Campaign) -> None:
    for nothing in ("", "2", "yes"):
        status, page = answer(browser_a, campaign, nothing)
        assert status == 400
        assert "choose one of the two answers" in page
    assert not Consent.objects.exists()


def test_answer_to_a_wording_that_changed_meanwhile_is_not_taken(
    browser_a: Client, campaign: Campaign, lead: User
) -> None:
    browser_a.get(path("begin", campaign))
    newer = form_of(campaign.study, information="You read figs.")
    Campaign.objects.update(consent_form=newer)
    status, page = answer(browser_a, campaign, "1", version=1)
    assert status == 409
    assert "has changed meanwhile" in page
    assert "You read figs." in page
    assert not Consent.objects.exists()
    assert answer(browser_a, campaign, "1", version=2)[0] == 303


def test_new_wording_is_put_to_those_at_work_who_may_decline_and_keep_what_they_did(
    browser_a: Client, campaign: Campaign, lead: User
) -> None:
    answer(browser_a, campaign, "1")
    browser_a.get(path("rate", campaign))
    factories.submit(Assignment.objects.get())
    newer = form_of(campaign.study, information="You read figs.")
    campaign.refresh_from_db()
    set_rules(campaign=campaign, actor=lead, rules=replace(rules_of(campaign), consent_form=newer.pk))
    page = browser_a.get(path("rate", campaign), follow=True).content.decode()
    assert "has changed since you agreed" in page
    answer(browser_a, campaign, "0", version=2)
    rater = Rater.objects.get()
    assert (rater.gate, rater.outcome) == (RaterGate.ENDED, RaterOutcome.COMPLETED)
    assert Assignment.objects.filter(state="submitted").count() == 1


def test_who_has_no_wide_screen_may_say_so_and_come_back_with_one(
    prolific: MockProlific, recruitment: Recruitment, rater_b: User
) -> None:
    campaign = recruitment.campaign
    campaign.min_width, campaign.consent_form = 900, form_of(campaign.study)
    campaign.save()
    rater = come(prolific, recruitment).rater
    browser = Client()
    assert rater.participant.user is not None
    browser.force_login(rater.participant.user)
    page = browser.get(path("begin", campaign)).content.decode()
    assert 'data-min-width="900"' in page
    assert browser.post(path("device", campaign), {"wide": "0"}).status_code == 303
    assert "CODE-INCOMPATIBLE-DEVICE" in browser.get(path("rate", campaign)).content.decode()
    browser.post(path("device", campaign), {"wide": "1"})
    assert Rater.objects.get().gate == RaterGate.CONSENT


def test_leads_write_forms_in_versions_and_researchers_read_them(study: Study, lead: User, researcher: User) -> None:
    address = reverse("annotation:consent-forms", args=[study.slug])
    words = {
        "minutes": "20",
        "pay": "£9 an hour",
        "contact": "ada@example.org",
        "information": "Figs.",
        "statement": "I agree.",
    }
    browser, other = Client(), Client()
    browser.force_login(lead)
    other.force_login(researcher)
    assert "[[" in browser.get(address).content.decode()  # the default text says what to fill in
    assert browser.post(address, words).status_code == 303
    assert "has this very wording" in browser.post(address, words, follow=True).content.decode()
    wrong = browser.post(address, words | {"information": "Ask [[whom?]]"})
    assert wrong.status_code == 400
    assert "between double brackets: [[whom?]]" in wrong.content.decode()
    assert browser.post(address, words | {"information": "Figs and pears."}).status_code == 303
    assert list(study.consent_forms.values_list("version", "information")) == [(1, "Figs."), (2, "Figs and pears.")]
    assert "Figs and pears." in other.get(address).content.decode()
    assert other.post(address, words).status_code == 404
