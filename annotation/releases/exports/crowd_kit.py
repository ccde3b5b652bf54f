"""task, worker, label: what crowd-kit's aggregations take."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from annotation.releases.exports.base import Export, ExportFile, answers_of, campaigns_of
from annotation.releases.exports.spreadsheet import csv_pieces
from annotation.releases.tables.rows import Row
from pipeline.enums import InstrumentName


def _files(folder: Path) -> Iterator[ExportFile]:
    for campaign in campaigns_of(folder):
        yield ExportFile(f"{campaign['slug']}.csv", csv_pieces(("task", "worker", "label"), _rows(folder, campaign)))


def _rows(folder: Path, campaign: Row) -> Iterator[tuple[str, str, str]]:
    for row in answers_of(folder, campaign, ["unit", "rater", "score"]):
        yield row["unit"], row["rater"], label_of(campaign["instrument"], row)


def label_of(instrument: str, row: Row) -> str:
    """The answer; a preference towards the personalized response, whichever side it stood on, for 4 on the left is not
    what 4 on the right is."""
    return str(int(row["score"])) if instrument == InstrumentName.PREFERENCE else str(row["value"])


CROWD_KIT = Export(
    "crowd-kit",
    "One CSV a campaign with the columns task (the unit), worker (the rater's pseudonym) and label, of the answers "
    "that count. Labels of preference campaigns go from 1 to 5 towards the personalized response. "
    "crowdkit.aggregation.MajorityVote().fit_predict(pandas.read_csv(FILE)) takes it as it is.",
    _files,
)
