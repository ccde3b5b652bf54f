"""From a recruiter's link to its code: three instruments by keyboard, a server that is killed, a network that is cut, a
rater who leaves, and exactly K judgments for every question in the end."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from tests.accessibility.axe import violations
from tests.faults.mortal import Mortal, web
from tests.faults.scene import Scene, scene
from tests.journey import hands
from tests.journey.backstage import INSTRUMENTS
from tests.processes import own_environment
from tests.recruiters.mock_prolific import MockProlific, mock_prolific

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page


class Journey:
    """The site, the recruiter, and who goes from the one to the other."""

    def __init__(
        self,
        browser: Browser,
        prolific: MockProlific,
        server: Mortal,
        site: str,
        studies: dict[str, str],
        campaigns: dict[str, dict[str, str]],
    ) -> None:
        self.browser, self.prolific, self.server, self.site = browser, prolific, server, site
        self.studies = studies  # the recruiter's, by instrument
        self.campaigns = campaigns  # addresses and codes, by instrument
        self.problems: list[str] = []  # what axe, the security policy and the scripts had to say

    @contextmanager
    def rater(self, name: str) -> Iterator[Rater]:
        context = self.browser.new_context(base_url=self.site)
        context.add_init_script(hands.WATCH)
        page = context.new_page()
        page.on("pageerror", lambda error: self.problems.append(f"script: {error}"))
        page.set_default_timeout(15_000)
        try:
            yield Rater(self, name, page)
        except Exception:
            print(page.url, page.inner_text("body")[:3000], sep="\n")  # where it stood
            raise
        finally:
            context.close()


class Rater:
    def __init__(self, journey: Journey, name: str, page: Page) -> None:
        self.journey, self.name, self.page = journey, name, page
        self.participant = journey.prolific.add_participant()
        self.seen: set[str] = set()  # kinds of pages that axe has looked at

    def look(self, kind: str) -> None:
        """What the security policy refused so far; and axe, at the first page of each kind."""
        self.journey.problems += self.page.evaluate("() => window.refused.splice(0)")
        if kind not in self.seen and self.name == "first":
            self.seen.add(kind)
            self.journey.problems += [f"{kind}: {each}" for each in violations(self.page)]

    def launch(self, instrument: str) -> None:
        """By the recruiter's link; the ids it carries leave the address at once."""
        campaign, study = self.journey.campaigns[instrument], self.journey.studies[instrument]
        address = f"{self.journey.site}/r/{campaign['recruitment']}/"
        self.page.goto(self.journey.prolific.launch_url(study, self.participant, address))
        assert "PROLIFIC" not in self.page.url
        assert self.participant not in self.page.content()

    def begin(self, instrument: str) -> None:
        """Information and consent, instructions, quiz, practice with its feedback, qualification."""
        self.launch(instrument)
        self.look("information")
        hands.press_on(self.page, "I agree and take part")
        self.page.wait_for_url("**/instructions/")
        self.look("instructions")
        hands.press_on(self.page, "To the quiz")
        self.quiz()
        self.judge(f"{instrument} practice")
        self.page.wait_for_url("**/feedback/")
        self.look("feedback")
        assert "The chats say so." in self.page.content()
        self.page.keyboard.press("Enter")
        self.page.wait_for_selector("#answers")
        self.judge(f"{instrument} qualification")

    def quiz(self) -> None:
        self.page.wait_for_url("**/quiz/")
        self.look("quiz")
        labels = [text.strip() for text in self.page.locator("fieldset label").all_inner_texts()]
        place = next(place for place, text in enumerate(labels, 1) if "The chats alone" in text)
        self.page.keyboard.press(str(place))
        self.page.keyboard.press("Enter")
        self.page.wait_for_selector("#answers")

    def judge(self, kind: str) -> None:
        self.answer(kind)
        hands.submit(self.page)

    def answer(self, kind: str) -> None:
        self.page.wait_for_selector("#answers")
        self.page.keyboard.press("Escape")
        self.look(kind)
        hands.answer_all(self.page, kind.split()[0])

    def work(self, instrument: str) -> int:
        """Until nothing is left. How many items it was."""
        items = 0
        while hands.submit_address(self.page):
            self.judge(instrument)
            items += 1
        return items

    def end(self, instrument: str) -> str:
        """The last question where there is one, then the code, the same after a reload."""
        self.page.wait_for_selector("#code-value")
        self.look(f"{instrument} end")
        if instrument == "preference":
            self.could_tell()
        code = self.page.inner_text("#code-value")
        self.page.reload()
        assert self.page.inner_text("#code-value") == code
        self.look("end again")
        submission = self.journey.prolific.submission_of(self.journey.studies[instrument], self.participant)
        self.journey.prolific.complete(submission, code)
        return code

    def could_tell(self) -> None:
        self.page.focus("[name=could_tell]")
        self.page.keyboard.press("ArrowDown")
        hands.press_on(self.page, "Save this answer")
        self.page.wait_for_selector("text=Your answer to the last question is stored")


