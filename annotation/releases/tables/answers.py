"""What people and models answered. Raters stand under their pseudonym: no other name of theirs is ever selected."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from analysis.schema import score_of
from annotation.domain.counting import reason_not_counted
from annotation.enums import AssignmentState
from annotation.models import Assignment, Judgment, Remark, Revision
from annotation.releases.tables.rows import Children, Row, binary, named, stream, time_text
from annotation.releases.tables.scope import Scope
from pipeline.models import Finding, Label, Vote

UNIT = ("unit_key", "instrument", "attribute__public_id", "prompt__public_id", "pair__public_id")


def assignments(scope: Scope) -> Iterator[Row]:
    """Every tenure that has ended. One that is held is unfinished work, as its drafts are, and stays out."""
    rows = Assignment.objects.filter(campaign__study=scope.study).exclude(state=AssignmentState.HELD)
    rows = rows.order_by(binary("public_id"))
    where = ("campaign__public_id", "item__public_id", "rater__participant__pseudonym", "seat__number")
    what = ("side", "state", "order", "claimed_at", "submitted_at", "ended_at", "seconds")
    for values in stream(rows, "public_id", *where, *what):
        yield named("assignments", values)


def judgments(scope: Scope) -> Iterator[Row]:
    rows = Judgment.objects.filter(assignment__campaign__study=scope.study).order_by(
        binary("question__unit_key"),
        binary("assignment__campaign__public_id"),
        binary("rater__participant__pseudonym"),
        binary("assignment__public_id"),
    )
    revisions = Children(_revisions(scope))
    for pk, *values in stream(rows, "pk", *(f"question__{name}" for name in UNIT), *ANSWER, *TENURE, *STORED):
        yield _judgment(values, revisions.of(pk))
    revisions.end()


ANSWER = ("value", "reason", "question__position")
TENURE = tuple(
    f"assignment__{name}"
    for name in (
        "campaign__public_id",
        "item__public_id",
        "public_id",
        "rater__participant__pseudonym",
        "rater__kind",
        "side",
        "order",
        "item__role",
        "seat__number",
        "state",
        "claimed_at",
        "submitted_at",
        "seconds",
    )
)
STORED = ("made_at", "erased_at")


def _revisions(scope: Scope) -> Iterator[tuple[Any, ...]]:
    rows = Revision.objects.filter(judgment__assignment__campaign__study=scope.study).order_by(
        binary("judgment__question__unit_key"),
        binary("judgment__assignment__campaign__public_id"),
        binary("judgment__rater__participant__pseudonym"),
        binary("judgment__assignment__public_id"),
        "number",
    )
    return stream(rows, "judgment_id", "number", "value", "reason", "made_at")


def _judgment(values: list[Any], revisions: list[tuple[Any, ...]]) -> Row:
    unit, (value, reason, position), tenure, (made_at, erased_at) = values[:5], values[5:8], values[8:21], values[21:]
    campaign, item, assignment, rater, kind, side, order, role, seat, state, claimed_at, submitted_at, seconds = tenure
    because = reason_not_counted(state, role, kind)
    history = [
        {"number": number, "value": old, "reason": why, "made_at": time_text(when)}
        for number, old, why, when in revisions
    ]
    score = None if value is None else score_of(unit[1], value, side)
    answer = [campaign, item, assignment, rater, kind, value, score, reason, side, place_on_page(position, order)]
    counting = [role, seat, state, not because, because]
    times = [claimed_at, submitted_at, seconds, made_at, history, erased_at]
    return named("judgments", [*unit, *answer, *counting, *times])


def place_on_page(position: int, order: list[int]) -> int:
    """Where the page showed the question; where no order is known (historic answers), its own position."""
    return order.index(position) if position in order else position


def remarks(scope: Scope) -> Iterator[Row]:
    rows = Remark.objects.filter(assignment__campaign__study=scope.study).exclude(
        assignment__state=AssignmentState.HELD
    )
    rows = rows.order_by(binary("assignment__public_id"), binary("kind"), "position")
    where = ("campaign__public_id", "item__public_id", "public_id", "rater__participant__pseudonym")
    tenure = (f"assignment__{name}" for name in where)
    for values in stream(rows, *tenure, "kind", "position", "question__unit_key", "text", "made_at", "erased_at"):
        yield named("remarks", values)


def model_votes(scope: Scope) -> Iterator[Row]:
    rows = Vote.objects.filter(run__study=scope.study)
    rows = rows.order_by(binary("unit_key"), binary("run__public_id"), binary("side"))
    fields = ("run__public_id", "run__model_name", "status", "value", "raw_score", "side", "reason")
    for *front, value, raw_score, side, reason in stream(rows, *UNIT, *fields):
        score = None if value is None else score_of(front[1], value, side)
        yield named("model_votes", [*front, value, score, raw_score, side, reason])


def findings(scope: Scope) -> Iterator[Row]:
    rows = Finding.objects.filter(run__study=scope.study).order_by(
        binary("unit_key"), binary("kind"), binary("run__public_id")
    )
    for values in stream(rows, *UNIT, "run__public_id", "run__model_name", "kind", "status", "value", "reason"):
        yield named("findings", values)


def labels(scope: Scope) -> Iterator[Row]:
    rows = Label.objects.filter(run__study=scope.study).order_by(binary("unit_key"), binary("run__public_id"))
    for values in stream(rows, *UNIT, "run__public_id", "campaign", "method", "value", "score", "n", "share"):
        yield named("labels", values)
