"""No reply to a rater names a row, a model, a condition or a person."""

from __future__ import annotations

import re

import pytest
from django.conf import settings
from django.db import connection
from django.test import Client
from django.urls import reverse

from annotation.models import Assignment, Campaign, Item
from pipeline.enums import InstrumentName
from pipeline.models import Response, ResponsePair
from studies.models import Study, User
from tests import factories
from tests.annotation.blinding.replies import REPLIES, bytes_of, get, reply_to
from tests.annotation.blinding.world import World


def secrets_of(campaign: Campaign) -> set[str]:
    """What names a row, a model or a condition, and must not be read by a rater."""
    words = {"personalized", "personalised", "generic", "condition", "generator", "model-a", "recorded", "gold"}
    for item in campaign.items.select_related("pair__generic", "pair__personalized", "prompt"):
        words.add(item.public_id)
        words |= {row.public_id for row in (item.prompt, item.pair) if row}
        words |= {row.public_id for row in (item.pair.generic, item.pair.personalized)} if item.pair else set()
        words |= {person.public_id for person in item.people.all()}
        words |= {person.source_id for person in item.people.all()}
        for question in item.questions.select_related("attribute__run"):
            words |= {question.unit_key, question.attribute.public_id, question.attribute.run.public_id}
    words |= {assignment.public_id for assignment in campaign.assignments.all()}
    words |= {rater.participant.pseudonym for rater in campaign.raters.select_related("participant")}
    return words


@pytest.mark.parametrize("name", REPLIES)
def test_replies_name_no_row_model_or_condition(shown: World, rater_a: User, name: str) -> None:
    text = bytes_of(reply_to(REPLIES[name][1], shown, rater_a)).decode().lower()
    assert not [word for word in secrets_of(shown.campaign) if word.lower() in text]


@pytest.mark.parametrize("instrument", [InstrumentName.ATTRIBUTE_QUALITY, InstrumentName.RELEVANCE])
def test_pages_of_the_other_instruments_name_no_row_or_model(study: Study, rater_a: User, instrument: str) -> None:
    campaign = factories.make_campaign(study, n_items=1, instrument=instrument)
    assignment = factories.claim(factories.make_rater(campaign, rater_a))
    item = assignment.item
    for question in item.questions.all():
        run = question.attribute.run
        conversation = factories.make_conversation(question.attribute.person, run)
        question.attribute.evidence.create(conversation=conversation, turn=0)
    client = Client()
    client.force_login(rater_a)
    text = client.get(reverse("annotation:item", args=[assignment.token])).content.decode().lower()
    assert "attribute 0.0" in text
    assert not [word for word in secrets_of(campaign) if word.lower() in text]


def test_page_has_no_number_of_a_row(study: Study, rater_a: User) -> None:
    """Database keys that stand out: no key of this page's rows is to be found in its bytes."""
    far = 7_654_000
    with connection.cursor() as cursor:
        for model in (Item, Assignment, Response, ResponsePair):
            _start_keys_at(cursor, model._meta.db_table, far)
    campaign = factories.make_campaign(study, n_items=1, instrument=InstrumentName.PREFERENCE)
    assignment = factories.claim(factories.make_rater(campaign, rater_a))
    assert assignment.pk > far
    client = Client()
    client.force_login(rater_a)
    text = bytes_of(client.get(reverse("annotation:item", args=[assignment.token]))).decode()
    assert not re.search(r"76540\d\d", text)


def _start_keys_at(cursor: object, table: str, number: int) -> None:
    if connection.vendor == "sqlite":
        statements = [
            f"DELETE FROM sqlite_sequence WHERE name = '{table}'",
            f"INSERT INTO sqlite_sequence (name, seq) VALUES ('{table}', {number})",
        ]
    else:
        statements = [f"SELECT setval(pg_get_serial_sequence('{table}', 'id'), {number})"]
    for statement in statements:
        cursor.execute(statement)  # type: ignore[attr-defined]


def test_tokens_and_keys_are_drawn_by_lot(shown: World, rater_a: User) -> None:
    """What the swap test leaves out of the comparison says nothing: it differs between two looks at one page."""
    keys = {
        re.search(rb'name="key" value="([a-z2-9]{26})"', reply_to(get("item"), shown, rater_a).content) for _ in "ab"
    }
    assert len({match[1] for match in keys if match}) == 2
    assert shown.now.token != shown.later.token
    assert shown.now.public_id not in (shown.now.token, shown.later.token)
    assert settings.SESSION_COOKIE_HTTPONLY
