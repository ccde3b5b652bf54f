"""Which training, qualification, gold and attention items raters are given. The rater's row is locked by the caller.

None of these has a seat: everybody may get every one of them, once.
"""

from __future__ import annotations

from typing import Any

from django.db.models import F, OuterRef, Q, QuerySet, Subquery
from django.db.models.functions import Now

from annotation.domain.choosing import RING
from annotation.domain.quotas import saved_by
from annotation.domain.screening.scheduling import gap
from annotation.domain.screening.states import DONE, RETIRED, active_checks
from annotation.domain.seeding import lot, page_order
from annotation.enums import AssignmentState, ItemRole, RaterGate
from annotation.models import Assignment, Item, Question, Rater
from pipeline.enums import Side
from studies.clock import from_now

ROLES = {RaterGate.TRAINING: ItemRole.TRAINING, RaterGate.QUALIFICATION: ItemRole.QUALIFICATION}


def claim_before_work(rater: Rater) -> Assignment | None:
    """The next item of the gate that the rater stands at; None where everything there is done.

    A training item comes only when the one before is answered: its feedback stands between the two.
    """
    role = ROLES[RaterGate(rater.gate)]
    if role == ItemRole.TRAINING and _had(rater).filter(state=AssignmentState.HELD).exists():
        return None
    done = _had(rater).filter(state__in=(*DONE, AssignmentState.HELD))
    item = active_checks(rater.campaign, role).exclude(pk__in=done.values("item")).first()
    return None if item is None else _give(rater, item)


def claim_check(rater: Rater, n_held: int = 0) -> Assignment | None:
    """A gold or attention item among the work, and the place of the next one noted at the rater. ``n_held``: how many
    items the rater holds now.

    None where none is left that the rater has not met; then ``next_check`` is null. hand_in.sql does the same.
    """
    item = next_check_item(rater)
    given = saved_by(rater) + n_held
    _note_next(rater, None if item is None else given + gap(rater, given))
    return None if item is None else _give(rater, item)


def _note_next(rater: Rater, place: int | None) -> None:
    Rater.objects.filter(pk=rater.pk).update(next_check=place)
    rater.next_check = place


def _had(rater: Rater) -> QuerySet[Assignment]:
    return Assignment.objects.filter(rater=rater)


def next_check_item(rater: Rater) -> Item | None:
    """Gold and attention in turn, which first by lot; of the role, the next in the ring from the rater's place on that
    they have not had, going round once. Where the role has none for them, one of the other.

    Nothing whose units the rater has met: the copy of a page that they know would stand out, and ask twice. Few items
    are looked at however many there are, as the place is drawn anew for each.
    """
    place = lot(rater.campaign.seed, "checks", rater.pk, rater.n_checks) % RING
    first = lot(rater.campaign.seed, "which", rater.pk) + rater.n_checks
    for turn in (first, first + 1):
        of_role = _unmet(rater).filter(role=ItemRole.mixed_in()[turn % 2]).order_by("sort_key", "pk")
        for arc in (Q(sort_key__gte=place), Q(sort_key__lt=place)):
            if item := of_role.filter(arc).first():
                return item
    return None


def _unmet(rater: Rater) -> QuerySet[Item]:
    """Check items that are given, none of whose units the rater has met. All of it by look-ups, item by item."""
    of_campaign = Question.objects.filter(campaign=rater.campaign_id, unit_key=OuterRef("unit_key"))
    as_work = _met(rater, of_campaign.filter(role=ItemRole.WORK))
    as_check = _met(rater, of_campaign.exclude(role=ItemRole.WORK))
    asked = Question.objects.filter(item=OuterRef("pk")).alias(as_work=Subquery(as_work), as_check=Subquery(as_check))
    met = asked.filter(Q(as_work__isnull=False) | Q(as_check__isnull=False)).values("pk")[:1]
    given = Item.objects.filter(campaign=rater.campaign_id, priority__gt=RETIRED)
    return given.alias(met=Subquery(met)).filter(met__isnull=True)


def _met(rater: Rater, questions: QuerySet[Question]) -> QuerySet[Any, Any]:
    """The first of the questions that stands on an item which the rater was given."""
    had = Assignment.objects.filter(item=OuterRef("item"), rater=rater).values("pk")
    return questions.alias(had=Subquery(had)).filter(had__isnull=False).values("pk")[:1]


def _give(rater: Rater, item: Item) -> Assignment:
    """The item in the rater's hands: anew, or again with its drafts where its lease had ended."""
    lease = from_now(max(rater.campaign.lease_seconds, item.lease_seconds))
    expired = _had(rater).filter(item=item).first()
    if expired is not None:
        _had(rater).filter(pk=expired.pk).update(state=AssignmentState.HELD, ended_at=None, lease_until=lease)
        return _loaded(expired.pk)
    assignment = Assignment.objects.create(
        campaign_id=rater.campaign_id,
        item=item,
        seat=None,
        rater=rater,
        state=AssignmentState.HELD,
        side=_side_for(rater, item),
        order=page_order(rater.campaign.seed, item.pk, rater.pk, item.questions.count()),
        claimed_at=Now(),
        lease_until=lease,
    )
    _note_given(rater, assignment)
    return _loaded(assignment.pk)


def _side_for(rater: Rater, item: Item) -> str:
    """The side that the rater has had less of; by lot where both are even."""
    if item.pair_id is None:
        return Side.NONE
    if rater.n_left == rater.n_right:
        return (Side.LEFT, Side.RIGHT)[lot(rater.campaign.seed, "side", item.pk, rater.pk) % 2]
    return Side.LEFT if rater.n_left < rater.n_right else Side.RIGHT


def _note_given(rater: Rater, assignment: Assignment) -> None:
    Rater.objects.filter(pk=rater.pk).update(
        n_checks=F("n_checks") + int(assignment.item.role in ItemRole.mixed_in()),
        n_left=F("n_left") + int(assignment.side == Side.LEFT),
        n_right=F("n_right") + int(assignment.side == Side.RIGHT),
    )


def _loaded(assignment_id: int) -> Assignment:
    return Assignment.objects.select_related("campaign", "item", "rater", "seat").get(pk=assignment_id)
