"""Which open item a rater gets: by priority, then fewest seats left, then a seeded order of their own.

hand_in.sql chooses by the same rules; tests/annotation/domain/test_choosing.py holds the two to each other.
"""

from __future__ import annotations

from collections.abc import Iterator

from django.db.models import OuterRef, Q, QuerySet, Subquery

from annotation.domain.seats import lesser_side, sides_offered
from annotation.domain.seeding import lot
from annotation.models import Assignment, Item, ItemPerson, Rater

RING = 1_000_000  # sort keys run from 0 to below this
NEAR = 20  # items of a group that are looked at, from the rater's place on


def lock_open_item(rater: Rater) -> Item | None:
    """The rater's next item, locked; None where nothing is open to them. The rater's row must be locked.

    Of the highest priority that has anything for the rater. Among those, groups by seats left, the fewest first; of a
    group the NEAR items from the rater's place in the ring on are looked at, and the first of them taken which gives
    the rater the side they have had less of, else the first. So a claim costs the same however many items of the group
    the rater has had; only where no group shows anything is all of that priority gone through. Items that somebody else
    holds locked at this moment are passed over, and waited for only when nothing else is left.
    """
    for priority in _priorities(rater):
        for group in _groups(rater, priority):
            if item := _nearest(rater, group):
                return item
        of_class = open_items_for(rater).filter(priority=priority).order_by("open_seats", "sort_key")
        if item := of_class.select_for_update(skip_locked=True, of=("self",)).first():
            return item
    everything = open_items_for(rater).order_by("-priority", "open_seats", "sort_key")
    return everything.select_for_update(of=("self",)).first()


def open_items_for(rater: Rater) -> QuerySet[Item]:
    """Items with an open seat that the rater has never had, and none of whose people they have met elsewhere, where the
    campaign keeps people apart.

    Whether the rater had it is a look-up for each item: as NOT EXISTS, PostgreSQL may plan a join with all of them.
    """
    had = Assignment.objects.filter(item=OuterRef("pk"), rater=rater).values("pk")
    items = _open(rater).alias(had=Subquery(had)).filter(had__isnull=True)
    return items.exclude(pk__in=_of_people_met(rater)) if rater.campaign.people_apart else items


def ring_place(rater: Rater) -> int:
    """Where in the ring the rater's next claim begins to look: drawn by the campaign's seed, anew for every item that
    they are given, so that the items that they have had do not stand in a row before the next."""
    return lot(rater.campaign.seed, "ring", rater.pk, rater.n_given) % RING


def _open(rater: Rater) -> QuerySet[Item]:
    return Item.objects.filter(campaign_id=rater.campaign_id, open_seats__gt=0)


def _of_people_met(rater: Rater) -> QuerySet[ItemPerson, int]:
    """Items here of people whom the rater was given in another campaign, whatever became of it."""
    elsewhere = Assignment.objects.filter(rater__participant=rater.participant_id).exclude(campaign=rater.campaign_id)
    met = ItemPerson.objects.filter(item__in=elsewhere.values("item"))
    return ItemPerson.objects.filter(person__in=met.values("person")).values_list("item", flat=True)


def _priorities(rater: Rater) -> Iterator[int]:
    """Of open items, the highest first. One look-up each: none reads the items of a class to get to the next."""
    open_items = _open(rater).order_by("-priority").values_list("priority", flat=True)
    priority = open_items.first()
    while priority is not None:
        yield priority
        priority = open_items.filter(priority__lt=priority).first()


def _groups(rater: Rater, priority: int) -> Iterator[QuerySet[Item]]:
    """Open items of the priority by seats left, the fewest first."""
    of_class = _open(rater).filter(priority=priority)
    ordered = of_class.order_by("open_seats").values_list("open_seats", flat=True)
    seats = ordered.first()
    while seats is not None:
        yield of_class.filter(open_seats=seats)
        seats = ordered.filter(open_seats__gt=seats).first()


def _nearest(rater: Rater, group: QuerySet[Item]) -> Item | None:
    """The first of the group from the rater's place on, going round once, on the side that they want before others."""
    place = ring_place(rater)
    arcs = [_near(rater, group, Q(sort_key__gte=place)), _near(rater, group, Q(sort_key__lt=place))]
    if wanted := lesser_side(rater):
        candidates = [item for arc in arcs for item in arc]
        offered = sides_offered(candidates, rater)
        for item in candidates:
            if offered.get(item.pk) == wanted and (locked := _lock(item)):
                return locked
    for arc in arcs:
        if nearest := arc.select_for_update(skip_locked=True, of=("self",)).first():
            return nearest
    return None


def _near(rater: Rater, group: QuerySet[Item], arc: Q) -> QuerySet[Item]:
    nearest = group.filter(arc).order_by("sort_key").values("pk")[:NEAR]
    return open_items_for(rater).filter(pk__in=nearest).order_by("sort_key")


def _lock(item: Item) -> Item | None:
    still = Item.objects.filter(pk=item.pk, open_seats__gt=0)
    return still.select_for_update(skip_locked=True).first()
