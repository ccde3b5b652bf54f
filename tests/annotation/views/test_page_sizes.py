"""What a rater's browser loads of ours beside the texts: under 60 KB at first, under 15 KB an item after that.

Compressed as served: replies by the server itself, static files as whitenoise keeps them. The factories' texts are a
few words each, so what is measured is the page around them.
"""

from __future__ import annotations

import gzip
import re

import pytest
from django.contrib.staticfiles import finders
from django.test import Client
from whitenoise.compress import Compressor

from annotation.models import Assignment, Campaign
from annotation.views.compressing import gzipped
from pipeline.enums import InstrumentName
from studies.models import Study, User
from tests import factories
from tests.annotation.views.rating_words import HTMX, INSTRUMENTS, answers, url

KB = 1000
FIRST, NEXT = 60 * KB, 15 * KB
QUESTIONS = 24
TAKES_GZIP = {"Accept-Encoding": "gzip, deflate, br"}


def campaign_of(study: Study, instrument: str) -> Campaign:
    """Two items of 24 questions; a person with ten chats, each statement with two places of evidence."""
    campaign = factories.make_campaign(study, n_items=2, n_questions=QUESTIONS, instrument=instrument)
    if instrument == InstrumentName.ATTRIBUTE_QUALITY:
        for item in campaign.items.all():
            attributes = [question.attribute for question in item.questions.select_related("attribute__person")]
            person, run = attributes[0].person, factories.make_run(study)
            chats = [factories.make_conversation(person, run) for _ in range(10)]
            for place, attribute in enumerate(attributes):
                attribute.evidence.create(conversation=chats[place % 10], turn=0, start=0, end=6)
                attribute.evidence.create(conversation=chats[-1 - place % 10], turn=1)
    return campaign


def static_bytes(html: str) -> dict[str, int]:
    names = set(re.findall(r'(?:src|href)="/static/([^"]+)"', html))
    sizes = {}
    for name in names:
        found = finders.find(name)
        assert found, name
        with open(found, "rb") as file:
            content = file.read()
        sizes[name] = min(len(content), len(Compressor.compress_gzip(content)))
    return sizes


@pytest.mark.parametrize("instrument", INSTRUMENTS)
def test_pages_are_small_beside_their_texts(client: Client, study: Study, rater_a: User, instrument: str) -> None:
    held = factories.claim(factories.make_rater(campaign_of(study, instrument), rater_a))
    client.force_login(rater_a)
    page = client.get(url("item", held), headers=TAKES_GZIP)
    assert page["Content-Encoding"] == "gzip"
    assert int(page["Content-Length"]) == len(page.content)
    sizes = static_bytes(gzip.decompress(page.content).decode())
    assert "annotation/reading.js" in sizes
    assert "django_htmx/htmx.min.js" in sizes or "annotation/rating/page.js" in sizes
    body = answers(factories.ANY_ANSWER[InstrumentName(instrument)], n=QUESTIONS)
    following = client.post(url("submit-item", held), body, headers=HTMX | TAKES_GZIP)
    assert Assignment.objects.exclude(pk=held.pk).exists()
    assert len(re.findall(b'class="question"', gzip.decompress(following.content))) == QUESTIONS
    first = len(page.content) + sum(sizes.values())
    assert first < FIRST, sizes
    assert len(following.content) < NEXT


def test_replies_are_compressed_for_those_who_take_it(browser_a: Client, held: Assignment) -> None:
    plain = browser_a.get(url("item", held))
    assert "Content-Encoding" not in plain.headers
    for refused in ("identity", "gzip;q=0", "br, gzip;q=0.0, deflate"):
        assert "Content-Encoding" not in browser_a.get(url("item", held), headers={"Accept-Encoding": refused}).headers
    packed = browser_a.get(url("item", held), headers={"Accept-Encoding": "br;q=1.0, gzip;q=0.8"})
    assert packed["Content-Encoding"] == "gzip"
    for reply in (plain, packed):
        assert "Accept-Encoding" in reply["Vary"]
    assert b"<main" in gzip.decompress(packed.content)
    # What says nothing is not wrapped.
    assert "Content-Encoding" not in browser_a.post(url("draft-answer", held), headers=TAKES_GZIP).headers


def test_length_of_a_compressed_reply_is_padded_by_lot() -> None:
    assert len({len(gzipped(b"x" * 1000)) for _ in range(50)}) > 5
