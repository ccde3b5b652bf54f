"""What axe cannot see of the rating pages: where the focus goes and whether it is seen, what is said aloud, and what is
left of the states when colours are the system's."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import expect
from pytest_django.live_server_helper import LiveServer

from tests.accessibility.test_pages import NARROW, ZOOMED
from tests.annotation.browser.conftest import until
from tests.gallery.pages import BY_NAME
from tests.gallery.walking import PHONE, opened
from tests.gallery.world import World

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Locator, Page

pytestmark = pytest.mark.django_db(transaction=True)

RATING = ("rate-quality-evidence", "rate-flagged", "rate-preference")  # each instrument's, flagged is relevance
ENOUGH = 0.8
SIZES = {"phone": PHONE, "320 px": NARROW, "200 %": ZOOMED}  # where something sticks to an edge
# The element in focus, and of a grid of places on it (as far as it is in the window) how many show it, not what lies
# over it. Once more after two frames where that is little: folds open when they are scrolled.
FOCUSED = """async () => {
  const here = document.activeElement;
  if (!here || here === document.body) return null;
  const steps = [0.1, 0.3, 0.5, 0.7, 0.9];
  const seen = () => {
    const box = here.getBoundingClientRect();
    const left = Math.max(0, box.left), right = Math.min(innerWidth, box.right);
    const top = Math.max(0, box.top), bottom = Math.min(innerHeight, box.bottom);
    if (right <= left || bottom <= top) return 0;
    const hits = steps.flatMap((x) => steps.map((y) =>
      document.elementFromPoint(left + (right - left) * x, top + (bottom - top) * y)));
    return hits.filter((hit) => hit && (here.contains(hit) || hit.contains(here))).length / hits.length;
  };
  const again = window.walked.has(here);
  window.walked.add(here);
  const name = `${here.tagName}#${here.id} ${here.name || ''} ${(here.innerText || here.value || '').slice(0, 30)}`;
  for (let frame = 0; frame < 2 && seen() < ENOUGH; frame++) await new Promise(requestAnimationFrame);
  return { again, name, seen: seen() };
}""".replace("ENOUGH", str(ENOUGH))


@pytest.fixture
def world(monkeypatch: pytest.MonkeyPatch) -> World:
    return World(monkeypatch)


@pytest.mark.parametrize("name", RATING)
def test_what_has_the_focus_is_never_covered(
    browser: Browser, live_server: LiveServer, world: World, name: str
) -> None:
    """WCAG 2.4.11, by Tab through all of a page and back again, at every size."""
    covered: list[str] = []
    with opened(browser, live_server.url, BY_NAME[name], world) as page:
        for size, viewport in SIZES.items():
            page.set_viewport_size(viewport)  # type: ignore[arg-type]
            for key in ("Tab", "Shift+Tab"):
                covered += [f"{size}, {key}: {each}" for each in walk(page, key)]
    assert not covered, "\n".join(covered)


def walk(page: Page, key: str) -> list[str]:
    """Names of what was in focus and not to be seen, once around the page."""
    page.evaluate("() => { document.activeElement.blur(); scrollTo(0, 0); window.walked = new Set(); }")
    covered, steps = [], 0
    for _ in range(150):
        page.keyboard.press(key)
        focused = page.evaluate(FOCUSED)
        if focused is None:
            continue  # out of the page, to come in again at its other end
        if focused["again"]:
            break
        steps += 1
        if focused["seen"] < ENOUGH:
            covered.append(f"{focused['name']}: {focused['seen']:.0%} seen")
    assert steps > 8, "the walk ended before it began"
    return covered


def test_what_scripts_do_is_said_aloud(browser: Browser, live_server: LiveServer, world: World) -> None:
    """In a live region that is there before it speaks and outlives the item."""
    with opened(browser, live_server.url, BY_NAME["rate-relevance"], world) as page:
        listen(page)
        page.keyboard.press("y")
        hears(page, "Draft saved")
        page.keyboard.press("z")
        hears(page, "Taken back. Question 1 has no answer.")
        page.keyboard.press("Enter")
        hears(page, "3 questions have no answer yet: 1, 2, 3.")
        page.context.set_offline(True)
        for key in ("y", "y", "n", "Enter"):
            page.keyboard.press(key)
        hears(page, "1 item is not saved yet. Offline")
        page.context.set_offline(False)
        page.evaluate("() => dispatchEvent(new Event('online'))")
        hears(page, "Saved. Item 2 of up to 2.")


def listen(page: Page) -> None:
    page.evaluate("""() => {
      const region = document.querySelector('#status[role=status]');
      if (!region.checkVisibility()) throw new Error('nobody hears a region that is not there');
      window.heard = [];
      const hear = () => heard.push(region.textContent);
      new MutationObserver(hear).observe(region, { childList: true, characterData: true, subtree: true });
    }""")


def hears(page: Page, words: str) -> None:
    until(page, f"heard.some((each) => each.startsWith({words!r}))")
    page.evaluate("() => { heard.length = 0; }")


def test_pages_before_and_after_the_work_have_a_region_to_speak_in(
    browser: Browser, live_server: LiveServer, world: World
) -> None:
    for name in ("home", "end-completed"):
        with opened(browser, live_server.url, BY_NAME[name], world) as page:
            expect(page.locator("main > [role=status]").first).to_be_attached()


@pytest.mark.parametrize("name", ["rate-quality", "rate-relevance", "rate-preference"])
def test_states_are_told_apart_in_forced_colours(
    browser: Browser, live_server: LiveServer, world: World, name: str
) -> None:
    with opened(browser, live_server.url, BY_NAME[name], world, forced_colors="active") as page:
        choice, question = page.locator("#q0 .choice").nth(1), page.locator("#q1")
        plain, raised = look(choice), look(question)
        choice.locator("input").check()
        page.evaluate("() => document.activeElement.blur()")
        chosen = look(choice)
        assert chosen != plain
        assert borders(choice) != borders(page.locator("#q0 .choice").first), "chosen, by more than the dot"
        choice.locator("input").focus()
        page.keyboard.press("Shift+Tab")
        page.keyboard.press("Tab")
        assert look(choice) != chosen, "the focus is not to be seen"
        question.focus()
        assert look(question) != raised, "the question in focus is not to be seen"
        bar = page.locator(".where progress")
        empty = look(bar)
        bar.evaluate("each => { each.value = each.max }")
        assert look(bar) != empty, "progress is not to be seen"


def look(part: Locator) -> bytes:
    return part.screenshot(animations="disabled")


def borders(part: Locator) -> str:
    return str(part.evaluate("each => { const s = getComputedStyle(each); return s.borderWidth + s.borderColor }"))
