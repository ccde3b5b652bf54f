"""Rules over neighbouring rows: who judged a unit how often, and whether everybody in a campaign is of its kind."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import NamedTuple

from annotation.enums import ItemRole
from annotation.releases.rules import Broken
from annotation.releases.tables.rows import Row


class CampaignRules(NamedTuple):
    k: int
    origin: str
    instrument: str


class Crowding:
    """Is shown every row in the order of the release; judgments of one unit in one campaign are neighbours there."""

    def __init__(self, campaigns: Mapping[str, CampaignRules]) -> None:
        self._campaigns = campaigns
        self._unit: tuple[str, str] | None = None
        self._counted = 0
        self._raters: set[str] = set()

    def problems(self, table: str, row: Row) -> Iterator[Broken]:
        if table not in ("judgments", "raters") or row["campaign"] not in self._campaigns:
            return
        campaign = self._campaigns[row["campaign"]]
        kind = "rater_kind" if table == "judgments" else "kind"
        if row[kind] != campaign.origin:
            yield kind, f"{row[kind]!r} in a campaign of {campaign.origin} raters"
        if table == "judgments":
            yield from self._judgment(row, campaign)

    def _judgment(self, row: Row, campaign: CampaignRules) -> Iterator[Broken]:
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
