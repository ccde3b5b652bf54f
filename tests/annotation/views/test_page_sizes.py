"""What a rater's browser has to fetch besides the texts: the first page with all that it links, and the next item."""

from __future__ import annotations

import gzip
import re
from typing import Any

import pytest
from django.conf import settings
from django.contrib.staticfiles import finders
from django.test import Client

from annotation.models import Assignment, Campaign
from pipeline.enums import InstrumentName
from studies.models import Study, User
from tests import factories
from tests.annotation.views.rating_words import HTMX, INSTRUMENTS, answers, url

FIRST_PAGE = 60_000  # bytes, compressed
NEXT_ITEM = 15_000
QUESTIONS = 24
LINKED = re.compile(r'(?:src|href)="(/static/[^"]+)"')


def compressed(content: bytes) -> int:
    return len(gzip.compress(content, 6))


def linked_by(html: str) -> list[str]:
    """The files of ours that the page makes a browser fetch."""
    return sorted({link.removeprefix(settings.STATIC_URL).partition("?")[0] for link in LINKED.findall(html)})


def _linked_size(name: str) -> int:
    path = finders.find(name)
    assert isinstance(path, str), name
    with open(path, "rb") as file:
        return compressed(file.read())


@pytest.fixture(params=INSTRUMENTS)
def campaign(request: pytest.FixtureRequest, study: Study) -> Campaign:
    return factories.make_campaign(study, n_items=3, n_questions=QUESTIONS, instrument=request.param)


def _held(campaign: Campaign, user: User) -> Assignment:
    return factories.claim(factories.make_rater(campaign, user))


def test_first_page_is_small(browser_a: Client, campaign: Campaign, rater_a: User) -> None:
    reply: Any = browser_a.get(url("item", _held(campaign, rater_a)))
    files = linked_by(reply.content.decode())
    assert {"base.css", "annotation/reading.js", "annotation/rating/outbox.js"} <= set(files)
    sizes = {name: _linked_size(name) for name in files} | {"page": compressed(reply.content)}
    assert sum(sizes.values()) < FIRST_PAGE, sizes


def test_next_item_is_small(browser_a: Client, campaign: Campaign, rater_a: User) -> None:
    given = answers(factories.ANY_ANSWER[InstrumentName(campaign.instrument)], n=QUESTIONS)
    reply: Any = browser_a.post(url("submit-item", _held(campaign, rater_a)), given, headers=HTMX)
    assert reply.content.count(b'class="question"') == QUESTIONS
    assert compressed(reply.content) < NEXT_ITEM
