"""A page cast from the mould is the page that the template renders, to the byte."""

from __future__ import annotations

import re

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from annotation.domain.rendering import rendered_html
from annotation.models import Assignment, Campaign
from annotation.views import rating_reply
from pipeline.enums import InstrumentName
from pipeline.models import Prompt, Response
from studies.models import Study, User
from tests import factories
from tests.annotation.views.rating_words import HTMX, answers, url

LOTS = (rb'(name="csrfmiddlewaretoken" value=")[A-Za-z0-9]{64}', rb'(name="key" value=")[a-z2-9]{26}')


def without_lots(html: bytes) -> bytes:
    for pattern in LOTS:
        html = re.sub(pattern, rb"\1-", html)
    return html


@pytest.mark.parametrize("instrument", [InstrumentName.RELEVANCE, InstrumentName.PREFERENCE])
@pytest.mark.parametrize(
    "text", ["# Bread\n\n- **rye**\n- <b>&</b>", "  ", "mould0question1", "{{ page.key }} {% csrf_token %} \\1 %s"]
)
def test_cast_page_is_the_rendered_page(
    client: Client, study: Study, rater_a: User, instrument: str, text: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    campaign = factories.make_campaign(study, n_items=3, n_questions=3, instrument=instrument, title="A <b>& C")
    campaign.questions.update(text=f"{text} <i>&amp;")
    Prompt.objects.update(text=f"<script>{text}")
    Response.objects.filter(condition="generic").update(text=text)
    held = factories.claim(factories.make_rater(campaign, rater_a))
    value = factories.ANY_ANSWER[InstrumentName(instrument)]
    client.force_login(rater_a)
    reply = client.post(url("submit-item", held), answers(value, n=3), headers=HTMX)
    following = Assignment.objects.exclude(pk=held.pk).get()
    rendered = client.get(url("item", following), headers=HTMX)
    assert without_lots(reply.content) == without_lots(rendered.content)
    assert len(set(re.findall(LOTS[0] + rb'"', reply.content))) == 1
    assert reply["Content-Type"] == rendered["Content-Type"]
    assert reply["Cache-Control"] == rendered["Cache-Control"]
    assert reply["Content-Security-Policy"] == rendered["Content-Security-Policy"]


def test_plain_submits_are_cast(client: Client, study: Study, rater_a: User, monkeypatch: pytest.MonkeyPatch) -> None:
    """The comparison above would hold for nothing if both pages came from the template."""
    campaign = factories.make_campaign(study, n_items=2, instrument=InstrumentName.PREFERENCE)
    held = factories.claim(factories.make_rater(campaign, rater_a))
    rendered_html(Response.objects.values_list("text", flat=True))
    client.force_login(rater_a)
    monkeypatch.setattr(rating_reply, "work_page", lambda *_: pytest.fail("rendered"))
    reply = client.post(url("submit-item", held), answers("4"), headers=HTMX)
    assert "Personal text" in reply.content.decode()


def give_chats(campaign: Campaign, text: str, n_chats: int = 2, n_turns: int = 4) -> None:
    """Every person of the campaign has chats, and every statement evidence in them: whole turns, and a few words."""
    for item in campaign.items.all():
        attributes = [question.attribute for question in item.questions.select_related("attribute__person")]
        run = factories.make_run(campaign.study)
        turns = [{"role": ("user", "assistant", "tool")[place % 3], "content": text or "-"} for place in range(n_turns)]
        chats = [factories.make_conversation(attributes[0].person, run, turns) for _ in range(n_chats)]
        for place, attribute in enumerate(attributes):
            for chat in chats:
                attribute.evidence.create(conversation=chat, turn=place % n_turns, start=0, end=1 + place)
            attribute.evidence.create(conversation=chats[0], turn=(place + 1) % n_turns)


@pytest.mark.parametrize("text", ["# Bread\n\n- **rye**\n- <b>&</b>" * 9, "Rye " * 400, " ", "{{ page.key }} \\1 %s"])
def test_cast_chats_are_the_rendered_chats(client: Client, study: Study, rater_a: User, text: str) -> None:
    campaign = factories.make_campaign(study, n_items=2, n_questions=3, instrument=InstrumentName.ATTRIBUTE_QUALITY)
    give_chats(campaign, text)
    held = factories.claim(factories.make_rater(campaign, rater_a))
    client.force_login(rater_a)
    reply = client.post(url("submit-item", held), answers("accepted", n=3), headers=HTMX)
    rendered = client.get(url("item", Assignment.objects.exclude(pk=held.pk).get()), headers=HTMX)
    assert without_lots(reply.content) == without_lots(rendered.content)
    assert reply.content.count(b'class="turn ') == 8
    assert b"data-of=" in reply.content


def test_submit_asks_no_more_queries_for_more_to_read(client: Client, study: Study, rater_a: User) -> None:
    """Whatever the number of questions, chats, turns and places of evidence."""
    client.force_login(rater_a)
    counts = []
    for n_questions, n_chats, n_turns in ((1, 1, 2), (3, 4, 4), (24, 9, 12)):
        campaign = factories.make_campaign(
            study, n_items=2, n_questions=n_questions, instrument=InstrumentName.ATTRIBUTE_QUALITY
        )
        give_chats(campaign, "Rye, *mostly*.", n_chats, n_turns)
        held = factories.claim(factories.make_rater(campaign, rater_a))
        client.get(url("item", held))  # what is rendered for the first time is stored
        with CaptureQueriesContext(connection) as queries:
            reply = client.post(url("submit-item", held), answers("accepted", n=n_questions), headers=HTMX)
        assert reply.content.count(b'class="turn ') == n_chats * n_turns
        counts.append(len(queries))
    assert counts[0] == counts[1] == counts[2], counts
