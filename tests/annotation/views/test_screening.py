"""The rater's quiz and feedback, and the lead's page of both and of the check items."""

from __future__ import annotations

import re

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse

from annotation.domain.screening.making import make_check_item
from annotation.domain.screening.quiz import QuizPlan, add_quiz_questions
from annotation.enums import ItemRole, RaterGate, RaterOutcome
from annotation.models import Campaign, Expected, Item, QuizAttempt, QuizQuestion, Rater
from pipeline.enums import MaskKind, Stage
from pipeline.models import Mask
from studies.models import Study, User
from tests import factories


@pytest.fixture
def pilot(study: Study) -> Campaign:
    return factories.make_campaign(study, slug="pilot", n_items=2)


@pytest.fixture
def asked(campaign: Campaign) -> str:
    """The address of a quiz with one question."""
    plan = QuizPlan("What is judged?", ("The statement", "The person", "The page"), 0, "Read the second line again.")
    add_quiz_questions(campaign=campaign, plans=[plan])
    return reverse("annotation:quiz", args=[campaign.public_id])


def choose(client: Client, url: str, words: str) -> dict[str, str]:
    """The form of the page, with the choice of these words."""
    html = client.get(url).content.decode()
    found = re.search(rf'value="(\d)" required> <kbd>\d</kbd> <span>{words}<', html)
    number = re.search(r'name="attempt" value="(\d+)"', html)
    assert found
    assert number
    return {"attempt": number[1], "question-0": found[1]}


def test_quiz_is_passed_by_the_right_choice_wherever_it_stands(browser_a, asked, campaign) -> None:
    reply = browser_a.post(asked, choose(browser_a, asked, "The statement"))
    assert (reply.status_code, reply["Location"]) == (303, reverse("annotation:rate", args=[campaign.public_id]))
    assert QuizAttempt.objects.get().passed
    assert Rater.objects.get().gate == RaterGate.OPEN


def test_quiz_says_why_after_a_wrong_answer_and_ends_kindly(browser_a, asked) -> None:
    assert "Read the second line" not in browser_a.get(asked).content.decode()
    browser_a.post(asked, choose(browser_a, asked, "The person"))
    again = browser_a.get(asked).content.decode()
    assert "Read the second line again." in again
    assert "This is the last attempt." in again
    reply = browser_a.post(asked, choose(browser_a, asked, "The page"), follow=True)
    rater = Rater.objects.get()
    assert (rater.gate, rater.outcome) == (RaterGate.ENDED, RaterOutcome.SCREENED_OUT)
    assert "reject" not in reply.content.decode().lower()


def test_quiz_without_an_answer_uses_up_no_attempt(browser_a, asked) -> None:
    reply = browser_a.post(asked, {"attempt": "1"})
    assert reply.status_code == 400
    assert "Nothing was counted as an attempt" in reply.content.decode()
    assert not QuizAttempt.objects.exists()


def test_quiz_page_does_not_show_which_choice_was_written_first(browser_a, asked) -> None:
    places = {choose(browser_a, asked, "The statement")["question-0"]}
    for _ in range(3):
        Rater.objects.all().delete()
        places.add(choose(browser_a, asked, "The statement")["question-0"])
    assert places <= {"0", "1", "2"}


@pytest.fixture
def trained(campaign: Campaign, pilot: Campaign) -> Item:
    return make_check_item(
        source=pilot.items.get(position=0),
        role=ItemRole.TRAINING,
        expected={0: ["no"]},
        feedback={0: "Gardens have nothing to do with it."},
        campaign=campaign,
    )


@pytest.mark.parametrize("headers", [{}, {"HX-Request": "true"}])
def test_training_item_is_followed_by_its_feedback(browser_a, rater_a, trained, campaign, headers) -> None:
    held = factories.claim(factories.make_rater(campaign, rater_a))
    url = reverse("annotation:feedback", args=[held.token])
    assert browser_a.get(url).status_code == 302, "there is none before the answers"
    data = {"key": "k", "answer-0": "yes", "answer-1": "yes"}
    reply = browser_a.post(reverse("annotation:submit-item", args=[held.token]), data, headers=headers)
    assert (reply.status_code, reply["Location"]) == (303, url)
    html = browser_a.get(url).content.decode()
    assert "Gardens have nothing to do with it." in html
    assert "Go on to the work" in html
    assert Rater.objects.get().gate == RaterGate.OPEN


def test_work_has_no_feedback(browser_a, held) -> None:
    factories.submit(held)
    reply = browser_a.get(reverse("annotation:feedback", args=[held.token]))
    assert reply["Location"] == reverse("annotation:item", args=[held.token])


