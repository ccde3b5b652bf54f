"""axe in a page that is open: what it finds wrong, a line for each element."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from axe_playwright_python.base import AXE_SCRIPT

if TYPE_CHECKING:
    from playwright.sync_api import Page

TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
# Headings in a text that a model wrote are its own, two levels below the page's: the order among them is not ours.
RUN_AXE = """async options => {
  const found = (await axe.run(document, options)).violations;
  const theirs = node => document.querySelector(node.target[0])?.closest('.prose');
  for (const each of found) if (each.id === 'heading-order') each.nodes = each.nodes.filter(node => !theirs(node));
  return found;
}"""


def violations(page: Page) -> list[str]:
    """By the rules of WCAG 2.0 to 2.2, A and AA, and by axe's own best practice; empty for a page without fault."""
    # By the browser's own protocol: Playwright's evaluate reads half a megabyte of script twice.
    session = page.context.new_cdp_session(page)
    session.send("Runtime.evaluate", {"expression": AXE_SCRIPT})
    session.detach()
    return list(axe(page, {"runOnly": TAGS}))


def axe(page: Page, options: dict[str, Any]) -> Iterator[str]:
    result = page.evaluate(RUN_AXE, {"resultTypes": ["violations"]} | options)
    for found in result:
        for node in found["nodes"]:
            yield f"axe {found['id']}: {node['html'][:160]} {node['failureSummary'][:300]}"
