"""What a rater gives survives network, tab and login, whatever happens to them; the next item is there at once."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from typing import TYPE_CHECKING

from django.urls import reverse
from playwright.sync_api import Error, expect
from pytest_django.live_server_helper import LiveServer

from annotation.enums import AssignmentState
from annotation.models import Assignment, Campaign, Draft, Judgment, Rater, Revision
from pipeline.enums import InstrumentName
from studies.models import User
from tests.annotation.browser.conftest import fetched_ahead, log_in, until

if TYPE_CHECKING:
    from playwright.sync_api import Page, Route

MakeRater = Callable[..., Rater]
Start = Callable[[Campaign], "Page"]
RELEVANCE = InstrumentName.RELEVANCE
TOKEN = "document.querySelector('#item').dataset.token"
ENTRIES = "Object.keys(localStorage).filter(name => name.includes(':outbox:')).length"


def judge(page: Page, keys: str = "yy") -> None:
    for key in keys:
        page.keyboard.press(key)
    expect(page.locator("#submit")).to_be_focused()
    page.keyboard.press("Enter")


def done() -> int:
    return Assignment.objects.filter(state=AssignmentState.SUBMITTED).count()


def test_submit_of_a_closed_tab_is_sent_at_the_next_visit(rater: MakeRater, start: Start) -> None:
    page = start(rater(RELEVANCE, n_items=3).campaign)
    page.context.route("**/submit/", lambda route: route.abort())
    fetched_ahead(page)
    judge(page)
    expect(page.locator("#trouble")).to_contain_text("1 item is not saved yet. Offline")
    address = page.url
    page.close(run_before_unload=False)
    assert done() == 0
    again = page.context.new_page()
    again.context.unroute("**/submit/")
    again.goto(address)
    expect(again.locator("#status")).to_have_text("1 item from before was saved.")
    assert done() == 1
    assert again.evaluate(ENTRIES) == 0


def test_network_cut_in_a_submit_and_in_a_draft_loses_nothing(rater: MakeRater, start: Start) -> None:
    page = start(rater(RELEVANCE, n_items=3).campaign)
    fetched_ahead(page)

    def lose(route: Route) -> None:
        route.fetch()  # the server commits, and the browser never hears of it
        with suppress(Error):  # let go already, where the test has taken its hands off meanwhile
            route.abort()

    page.route("**/submit/", lose)
    page.route("**/draft/", lambda route: route.abort())
    judge(page)
    expect(page.locator("#trouble")).to_be_visible()
    page.keyboard.press("n")  # on the next item, while the last one waits
    page.unroute("**/submit/")
    page.unroute("**/draft/")
    page.evaluate("window.dispatchEvent(new Event('online'))")
    expect(page.locator("#said")).to_have_text("Draft saved")
    expect(page.locator("#trouble")).to_be_hidden()
    assert Revision.objects.count() == 2
    assert [draft.value for draft in Draft.objects.all()] == ["no"]
    assert page.evaluate(ENTRIES) == 0


def test_submit_takes_the_place_of_the_draft_of_its_page(rater: MakeRater, start: Start) -> None:
    """One beside the other, the draft would be sent for an item that is submitted, and be refused."""
    page = start(rater(RELEVANCE, n_items=3).campaign)
    fetched_ahead(page)
    first = page.evaluate(TOKEN)
    page.route("**/draft/", lambda route: route.abort())
    page.route("**/submit/", lambda route: route.abort())
    judge(page)
    expect(page.locator("#trouble")).to_be_visible()
    kept = "Object.keys(localStorage).map(name => name.split(':outbox:')[1]).filter(Boolean)"
    assert [name.startswith(f"submit-{first}-") for name in page.evaluate(kept)] == [True]


def test_server_error_is_said_kept_and_tried_again_by_itself(page: Page, rater: MakeRater, start: Start) -> None:
    page.clock.install()
    start(rater(RELEVANCE, n_items=3).campaign)
    fetched_ahead(page)
    page.route("**/submit/", lambda route: route.fulfill(status=503, body="down"))
    judge(page)
    expect(page.locator("#trouble")).to_contain_text("could not save this (503)")
    expect(page.locator("#said")).to_have_text("Not saved yet.")
    expect(page.locator("#status")).to_contain_text("could not save this (503)")
    page.unroute("**/submit/")
    page.clock.fast_forward(5_000)
    expect(page.locator("#trouble")).to_be_hidden()
    expect(page.locator(".where .progress")).to_contain_text("1 saved")
    assert done() == 1


def test_entries_of_another_login_are_dropped_and_never_sent(
    rater: MakeRater, start: Start, live_server: LiveServer, rater_b: User
) -> None:
    page = start(rater(RELEVANCE, n_items=3).campaign)
    fetched_ahead(page)
    page.context.route("**/submit/", lambda route: route.abort())
    judge(page)
    expect(page.locator("#trouble")).to_be_visible()
    page.close(run_before_unload=False)
    page.context.unroute("**/submit/")
    log_in(page.context, rater_b, live_server)
    other = page.context.new_page()
    sent: list[str] = []
    other.on("request", lambda request: sent.append(request.url) if request.method == "POST" else None)
    other.goto(live_server.url + reverse("annotation:rate", args=[Campaign.objects.get().public_id]))
    other.wait_for_load_state("networkidle")
    assert other.evaluate(ENTRIES) == 0
    assert sent == []
    assert not Judgment.objects.exists()


def test_item_fetched_ahead_is_there_before_the_last_one_is_saved(rater: MakeRater, start: Start) -> None:
    page = start(rater(RELEVANCE, n_items=3).campaign)
    fetched_ahead(page)
    following = page.evaluate("Rating.ahead.token()")
    waiting: list[Route] = []
    page.route("**/submit/", lambda route: waiting.append(route))  # noqa: PLW0108 - it takes no built-in
    judge(page)
    expect(page.locator("#status")).to_have_text("Item 2 of up to 3. Saving the one before…")
    expect(page.locator("#heading")).to_be_focused()
    assert page.url.endswith(f"/a/{following}/")
    assert page.title().startswith("Item 2")
    expect(page.locator(".where .progress")).to_have_text("Item 2 of up to 3 · 0 saved")
    while not waiting:
        page.wait_for_timeout(20)
    waiting[0].continue_()
    expect(page.locator("#status")).to_have_text("Saved. Item 2 of up to 3.")
    expect(page.locator(".where .progress")).to_have_text("Item 2 of up to 3 · 1 saved")
    assert done() == 1
    fetched_ahead(page)  # the one after, in the reply
    assert page.evaluate("Rating.ahead.token()") != following


def test_whole_campaign_by_items_fetched_ahead(rater: MakeRater, start: Start) -> None:
    page = start(rater(RELEVANCE, n_items=4).campaign)
    for number in range(1, 5):
        expect(page.locator(".where .progress")).to_contain_text(f"Item {number} ")
        judge(page)
    expect(page.locator("#heading")).to_contain_text("Thank you")
    assert done() == 4
    assert Judgment.objects.count() == 8


def test_undo_takes_back_choices_and_then_goes_to_the_previous_item(rater: MakeRater, start: Start) -> None:
    page = start(rater(RELEVANCE, n_items=3).campaign)
    judge(page)
    expect(page.locator("#status")).to_have_text("Saved. Item 2 of up to 3.")
    page.keyboard.press("y")
    page.keyboard.press("z")
    expect(page.locator("#status")).to_have_text("Taken back. Question 1 has no answer.")
    expect(page.locator(":checked[type=radio]")).to_have_count(0)
    until(page, f"{ENTRIES} === 0")
    assert not Draft.objects.exists()
    page.keyboard.press("z")
    expect(page.locator("#submit")).to_contain_text("Save changes")


def test_skip_says_why(rater: MakeRater, start: Start) -> None:
    page = start(rater(RELEVANCE, n_items=3).campaign)
    first = page.locator("#item").get_attribute("data-token")
    page.keyboard.press("s")
    page.get_by_role("button", name="hard to take").click()
    expect(page.locator("#item")).not_to_have_attribute("data-token", str(first))
    until(page, f"{ENTRIES} === 0")
    skipped = Assignment.objects.get(token=first)
    assert (skipped.state, skipped.returned_because) == (AssignmentState.RETURNED, "distress")


def test_break_is_suggested_after_25_minutes_between_items(page: Page, rater: MakeRater, start: Start) -> None:
    page.clock.install()
    start(rater(RELEVANCE, n_items=4).campaign)
    fetched_ahead(page)
    page.clock.fast_forward(26 * 60_000)
    expect(page.locator("#break")).to_be_hidden()  # never in the middle of an item
    judge(page)
    expect(page.locator("#break")).to_contain_text("You have worked for 26 minutes")
    expect(page.locator("#go-on")).to_be_focused()
    page.clock.fast_forward(10 * 60_000)
    page.keyboard.press("Enter")
    expect(page.locator("#break")).to_be_hidden()
    expect(page.locator(".where .progress")).to_contain_text("1 saved")
    judge(page)
    expect(page.locator(".where .progress")).to_contain_text("2 saved")
    expect(page.locator("#break")).to_be_hidden()
    seconds = [
        one.seconds or 0 for one in Assignment.objects.filter(state=AssignmentState.SUBMITTED).order_by("submitted_at")
    ]
    assert seconds[0] >= 26 * 60
    assert seconds[1] < 60  # a break is no time on record


def test_hidden_seconds_and_pastes_arrive(page: Page, rater: MakeRater, start: Start) -> None:
    page.clock.install()
    start(rater(RELEVANCE).campaign)
    page.evaluate(
        """() => {
            const seen = { get: () => window.seen ?? "hidden", configurable: true };
            Object.defineProperty(document, "visibilityState", seen);
            document.dispatchEvent(new Event("visibilitychange"));
        }"""
    )
    page.clock.fast_forward(40_000)
    page.evaluate("window.seen = 'visible'; document.dispatchEvent(new Event('visibilitychange'))")
    page.locator("#note").evaluate("field => field.dispatchEvent(new ClipboardEvent('paste', { bubbles: true }))")
    judge(page)
    expect(page.locator(".where .progress")).to_contain_text("1 saved")
    sent = Assignment.objects.get(state=AssignmentState.SUBMITTED)
    assert 39 <= (sent.hidden_seconds or 0) < 60
    assert (sent.seconds or 0) < 30
    assert sent.pastes == 1


def test_start_page_sends_what_a_closed_tab_left(rater: MakeRater, start: Start, live_server: LiveServer) -> None:
    page = start(rater(RELEVANCE, n_items=3).campaign)
    page.context.route("**/submit/", lambda route: route.abort())
    fetched_ahead(page)
    judge(page)
    expect(page.locator("#trouble")).to_be_visible()
    page.close(run_before_unload=False)
    home = page.context.new_page()
    home.goto(live_server.url + reverse("annotation:home"))
    expect(home.locator("main .notice")).to_contain_text("1 item is not saved yet. Offline")
    home.context.unroute("**/submit/")
    home.evaluate("window.dispatchEvent(new Event('online'))")
    expect(home.locator("main .notice")).to_have_text("1 item from before was saved.")
    assert done() == 1
    assert home.evaluate(ENTRIES) == 0
