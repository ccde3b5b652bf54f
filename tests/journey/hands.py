"""A rater in a browser who touches nothing but the keyboard."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from playwright.sync_api import Page

# Written into every page before its own scripts: what the security policy refused.
WATCH = """
window.refused = [];
document.addEventListener("securitypolicyviolation", ({ violatedDirective, blockedURI }) => {
  window.refused.push(`${violatedDirective} ${blockedURI}`);
});
"""
FOCUSED = """() => {
  const here = document.activeElement;
  return here.matches("a, button, input, summary") ? here.innerText || here.value : "";
}"""
# The question that a key would answer now, and what stands beside it.
ASKED = """() => {
  const answered = (each) => each.querySelector("[name^=answer-]:checked");
  const open = [...document.querySelectorAll(".question")].find((each) => !answered(each));
  if (!open) return null;
  const left = document.querySelector(".sides article")?.innerText || "";
  return {
    text: open.innerText,
    left,
    choices: [...open.querySelectorAll(".choice")].map((each) => [each.dataset.key, each.innerText.trim()]),
  };
}"""
USUAL = {"attribute_quality": "a", "relevance": "y"}
TOLD = re.compile("“([^”]+)”")  # the answer that an attention line asks for


def press_on(page: Page, words: str, key: str = "Enter") -> None:
    """Tab until what is in focus says these words, then press it."""
    for _ in range(60):
        if words.lower() in page.evaluate(FOCUSED).lower():
            page.keyboard.press(key)
            return
        page.keyboard.press("Tab")
    raise AssertionError(f"{words!r} is not reached by the keyboard at {page.url}")


def key_for(asked: dict[str, Any], instrument: str) -> str:
    """Reads the line as an attentive rater does: what asks for one answer gets it."""
    told = TOLD.search(asked["text"])
    if told:
        wanted = told[1].lower()
        return str(next(key for key, label in asked["choices"] if wanted in label.lower()))
    if instrument == "preference":
        return "1" if "Personal text" in asked["left"] else "5"
    return USUAL[instrument]


def answer_all(page: Page, instrument: str) -> None:
    while asked := page.evaluate(ASKED):
        before = asked["text"]
        page.keyboard.press(key_for(asked, instrument))
        page.wait_for_function(f"(text) => ({ASKED})()?.text !== text", arg=before)


def submit_address(page: Page) -> str:
    form = page.query_selector("#answers")
    return str(form.get_attribute("action")) if form else ""


def submit(page: Page) -> None:
    """Enter, and until something else stands there."""
    before = submit_address(page)
    page.keyboard.press("Enter")
    moved_on(page, before)


def moved_on(page: Page, before: str) -> None:
    script = "(before) => (document.querySelector('#answers')?.getAttribute('action') || '') !== before"
    page.wait_for_function(script, arg=before)


def until_it_is_there(page: Page, look: Callable[[Page], bool]) -> None:
    for _ in range(200):
        if look(page):
            return
        page.wait_for_timeout(50)
    raise AssertionError(f"waited in vain at {page.url}")
