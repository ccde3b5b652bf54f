"""How long a rater waits for the next item, in Chromium: scripts/bench next-item, python -m benchmarks.bench_next_item.

From the last key of an item (Enter) until the first question of the next one can be focused, and until the frame with
it is drawn: with the next item fetched ahead, as usual, and without, when the reply to the submit brings it. In turn
with both, in the same tab at the same server, a plain load of such a page: from the navigation to the same question.
"""

from __future__ import annotations

import argparse
import os
import statistics
import sys
import tempfile
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from benchmarks import databases
from benchmarks.bench_rating import machine
from benchmarks.material import CAMPAIGN, PASSWORD, QUESTIONS, rater_name
from benchmarks.servers import serving
from tests.browser import FLAGS
from tests.services import chromium_path

if TYPE_CHECKING:
    from playwright.sync_api import Page

AHEAD, WAITED, LOADED = "key, fetched ahead", "key, not fetched ahead", "plain page load"
HEAD = """| database | what | n | ready, median ms | p95 ms | drawn, median ms | p95 ms |
|---|---|---|---|---|---|---|"""
WATCH = """() => {
  window.timed = null;
  const first = () => document.querySelector('.question input[type=radio]');
  document.addEventListener('keydown', (event) => {
    if (event.key !== 'Enter') return;
    const before = document.querySelector('#item');
    const look = new MutationObserver(() => {
      if (document.querySelector('#item') === before || !first()) return;
      look.disconnect();
      first().focus();
      if (document.activeElement !== first()) return;
      const ready = performance.now() - event.timeStamp;
      requestAnimationFrame(() => setTimeout(() => { window.timed = [ready, performance.now() - event.timeStamp]; }));
    });
    look.observe(document.body, { childList: true });
  }, true);
}"""
# The clock of a page begins with its navigation.
LOAD = """() => {
  const begin = () => {
    const first = document.querySelector('.question input[type=radio]');
    first.focus();
    const ready = document.activeElement === first ? performance.now() : NaN;
    requestAnimationFrame(() => setTimeout(() => { window.loaded = [ready, performance.now()]; }));
  };
  document.addEventListener('DOMContentLoaded', () => setTimeout(begin));
}"""


def main(words: list[str]) -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--databases", nargs="+", choices=databases.ENGINES, default=list(databases.ENGINES))
    parser.add_argument("--items", type=int, default=60, help="of each of the three")
    options = parser.parse_args(words)
    load, rows = os.getloadavg()[0], []
    with tempfile.TemporaryDirectory(prefix="fitting-room-bench-", ignore_cleanup_errors=True) as name:
        os.chmod(name, 0o711)  # the postgres user has a folder of its own inside
        for engine in options.databases:
            with databases.ENGINES[engine](Path(name)) as source:
                source.fill(1000)
                with source.copy() as environment, serving("config.wsgi", environment) as port:
                    rows += lines(source.name, measure(port, options.items))
    print(
        "| database | what | n | ready, median ms | p95 ms | drawn, median ms | p95 ms |\n|---|---|---|---|---|---|---|"
    )
    print("\n".join(rows), f"\n\n{machine(load)}", sep="")
    return 0


def measure(port: int, items: int) -> dict[str, list[tuple[float, float]]]:
    """(ready, drawn) in ms of every item, by what was done to get it."""
    times: dict[str, list[tuple[float, float]]] = defaultdict(list)
    with tab(port) as page:
        page.goto(f"/c/{CAMPAIGN}/rate/")
        for _ in range(items):
            times[LOADED].append(reload(page))
            for kind in (AHEAD, WAITED):
                times[kind].append(hand_in(page, ahead=kind == AHEAD))
    return {kind: each[3:] for kind, each in times.items()}  # the first ones warm up


@contextmanager
def tab(port: int) -> Iterator[Page]:
    """Logged in by the page that people use."""
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium_path(), args=FLAGS)
        page = browser.new_context(base_url=f"http://127.0.0.1:{port}").new_page()
        page.goto("/login/")
        page.get_by_label("Username").fill(rater_name(0))
        page.get_by_label("Password").fill(PASSWORD)
        page.get_by_role("button", name="Log in").click()
        page.wait_for_url("**/")
        page.add_init_script(f"({LOAD})()")
        yield page
        browser.close()


def reload(page: Page) -> tuple[float, float]:
    page.reload()
    waited(page, "window.loaded")
    page.keyboard.press("Escape")
    page.evaluate(WATCH)
    ready, drawn = page.evaluate("window.loaded")
    return ready, drawn


def hand_in(page: Page, *, ahead: bool) -> tuple[float, float]:
    """Answers every question by key; Enter when all drafts are stored and the next item is there (or dropped again)."""
    for _ in range(QUESTIONS):
        page.keyboard.press("y")
    waited(page, "Rating.ahead.token() !== ''")
    waited(page, "Rating.outbox.waiting().length === 0")
    if not ahead:
        page.evaluate("Rating.ahead.drop()")
    page.evaluate("window.timed = null")
    page.keyboard.press("Enter")
    waited(page, "window.timed !== null")
    ready, drawn = page.evaluate("window.timed")
    waited(page, "Rating.outbox.unsent().length === 0")
    page.locator("#heading").focus()
    return ready, drawn


def waited(page: Page, condition: str) -> None:
    """Playwright's own wait evaluates a string in the page, which the security policy refuses."""
    for _ in range(2000):
        if page.evaluate(condition):
            return
        page.wait_for_timeout(5)
    raise SystemExit(f"Not within ten seconds: {condition}")


def lines(database: str, times: dict[str, list[tuple[float, float]]]) -> list[str]:
    return [f"| {database} | {kind} | {len(each)} | {figures(each)} |" for kind, each in times.items()]


def figures(each: list[tuple[float, float]]) -> str:
    columns = [sorted(column) for column in zip(*each, strict=True)]
    return " | ".join(f"{statistics.median(column):.1f} | {column[int(0.95 * len(column))]:.1f}" for column in columns)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
