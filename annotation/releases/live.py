"""A campaign as it stands now, in the tables of a release: for notebooks and the shell, while nothing is released yet.

from analysis.tables import context_of
from annotation.releases.live import live_release

numbers = context_of(live_release(campaign))
numbers["agreement_summary"]
"""

from __future__ import annotations

from typing import Any

import polars as pl

from analysis.release import Manifest, Release, release_from_frames
from analysis.schema import SCHEMA_VERSION, TABLES, Column
from annotation.models import Campaign
from annotation.releases.live_tables import RAW, Wanted, wanted_of
from annotation.releases.snapshot import snapshot
from annotation.releases.tables.reading import raw_frames

BATCH = 50_000  # rows read at a time


def live_release(campaign: Campaign) -> Release:
    """The campaign's rows and the material that it asks about, from one snapshot, as ``analysis`` takes a release;
    nothing is written. What is in a rater's hands is not in it, as in any release.

    Only what the numbers of ``analysis`` rest on is read (live_tables.py): other tables are empty, other columns null
    where the contract lets them be, else "", 0 or an empty list. Its cost goes with the campaign, whatever else the
    study holds; its rows are held in memory, where a release streams them. Not to be called inside a transaction.
    """
    with snapshot():
        frames = {name: _frame(name, wanted) for name, wanted in wanted_of(campaign).items()}
    manifest = Manifest(SCHEMA_VERSION, study=campaign.study.slug, title=f"{campaign.title}, as it stands")
    return release_from_frames(frames, manifest)


def _frame(table: str, wanted: Wanted) -> pl.DataFrame:
    frame = _read(wanted)
    for parts in wanted.parts:
        lists = _read(parts.wanted).group_by(RAW, maintain_order=True).agg(parts.each.alias(parts.name))
        frame = frame.join(lists, on=RAW, how="left", maintain_order="left")
    read = {**{name: pl.col(name) for name in frame.columns}, **wanted.computed}
    columns = [_filled(column, read.get(column.name)) for column in TABLES[table].columns]
    return frame.select(columns)


def _read(wanted: Wanted) -> pl.DataFrame:
    """Whole, in the order of the query."""
    empty = pl.DataFrame(schema={name: _as_read(dtype) for name, (_, dtype) in wanted.columns.items()})
    return pl.concat([empty, *raw_frames(wanted.rows, wanted.columns, BATCH)])


def _as_read(dtype: Any) -> Any:
    """Times are texts in a release."""
    return pl.String if isinstance(dtype, pl.Datetime) else dtype


def _filled(column: Column, read: pl.Expr | None) -> pl.Expr:
    """The column of a release: what was read, and where nothing was, what the contract asks for at least."""
    least = pl.lit(None, dtype=column.dtype) if column.nullable else _nothing(column.dtype)
    if read is None:
        return least.alias(column.name)
    is_list = isinstance(column.dtype, pl.List)
    return (read.fill_null(least) if is_list else read).cast(column.dtype).alias(column.name)


def _nothing(dtype: Any) -> pl.Expr:
    if isinstance(dtype, pl.List):
        return pl.lit([], dtype=dtype)
    return pl.lit("" if dtype == pl.String else 0, dtype=dtype)
