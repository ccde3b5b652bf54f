"""What people and models answered. Raters stand under their pseudonym: no other name of theirs is ever selected."""

from __future__ import annotations

from collections.abc import Iterator

from analysis.schema import score_of
from annotation.enums import AssignmentState
from annotation.models import Assignment, Remark
from annotation.releases.tables.covering import covered_words
from annotation.releases.tables.rows import Row, binary, named, stream
from annotation.releases.tables.scope import Scope
from pipeline.models import Finding, Label, Vote

UNIT = ("unit_key", "instrument", "attribute__public_id", "prompt__public_id", "pair__public_id")


def assignments(scope: Scope) -> Iterator[Row]:
    """Every tenure that has ended. One that is held is unfinished work, as its drafts are, and stays out."""
    rows = Assignment.objects.filter(scope.campaigns("campaign")).exclude(state=AssignmentState.HELD)
    rows = rows.order_by(binary("public_id"))
    where = ("campaign__public_id", "item__public_id", "rater__participant__pseudonym", "seat__number")
    what = ("side", "state", "order", "claimed_at", "submitted_at", "ended_at", "seconds")
    for values in stream(rows, "public_id", *where, *what):
        yield named("assignments", values)


def remarks(scope: Scope) -> Iterator[Row]:
    rows = Remark.objects.filter(scope.campaigns("assignment__campaign"))
    rows = rows.exclude(assignment__state=AssignmentState.HELD).order_by(
        binary("assignment__public_id"), binary("kind"), "position"
    )
    where = ("campaign__public_id", "item__public_id", "public_id", "rater__participant__pseudonym")
    tenure = (f"assignment__{name}" for name in where)
    about = ("kind", "position", "question__unit_key", "made_at", "erased_at")
    said = stream(rows, *tenure, *about, "text", "masks", "looked_with")
    for (*values, made_at, erased_at), text in covered_words(scope, said):
        yield named("remarks", [*values, text, made_at, erased_at])


def model_votes(scope: Scope) -> Iterator[Row]:
    rows = Vote.objects.filter(scope.votes())
    rows = rows.order_by(binary("unit_key"), binary("run__public_id"), binary("side"))
    fields = ("run__public_id", "run__model_name", "status", "value", "raw_score", "side", "reason")
    for *front, value, raw_score, side, reason in stream(rows, *UNIT, *fields):
        score = None if value is None else score_of(front[1], value, side)
        yield named("model_votes", [*front, value, score, raw_score, side, reason])


def findings(scope: Scope) -> Iterator[Row]:
    rows = Finding.objects.filter(scope.votes())
    rows = rows.order_by(binary("unit_key"), binary("kind"), binary("run__public_id"))
    for values in stream(rows, *UNIT, "run__public_id", "run__model_name", "kind", "status", "value", "reason"):
        yield named("findings", values)


def labels(scope: Scope) -> Iterator[Row]:
    rows = Label.objects.filter(scope.labels()).order_by(binary("unit_key"), binary("run__public_id"))
    for values in stream(rows, *UNIT, "run__public_id", "campaign", "method", "value", "score", "n", "share"):
        yield named("labels", values)
