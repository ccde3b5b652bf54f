"""What the outbox does where the server refuses, the login has gone, or two tabs have it; and the end of the work."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from playwright.sync_api import expect
from pytest_django.live_server_helper import LiveServer

from annotation.models import Assignment, Campaign, Judgment, Rater
from pipeline.enums import InstrumentName
from studies.models import User
from tests import factories
from tests.annotation.browser.conftest import fetched_ahead, log_in, until
from tests.annotation.browser.test_outbox import ENTRIES, done, judge

if TYPE_CHECKING:
    from playwright.sync_api import Page, Route

MakeRater = Callable[..., Rater]
Start = Callable[[Campaign], "Page"]
RELEVANCE = InstrumentName.RELEVANCE
# As in a tab that has yet to hear of another's writes: browsers tell them of these when they find the time.
READS_WHAT_WAS = """() => {
    const { list, read } = Rating.store;
    const was = new Map(list("").map((name) => [name, read(name)]));
    Rating.store.list = (start) => [...was.keys()].filter((name) => name.startsWith(start));
    Rating.store.read = (name) => was.get(name) ?? null;
}"""


def judge_by_pointer(page: Page) -> None:
    for place in (0, 1):
        page.locator(f"#q{place} [value=yes]").check()
    page.locator("#submit").click()


def test_answers_that_the_server_refuses_later_are_shown_and_can_be_opened(rater: MakeRater, start: Start) -> None:
    """The rater is on the next item by then; another tab had other answers stored."""
    page = start(rater(RELEVANCE, n_items=3).campaign)
    fetched_ahead(page)
    first = Assignment.objects.get(token=page.evaluate("Rating.page.token()"))
    factories.submit(first, "no")
    page.locator("#note").fill("My words.")
    judge_by_pointer(page)
    expect(page.locator("#refused")).to_contain_text("An earlier item was not saved: You submitted this item already")
    expect(page.locator(".where .progress")).to_contain_text("Item 2")
    page.reload()
    expect(page.locator("#refused")).to_contain_text("An earlier item was not saved")
    page.get_by_role("button", name="Open that item").click()
    expect(page.locator("#notice")).to_contain_text("Those stand.")
    expect(page.locator("#q0 [value=yes]")).to_be_checked()
    expect(page.locator("#note")).to_have_value("My words.")
    expect(page.locator("#refused")).to_be_hidden()
    assert page.evaluate(ENTRIES) == 0
    assert set(Judgment.objects.values_list("value", flat=True)) == {"no"}


def test_nobody_is_logged_in_any_more_and_then_again(
    rater: MakeRater, start: Start, live_server: LiveServer, rater_a: User
) -> None:
    page = start(rater(RELEVANCE, n_items=3).campaign)
    fetched_ahead(page)
    page.context.clear_cookies()
    judge(page)
    expect(page.locator("#trouble")).to_contain_text("You are logged out. Log in again in another tab")
    assert not Judgment.objects.exists()
    log_in(page.context, rater_a, live_server)
    page.locator("#retry").click()
    expect(page.locator("#trouble")).to_be_hidden()
    expect(page.locator(".where .progress")).to_contain_text("1 saved")
    assert done() == 1


def test_two_tabs_send_one_after_the_other(rater: MakeRater, start: Start) -> None:
    page = start(rater(RELEVANCE, n_items=3).campaign)
    fetched_ahead(page)
    arrived: list[str] = []
    online = False

    def pass_on(route: Route) -> None:
        if not online:
            return route.abort()
        arrived.append(route.request.url)
        return route.continue_()

    page.context.route("**/submit/", pass_on)
    judge(page)
    expect(page.locator("#trouble")).to_be_visible()
    other = page.context.new_page()
    other.goto(page.url)
    expect(other.locator("#trouble")).to_be_visible()
    other.evaluate(READS_WHAT_WAS)
    online = True
    for tab in (page, other):
        tab.evaluate("window.dispatchEvent(new Event('online'))")
    for tab in (page, other):
        until(tab, f"{ENTRIES} === 0")
        expect(tab.locator("#trouble")).to_be_hidden()
    assert len(arrived) == 1
    assert done() == 1


def test_lease_that_was_over_by_then_takes_nothing_from_the_next_item(
    page: Page, rater: MakeRater, start: Start
) -> None:
    """The lease of an item is renewed; before the reply is there, the item is submitted and the rater at the next."""
    page.clock.install()
    start(rater(RELEVANCE, n_items=3).campaign)
    fetched_ahead(page)
    held: list[Route] = []

    def hold(route: Route) -> None:
        held.append(route)

    page.route("**/draft/", hold, times=1)
    page.keyboard.press("j")
    with page.expect_request("**/draft/"):
        page.clock.fast_forward(50_000)
    judge(page)
    expect(page.locator(".where .progress")).to_contain_text("1 saved")
    fetched_ahead(page)
    with page.expect_response("**/draft/") as reply:
        held[0].continue_()
    assert reply.value.status == 410
    assert page.evaluate("Rating.ahead.token() !== ''")


def test_item_that_was_fetched_while_the_last_one_was_stored_counts_it_once(
    page: Page, rater: MakeRater, start: Start
) -> None:
    """The server has the answers of the first when it gives the second, and the browser never hears of the first."""
    late: list[tuple[Route, str]] = []

    def hold(route: Route) -> None:
        late.append((route, route.fetch().text().replace('data-saved="0"', 'data-saved="1"')))

    def lose(route: Route) -> None:
        route.fetch()
        route.abort()

    page.route("**/ahead/", hold, times=1)
    page.route("**/submit/", lose)
    start(rater(RELEVANCE).campaign)
    judge(page)
    expect(page.locator("#trouble")).to_be_visible()
    [(route, text)] = late
    route.fulfill(body=text, content_type="text/html")
    fetched_ahead(page)
    page.unroute("**/submit/")
    page.locator("#retry").click()
    expect(page.locator(".where .progress")).to_have_text("Item 2 of up to 2 · 1 saved")


def test_last_of_the_work_is_saved_before_the_end_is_shown(rater: MakeRater, start: Start) -> None:
    page = start(rater(RELEVANCE, n_items=1).campaign)
    page.route("**/submit/", lambda route: route.abort())
    judge(page)
    expect(page.locator("#trouble")).to_be_visible()
    expect(page.locator("#retry")).to_be_focused()
    expect(page.locator("#q0 [value=yes]")).to_be_checked()
    page.unroute("**/submit/")
    page.keyboard.press("Enter")
    expect(page.locator("#heading")).to_contain_text("Thank you")
    assert done() == 1


def test_time_left_is_told_from_the_raters_own_pace(page: Page, rater: MakeRater, start: Start) -> None:
    page.clock.install()
    start(rater(RELEVANCE, n_items=7, n_questions=1).campaign)
    for number in range(2, 7):
        expect(page.locator("#time-left")).to_be_empty()
        fetched_ahead(page)
        page.clock.fast_forward(90_000)
        judge(page, "y")
        expect(page.locator(".where .progress")).to_have_text(f"Item {number} of up to 7 · {number - 1} saved")
    expect(page.locator("#time-left")).to_have_text("· about 3 minutes left")
