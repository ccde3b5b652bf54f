"""Leaving, and being excluded, through the pages."""

from __future__ import annotations

import pytest
from django.test import Client
from django.utils import timezone

from annotation.domain.demographics import import_demographics
from annotation.enums import RaterState
from annotation.models import Campaign, Closing, Demographic, Judgment, QuizAttempt, Rater
from studies.models import Study, User
from tests import factories


@pytest.fixture
def campaign(study: Study) -> Campaign:
    return factories.make_campaign(study, n_items=2, k=1)


@pytest.fixture
def rater(campaign: Campaign, rater_a: User) -> Rater:
    return factories.submit(factories.claim(factories.make_rater(campaign, rater_a))).rater


def as_user(user: User) -> Client:
    client = Client()
    client.force_login(user)
    return client


def test_rater_leaves_gets_a_receipt_and_can_have_answers_erased_later(rater: Rater, rater_a: User) -> None:
    client, url = as_user(rater_a), f"/c/{rater.campaign.public_id}/leave/"
    assert f'href="{url}"' in client.get("/").content.decode()
    assert "You have given 2 answers" in client.get(url).content.decode()
    page = client.post(url, {"erase": "0"}, follow=True).content.decode()
    assert "You have left" in page
    assert "2 answers of yours are kept" in page
    assert Judgment.objects.filter(rater=rater, value__isnull=False).count() == 2
    page = client.post(url, {"erase": "1"}, follow=True).content.decode()
    assert "2 answers, 0 remarks" in page
    assert "still kept" not in page
    assert not Judgment.objects.filter(rater=rater, value__isnull=False).exists()
    assert "no longer take part" in client.get("/").content.decode()


def test_receipt_counts_quiz_answers_and_the_last_question_too(rater: Rater, rater_a: User) -> None:
    QuizAttempt.objects.create(rater=rater, number=1, answers=[0], n_right=1, passed=True, made_at=timezone.now())
    Closing.objects.create(rater=rater, could_tell="never", how="", made_at=timezone.now())
    client, url = as_user(rater_a), f"/c/{rater.campaign.public_id}/leave/"
    page = client.post(url, {"erase": "1"}, follow=True).content.decode()
    assert "2 answers, 0 remarks, the answers of 1 quiz, the answer to the last question" in page
    Campaign.objects.update(language="de")
    page = client.get(url).content.decode()
    assert "2 Antworten, 0 Bemerkungen, die Antworten von 1 Quiz, die Antwort auf die letzte Frage" in page
    assert "verlassen" in page


def test_receipt_names_what_was_known_of_the_person(rater: Rater, rater_a: User) -> None:
    told = f"pseudonym,Age,Country\n{rater.participant.pseudonym},41,Peru\n".encode()
    import_demographics(study=rater.campaign.study, content=told, file="a.csv")
    client, url = as_user(rater_a), f"/c/{rater.campaign.public_id}/leave/"
    assert "2 details about you, such as your age or country" in client.get(url).content.decode()
    page = client.post(url, {"erase": "1"}, follow=True).content.decode()
    assert "2 answers, 0 remarks, 2 details about you</dd>" in page
    assert not Demographic.objects.exists()
    assert "such as your age" not in page
    Campaign.objects.update(language="de")
    assert "0 Bemerkungen, 2 Angaben zu Ihrer Person</dd>" in client.get(url).content.decode()


def test_details_are_named_in_german_before_they_are_erased(rater: Rater, rater_a: User) -> None:
    Demographic.objects.create(participant=rater.participant, field="Age", value="41")
    Campaign.objects.update(language="de")
    client, url = as_user(rater_a), f"/c/{rater.campaign.public_id}/leave/"
    assert "1 Angabe zu Ihrer Person" in client.get(url).content.decode()
    page = client.post(url, {"erase": "0"}, follow=True).content.decode()
    assert "Eine Löschung nimmt sie mit" in page
    assert Demographic.objects.exists()


def test_rater_who_never_began_has_nothing_to_leave(campaign: Campaign, rater_a: User, rater: Rater) -> None:
    other = factories.make_campaign(campaign.study, slug="other")
    assert as_user(rater_a).get(f"/c/{other.public_id}/leave/").status_code == 404


def test_lead_excludes_with_a_reason_and_undoes_it(rater: Rater, lead: User, rater_a: User) -> None:
    client = as_user(lead)
    page = f"/s/{rater.campaign.study.slug}/c/{rater.campaign.slug}/raters/{rater.participant.pseudonym}/"
    assert f'href="{page}"' in client.get(page.partition("raters/")[0]).content.decode()
    refused = client.post(f"{page}exclude/", {"reason": " "}, follow=True)
    assert "Say why" in refused.content.decode()
    shown = client.post(f"{page}exclude/", {"reason": "<b>Too quick</b>"}, follow=True).content.decode()
    assert "excluded by lead: &lt;b&gt;Too quick&lt;/b&gt;" in shown
    assert Rater.objects.get(pk=rater.pk).state == RaterState.EXCLUDED
    assert "Too quick" not in as_user(rater_a).get(f"/c/{rater.campaign.public_id}/leave/").content.decode()
    shown = client.post(f"{page}readmit/", {"reason": "It was not."}, follow=True).content.decode()
    assert "1 item counting again, 0 surplus" in shown
    assert Rater.objects.get(pk=rater.pk).state == RaterState.ACTIVE


def test_researcher_sees_a_rater_and_is_offered_no_step(rater: Rater, researcher: User) -> None:
    page = f"/s/{rater.campaign.study.slug}/c/{rater.campaign.slug}/raters/{rater.participant.pseudonym}/"
    shown = as_user(researcher).get(page).content.decode()
    assert "Items submitted" in shown
    assert "Exclude" not in shown
