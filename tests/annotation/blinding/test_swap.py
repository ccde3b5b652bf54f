"""Promise 3: no byte that a rater's browser can get tells which side is personalized or which model wrote it.

The swap test asks for every reply that a rater can provoke, once as things are and once after the database was turned
round: the seats' and assignments' sides, the two texts, the generator. Texts left and right stay, so must the bytes.
"""

from __future__ import annotations

import re
from functools import partial
from typing import Any

import pytest
from django.db.models import F
from django.test import Client

from annotation.models import Assignment, Item
from pipeline.enums import Side
from studies.models import User
from tests.annotation.blinding.replies import HTMX, REPLIES, answers, bytes_of, get, reply_to, undone
from tests.annotation.blinding.world import LEFT, SWAPS, World, swap_sides


@pytest.mark.parametrize("swap", SWAPS)
@pytest.mark.parametrize("name", REPLIES)
def test_swap_changes_no_byte(shown: World, rater_a: User, name: str, swap: str) -> None:
    status, step = REPLIES[name]
    before = reply_to(step, shown, rater_a)
    after_swap = reply_to(step, shown, rater_a, swap=SWAPS[swap])
    assert before.status_code == status
    assert bytes_of(after_swap) == bytes_of(before)


def newly_claimed(client: Client, world: World, ahead: str = "") -> Any:
    """The reply that brings an item which nobody held before: the side is settled by this very claim."""
    Assignment.objects.filter(pk=world.later.pk).delete()
    Item.objects.filter(pk=world.later.item_id).update(open_seats=F("open_seats") + 1)
    reply = client.post(world.url("submit-item"), answers() | {"note": "", "ahead": ahead}, headers=HTMX)
    reply.headers["HX-Push-Url"] = "-"
    for place in (rb"(/a/)%s(/)", rb'(data-token=")%s(")'):
        other_token = rb"(?!%s)[a-z2-9]{26}" % world.now.token.encode()
        reply.content = re.sub(place % other_token, rb"\1-\2", reply.content)
    return reply


@pytest.mark.parametrize("ahead", ["", "b" * 26], ids=["next", "the one after the next"])
@pytest.mark.parametrize("swap", SWAPS)
def test_swap_changes_no_byte_of_a_page_that_is_cast(shown: World, rater_a: User, swap: str, ahead: str) -> None:
    step = partial(newly_claimed, ahead=ahead)
    before = reply_to(step, shown, rater_a)
    after_swap = reply_to(step, shown, rater_a, swap=SWAPS[swap])
    assert b"<strong>bread</strong>" in before.content
    assert b"/a/-/submit/" in before.content
    assert bytes_of(after_swap) == bytes_of(before)


def test_swap_turns_the_database_and_not_the_page(shown: World, rater_a: User) -> None:
    """The swap test would pass for nothing if its swap did nothing, or if the page showed no responses."""
    was = Assignment.objects.get(pk=shown.now.pk).side
    with undone():
        swap_sides()
        turned = Assignment.objects.select_related("item__pair__personalized").get(pk=shown.now.pk)
        assert turned.side != was
        assert turned.item.pair
        assert turned.item.pair.personalized.text == LEFT
    html = reply_to(get("item"), shown, rater_a).content.decode()
    assert "<strong>bread</strong>" in html
    assert "<em>whittling</em>" in html
    first, second = ("bread", "whittling") if was == Side.RIGHT else ("whittling", "bread")
    assert html.index(first) < html.index(second)


def test_swap_of_the_texts_alone_is_seen(shown: World, rater_a: User) -> None:
    """The comparison can tell pages apart: with the sides left as they are, other texts stand left and right."""

    def swap_texts() -> None:
        swap_sides()
        sides = {Side.LEFT: Side.RIGHT, Side.RIGHT: Side.LEFT}
        for assignment in Assignment.objects.all():
            Assignment.objects.filter(pk=assignment.pk).update(side=sides[Side(assignment.side)])

    before = reply_to(get("item"), shown, rater_a)
    assert bytes_of(reply_to(get("item"), shown, rater_a, swap=swap_texts)) != bytes_of(before)
