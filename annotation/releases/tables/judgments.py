"""Judgments, the one table that outgrows all others: never a row at a time."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

import polars as pl
from django.db.models import QuerySet, TextField
from django.db.models.functions import Cast

from analysis.schema import TABLES
from annotation.models import Judgment
from annotation.releases.ahead import one_ahead
from annotation.releases.expressions import because_expr, score_expr
from annotation.releases.tables.reading import Columns, raw_frames
from annotation.releases.tables.rows import binary
from annotation.releases.tables.scope import Scope

ROWS = 2048  # of a row group, about
_TIME = pl.Datetime("us", "UTC")
_TEXT, _WHOLE = pl.String, pl.Int64
_TENURE = "assignment__"
COLUMNS: Columns = {
    "pk": ("pk", _WHOLE),
    "unit": ("question__unit_key", _TEXT),
    "instrument": ("question__instrument", _TEXT),
    "attribute": ("question__attribute__public_id", _TEXT),
    "prompt": ("question__prompt__public_id", _TEXT),
    "pair": ("question__pair__public_id", _TEXT),
    "campaign": (f"{_TENURE}campaign__public_id", _TEXT),
    "item": (f"{_TENURE}item__public_id", _TEXT),
    "assignment": (f"{_TENURE}public_id", _TEXT),
    "rater": ("rater__participant__pseudonym", _TEXT),
    "rater_kind": ("rater__kind", _TEXT),
    "value": ("value", _TEXT),
    "reason": ("reason", _TEXT),
    "side": (f"{_TENURE}side", _TEXT),
    "position": ("question__position", _WHOLE),
    "order": ("order_text", _TEXT),
    "role": (f"{_TENURE}item__role", _TEXT),
    "seat": (f"{_TENURE}seat__number", _WHOLE),
    "assignment_state": (f"{_TENURE}state", _TEXT),
    "claimed_at": (f"{_TENURE}claimed_at", _TIME),
    "submitted_at": (f"{_TENURE}submitted_at", _TIME),
    "seconds": (f"{_TENURE}seconds", pl.Float64),
    "made_at": ("made_at", _TIME),
    "erased_at": ("erased_at", _TIME),
    "revision": ("revisions__number", _WHOLE),
    "revision_value": ("revisions__value", _TEXT),
    "revision_reason": ("revisions__reason", _TEXT),
    "revision_made_at": ("revisions__made_at", _TIME),
}

REVISION = {"number": "revision", "value": "revision_value", "reason": "revision_reason", "made_at": "revision_made_at"}


def judgments(scope: Scope) -> Iterator[pl.DataFrame]:
    """Row groups of the table."""
    return one_ahead(_table, _whole(raw_frames(_by_revision(scope), COLUMNS, ROWS)))


def _whole(raws: Iterable[pl.DataFrame]) -> Iterator[pl.DataFrame]:
    """The query gives a row for each revision; those of one judgment stand together, and never in two frames."""
    kept: pl.DataFrame | None = None
    for raw in raws:
        rows = raw if kept is None else pl.concat([kept, raw])
        last = int((rows["pk"] == rows["pk"][-1]).arg_max() or 0)  # its revisions may go on in the next chunk
        kept = rows[last:]
        if last:
            yield rows[:last]
    if kept is not None:
        yield kept


def _by_revision(scope: Scope) -> QuerySet[Any]:
    return (
        Judgment.objects.filter(scope.campaigns("assignment__campaign"))
        .annotate(order_text=Cast("assignment__order", TextField()))
        .order_by(
            binary("question__unit_key"),
            binary("assignment__campaign__public_id"),
            binary("rater__participant__pseudonym"),
            binary("assignment__public_id"),
            "revisions__number",
        )
    )


def _table(rows: pl.DataFrame) -> pl.DataFrame:
    because = because_expr()
    frame = _with_revisions(rows).with_columns(
        score=score_expr(),
        shown_at=place_on_page(),
        counted=because == "",
        not_counted_because=because,
    )
    return frame.select(TABLES["judgments"].names)


def _with_revisions(rows: pl.DataFrame) -> pl.DataFrame:
    """A row a judgment, its revisions in a list. Nearly always there is one of each, and nothing to group."""
    one = pl.struct(pl.col(column).alias(name) for name, column in REVISION.items())
    if not rows["revision"].null_count() and not rows["pk"].is_duplicated().any():
        return rows.with_columns(revisions=pl.concat_list(one))
    revisions = one.filter(pl.col("revision").is_not_null()).alias("revisions")
    return rows.group_by("pk", maintain_order=True).agg(pl.exclude("pk", *REVISION.values()).first(), revisions)


def place_on_page() -> pl.Expr:
    """Where the page showed the question; where no order is known (historic answers), its own position.

    ``order`` is a JSON list of positions, as text: the commas before a position count those shown before it.
    """
    listed = pl.concat_str(pl.lit(","), pl.col("order").str.replace_all(r"[\[\] ]", ""), pl.lit(","))
    wanted = pl.concat_str(pl.lit(","), pl.col("position").cast(pl.String), pl.lit(","))
    before = listed.str.find(wanted, literal=True)
    commas = listed.str.head(before).str.count_matches(",", literal=True).cast(pl.Int64)
    return pl.when(before.is_null()).then(pl.col("position")).otherwise(commas)
