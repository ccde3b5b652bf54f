"""A campaign's counted answers rolled up into patterns, so that agreement is looked at and not computed anew.

Nobody's submit waits for this: the worker counts, of the campaigns that have changed since it last did.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from django.db import connection
from django.db.models import (
    Case,
    Count,
    DateTimeField,
    Exists,
    ExpressionWrapper,
    F,
    Max,
    OuterRef,
    Q,
    QuerySet,
    When,
)
from django.utils import timezone

from analysis.schema import VALUES
from annotation.domain.counting import analysed_judgments
from annotation.enums import AssignmentState, CampaignState
from annotation.models import Assignment, Campaign, Judgment, Revision, Rollup
from pipeline.enums import InstrumentName, Side
from studies.models import AuditEvent

TAIL = 20_000  # newest revisions looked through for campaigns that have changed
OVERLAP = timedelta(minutes=1)  # of a count with what was being committed meanwhile

RECOUNT = timedelta(hours=2)
_NEVER = datetime.min.replace(tzinfo=UTC)

Pattern = tuple[tuple[int, ...], int]  # the count of each of the instrument's values; how many units have these counts


def roll_up(*, campaign: Campaign) -> Rollup:
    """Count the campaign's answers into its Rollup: how many units have which counts of values, in one query.

    Counted are the answers that labels rest on (``analysed_judgments``); a unit without any is in no pattern. A
    preference is turned towards the personalized response first. The count is dated before it begins, so that what is
    committed meanwhile makes the next one due.
    """
    begun = timezone.now()
    patterns = count_patterns(campaign)
    units = sum(units for _, units in patterns)
    judgments = sum(sum(counts) * units for counts, units in patterns)
    rollup, _ = Rollup.objects.update_or_create(
        campaign=campaign,
        defaults={"patterns": patterns, "n_units": units, "n_judgments": judgments, "made_at": begun},
    )
    return rollup


def count_patterns(campaign: Campaign) -> list[Pattern]:
    """The patterns, sorted. The database groups twice: answers by unit, units by their counts."""
    names = [f"n{place}" for place in range(len(VALUES[campaign.instrument]))]
    judgments = Judgment.objects.filter(question__campaign=campaign)
    per_unit = _counts(analysed_judgments(judgments), campaign.instrument, names)
    inner, parameters = per_unit.query.sql_with_params()
    columns = ", ".join(names)
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT {columns}, COUNT(*) FROM ({inner}) AS units GROUP BY {columns} ORDER BY {columns}",  # noqa: S608
            parameters,
        )
        return [(tuple(row[:-1]), row[-1]) for row in cursor.fetchall()]


def _counts(judgments: QuerySet[Judgment], instrument: str, names: list[str]) -> QuerySet[Any]:
    """One row a unit: how often each value was given."""
    counts = {
        name: Count("pk", filter=_gave(instrument, value))
        for name, value in zip(names, VALUES[instrument], strict=True)
    }
    per_unit: QuerySet[Any] = judgments.order_by().values("question").annotate(**counts)
    return per_unit.values(*names)


def _gave(instrument: str, value: str) -> Q:
    if instrument != InstrumentName.PREFERENCE:
        return Q(value=value)
    turned = str(6 - int(value))
    return Q(value=value, assignment__side=Side.RIGHT) | Q(value=turned, assignment__side=Side.LEFT)


def campaigns_to_roll_up() -> list[Campaign]:
    """Those with answers and no Rollup, and those that have changed since theirs was made: an answer, or a change of
    one, among the newest TAIL, or an event in their study's audit trail, such as a rater's leaving. Those that collect
    are counted every RECOUNT in any case, should a flood of answers elsewhere have pushed theirs out of the tail.
    """
    made_at = F("rollup__made_at") - OVERLAP
    events = AuditEvent.objects.filter(study=OuterRef("study"), made_at__gt=OuterRef("counted_until"))
    answered = Assignment.objects.filter(campaign=OuterRef("pk"), state=AssignmentState.SUBMITTED)
    stale = Q(state=CampaignState.COLLECTING, rollup__made_at__lt=timezone.now() - RECOUNT)
    answers = _latest_answers()
    campaigns = Campaign.objects.annotate(
        counted_until=ExpressionWrapper(made_at, output_field=DateTimeField()),
        due=Case(When(rollup=None, then=Exists(answered)), When(stale, then=True), default=Exists(events)),
    )
    return [
        campaign
        for campaign in campaigns.order_by("pk")
        if campaign.due or (campaign.counted_until and campaign.counted_until < answers.get(campaign.pk, _NEVER))
    ]


def _latest_answers() -> dict[int, datetime]:
    """When each campaign got an answer or a change of one last, among the newest."""
    newest = Revision.objects.aggregate(newest=Max("pk"))["newest"] or 0
    tail = Revision.objects.filter(pk__gt=newest - TAIL).order_by()
    return dict(tail.values_list("judgment__question__campaign").annotate(latest=Max("made_at")))
