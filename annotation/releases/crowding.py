"""Rules over neighbouring rows: who judged a unit how often, and whether everybody in a campaign is of its kind."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import NamedTuple

import polars as pl

from annotation.enums import ItemRole
from annotation.releases.rules import Broken
from annotation.releases.tables.rows import Row

KIND = {"judgments": "rater_kind", "raters": "kind"}
UNIT = ["unit", "campaign"]
LOOKED_AT = [*UNIT, "instrument", "rater", "rater_kind", "role", "counted"]


class CampaignRules(NamedTuple):
    k: int
    origin: str
    instrument: str


class Crowding:
    """Is shown every row group in the order of the release; judgments of one unit in one campaign are neighbours."""

    def __init__(self, campaigns: Mapping[str, CampaignRules]) -> None:
        self._campaigns = campaigns
        self._open: pl.DataFrame | None = None  # of the last unit, whose judgments may go on in the next group

    def problems(self, table: str, frame: pl.DataFrame) -> Iterator[tuple[int, Broken]]:
        """(place in the frame, what is broken)."""
        if table not in KIND or not frame.height:
            return
        if table == "raters":
            yield from self._unlike_campaign(table, frame)
            return
        seen = frame.select(LOOKED_AT)
        before = seen.clear() if self._open is None else self._open
        together = pl.concat([before, seen])
        if not self._is_sound(together):
            yield from self._unlike_campaign(table, frame)
            neighbours = Neighbours(self._campaigns)
            for place, row in enumerate(together.iter_rows(named=True), start=-before.height):
                broken = list(neighbours.problems(row))
                yield from ((place, each) for each in broken if place >= 0)
        last = [pl.col(name) == together[-1, name] for name in UNIT]
        self._open = together.filter(last)

    def _unlike_campaign(self, table: str, frame: pl.DataFrame) -> Iterator[tuple[int, Broken]]:
        kind = KIND[table]
        origins = {campaign: rules.origin for campaign, rules in self._campaigns.items()}
        origin = pl.col("campaign").replace_strict(origins, default=None, return_dtype=pl.String)
        unlike = frame.select(kind, origin=origin).with_row_index().filter(pl.col(kind) != pl.col("origin"))
        for place, found, expected in unlike.iter_rows():
            yield place, (kind, f"{found!r} in a campaign of {expected} raters")

    def _is_sound(self, seen: pl.DataFrame) -> bool:
        rules = pl.DataFrame(
            [(campaign, *each) for campaign, each in self._campaigns.items()],
            schema={"campaign": pl.String, "k": pl.Int64, "origin": pl.String, "asked": pl.String},
            orient="row",
        )
        known = seen.join(rules, on="campaign")
        alike = (pl.col("rater_kind") == pl.col("origin")) & (pl.col("instrument") == pl.col("asked"))
        if not known.select(alike.all()).item():
            return False
        most = known.group_by(UNIT).agg(pl.col("counted").sum() <= pl.col("k").first())
        worked = known.filter(pl.col("role") == ItemRole.WORK.value).select(*UNIT, "rater")
        return bool(most["counted"].all()) and not worked.is_duplicated().any()


class Neighbours:
    """The same row by row, to say what is wrong and where."""

    def __init__(self, campaigns: Mapping[str, CampaignRules]) -> None:
        self._campaigns = campaigns
        self._unit: tuple[str, str] | None = None
        self._counted = 0
        self._raters: set[str] = set()

    def problems(self, row: Row) -> Iterable[Broken]:
        if row["campaign"] not in self._campaigns:
            return
        campaign = self._campaigns[row["campaign"]]
        if row["instrument"] != campaign.instrument:
            yield "instrument", f"{row['instrument']!r} in a campaign of {campaign.instrument}"
        if self._unit != (row["unit"], row["campaign"]):
            self._unit, self._counted, self._raters = (row["unit"], row["campaign"]), 0, set()
        self._counted += row["counted"]
        if row["counted"] and self._counted > campaign.k:
            yield "counted", f"{self._counted} judgments of unit {row['unit']!r} are counted, K is {campaign.k}"
        if row["role"] == ItemRole.WORK:
            if row["rater"] in self._raters:
                yield "rater", f"{row['rater']!r} judged unit {row['unit']!r} twice in the campaign"
            self._raters.add(row["rater"])
