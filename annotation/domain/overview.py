"""What a lead looks at: named reads over runs, raters and items, each one query whatever the size of the study."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from django.db.models import Count, IntegerField, OuterRef, QuerySet, Subquery
from django.db.models.functions import Coalesce

from annotation.domain.progress import submitted_per_item
from annotation.enums import AssignmentState, ItemRole, Origin
from annotation.models import Assignment, Campaign, Item, Judgment, Question, Rater
from pipeline.enums import CompletionState
from pipeline.models import Completion, Run
from studies.models import Study

if TYPE_CHECKING:
    from django_stubs_ext import WithAnnotations


def runs_of(study: Study) -> QuerySet[WithAnnotations[Run]]:
    """Newest first, with ``n_possibly_paid``: calls that were in flight when their process died."""
    abandoned = Completion.objects.filter(run=OuterRef("pk"), state=CompletionState.ABANDONED).order_by().values("run")
    number = Subquery(abandoned.annotate(n=Count("pk")).values("n"), output_field=IntegerField())
    return study.runs.annotate(n_possibly_paid=Coalesce(number, 0)).order_by("-created_at", "-pk")


def raters_of(campaign: Campaign) -> QuerySet[WithAnnotations[Rater]]:
    """With ``n_items`` submitted, ``n_surplus`` and ``n_held``, ``n_judgments`` and ``last_at``; busiest first.

    Each is a sub-select of its own: beside a count over a join, the others would be reckoned again for each joined row.
    """
    tenures = Assignment.objects.filter(rater=OuterRef("pk"))
    judgments = Judgment.objects.filter(rater=OuterRef("pk"), erased_at__isnull=True)
    latest = tenures.filter(submitted_at__isnull=False).order_by("-submitted_at")
    return (
        campaign.raters.select_related("participant")
        .annotate(
            n_items=_number_of(tenures.filter(state=AssignmentState.SUBMITTED)),
            n_surplus=_number_of(tenures.filter(state=AssignmentState.SURPLUS)),
            n_held=_number_of(tenures.filter(state=AssignmentState.HELD)),
            n_judgments=_number_of(judgments),
            last_at=Subquery(latest.values("submitted_at")[:1]),
        )
        .order_by("-n_items", "participant__pseudonym")
    )


def _number_of(rows: QuerySet[Any]) -> Coalesce:
    """How many of these there are of the rater at hand."""
    counted = rows.order_by().values("rater").annotate(n=Count("pk")).values("n")
    return Coalesce(Subquery(counted, output_field=IntegerField()), 0)


def items_of(campaign: Campaign) -> QuerySet[WithAnnotations[Item]]:
    """Work items in order, with ``n_submitted``, ``n_held`` and ``n_questions``."""
    asked = Question.objects.filter(item=OuterRef("pk")).order_by().values("item").annotate(n=Count("pk")).values("n")
    work = submitted_per_item(campaign.items.filter(role=ItemRole.WORK))
    number = Coalesce(Subquery(asked, output_field=IntegerField()), 0)
    return work.annotate(n_questions=number).order_by("position")


@dataclass(frozen=True)
class Step:
    """``items`` work items have ``seats`` of their K seats submitted; ``share`` is in percent of the largest step."""

    seats: int
    items: int
    share: int


def items_by_seats(campaign: Campaign) -> list[Step]:
    """How many items have 0, 1 ... K seats submitted. Empty for a campaign without items, and for an imported one."""
    if campaign.origin == Origin.IMPORTED:
        return []
    rows = submitted_per_item(campaign.items.filter(role=ItemRole.WORK)).order_by()
    counted = rows.values_list("n_submitted").annotate(n=Count("pk"))  # type: ignore[misc]  # annotated just above
    found = Counter(dict(counted))
    if not found:
        return []
    largest = max(found.values())
    return [Step(seats, found[seats], round(100 * found[seats] / largest)) for seats in range(campaign.k + 1)]
