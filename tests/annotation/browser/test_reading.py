"""What is read beside the questions, in Chromium: evidence, folds, search, list of chats, columns, other scripts."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import pytest
from django.urls import reverse
from playwright.sync_api import expect
from pytest_django.live_server_helper import LiveServer

from annotation.models import Campaign, Rater
from pipeline.enums import InstrumentName, Stage
from pipeline.models import Conversation, Prompt, Response
from studies.models import User
from tests import factories
from tests.annotation.browser.conftest import log_in

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Locator, Page

MakeRater = Callable[..., Rater]
Start = Callable[[Campaign], "Page"]
QUALITY, RELEVANCE, PREFERENCE = InstrumentName
FILLER = "Much was said before anything came to the point. "
LONG = FILLER * 60 + "I keep **bees** on the roof."
IN_VIEW = """selector => {
  const box = document.querySelector(selector).getBoundingClientRect();
  const pane = document.querySelector(".reading").getBoundingClientRect();
  const head = document.querySelector(".finder").getBoundingClientRect();
  return box.height > 0 && box.top >= head.bottom - 1 && box.bottom <= pane.bottom + 1;
}"""


@pytest.fixture
def chats(rater: MakeRater) -> Callable[..., Campaign]:
    """A campaign of one item: its person's chats, the evidence of its two statements in them."""

    def make(turns: list[list[str]], evidence: list[list[tuple[int, int, str]]]) -> Campaign:
        """``evidence``: for each statement of places (chat, turn, words)."""
        campaign = rater(QUALITY, n_items=1).campaign
        questions = list(campaign.questions.select_related("attribute__person").order_by("position"))
        person, run = questions[0].attribute.person, factories.make_run(campaign.study, Stage.IMPORT)
        made = [factories.make_conversation(person, run, said(each)) for each in turns]
        for question, places in zip(questions, evidence, strict=True):
            for chat, turn, words in places:
                start = turns[chat][turn].index(words)
                question.attribute.evidence.create(
                    conversation=made[chat], turn=turn, start=start, end=start + len(words)
                )
        return campaign

    return make


def said(turns: list[str]) -> list[dict[str, str]]:
    return [{"role": ("user", "assistant")[place % 2], "content": text} for place, text in enumerate(turns)]


def focus(page: Page, statement: str) -> None:
    page.locator(".question", has_text=statement).focus()


def test_statement_shows_its_evidence_one_place_after_the_other(chats: Callable[..., Campaign], start: Start) -> None:
    """Quotes are marked within their turns, and folds that hide them are opened; a rendered turn's words, too."""
    turns = [["Hello.", "Hi."], [LONG, "Nice."], ["Rye?", FILLER * 60 + "You bake **rye bread** then."]]
    evidence = [[(0, 0, "Hello"), (1, 0, "I keep **bees**"), (2, 1, "bake **rye bread**")], [(2, 0, "Rye")]]
    page = start(chats(turns, evidence))
    focus(page, "Attribute 0.0")
    step = page.locator("#step")
    expect(step).to_have_text("Evidence 1 of 3")
    expect(page.locator(".turn.marked")).to_have_count(3)
    expect(page.locator("#c0t0 .quoted.here")).to_have_text("Hello")
    assert not page.locator("#c1t0 .unfold input").is_checked()
    page.keyboard.press("e")
    expect(step).to_have_text("Evidence 2 of 3")
    expect(page.locator("#c1t0 .quoted.here")).to_have_text("I keep **bees**")
    assert page.evaluate(IN_VIEW, "#c1t0 .quoted")
    page.keyboard.press("e")
    expect(page.locator("#c2t1")).to_have_class("turn assistant marked here")
    marked = "[...CSS.highlights.get('evidence')].map(range => range.toString())"
    assert page.evaluate(marked) == ["bake rye bread"]
    page.keyboard.press("e")
    expect(step).to_have_text("Evidence 1 of 3")
    focus(page, "Attribute 0.1")
    expect(page.locator(".quoted")).to_have_text(["Rye"])
    expect(page.locator("#step-next")).to_be_hidden()


