"""What a lead looks at: named reads over runs, raters and items, each one query whatever the size of the study."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

from django.db.models import Count, IntegerField, Max, OuterRef, Q, QuerySet, Subquery
from django.db.models.functions import Coalesce

from annotation.domain.progress import Progress, submitted_per_item
from annotation.enums import AssignmentState, ItemRole
from annotation.models import Assignment, Campaign, Item, Judgment, Question, Rater
from pipeline.enums import CompletionState
from pipeline.models import Completion, Run
from studies.models import Study

if TYPE_CHECKING:
    from django_stubs_ext import WithAnnotations

TALLIED = {  # as RaterTally has them, n_items first
    "n_items": AssignmentState.SUBMITTED,
    "n_surplus": AssignmentState.SURPLUS,
    "n_held": AssignmentState.HELD,
}


def runs_of(study: Study) -> QuerySet[WithAnnotations[Run]]:
    """Newest first, with ``n_possibly_paid``: calls that were in flight when their process died."""
    abandoned = Completion.objects.filter(run=OuterRef("pk"), state=CompletionState.ABANDONED).order_by().values("run")
    number = Subquery(abandoned.annotate(n=Count("pk")).values("n"), output_field=IntegerField())
    return study.runs.annotate(n_possibly_paid=Coalesce(number, 0)).order_by("-created_at", "-pk")


def raters_of(campaign: Campaign) -> QuerySet[WithAnnotations[Rater]]:
    """With ``n_items`` submitted, ``n_surplus`` and ``n_held``, ``n_judgments`` and ``last_at``; busiest first.

    Each is a sub-select of its own: right for a few raters. For many there is ``busiest_raters``.
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


@dataclass(frozen=True)
class RaterTally:
    """What ``raters_of`` annotates, under the same names."""

    rater: Rater
    n_judgments: int
    n_items: int = 0
    n_surplus: int = 0
    n_held: int = 0
    last_at: datetime | None = None


def busiest_raters(campaign: Campaign, limit: int) -> list[RaterTally]:
    """The first of ``raters_of``, from the campaign's assignments read once, whatever the number of raters."""
    of_state = {name: Count("pk", filter=Q(state=state)) for name, state in TALLIED.items()}
    numbers = campaign.assignments.order_by().values("rater").annotate(**of_state, last_at=Max("submitted_at"))
    tallies = {rater: tally for rater, *tally in numbers.values_list("rater", *TALLIED, "last_at")}
    known = campaign.raters.order_by("participant__pseudonym").values_list("pk", flat=True)
    first = sorted(known, key=lambda pk: -tallies[pk][0] if pk in tallies else 0)[:limit]
    raters = campaign.raters.select_related("participant").in_bulk(first)
    judgments = _judgments_of(first)
    return [RaterTally(raters[pk], judgments[pk], *tallies.get(pk, ())) for pk in first if pk in raters]


def _judgments_of(raters: list[int]) -> Counter[int]:
    """Those that were not erased: all, which an index knows, less the few that were."""
    judgments = Judgment.objects.filter(rater__in=raters).order_by().values_list("rater")
    found = Counter(dict(judgments.annotate(n=Count("*"))))
    found.subtract(dict(judgments.filter(erased_at__isnull=False).annotate(n=Count("*"))))
    return found


def _number_of(rows: QuerySet[Any]) -> Coalesce:
    """How many of these there are of the rater at hand."""
    counted = rows.order_by().values("rater").annotate(n=Count("pk")).values("n")
    return Coalesce(Subquery(counted, output_field=IntegerField()), 0)


def items_of(campaign: Campaign) -> QuerySet[Item]:
    """Work items in order."""
    return campaign.items.filter(role=ItemRole.WORK).order_by("position")


def questions_by_item(items: Iterable[Item]) -> dict[int, int]:
    """How many each of these has, by key."""
    asked = Question.objects.filter(item__in=[item.pk for item in items]).order_by()
    return dict(asked.values_list("item").annotate(n=Count("pk")))


def with_numbers(items: Iterable[Item]) -> QuerySet[WithAnnotations[Item]]:
    """Those of a page, with ``n_submitted``, ``n_held`` and ``n_questions``: never asked for those of other pages."""
    asked = Question.objects.filter(item=OuterRef("pk")).order_by().values("item").annotate(n=Count("pk")).values("n")
    shown = submitted_per_item(Item.objects.filter(pk__in=[item.pk for item in items]))
    number = Coalesce(Subquery(asked, output_field=IntegerField()), 0)
    return shown.annotate(n_questions=number).order_by("position")


@dataclass(frozen=True)
class Step:
    """``items`` work items have ``seats`` of their K seats submitted; ``share`` is in percent of the largest step."""

    seats: int
    items: int
    share: int


def items_by_seats(campaign: Campaign, progress: Progress) -> list[Step]:
    """How many items have 0, 1 ... K seats submitted. Empty for a campaign without items, and for an imported one."""
    found = Counter(progress.by_seats)
    largest = max(found.values(), default=0)
    steps = range(campaign.k + 1) if largest else ()
    return [Step(seats, found[seats], round(100 * found[seats] / largest)) for seats in steps]
