"""On which side the personalized response stood: over a campaign, at its items, and for its raters."""

from __future__ import annotations

from dataclasses import dataclass

from django.db import connection
from django.db.models import Count, F, IntegerField, Q
from django.db.models.functions import Abs

from annotation.enums import AssignmentState, ItemRole
from annotation.models import Campaign, Rater
from pipeline.enums import Side


@dataclass(frozen=True)
class SideBalance:
    """``left`` and ``right`` count submitted work items; ``worst_item`` is the largest difference at one item, and
    ``uneven_items`` how many differ by more than one, which promise 2 rules out. ``worst_rater`` has been given the
    most uneven sides, submitted or not; None where nobody has been given any.
    """

    left: int
    right: int
    worst_item: int
    uneven_items: int
    worst_rater: Rater | None

    @property
    def any(self) -> bool:
        return self.left + self.right > 0


def sides_of(campaign: Campaign) -> SideBalance:
    """Two queries, whatever the size of the campaign."""
    rows = _items_alike(campaign)
    apart = {abs(on_left - on_right): 0 for on_left, on_right, _ in rows}
    for on_left, on_right, items in rows:
        apart[abs(on_left - on_right)] += items
    difference = Abs(F("n_left") - F("n_right"), output_field=IntegerField())
    given = campaign.raters.select_related("participant").exclude(n_left=0, n_right=0)
    return SideBalance(
        left=sum(on_left * items for on_left, _, items in rows),
        right=sum(on_right * items for _, on_right, items in rows),
        worst_item=max(apart, default=0),
        uneven_items=sum(items for difference, items in apart.items() if difference > 1),
        worst_rater=given.annotate(apart=difference).order_by("-apart", "participant__pseudonym").first(),
    )


def _items_alike(campaign: Campaign) -> list[tuple[int, int, int]]:
    """Submitted on the left, on the right, and how many work items have these two numbers: grouped by the database
    twice, so that what comes back does not grow with the campaign."""
    submitted = campaign.assignments.filter(state=AssignmentState.SUBMITTED, item__role=ItemRole.WORK)
    left, right = Count("pk", filter=Q(side=Side.LEFT)), Count("pk", filter=Q(side=Side.RIGHT))
    items = submitted.exclude(side=Side.NONE).order_by().values("item").annotate(n_left=left, n_right=right)
    inner, parameters = items.values("n_left", "n_right").query.sql_with_params()
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT n_left, n_right, COUNT(*) FROM ({inner}) AS items GROUP BY n_left, n_right",  # noqa: S608
            parameters,
        )
        return [(int(on_left), int(on_right), int(items)) for on_left, on_right, items in cursor.fetchall()]
