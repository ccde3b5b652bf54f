"""Taking part in a browser that runs no script at all: every step is a form or a link, from the way in to the end."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

import pytest
from django.urls import reverse
from playwright.sync_api import expect
from pytest_django.live_server_helper import LiveServer

from annotation.enums import AssignmentState, ItemRole, RaterOutcome, RaterState
from annotation.models import Assignment, Campaign, Closing, Consent, Judgment, QuizAttempt, Rater, Remark, Revision
from pipeline.enums import InstrumentName
from studies.domain.members import create_invite
from studies.enums import Role
from tests import factories
from tests.gallery.joining_pages import guarded
from tests.gallery.world import World, dress
from tests.recruiters.fixtures import recruit
from tests.recruiters.mock_prolific import MockProlific

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

pytestmark = pytest.mark.django_db(transaction=True)
QUALITY, RELEVANCE, PREFERENCE = InstrumentName
RIGHT = {name: factories.ANY_ANSWER[name] for name in InstrumentName}  # what guarded() expects


@contextmanager
def page_without_script(browser: Browser, live_server: LiveServer) -> Iterator[Page]:
    context = browser.new_context(java_script_enabled=False, base_url=live_server.url)
    context.set_default_timeout(10_000)
    try:
        yield context.new_page()
    finally:
        context.close()


@pytest.fixture
def page(browser: Browser, live_server: LiveServer) -> Iterator[Page]:
    with page_without_script(browser, live_server) as page:
        yield page


@pytest.fixture
def world(monkeypatch: pytest.MonkeyPatch) -> World:
    return World(monkeypatch)


def press(page: Page, name: str) -> None:
    page.get_by_role("button", name=name).click()


def follow(page: Page, name: str) -> None:
    page.get_by_role("link", name=name).click()


def answer(page: Page, instrument: str) -> None:
    """Every question of the item as its checks expect it, and on."""
    value = RIGHT[InstrumentName(instrument)]
    if instrument == PREFERENCE and "Personal text" in page.locator(".sides article").first.inner_text():
        value = "2"  # what is 4 with the sides the other way round
    for question in page.locator(".question").all():
        question.locator(f"[value='{value}']").check()
    page.locator("#submit").click()


def answer_quiz(page: Page, *answers: str) -> None:
    for text in answers:
        page.locator("label", has=page.get_by_text(text, exact=True)).locator("input").check()
    press(page, "Answer")


def to_the_work(page: Page, instrument: str) -> None:
    """From the consent to the first item of work."""
    press(page, "I agree and take part")
    expect(page.get_by_role("heading", level=1)).to_have_text("How to judge")
    follow(page, "To the quiz")
    answer_quiz(page, "By a guess", "not skip it")
    expect(page.get_by_role("status")).to_contain_text("0 of 2 answers were right")
    answer_quiz(page, "By the chats alone", "skip it")
    answer(page, instrument)
    expect(page.get_by_role("heading", level=1)).to_have_text("As we see it, too")
    follow(page, "To the first items")
    answer(page, instrument)
    expect(page.locator(".where .progress")).to_contain_text("0 saved")


@pytest.mark.parametrize("instrument", list(InstrumentName))
def test_recruited_part_is_done_without_script_from_launch_to_code(
    page: Page, live_server: LiveServer, world: World, prolific: MockProlific, instrument: str
) -> None:
    campaign, lead = guarded(world, instrument)
    if instrument == QUALITY:
        for item in campaign.items.filter(role=ItemRole.WORK):
            dress(item)
    recruitment = recruit(campaign, prolific, lead)
    address = f"{live_server.url}/r/{recruitment.public_id}/"
    page.goto(prolific.launch_url(recruitment.study_id, prolific.add_participant(), address))
    to_the_work(page, instrument)
    while page.locator("#submit").count():
        answer(page, instrument)
    expect(page.locator("#code-value")).to_have_text("CODE-COMPLETED")
    expect(page.locator("[data-copy]")).to_be_hidden()  # nothing is offered that only a script can do
    if instrument == PREFERENCE:
        say_at_the_end(page)
    rater = Rater.objects.get(campaign=campaign)
    assert rater.outcome == RaterOutcome.COMPLETED
    roles = list(Assignment.objects.filter(rater=rater).values_list("item__role", flat=True))
    assert {role: roles.count(role) for role in set(roles)} == {"training": 1, "qualification": 1, "work": 3}
    assert Judgment.objects.filter(rater=rater, question__role=ItemRole.WORK).count() == 6


def say_at_the_end(page: Page) -> None:
    page.get_by_label("Sometimes").check()
    page.get_by_label("By what, if you could?").fill("It named my balcony.")
    press(page, "Save this answer")
    expect(page.get_by_text("Your answer to the last question is stored")).to_be_visible()
    expect(page.locator("#code-value")).to_have_text("CODE-COMPLETED")
    assert Closing.objects.get().how == "It named my balcony."


def test_invited_rater_takes_back_notes_flags_skips_and_leaves_without_script(page: Page, world: World) -> None:
    campaign, lead = guarded(world, RELEVANCE)
    _, secret = create_invite(study=world.study, role=Role.RATER, created_by=lead, quota=1)
    page.goto(f"/invite/{secret}/")
    page.get_by_label("Username").fill("ada")
    page.get_by_label("Password").fill("a-balcony-of-figs")
    press(page, "Make an account and join")
    follow(page, "Read the information")
    to_the_work(page, RELEVANCE)
    note_and_flag(page)
    take_back(page)
    skip(page)
    say_what_is_missing(page)
    leave(page, campaign)


def note_and_flag(page: Page) -> None:
    page.locator("#note").fill("Odd texts.")
    page.locator("#flag").check()
    page.locator("#flag-text").fill("Twice the same line.")
    answer(page, RELEVANCE)
    assert sorted(Remark.objects.values_list("kind", "text")) == [
        ("flag", "Twice the same line."),
        ("note", "Odd texts."),
    ]


def take_back(page: Page) -> None:
    expect(page.locator(".where .progress")).to_contain_text("1 saved")
    page.locator("#previous").click()
    expect(page.locator(".asking .notice")).to_contain_text("You submitted this item already")
    page.locator("#q0 [value=no]").check()
    press(page, "Save changes")
    expect(page.locator(".where .progress")).to_contain_text("Item 2")
    assert list(Revision.objects.filter(number=2).values_list("value", flat=True)) == ["no"]


def skip(page: Page) -> None:
    page.locator("#skip").click()
    press(page, "The content is hard to take")
    assert Assignment.objects.get(state=AssignmentState.RETURNED).returned_because == "distress"
    expect(page.locator("#answers")).to_be_visible()


def say_what_is_missing(page: Page) -> None:
    """The browser itself keeps a page back that has an unanswered question; nothing is stored of it."""
    page.locator("#q0 [value=yes]").check()
    page.locator("#submit").click()
    expect(page.locator("#q0 [value=yes]")).to_be_checked()
    assert Assignment.objects.filter(state=AssignmentState.SUBMITTED, item__role=ItemRole.WORK).count() == 1


def leave(page: Page, campaign: Campaign) -> None:
    page.locator("#leave").click()
    page.get_by_label("Erase it").check()
    press(page, "Leave the campaign")
    expect(page.locator(".facts")).to_contain_text("6 answers, 2 remarks, the answers of 2 quizzes")
    rater = Rater.objects.get(campaign=campaign)
    assert (rater.state, Consent.objects.get().withdrawn_at is None) == (RaterState.WITHDRAWN, False)
    assert not Judgment.objects.filter(rater=rater, value__isnull=False).exists()
    assert not QuizAttempt.objects.exclude(answers=[]).exists()


def test_who_declines_can_agree_after_all_and_who_has_no_wide_screen_says_so_without_script(
    page: Page, live_server: LiveServer, world: World, prolific: MockProlific
) -> None:
    campaign, lead = guarded(world, RELEVANCE)
    recruitment = recruit(campaign, prolific, lead)
    address = f"{live_server.url}/r/{recruitment.public_id}/"
    page.goto(prolific.launch_url(recruitment.study_id, prolific.add_participant(), address))
    press(page, "I do not take part")
    expect(page.locator("#code-value")).to_have_text("CODE-NO-CONSENT")
    follow(page, "Read the information again")
    press(page, "I agree and take part")
    page.goto("/")
    follow(page, "Answer the quiz")
    expect(page).to_have_url(live_server.url + reverse("annotation:quiz", args=[campaign.public_id]))
