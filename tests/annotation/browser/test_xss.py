"""Texts can do nothing but be read: the corpus stands in every text of the database, on every page, in Chromium."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

import pytest
from django.test.utils import override_settings
from django.utils.safestring import mark_safe
from markdown_it import MarkdownIt
from pytest_django.live_server_helper import LiveServer

from annotation.domain import rendering
from annotation.models import Question, Rendering
from pipeline.enums import InstrumentName, Stage
from pipeline.models import Prompt, Response
from studies.models import User
from tests import factories
from tests.annotation.browser.poison import Watched, poison_everything
from tests.annotation.browser.xss_corpus import CORPUS
from tests.gallery.pages import VIEWS
from tests.gallery.walking import View, log_in, stay
from tests.gallery.world import Place, World

if TYPE_CHECKING:
    from playwright.sync_api import Browser

pytestmark = pytest.mark.django_db(transaction=True)

# What is done on a page makes another view of it, but no other page; what an error says is the program's.
PAGES = [view for view in VIEWS if not view.name.startswith("error-") or view.name == "error-404"]
PAGES = [view for view in PAGES if view.act is stay or not view.name.startswith("rate-")]


@pytest.fixture
def watched(browser: Browser, live_server: LiveServer) -> Iterator[Watched]:
    context = browser.new_context(viewport={"width": 1280, "height": 900})
    context.set_default_timeout(10_000)
    yield Watched(context, live_server.url)
    context.close()


def test_every_page_only_shows_what_stands_in_texts(watched: Watched, monkeypatch: pytest.MonkeyPatch) -> None:
    world = World(monkeypatch)
    places: dict[tuple[object, ...], tuple[View, Place]] = {}
    for view in PAGES:
        place = view.open(world)
        places.setdefault((place.path, place.user and place.user.pk), (view, place))
    poison_everything()
    found = []
    for view, place in places.values():
        watched.context.clear_cookies()
        if place.user:
            log_in(watched.context, place.user, watched.base)
        found += watched.visit(place.path, view.name, view.status)
    assert not found, "\n".join(found)


def make_items(user: User, instrument: str, corpus: Sequence[str] = CORPUS) -> str:
    """Two items of the instrument that hold the whole corpus, one attempt a turn and a paragraph; where to begin."""
    study = user.memberships.get().study
    campaign = factories.make_campaign(study, n_items=2, n_questions=24, instrument=instrument, title=corpus[13])
    for place, question in enumerate(Question.objects.filter(campaign=campaign).select_related("attribute__person")):
        Question.objects.filter(pk=question.pk).update(text="\n".join(corpus[place % 24 :: 24]))
    whole = "\n\n".join(corpus)
    Prompt.objects.update(text=whole)
    Response.objects.filter(condition="generic").update(text=whole)
    Response.objects.exclude(condition="generic").update(text="\n\n".join(reversed(corpus)))
    if instrument == InstrumentName.ATTRIBUTE_QUALITY:
        for item in campaign.items.all():
            attribute = item.questions.select_related("attribute__person", "attribute__run").first().attribute
            run = factories.make_run(study, Stage.IMPORT)
            for role in ("user", "assistant", "<b onclick=xss()>"):
                turns = [{"role": role, "content": attempt} for attempt in corpus]
                chat = factories.make_conversation(attribute.person, run, turns)
                for turn in (0, 12, 40):
                    attribute.evidence.create(conversation=chat, turn=turn, start=0, end=len(corpus[turn]))
    rater = factories.make_rater(campaign, user)
    return f"/a/{factories.claim(rater).token}/"


@pytest.mark.parametrize("instrument", list(InstrumentName))
def test_item_is_worked_through_among_attempts(watched: Watched, rater_a: User, instrument: str) -> None:
    """By keys, with the next item put in place by script; nothing but what the site itself is made of is asked for."""
    start = make_items(rater_a, instrument)
    log_in(watched.context, rater_a, watched.base)
    page = watched.page
    page.goto(watched.base + start)
    page.keyboard.press("Escape")
    page.keyboard.press("j")
    if instrument == InstrumentName.ATTRIBUTE_QUALITY:
        page.locator(".evidence a").first.click()
        page.keyboard.press("e")
        page.keyboard.press("/")
        page.keyboard.type("<img src=x onerror=xss()>")
        page.keyboard.press("Enter")
        page.keyboard.press("Escape")
    page.locator("#as-written").check() if page.locator("#as-written").count() else None
    page.locator("#note").fill(CORPUS[13])
    page.locator("#flag").check()
    page.locator("#flag-text").fill(CORPUS[15])
    found = watched.look("first")
    key = {"attribute_quality": "a", "relevance": "y", "preference": "4"}[instrument]
    page.locator("#q0").focus()
    for _ in range(24):
        page.keyboard.press(key)
    page.keyboard.press("Enter")
    page.locator("#previous").wait_for()
    page.wait_for_function("document.title.startsWith('Item 2')")
    found += watched.look("second")
    page.locator("#previous").click()
    page.locator("input[name=based_on]").wait_for(state="attached")
    found += watched.look("edited")
    assert not found, "\n".join(found)


# The tests above would hold for nothing if they did not see what they are for.


def test_bypassed_sanitiser_is_noticed(watched: Watched, rater_a: User, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rendering, "_parser", MarkdownIt("commonmark", {"html": True}))
    monkeypatch.setattr("nh3.clean", lambda html, **_: html)
    found = "\n".join(looked_at(watched, rater_a))
    for sign in ("refused script-src", "asked for", "an element", "has onerror", "a link: ", "an own link"):
        assert sign in found


def test_sanitiser_bypassed_alone_is_noticed(watched: Watched, rater_a: User, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("nh3.clean", lambda html, **_: html)
    assert any("an own link" in each for each in looked_at(watched, rater_a))


def test_text_that_is_called_safe_is_noticed(watched: Watched, rater_a: User, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("django.template.base.conditional_escape", lambda text: mark_safe(str(text)))
    found = "\n".join(looked_at(watched, rater_a))
    assert "refused script-src" in found
    assert "has onerror" in found


def test_script_that_runs_is_noticed(watched: Watched, rater_a: User, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without the policy, to see that the corpus is live and the canary sings."""
    watched.context.route(re.compile("xss.example"), lambda route: route.abort())
    monkeypatch.setattr("django.template.base.conditional_escape", lambda text: mark_safe(str(text)))
    with override_settings(CONTENT_SECURITY_POLICY=None):
        assert any("a script ran" in each for each in looked_at(watched, rater_a))


def looked_at(watched: Watched, user: User) -> list[str]:
    start = make_items(user, InstrumentName.PREFERENCE, [each for each in CORPUS if "refresh" not in each])
    Rendering.objects.all().delete()
    log_in(watched.context, user, watched.base)
    return watched.visit(start, "page")
