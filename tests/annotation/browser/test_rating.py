"""Judging in Chromium: by keys alone, without script, with a network that fails."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import pytest
from django.urls import reverse
from playwright.sync_api import expect
from pytest_django.live_server_helper import LiveServer

from annotation.enums import AssignmentState
from annotation.models import Assignment, Campaign, Judgment, Rater, Revision
from pipeline.enums import InstrumentName
from studies.clock import from_now
from studies.models import User
from tests import factories
from tests.annotation.browser.conftest import fetched_ahead, log_in, until

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page, Route

MakeRater = Callable[..., Rater]
Start = Callable[[Campaign], "Page"]
QUALITY, RELEVANCE, PREFERENCE = InstrumentName


def values_of(assignment: Assignment) -> list[str | None]:
    """The judgments in the order of the page."""
    by_position = {judgment.question.position: judgment.value for judgment in assignment.judgments.all()}
    return [by_position[position] for position in assignment.order]


def focused(page: Page) -> str:
    return str(page.evaluate("document.activeElement.id"))


# By keys alone


@pytest.mark.parametrize(
    ("instrument", "keys", "values"),
    [
        (QUALITY, ["a", "u", "1", "r", "0"], ["accepted", "uncertain", "rejected"]),
        (RELEVANCE, ["y", "n", "y"], ["yes", "no", "yes"]),
        (PREFERENCE, ["1", "3", "5"], ["1", "3", "5"]),
    ],
)
def test_item_is_done_by_keys_alone(
    rater: MakeRater, start: Start, instrument: str, keys: list[str], values: list[str]
) -> None:
    campaign = rater(instrument, n_questions=3).campaign
    page = start(campaign)
    address = page.url
    for key in keys:
        page.keyboard.press(key)
    expect(page.locator("#submit")).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.locator(".where .progress")).to_have_text("Item 2 of up to 2 · 1 saved")
    expect(page.locator("#heading")).to_be_focused()
    expect(page.locator("#status")).to_have_text("Saved. Item 2 of up to 2.")
    assert page.url != address
    assert page.title().startswith("Item 2")
    done = Assignment.objects.get(state=AssignmentState.SUBMITTED)
    assert values_of(done) == values
    assert done.seconds is not None


def test_reason_is_given_by_key(rater: MakeRater, start: Start) -> None:
    page = start(rater(QUALITY, n_items=1).campaign)
    page.keyboard.press("r")
    assert focused(page) == "q0"
    page.keyboard.press("2")
    assert focused(page) == "q1"
    page.keyboard.press("a")
    page.keyboard.press("Enter")
    expect(page.locator("#heading")).to_contain_text("Thank you")
    assert sorted(Judgment.objects.values_list("value", "reason")) == [("accepted", ""), ("rejected", "no_evidence")]


def test_reason_goes_when_the_rater_accepts_after_all(rater: MakeRater, start: Start) -> None:
    page = start(rater(QUALITY, n_items=1, n_questions=1).campaign)
    for key in ("r", "2", "k", "a", "Enter"):
        page.keyboard.press(key)
    expect(page.locator("#heading")).to_contain_text("Thank you")
    assert list(Judgment.objects.values_list("value", "reason")) == [("accepted", "")]


def test_enter_says_what_is_missing_and_goes_there(rater: MakeRater, start: Start) -> None:
    page = start(rater(RELEVANCE, n_questions=4).campaign)
    page.locator("#q0 [value=yes]").check()
    page.locator("#q2 [value=no]").check()
    page.locator("#submit").click()
    assert focused(page) == "q1"
    expect(page.locator("#status")).to_have_text("2 questions have no answer yet: 2, 4.")
    assert not Judgment.objects.exists()


def test_keys_write_letters_in_a_text_field(rater: MakeRater, start: Start) -> None:
    page = start(rater(RELEVANCE).campaign)
    page.keyboard.press("m")
    page.keyboard.type("any y or n, f? s")
    expect(page.locator("#note")).to_have_value("any y or n, f? s")
    expect(page.locator(":checked[type=radio]")).to_have_count(0)
    page.keyboard.press("Escape")
    page.keyboard.press("y")
    expect(page.locator(":checked[type=radio]")).to_have_count(1)


def test_keys_can_be_switched_off(rater: MakeRater, start: Start) -> None:
    page = start(rater(RELEVANCE).campaign)
    page.keyboard.press("?")
    page.locator("#single-keys").uncheck()
    page.keyboard.press("Escape")
    page.reload()
    page.keyboard.press("Escape")
    page.keyboard.press("y")
    expect(page.locator(":checked[type=radio]")).to_have_count(0)


def test_skip_by_keys_takes_two(rater: MakeRater, start: Start) -> None:
    page = start(rater(RELEVANCE).campaign)
    first = Assignment.objects.get(token=page.locator("#item").get_attribute("data-token"))
    page.keyboard.press("s")
    first.refresh_from_db()
    assert first.state == AssignmentState.HELD
    page.keyboard.press("Enter")
    expect(page.locator("#answers")).not_to_have_attribute(
        "action", reverse("annotation:submit-item", args=[first.token])
    )
    until(page, "Rating.outbox.unsent().length === 0")
    first.refresh_from_db()
    assert first.state == AssignmentState.RETURNED


def test_question_in_focus_shows_its_evidence(rater: MakeRater, start: Start) -> None:
    item = rater(QUALITY, n_items=1).campaign.items.get()
    for question in item.questions.select_related("attribute__person", "attribute__run"):
        turns = [{"role": "user", "content": "So much to read. " * 60}, {"role": "user", "content": "Here it is."}]
        person, run = question.attribute.person, question.attribute.run
        question.attribute.evidence.create(conversation=factories.make_conversation(person, run, turns), turn=1)
    page = start(item.campaign)
    for place in (0, 1):
        page.keyboard.press("j" if place else "k")
        chosen = page.locator(f"#q{place} .evidence a").get_attribute("href")
        expect(page.locator(".turn.marked")).to_have_count(1)
        expect(page.locator(f"{chosen}.marked")).to_be_in_viewport()


# Going back


def test_earlier_item_is_changed_by_keys(rater: MakeRater, start: Start) -> None:
    page = start(rater(RELEVANCE).campaign)
    for key in ("y", "y", "Enter"):
        page.keyboard.press(key)
    expect(page.locator(".where .progress")).to_contain_text("Item 2")
    page.keyboard.press("p")
    expect(page.locator("#submit")).to_contain_text("Save changes")
    page.wait_for_load_state()  # keys mean something when the scripts have come
    for key in ("n", "Enter"):
        page.keyboard.press(key)
        page.locator("#submit").focus()
    expect(page.locator(".where .progress")).to_contain_text("Item 2")
    assert sorted(Revision.objects.values_list("number", "value")) == [(1, "yes"), (1, "yes"), (2, "no")]


def test_back_button_shows_the_submitted_item(rater: MakeRater, start: Start) -> None:
    page = start(rater(RELEVANCE).campaign)
    for key in ("y", "y", "Enter"):
        page.keyboard.press(key)
    expect(page.locator(".where .progress")).to_contain_text("Item 2")
    page.go_back()
    expect(page.locator(".asking .notice")).to_contain_text("You submitted this item already")


# Without script


@pytest.mark.parametrize(("instrument", "value"), [(QUALITY, "rejected"), (RELEVANCE, "no"), (PREFERENCE, "4")])
def test_item_is_done_without_script(
    rater: MakeRater, browser: Browser, live_server: LiveServer, rater_a: User, instrument: str, value: str
) -> None:
    campaign = rater(instrument).campaign
    context = browser.new_context(java_script_enabled=False)
    log_in(context, rater_a, live_server)
    page = context.new_page()
    page.goto(live_server.url + reverse("annotation:rate", args=[campaign.public_id]))
    page.locator("#guideline summary").click()
    for place in (0, 1):
        page.locator(f"#q{place} [value='{value}']").check()
    page.locator("#note").fill("No script here.")
    page.locator("#submit").click()
    expect(page.locator(".where .progress")).to_have_text("Item 2 of up to 2 · 1 saved")
    page.locator("#skip").click()
    page.get_by_role("button", name="Just skip").click()
    expect(page.locator("#heading")).to_contain_text("Thank you")
    context.close()
    done = Assignment.objects.get(state=AssignmentState.SUBMITTED)
    assert values_of(done) == [value, value]
    assert done.remarks.get().text == "No script here."


# Networks and hands


def test_double_click_submits_once(rater: MakeRater, start: Start) -> None:
    page = start(rater(RELEVANCE, n_items=3).campaign)
    page.keyboard.press("y")
    page.keyboard.press("n")
    sent: list[str] = []
    page.on("request", lambda request: sent.append(request.url) if request.url.endswith("/submit/") else None)
    page.locator("#submit").dblclick()
    expect(page.locator(".where .progress")).to_contain_text("Item 2")
    page.wait_for_load_state("networkidle")
    assert len(sent) == 1
    assert Assignment.objects.filter(state=AssignmentState.SUBMITTED).count() == 1
    assert Revision.objects.count() == 2


def test_two_submits_at_once_are_both_acknowledged_and_stored_once(rater: MakeRater, start: Start) -> None:
    page = start(rater(RELEVANCE).campaign)
    page.keyboard.press("y")
    page.keyboard.press("n")
    expect(page.locator("#said")).to_have_text("Draft saved")
    replies = page.evaluate(
        """async () => {
            const form = document.querySelector("#answers");
            const send = () => fetch(form.action, { method: "POST", body: new FormData(form) });
            return (await Promise.all([send(), send(), send()])).map(reply => reply.status);
        }"""
    )
    assert replies == [200, 200, 200]
    assert Assignment.objects.filter(state=AssignmentState.SUBMITTED).count() == 1
    assert Revision.objects.count() == 2


def test_lost_reply_is_retried_and_stored_once(rater: MakeRater, start: Start) -> None:
    page = start(rater(RELEVANCE).campaign)
    page.keyboard.press("y")
    page.keyboard.press("n")

    def lose(route: Route) -> None:
        route.fetch()  # the server commits
        route.abort()  # and the browser never hears of it

    page.route("**/submit/", lose)
    page.keyboard.press("Enter")
    expect(page.locator("#trouble")).to_contain_text("1 item is not saved yet. Offline")
    assert Judgment.objects.count() == 2
    page.unroute("**/submit/")
    page.locator("#retry").click()
    expect(page.locator("#status")).to_have_text("Saved. Item 2 of up to 2.")
    assert Revision.objects.count() == 2
    assert Assignment.objects.filter(state=AssignmentState.SUBMITTED).count() == 1


def test_page_that_is_read_keeps_its_item(page: Page, rater: MakeRater, start: Start) -> None:
    """Also where nothing is answered for long. A page that nobody uses lets go."""
    page.clock.install()
    start(rater(RELEVANCE).campaign)
    fetched_ahead(page)
    held = Assignment.objects.filter(state=AssignmentState.HELD)
    held.update(lease_until=from_now(5))
    page.keyboard.press("j")
    with page.expect_response("**/draft/") as reply:
        page.clock.fast_forward(50_000)
    assert reply.value.status == 204
    assert held.filter(lease_until__gt=from_now(60)).count() == 2  # its own, and the one fetched ahead
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.clock.fast_forward(200_000)
    page.evaluate("0")  # whatever was asked is on its way by now
    assert asked == []


def test_page_whose_item_is_gone_says_so_while_it_is_read(page: Page, rater: MakeRater, start: Start) -> None:
    page.clock.install()
    start(rater(RELEVANCE).campaign)
    fetched_ahead(page)
    Assignment.objects.filter(state=AssignmentState.HELD).update(state=AssignmentState.EXPIRED, lease_until=None)
    page.keyboard.press("j")
    page.clock.fast_forward(50_000)
    expect(page.locator("#status")).to_contain_text("This item went back to the others")


def test_server_error_keeps_the_answers(rater: MakeRater, start: Start) -> None:
    page = start(rater(RELEVANCE).campaign)
    page.keyboard.press("y")
    page.keyboard.press("n")
    page.route("**/submit/", lambda route: route.fulfill(status=500, body="broken"))
    page.keyboard.press("Enter")
    expect(page.locator("#trouble")).to_contain_text("could not save this (500)")
    expect(page.locator("#q0 [value=yes]")).to_be_checked()
    page.unroute("**/submit/")
    page.locator("#retry").click()
    expect(page.locator("#status")).to_have_text("Saved. Item 2 of up to 2.")


def test_drafts_wait_for_the_network_and_survive_a_reload(rater: MakeRater, start: Start) -> None:
    page = start(rater(RELEVANCE).campaign)
    page.route("**/draft/", lambda route: route.abort())
    page.keyboard.press("y")
    expect(page.locator("#said")).to_contain_text("Offline: the server could not be reached")
    page.unroute("**/draft/")
    page.evaluate("window.dispatchEvent(new Event('online'))")
    expect(page.locator("#said")).to_have_text("Draft saved")
    page.reload()
    expect(page.locator("#q0 [value=yes]")).to_be_checked()
    assert not Judgment.objects.exists()


def test_second_tab_with_other_answers_leaves_the_first(rater: MakeRater, start: Start) -> None:
    page = start(rater(RELEVANCE).campaign)
    other = page.context.new_page()
    other.goto(page.url)
    other.keyboard.press("Escape")
    for key in ("y", "y", "Enter"):
        page.keyboard.press(key)
    expect(page.locator("#status")).to_contain_text("Saved.")
    other.locator("#note").fill("Written in the second tab.")
    other.locator("#q0 [value=no]").check()
    other.locator("#q1 [value=no]").check()
    other.locator("#submit").click()
    expect(other.locator("#refused")).to_contain_text("Those stand.")
    expect(other.locator("#status")).to_have_text("Not saved yet.")
    other.get_by_role("button", name="Open that item").click()
    expect(other.locator("#notice")).to_contain_text("Those stand.")
    expect(other.locator("#q0 [value=no]")).to_be_checked()
    expect(other.locator("#note")).to_have_value("Written in the second tab.")
    assert set(Judgment.objects.values_list("value", flat=True)) == {"yes"}


# Screens


@pytest.mark.parametrize("instrument", list(InstrumentName))
@pytest.mark.parametrize("width", [320, 390, 768, 1280])
def test_page_fits_the_screen(rater: MakeRater, start: Start, instrument: str, width: int) -> None:
    campaign = rater(instrument).campaign
    pair = campaign.items.first().pair if campaign.items.exists() else None  # type: ignore[union-attr]
    if pair:
        pair.generic.text = (
            "```\n" + "long_code_line_" * 40 + "\n```\n\n| a | b |\n|---|---|\n| " + "cell " * 60 + "| x |"
        )
        pair.generic.save()
    page = start(campaign)
    page.set_viewport_size({"width": width, "height": 844 if width < 700 else 800})
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    small = page.evaluate(
        """[...document.querySelectorAll("button, .choice, .tick, summary, .actions a")]
        .filter(one => one.checkVisibility()).map(one => one.getBoundingClientRect())
        .filter(box => box.width < 24 || box.height < 24).length"""
    )
    assert small == 0


def test_page_is_dark_where_the_screen_is(rater: MakeRater, start: Start) -> None:
    page = start(rater(RELEVANCE).campaign)
    colours = {}
    for scheme in ("light", "dark"):
        page.emulate_media(color_scheme=scheme)
        style = "getComputedStyle(document.documentElement)"
        colours[scheme] = page.evaluate(f"[{style}.backgroundColor, {style}.color]")
    assert colours["light"] == ["rgb(251, 250, 247)", "rgb(31, 35, 40)"]
    assert colours["dark"] == ["rgb(22, 24, 27)", "rgb(228, 225, 218)"]
