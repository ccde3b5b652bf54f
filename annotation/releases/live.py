"""A campaign as it stands now, in the tables of a release: for notebooks and the shell, while nothing is released yet.

from analysis.tables import context_of
from annotation.releases.live import live_release

numbers = context_of(live_release(campaign))
numbers["agreement_summary"]
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice

import polars as pl

from analysis.release import Manifest, Release, release_from_frames
from analysis.schema import SCHEMA_VERSION, TABLES
from annotation.models import Campaign
from annotation.releases.snapshot import snapshot
from annotation.releases.tables import TABLE_FRAMES, TABLE_ROWS
from annotation.releases.tables.rows import Row
from annotation.releases.tables.scope import Scope

UNSEEN = ("conversations", "remarks", "closings", "consents", "consent_forms")  # no number rests on them
BATCH = 10_000


def live_release(campaign: Campaign) -> Release:
    """The campaign's rows and its study's material from one snapshot, as ``analysis`` takes a release; nothing is
    written. Texts of conversations, remarks and consents are left out. What is in a rater's hands is not in it, as in
    any release. Holds all rows in memory; a release streams them. Not to be called inside a transaction.
    """
    scope = Scope(campaign.study)
    with snapshot():
        frames = {
            name: _frame(name, _rows(name, rows_of(scope), campaign))
            for name, rows_of in TABLE_ROWS.items()
            if name not in UNSEEN
        }
        for name, frames_of in TABLE_FRAMES.items():
            own = pl.col("campaign") == campaign.public_id
            frames[name] = pl.concat([_frame(name, iter(())), *(part.filter(own) for part in frames_of(scope))])
    manifest = Manifest(SCHEMA_VERSION, study=campaign.study.slug, title=f"{campaign.title}, as it stands")
    return release_from_frames(frames, manifest)


def _rows(table: str, rows: Iterator[Row], campaign: Campaign) -> Iterator[Row]:
    """The campaign's own rows where the table has campaigns; a label that rests on no campaign is everybody's."""
    if "campaign" not in TABLES[table].names:
        return rows
    return (row for row in rows if row["campaign"] in (campaign.public_id, ""))


def _frame(table: str, rows: Iterator[Row]) -> pl.DataFrame:
    """Rows in columns, a batch at a time: a list of a million dicts would be ten times the frame."""
    schema = TABLES[table].polars_schema
    batches = [pl.DataFrame(schema=schema)]
    while batch := list(islice(rows, BATCH)):
        batches.append(pl.DataFrame(batch, schema=schema, orient="row"))
    return pl.concat(batches)