def test_quotes_that_overlap_are_told_apart(chats: Callable[..., Campaign], start: Start) -> None:
    text = "I keep bees on the roof."
    page = start(chats([[text]], [[(0, 0, "keep bees on")], [(0, 0, "bees on the roof")]]))
    for statement, words in (("0.0", "keep bees on"), ("0.1", "bees on the roof")):
        focus(page, f"Attribute {statement}")
        assert "".join(page.locator(".quoted").all_text_contents()) == words
    expect(page.locator("#c0t0 .as-written")).to_have_text(text)


def test_search_finds_its_way_through_folds(chats: Callable[..., Campaign], start: Start) -> None:
    turns = [["Bees?", "Many *bee*s."], [LONG], ["(bees) [a-z]"]]
    page = start(chats(turns, [[], []]))
    page.keyboard.press("/")
    expect(page.locator("#find")).to_be_focused()
    page.keyboard.type("BEES")
    found = page.locator("#found")
    expect(found).to_have_text("1 of 4")
    page.keyboard.press("Enter")
    expect(found).to_have_text("2 of 4")  # across the emphasis
    assert page.locator("#c1t0 .unfold input").is_checked() is False
    page.locator("[data-find='1']").click()
    expect(found).to_have_text("3 of 4")
    assert page.locator("#c1t0 .unfold input").is_checked()
    page.locator("#find").press("Shift+Enter")
    expect(found).to_have_text("2 of 4")
    page.locator("#find").fill("[a-z]")
    expect(found).to_have_text("1 of 1")
    page.locator("#find").fill("*bee*s")
    expect(found).to_have_text("Not found")
    page.locator("#as-written").check()
    expect(found).to_have_text("1 of 1")
    page.locator("#find").press("Escape")
    expect(found).to_have_text("")
    assert page.url.endswith("/"), "Enter in the search submits nothing"


def test_fold_that_the_browser_scrolls_to_find_something_opens(chats: Callable[..., Campaign], start: Start) -> None:
    page = start(chats([[LONG]], [[], []]))
    assert not page.locator("#c0t0 .unfold input").is_checked()
    page.locator("#c0t0 .fold").evaluate("fold => { fold.scrollTop = 300; }")
    expect(page.locator("#c0t0 .unfold input")).to_be_checked()


def test_chat_is_chosen_from_the_list(chats: Callable[..., Campaign], start: Start) -> None:
    page = start(chats([[LONG], [LONG], ["The <b>last</b> one."]], [[], []]))
    page.locator(".chats summary").click()
    page.locator(".chats a", has_text="The <b>last</b> one.").click()
    expect(page.locator("#c2")).to_be_focused()
    expect(page.locator("#c2")).to_be_in_viewport()
    expect(page.locator(".chats")).not_to_have_attribute("open", "")


def test_keys_of_reading_are_switched_off_with_the_others(chats: Callable[..., Campaign], start: Start) -> None:
    page = start(chats([["Hello."]], [[(0, 0, "Hello")], []]))
    page.evaluate("document.getElementById('single-keys').click()")
    page.keyboard.press("/")
    expect(page.locator("#find")).not_to_be_focused()
    page.locator("#note").fill("e/")
    expect(page.locator("#note")).to_have_value("e/")


def height_of(part: Locator) -> float:
    box = part.bounding_box()
    assert box is not None
    return box["height"]


def test_folded_text_opens_without_script_and_is_whole_for_readers(
    browser: Browser, chats: Callable[..., Campaign], live_server: LiveServer, rater_a: User
) -> None:
    campaign = chats([[LONG, "x"] * 12], [[(0, 0, "bees")], []])
    context = browser.new_context(java_script_enabled=False)
    log_in(context, rater_a, live_server)
    page = context.new_page()
    page.goto(live_server.url + reverse("annotation:rate", args=[campaign.public_id]))
    page.locator("#guideline summary").click()
    heights = [height_of(page.locator(f"#c0t0 {part}")) for part in (".fold", ".as-written")]
    assert heights[0] < heights[1] / 2
    assert "on the roof" in page.locator(".reading").aria_snapshot()  # hidden from the eye alone
    page.locator("#c0t0 .unfold").click()
    assert height_of(page.locator("#c0t0 .fold")) >= heights[1]
    expect(page.locator("#search")).to_be_hidden()
    page.locator(".evidence a").first.click()
    expect(page.locator("#c0t0")).to_be_in_viewport()
    context.close()


