"""How far campaigns are: derived from seats and assignments, for any number of campaigns in the same few queries."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from django.db.models import Count, F, IntegerField, OuterRef, Q, QuerySet, Subquery
from django.db.models.functions import Coalesce, Now

from annotation.enums import AssignmentState, ItemRole, Origin, RaterState
from annotation.models import Assignment, Campaign, Item, Judgment, Question, Rater
from studies.clock import from_now

if TYPE_CHECKING:
    from django_stubs_ext import WithAnnotations

DAY_SECONDS = 24 * 3600


@dataclass(frozen=True)
class Progress:
    """``counted`` of ``wanted`` judgments; imported campaigns want none, their answers are among ``kept``."""

    items: int = 0  # work items
    items_complete: int = 0  # with all K seats submitted
    questions: int = 0  # on work items
    wanted: int = 0  # questions times K
    counted: int = 0
    held: int = 0  # items in raters' hands now, their leases running
    raters: int = 0  # active ones
    recent: int = 0  # counted judgments submitted within the last 24 hours
    kept: int = 0  # answers that do not count: imported, surplus, gold, training, withdrawn

    @property
    def complete(self) -> bool:
        return 0 < self.wanted == self.counted

    @property
    def left(self) -> int:
        return self.wanted - self.counted

    @property
    def percent(self) -> int:
        """Rounded down, so that 100 means complete."""
        return 100 * self.counted // self.wanted if self.wanted else 0

    @property
    def days_left(self) -> float | None:
        """At the pace of the last 24 hours; None when nothing came in or nothing is left."""
        return self.left / self.recent if self.left and self.recent else None


def progress_of(campaign: Campaign) -> Progress:
    return progress_for([campaign])[campaign.pk]


def progress_for(campaigns: Iterable[Campaign]) -> dict[int, Progress]:
    """Progress by campaign key. Judgments are counted as questions of submitted assignments, which is the same by
    promise 2 and reads none of the judgments that count.
    """
    by_key = {campaign.pk: campaign for campaign in campaigns}
    keys = list(by_key)
    items = _by_campaign(Item.objects.filter(campaign__in=keys, role=ItemRole.WORK))
    questions = _by_campaign(Question.objects.filter(campaign__in=keys, role=ItemRole.WORK))
    complete = _by_campaign(_complete_items(keys))
    counted = _by_campaign(_counted_pairs(keys))
    recent = _by_campaign(_counted_pairs(keys, item__assignments__submitted_at__gte=from_now(-DAY_SECONDS)))
    held = _by_campaign(Assignment.objects.filter(campaign__in=keys, state=AssignmentState.HELD, lease_until__gt=Now()))
    raters = _by_campaign(Rater.objects.filter(campaign__in=keys, state=RaterState.ACTIVE))
    kept = _kept(keys)
    return {
        key: Progress(
            items=items.get(key, 0),
            items_complete=complete.get(key, 0),
            questions=questions.get(key, 0),
            wanted=0 if campaign.origin == Origin.IMPORTED else questions.get(key, 0) * campaign.k,
            counted=counted.get(key, 0),
            held=held.get(key, 0),
            raters=raters.get(key, 0),
            recent=recent.get(key, 0),
            kept=kept.get(key, 0),
        )
        for key, campaign in by_key.items()
    }


def submitted_per_item(items: QuerySet[Item]) -> QuerySet[WithAnnotations[Item]]:
    """The items with ``n_submitted`` and ``n_held``, each counted on its own."""
    return items.annotate(
        n_submitted=_number_of(state=AssignmentState.SUBMITTED),
        n_held=_number_of(state=AssignmentState.HELD, lease_until__gt=Now()),
    )


def _number_of(**conditions: object) -> Coalesce:
    rows = Assignment.objects.filter(item=OuterRef("pk"), **conditions).order_by().values("item")
    return Coalesce(Subquery(rows.annotate(n=Count("pk")).values("n"), output_field=IntegerField()), 0)


def _complete_items(keys: list[int]) -> QuerySet[Item]:
    items = Item.objects.filter(campaign__in=keys, role=ItemRole.WORK).exclude(campaign__origin=Origin.IMPORTED)
    return items.annotate(n=_number_of(state=AssignmentState.SUBMITTED)).filter(n__gte=F("campaign__k"))


def _counted_pairs(keys: list[int], **conditions: object) -> QuerySet[Question]:
    return Question.objects.filter(
        ~Q(campaign__origin=Origin.IMPORTED),
        campaign__in=keys,
        role=ItemRole.WORK,
        item__assignments__state=AssignmentState.SUBMITTED,
        **conditions,
    )


def _kept(keys: list[int]) -> dict[int, int]:
    uncounted = Assignment.objects.filter(campaign__in=keys).filter(
        Q(campaign__origin=Origin.IMPORTED)
        | Q(state__in=[AssignmentState.SURPLUS, AssignmentState.WITHDRAWN])
        | ~Q(item__role=ItemRole.WORK)
    )
    rows = Judgment.objects.filter(assignment__in=uncounted)
    return dict(rows.order_by().values_list("assignment__campaign").annotate(n=Count("pk")))


def _by_campaign(rows: QuerySet[Any]) -> dict[int, int]:
    return dict(rows.order_by().values_list("campaign").annotate(n=Count("pk")))
