"""A page cast from the mould is the page that the template renders, to the byte."""

from __future__ import annotations

import re

import pytest
from django.test import Client

from annotation.domain.rendering import rendered_html
from annotation.models import Assignment
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


def test_pages_with_conversations_are_rendered(client: Client, study: Study, rater_a: User) -> None:
    campaign = factories.make_campaign(study, n_items=2, instrument=InstrumentName.ATTRIBUTE_QUALITY)
    held = factories.claim(factories.make_rater(campaign, rater_a))
    client.force_login(rater_a)
    html = client.post(url("submit-item", held), answers("accepted"), headers=HTMX).content.decode()
    assert "conversations" in html
    assert "What is missing?" in html
