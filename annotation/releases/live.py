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
from annotation.releases.files import ROWS_PER_GROUP
from annotation.releases.snapshot import snapshot
from annotation.releases.tables import TABLE_FRAMES, TABLE_ROWS
from annotation.releases.tables.scope import Scope

# No number of ``analysis`` rests on a row of these.
LEFT_OUT = frozenset(
    (
        "conversations",
        "prompts",
        "consent_forms",
        "raters",
        "consents",
        "exclusions",
        "assignments",
        "remarks",
        "closings",
    )
)


def live_release(campaign: Campaign) -> Release:
    """The campaign's rows and the material that it asks about, from one snapshot, as ``analysis`` takes a release;
    nothing is written. They are what a release of the study would hold, personal data covered; what is in a rater's
    hands is not in it, as in any release.

    Tables that no number of ``analysis`` rests on are empty. Its cost goes with the campaign, whatever else the study
    holds; its rows are held in memory, where a release streams them. Not to be called inside a transaction.
    """
    scope = Scope(campaign.study, campaign=campaign)
    with snapshot():
        frames = {name: _whole(scope, name) for name in TABLES if name not in LEFT_OUT}
    manifest = Manifest(SCHEMA_VERSION, study=campaign.study.slug, title=f"{campaign.title}, as it stands")
    return release_from_frames(frames, manifest)


def _whole(scope: Scope, table: str) -> pl.DataFrame:
    frames = TABLE_FRAMES[table](scope) if table in TABLE_FRAMES else _frames(scope, table)
    return pl.concat([pl.DataFrame(schema=TABLES[table].polars_schema), *frames])


def _frames(scope: Scope, table: str) -> Iterator[pl.DataFrame]:
    """So many rows at a time: as Python objects they are ten times as large."""
    rows = TABLE_ROWS[table](scope)
    while chunk := list(islice(rows, ROWS_PER_GROUP)):
        yield pl.DataFrame(chunk, schema=TABLES[table].polars_schema, orient="row")