def test_statements_are_covered_in_feedback_and_where_leads_read_them(
    browser_a: Client, rater_a: User, client: Client, lead: User, trained: Item, campaign: Campaign, pilot: Campaign
) -> None:
    for question in trained.questions.all():
        words = question.text.split()[0]  # "Attribute"
        run = factories.make_run(campaign.study, Stage.MASK, parameters={"n": question.pk})
        Mask.objects.create(run=run, attribute=question.attribute, start=0, end=len(words), kind=MaskKind.NAME)
    held = factories.claim(factories.make_rater(campaign, rater_a))
    rating = browser_a.get(reverse("annotation:item", args=[held.token])).content.decode()
    browser_a.post(
        reverse("annotation:submit-item", args=[held.token]), {"key": "k", "answer-0": "yes", "answer-1": "no"}
    )
    feedback = browser_a.get(reverse("annotation:feedback", args=[held.token])).content.decode()
    client.force_login(lead)
    overview = client.get(at("screening", campaign)).content.decode()
    new = client.get(at("new-check", campaign, pilot.items.get(position=0).public_id)).content.decode()
    for page, n in ((rating, 2), (feedback, 2), (overview, 1), (new, 2)):
        assert (page.count("[name] "), page.count("Attribute 0.")) == (n, 0)


# The lead


@pytest.fixture
def desk(client: Client, lead: User, campaign: Campaign) -> Client:
    client.force_login(lead)
    return client


def at(name: str, campaign: Campaign, *args: object) -> str:
    return reverse(f"annotation:{name}", args=[campaign.study.slug, campaign.slug, *args])


def test_screening_page_without_anything_says_what_that_means(desk, campaign) -> None:
    html = desk.get(at("screening", campaign)).content.decode()
    assert "There is no quiz: raters begin without one." in html
    assert "everybody may work" in html


def test_lead_makes_a_check_from_a_page_and_retires_it(desk, campaign, pilot) -> None:
    source = pilot.items.get(position=1)
    picked = desk.get(at("pick-check", campaign) + "?role=training&of=pilot").content.decode()
    url = at("new-check", campaign, source.public_id)
    assert f"{url}?role=training" in picked
    assert desk.get(f"{url}?role=training").status_code == 200
    reply = desk.post(url, {"role": "training", "expected-0": ["yes"], "words-0": "Because."})
    assert reply.status_code == 303
    item = campaign.items.get(role=ItemRole.TRAINING)
    assert list(Expected.objects.values_list("values", "feedback")) == [(["yes"], "Because.")]
    factories.make_given(item, factories.make_rater(campaign))
    html = desk.get(at("screening", campaign)).content.decode()
    assert "Because." in html
    desk.post(at("retire-check", campaign, item.public_id))
    item.refresh_from_db()
    assert item.priority < 0
    assert "Give it again" in desk.get(at("screening", campaign)).content.decode()


def test_lead_is_told_what_is_wrong_and_keeps_what_was_entered(desk, campaign, pilot) -> None:
    url = at("new-check", campaign, pilot.items.get(position=0).public_id)
    reply = desk.post(url, {"role": "training", "expected-0": ["yes", "no"], "words-0": "Kept words."})
    assert reply.status_code == 400
    assert "expects every answer" in reply.content.decode()
    assert "Kept words." in reply.content.decode()


def test_lead_adds_and_removes_a_quiz_question(desk, campaign) -> None:
    data = {"text": "What?", "choices": "This\nThat\n", "correct": "2", "explanation": ""}
    desk.post(at("add-question", campaign), data)
    question = QuizQuestion.objects.get()
    assert (question.choices, question.correct) == (["This", "That"], 1)
    assert "What?" in desk.get(at("screening", campaign)).content.decode()
    desk.post(at("remove-question", campaign, question.pk))
    assert not QuizQuestion.objects.exists()


def test_lead_takes_a_file_whole_or_is_told_why_not(desk, campaign) -> None:
    bad = SimpleUploadedFile("checks.toml", b"[[quiz]]\nquestion='?'\nchoices=['a','b']\ncorrect='c'\n")
    reply = desk.post(at("checks-from-file", campaign), {"file": bad}, follow=True)
    assert "checks.toml:4: quiz.0.correct" in reply.content.decode()
    good = SimpleUploadedFile("checks.toml", b"[[quiz]]\nquestion='?'\nchoices=['a','b']\ncorrect='a'\n")
    desk.post(at("checks-from-file", campaign), {"file": good})
    assert QuizQuestion.objects.count() == 1


def test_screening_page_costs_the_same_for_many_items(desk, campaign, pilot, django_assert_max_num_queries) -> None:
    counts = []
    for source in pilot.items.all():
        make_check_item(source=source, role=ItemRole.GOLD, expected={0: ["yes"]}, campaign=campaign)
        with django_assert_max_num_queries(40) as counted:
            assert desk.get(at("screening", campaign)).status_code == 200
        counts.append(len(counted))
    assert counts[0] == counts[1]
