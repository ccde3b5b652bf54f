"""How far campaigns are: derived from seats and assignments, for any number of campaigns in the same few queries."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, NamedTuple

from django.db import connection
from django.db.models import Count, IntegerField, OuterRef, Q, QuerySet, Subquery
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
    by_seats: Mapping[int, int] = field(default_factory=dict, compare=False)  # work items by seats that are submitted

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
    items = _work_items(keys)
    held = _by_campaign(Assignment.objects.filter(campaign__in=keys, state=AssignmentState.HELD, lease_until__gt=Now()))
    raters = _by_campaign(Rater.objects.filter(campaign__in=keys, state=RaterState.ACTIVE))
    kept = _kept(by_key.values())
    return {
        key: Progress(
            **_counted(campaign, items[key]),
            held=held.get(key, 0),
            raters=raters.get(key, 0),
            kept=kept.get(key, 0),
        )
        for key, campaign in by_key.items()
    }


class _Alike(NamedTuple):
    """Work items that have equally many submitted assignments, ``n``. ``recent``: counted judgments of the last day."""

    n: int
    items: int
    questions: int
    recent: int


def _counted(campaign: Campaign, alike: list[_Alike]) -> dict[str, Any]:
    questions = sum(row.questions for row in alike)
    found = {"items": sum(row.items for row in alike), "questions": questions}
    if campaign.origin == Origin.IMPORTED:
        return found
    return found | {
        "items_complete": sum(row.items for row in alike if row.n >= campaign.k),
        "by_seats": {row.n: row.items for row in alike},
        "wanted": questions * campaign.k,
        "counted": sum(row.n * row.questions for row in alike),
        "recent": sum(row.recent for row in alike),
    }


def _work_items(keys: list[int]) -> dict[int, list[_Alike]]:
    """By campaign. Questions and assignments are each grouped by item once, and then joined: as sub-selects of each
    item, or joined first, they are ten times as dear (benchmarks/bench_lead_pages.py).
    """
    found: dict[int, list[_Alike]] = defaultdict(list)
    if not keys:
        return found
    work = Item.objects.filter(campaign__in=keys, role=ItemRole.WORK).order_by()
    asked = Question.objects.filter(item__in=work.values("pk")).order_by().values("item").annotate(n=Count("*"))
    submitted = Assignment.objects.filter(campaign__in=keys, state=AssignmentState.SUBMITTED).order_by().values("item")
    late = Q(submitted_at__gte=from_now(-DAY_SECONDS))
    parts = (work.values("pk", "campaign"), asked, submitted.annotate(n=Count("*"), recent=Count("pk", filter=late)))
    (items, of_items), (questions, of_questions), (answered, of_answered) = (
        part.query.sql_with_params() for part in parts
    )
    statement = f"""
        SELECT each.campaign, COALESCE(a.n, 0), COUNT(*), COALESCE(SUM(q.n), 0), COALESCE(SUM(q.n * a.recent), 0)
        FROM ({items}) AS each
        LEFT JOIN ({questions}) AS q ON q.item = each.pk
        LEFT JOIN ({answered}) AS a ON a.item = each.pk
        GROUP BY each.campaign, COALESCE(a.n, 0)"""  # noqa: S608
    with connection.cursor() as cursor:
        cursor.execute(statement, (*of_items, *of_questions, *of_answered))
        for campaign, *numbers in cursor.fetchall():
            found[campaign].append(_Alike(*map(int, numbers)))
    return found


def submitted_per_item(items: QuerySet[Item]) -> QuerySet[WithAnnotations[Item]]:
    """The items with ``n_submitted`` and ``n_held``, each counted on its own."""
    return items.annotate(
        n_submitted=_number_of(state=AssignmentState.SUBMITTED),
        n_held=_number_of(state=AssignmentState.HELD, lease_until__gt=Now()),
    )


def _number_of(**conditions: object) -> Coalesce:
    rows = Assignment.objects.filter(item=OuterRef("pk"), **conditions).order_by().values("item")
    return Coalesce(Subquery(rows.annotate(n=Count("pk")).values("n"), output_field=IntegerField()), 0)


def _kept(campaigns: Iterable[Campaign]) -> dict[int, int]:
    """Three disjoint kinds, each found where it lies; one condition over all of them would read every judgment."""
    imported = [campaign.pk for campaign in campaigns if campaign.origin == Origin.IMPORTED]
    asking = [campaign.pk for campaign in campaigns if campaign.origin != Origin.IMPORTED]
    left = (AssignmentState.SURPLUS, AssignmentState.WITHDRAWN)
    uncounted = Judgment.objects.filter(assignment__campaign__in=asking, assignment__state__in=left)
    of_checks = Judgment.objects.filter(~Q(question__role=ItemRole.WORK), question__campaign__in=asking)
    kinds = (
        _number_by("assignment__campaign", Judgment.objects.filter(assignment__campaign__in=imported)),
        _number_by("assignment__campaign", uncounted.filter(assignment__item__role=ItemRole.WORK)),
        _number_by("question__campaign", of_checks),
    )
    return {key: sum(kind.get(key, 0) for kind in kinds) for key in (*imported, *asking)}


def _by_campaign(rows: QuerySet[Any]) -> dict[int, int]:
    return _number_by("campaign", rows)


def _number_by(campaign: str, rows: QuerySet[Any]) -> dict[int, int]:
    """``COUNT(*)``, which an index alone may answer, as that of a column may not."""
    return dict(rows.order_by().values_list(campaign).annotate(n=Count("*")))
