"""Gold and attention items cannot be told from work: a page that is a check in the database is the same bytes."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest
from django.db.models import F
from django.test import Client
from django.urls import reverse

from annotation.domain.screening.making import make_check_item
from annotation.enums import ItemRole
from annotation.models import Assignment, Campaign, Item, Question, Rater, Seat
from pipeline.enums import InstrumentName
from studies.models import Study, User
from tests import factories
from tests.annotation.blinding.replies import bytes_of, undone
from tests.annotation.views.rating_words import HTMX, answers

INSTRUMENTS = list(InstrumentName)
ROLES = [ItemRole.GOLD, ItemRole.ATTENTION]
Step = Callable[[Client, Assignment, Assignment], Any]


def _url(name: str, assignment: Assignment) -> str:
    return reverse(f"annotation:{name}", args=[assignment.token])


def _data(assignment: Assignment) -> dict[str, str]:
    return answers(factories.ANY_ANSWER[InstrumentName(assignment.campaign.instrument)])


def item_page(client: Client, one: Assignment, two: Assignment) -> Any:
    return client.get(_url("item", one))


def item_part(client: Client, one: Assignment, two: Assignment) -> Any:
    return client.get(_url("item", one), headers=HTMX)


def ahead(client: Client, one: Assignment, two: Assignment) -> Any:
    """The check is what was fetched ahead of the item at hand."""
    return client.get(_url("ahead", two), headers=HTMX)


def submitted(client: Client, one: Assignment, two: Assignment) -> Any:
    """The reply to a submit of the check: the next item and the progress."""
    return client.post(_url("submit-item", one), _data(one), headers=HTMX)


def next_item(client: Client, one: Assignment, two: Assignment) -> Any:
    """The reply that brings the check."""
    return client.post(_url("submit-item", two), _data(two), headers=HTMX)


def incomplete(client: Client, one: Assignment, two: Assignment) -> Any:
    return client.post(_url("submit-item", one), {"key": "key-1"}, headers=HTMX)


def edit(client: Client, one: Assignment, two: Assignment) -> Any:
    submitted(client, one, two)
    return client.get(_url("edit-item", one))


def revised(client: Client, one: Assignment, two: Assignment) -> Any:
    submitted(client, one, two)
    return client.post(_url("revise-item", one), _data(one), headers=HTMX)


def draft(client: Client, one: Assignment, two: Assignment) -> Any:
    return client.post(_url("draft-answer", one), {"answer-0": _data(one)["answer-0"]})


def returned(client: Client, one: Assignment, two: Assignment) -> Any:
    return client.post(_url("return-item", one), {"reason": "broken"}, headers=HTMX)


def leaving(client: Client, one: Assignment, two: Assignment) -> Any:
    """How many answers there are to withdraw: progress in other words."""
    submitted(client, one, two)
    return client.get(reverse("annotation:leave", args=[one.campaign.public_id]))


def home(client: Client, one: Assignment, two: Assignment) -> Any:
    submitted(client, one, two)
    return client.get(reverse("annotation:home"))


STEPS = [item_page, item_part, ahead, submitted, next_item, incomplete, edit, revised, draft, returned, leaving, home]


def _two_in_hand(study: Study, user: User, instrument: str) -> tuple[Rater, Assignment, Assignment]:
    """A rater with a page that is work and will be a check, and one of work that stays."""
    campaign = factories.make_campaign(study, n_items=2, instrument=instrument, title="One campaign")
    rater = factories.make_rater(campaign, user)
    one, two = campaign.items.order_by("position")
    held = [_give(item, rater) for item in (one, two)]
    return rater, held[0], held[1]


def _give(item: Item, rater: Rater) -> Assignment:
    assignment = factories.make_given(item, rater)
    seat = item.seats.filter(side=assignment.side).first()
    Assignment.objects.filter(pk=assignment.pk).update(seat=seat)
    Item.objects.filter(pk=item.pk).update(open_seats=F("open_seats") - 1)
    return Assignment.objects.get(pk=assignment.pk)


def made_a_check(campaign: Campaign, assignment: Assignment, role: str) -> None:
    """As make_check_item would have made it: a copy with that role, expected answers, without seats; and the page of
    work that it is compared with goes to nobody."""
    right = [factories.ANY_ANSWER[InstrumentName(campaign.instrument)]]
    source = Item.objects.get(pk=assignment.item_id)
    texts = {0: source.questions.get(position=0).text} if role == ItemRole.ATTENTION else None
    made = make_check_item(source=source, role=role, expected={0: right}, texts=texts)
    Assignment.objects.filter(pk=assignment.pk).update(item=made, seat=None)
    # The total of the progress counts the copy: work + 1 check - the page that it stands for.
    Assignment.objects.filter(item=source).delete()
    Question.objects.filter(item=source).delete()
    Seat.objects.filter(item=source).delete()
    Item.objects.filter(pk=source.pk).delete()
    Campaign.objects.filter(pk=campaign.pk).update(check_every=2)
    Rater.objects.filter(campaign=campaign).update(next_check=None)


def _comparable(reply: Any) -> bytes:
    everything = bytes_of(reply)
    return re.sub(rb"[a-z2-9]{26}", b"-", everything)


@pytest.mark.parametrize("step", STEPS, ids=lambda step: step.__name__)
@pytest.mark.parametrize("role", ROLES)
@pytest.mark.parametrize("instrument", INSTRUMENTS)
def test_check_is_the_same_bytes_as_work(study: Study, rater_a: User, instrument: str, role: str, step: Step) -> None:
    rater, one, two = _two_in_hand(study, rater_a, instrument)
    replies = []
    client = Client()
    client.force_login(rater_a)
    client.get(_url("item", one))  # texts rendered once
    client.get(_url("item", two))
    for is_check in (False, True):
        with undone():
            if is_check:
                made_a_check(rater.campaign, one, role)
                assert Assignment.objects.get(pk=one.pk).item.role == role
            here = [Assignment.objects.select_related("campaign").get(pk=each.pk) for each in (one, two)]
            replies.append(step(client, *here))
    as_work, as_check = replies
    assert as_work.status_code < 500
    assert _comparable(as_check) == _comparable(as_work)
