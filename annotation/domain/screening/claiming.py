"""Which training, qualification, gold and attention items raters are given. The rater's row is locked by the caller.

None of these has a seat: everybody may get every one of them, once.
"""

from __future__ import annotations

from django.db.models import F, QuerySet
from django.db.models.functions import Now

from annotation.domain.quotas import saved_by
from annotation.domain.screening.scheduling import gap
from annotation.domain.screening.states import DONE, active_checks
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
    """Gold and attention in turn, which first by lot; within each, priority and then an order of the rater's own.

    Nothing whose units the rater has met: the copy of a page that they know would stand out, and ask twice.
    """
    met = Question.objects.filter(item__assignments__rater=rater).values("unit_key")
    had = _had(rater).values("item")
    checks = active_checks(rater.campaign, *ItemRole.mixed_in()).exclude(pk__in=had)
    free = list(checks.exclude(questions__unit_key__in=met))
    given = _had(rater).filter(item__role__in=ItemRole.mixed_in()).count()
    seed = rater.campaign.seed
    wanted = ItemRole.mixed_in()[(lot(seed, "which", rater.pk) + given) % 2]

    def place(item: Item) -> tuple[bool, int, int, int]:
        return item.role != wanted, -item.priority, lot(seed, "checks", rater.pk, item.pk), item.pk

    return min(free, key=place, default=None)


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
    _note_side(rater, assignment.side)
    return _loaded(assignment.pk)


def _side_for(rater: Rater, item: Item) -> str:
    """The side that the rater has had less of; by lot where both are even."""
    if item.pair_id is None:
        return Side.NONE
    if rater.n_left == rater.n_right:
        return (Side.LEFT, Side.RIGHT)[lot(rater.campaign.seed, "side", item.pk, rater.pk) % 2]
    return Side.LEFT if rater.n_left < rater.n_right else Side.RIGHT


def _note_side(rater: Rater, side: str) -> None:
    if side:
        field = "n_left" if side == Side.LEFT else "n_right"
        Rater.objects.filter(pk=rater.pk).update(**{field: F(field) + 1})


def _loaded(assignment_id: int) -> Assignment:
    return Assignment.objects.select_related("campaign", "item", "rater", "seat").get(pk=assignment_id)