@pytest.fixture
def journey(browser: Browser, tmp_path: Path) -> Iterator[tuple[Journey, Scene]]:
    with (
        mock_prolific() as prolific,
        own_environment(tmp_path / "data", migrated=True) as made,
        scene(own := made | prolific.environment, "tests.journey.backstage") as behind,
    ):
        behind.ask("prepare")
        studies = {name: prolific.add_study() for name in INSTRUMENTS}
        campaigns = behind.ask("make", studies=studies, workspace=prolific.workspace_id, token=prolific.token)
        server = web(own, tmp_path)
        server.start()
        yield Journey(browser, prolific, server, f"http://localhost:{own['PORT']}", studies, campaigns), behind
        server.kill()


@pytest.mark.once("a minute in a browser; recruiting, gates, kills and K on PostgreSQL have tests of their own")
def test_raters_come_from_a_recruiter_judge_by_keys_and_leave_with_codes_that_hold(
    journey: tuple[Journey, Scene],
) -> None:
    site, behind = journey
    codes: list[tuple[str, str]] = []
    with site.rater("first") as rater:
        go_through_killing(rater)
        codes.append(("attribute_quality", rater.end("attribute_quality")))
        go_through_cutting_submits(rater)
        codes.append(("relevance", rater.end("relevance")))
        go_through_cutting_drafts(rater)
        codes.append(("preference", rater.end("preference")))
    with site.rater("second") as rater:
        begin_and_leave(rater, "relevance")
    with site.rater("third") as rater:
        for instrument in INSTRUMENTS:
            rater.begin(instrument)
            rater.work(instrument)
            codes.append((instrument, rater.end(instrument)))
    for instrument, code in codes:
        assert code == site.campaigns[instrument]["completed"]
    found = behind.ask("check")
    assert found["problems"] == []
    assert site.problems == []
    check_raters(found["raters"])


def go_through_killing(rater: Rater) -> None:
    """The server dies between an answer and its submit, and is there again a moment later."""
    rater.begin("attribute_quality")
    rater.answer("attribute_quality")
    rater.journey.server.kill()
    rater.page.keyboard.press("Enter")
    rater.journey.server.start()
    saved(rater.page)
    rater.work("attribute_quality")


def go_through_cutting_submits(rater: Rater) -> None:
    rater.begin("relevance")
    rater.answer("relevance")
    rater.page.context.set_offline(True)
    rater.page.keyboard.press("Enter")
    rater.page.wait_for_timeout(300)
    rater.page.context.set_offline(False)
    saved(rater.page)
    rater.work("relevance")


def go_through_cutting_drafts(rater: Rater) -> None:
    """The network goes while a page is answered; the page is closed, and opened again by the recruiter's link."""
    rater.begin("preference")
    page = rater.page
    page.wait_for_selector("#answers")
    page.keyboard.press("Escape")
    page.context.set_offline(True)
    hands.answer_all(page, "preference")
    page.context.set_offline(False)
    page.reload()
    rater.work("preference")


def saved(page: Page) -> None:
    """Nothing of the rater's is left in the browser alone."""
    page.wait_for_function("() => !Object.keys(localStorage).some((key) => key.includes('outbox:'))")


def begin_and_leave(rater: Rater, instrument: str) -> None:
    rater.begin(instrument)
    rater.judge(instrument)
    rater.page.goto(f"/c/{rater.journey.campaigns[instrument]['public_id']}/leave/")
    rater.look("leave")
    hands.press_on(rater.page, "Leave the campaign")
    rater.page.wait_for_selector("text=None of your answers counts any more")
    rater.look("receipt")


def check_raters(rows: list[list[Any]]) -> None:
    """[campaign, state, outcome, checks] of each part."""
    ended = [row[1:3] for row in rows]
    assert ended.count(["active", "completed"]) == 2 * len(INSTRUMENTS)
    assert ended.count(["withdrawn", ""]) == 1
    assert sum(row[3] for row in rows) >= 3, rows  # gold and attention items came among the work
