"""What a campaign still misses, item by item: who has it, who gave it back, and whether anybody here could take it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from django.db.models import Count, Q, QuerySet
from django.db.models.functions import Now

from annotation.domain.needs import available_raters, had_by
from annotation.domain.progress import submitted_per_item
from annotation.enums import AssignmentState
from annotation.models import Assignment, Campaign, Item

if TYPE_CHECKING:
    from django_stubs_ext import WithAnnotations


@dataclass(frozen=True)
class Holder:
    """Who has the item in their hands, by pseudonym, and until when unless they give a sign of work."""

    pseudonym: str
    until: datetime


@dataclass(frozen=True)
class MissingItem:
    """``answered`` of ``k`` seats have an answer, ``open_seats`` wait for somebody. ``takers``: raters who may be given
    more and have not met the item; where people are kept apart, some of them may not get it. ``skips`` by reason.
    """

    position: int
    answered: int
    k: int
    open_seats: int
    holders: tuple[Holder, ...]
    skips: Mapping[str, int]
    takers: int

    @property
    def is_stuck(self) -> bool:
        """It has an open seat that nobody here could take."""
        return self.open_seats > self.takers


def missing_items(campaign: Campaign) -> QuerySet[WithAnnotations[Item]]:
    """Work items without an answer on each of their seats, in order: a seat is open, or somebody holds it."""
    held = Assignment.objects.filter(campaign=campaign, state=AssignmentState.HELD, seat__isnull=False)
    waiting = campaign.items.filter(Q(open_seats__gt=0) | Q(pk__in=held.values("item")))
    return submitted_per_item(waiting).order_by("position")


def described(campaign: Campaign, items: Iterable[WithAnnotations[Item]]) -> list[MissingItem]:
    """Four queries, whatever the number of items; these as ``missing_items`` gives them."""
    items = list(items)
    available = available_raters(campaign)
    number = available.count()
    of_items = Assignment.objects.filter(item__in=[item.pk for item in items])
    had = _by_item(had_by(available).filter(item__in=[item.pk for item in items]))
    holders, skips = _holders(of_items), _skips(of_items)
    return [
        MissingItem(
            position=item.position,
            answered=item.n_submitted,  # type: ignore[attr-defined]  # missing_items annotates it
            k=campaign.k,
            open_seats=item.open_seats,
            holders=tuple(holders[item.pk]),
            skips=skips[item.pk],
            takers=number - had.get(item.pk, 0),
        )
        for item in items
    ]


def _by_item(rows: QuerySet[Assignment]) -> dict[int, int]:
    return dict(rows.order_by().values_list("item").annotate(n=Count("pk")))


def _holders(rows: QuerySet[Assignment]) -> dict[int, list[Holder]]:
    held = rows.filter(state=AssignmentState.HELD, lease_until__gt=Now()).order_by("lease_until")
    found: dict[int, list[Holder]] = defaultdict(list)
    for item, pseudonym, until in held.values_list("item", "rater__participant__pseudonym", "lease_until"):
        if until is not None:
            found[item].append(Holder(pseudonym, until))
    return found


def _skips(rows: QuerySet[Assignment]) -> dict[int, dict[str, int]]:
    given_back = rows.filter(state=AssignmentState.RETURNED).order_by("returned_because")
    found: dict[int, dict[str, int]] = defaultdict(dict)
    for item, reason, n in given_back.values_list("item", "returned_because").annotate(n=Count("pk")):
        found[item][reason] = n
    return found