def test_columns_scroll_apart_or_together_as_the_browser_remembers(rater: MakeRater, start: Start) -> None:
    campaign = rater(PREFERENCE).campaign
    Response.objects.filter(condition="generic").update(text=FILLER * 200)
    Response.objects.exclude(condition="generic").update(text=FILLER * 80)
    page = start(campaign)
    shares = """() => [...document.querySelectorAll(".sides > article")]
        .map(one => Math.round(100 * one.scrollTop / (one.scrollHeight - one.clientHeight)))"""
    scroll = """([place, share]) => { const one = document.querySelectorAll(".sides > article")[place];
        one.focus(); one.scrollTop = share * (one.scrollHeight - one.clientHeight);
        return new Promise(done => setTimeout(() => requestAnimationFrame(done), 50)); }"""
    page.evaluate(scroll, [0, 0.5])
    assert page.evaluate(shares) == [50, 0]
    page.locator("#together").check()
    assert page.evaluate(shares) == [50, 50]
    page.evaluate(scroll, [1, 0.2])
    assert page.evaluate(shares) == [20, 20]
    page.reload()
    page.keyboard.press("Escape")
    expect(page.locator("#together")).to_be_checked()
    page.set_viewport_size({"width": 390, "height": 844})
    expect(page.locator("#together-tick")).to_be_hidden()
    page.locator(".jumps a", has_text="Right").click()
    expect(page.locator("#right")).to_be_in_viewport()


@pytest.mark.parametrize("width", [320, 1280])
def test_texts_of_every_script_stay_in_their_places(rater: MakeRater, start: Start, width: int) -> None:
    """Right to left, words without an end, 100 KB at once: nothing wider than the page, each its own way round."""
    hebrew = "שלום עולם\n\n- אחת\n\nand English"
    campaign = rater(PREFERENCE).campaign
    Prompt.objects.update(text="https://example.org/" + "x" * 3000)
    Response.objects.filter(condition="generic").update(text=hebrew)
    Response.objects.exclude(condition="generic").update(text="Donaudampfschiff" * 200 + " 👩‍👩‍👧 " + FILLER * 2000)
    campaign.questions.update(text="גר בתל אביב")
    page = start(campaign)
    page.set_viewport_size({"width": width, "height": 800})
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    direction = "one => getComputedStyle(one).direction"
    assert page.locator(".prose", has_text="שלום").evaluate(direction) == "rtl"
    assert page.locator(".statement").first.evaluate(direction) == "rtl"
    left_edges = """one => ["lastElementChild", "firstElementChild"].map(end => {
      const line = document.createRange();
      line.selectNodeContents(one[end]);
      return line.getBoundingClientRect().left - one.getBoundingClientRect().left;
    })"""
    english, hebrew_line = page.locator(".prose", has_text="שלום").evaluate(left_edges)
    assert english < 2 < hebrew_line
    assert page.locator(".prose", has_text="Donau").evaluate(direction) == "ltr"


def test_sixty_long_chats_answer_at_once(chats: Callable[..., Campaign], start: Start) -> None:
    """A second is what a busy machine is given; docs/performance.md has what it takes on a quiet one."""
    campaign = chats([[LONG, LONG] * 6] * 60, [[(59, 0, "bees")], []])
    assert Conversation.objects.count() == 60
    page = start(campaign)
    took = page.evaluate(
        """async () => {
          const painted = () => new Promise(done => requestAnimationFrame(() => setTimeout(done)));
          const timed = async (act) => {
            const from = performance.now();
            act();
            await painted();
            return performance.now() - from;
          };
          const question = [...document.querySelectorAll(".question")].find(one => one.querySelector(".evidence a"));
          const find = document.querySelector("#find");
          const jump = await timed(() => question.focus());
          find.value = "point";
          return [jump, await timed(() => find.dispatchEvent(new Event("input", { bubbles: true })))];
        }"""
    )
    expect(page.locator("#step")).to_have_text("Evidence 1 of 1")
    expect(page.locator("#found")).to_have_text("1 of more than 1000")
    assert max(took) < 1000, took
