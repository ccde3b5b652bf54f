"""What is compared: a release's tables, computed; or a report's, as it was written."""

from __future__ import annotations

import re
from dataclasses import dataclass
from html import unescape
from pathlib import Path
from typing import NamedTuple

import polars as pl

from analysis.compare.numbers import TABLES
from analysis.figures.parts import mark_of
from analysis.release import ReleaseError, load_release
from analysis.report.build import PAGE
from analysis.tables import Settings, Tables, context_of

READ = (*TABLES, "campaigns", "origins")
OF_CAMPAIGN = ("title", "origin", "judgments", "raters", "judged_units")
_HEAD = re.compile(r'<p class="kicker">Fitting Room report(?:, release ([^<]*))?</p><h1>([^<]*)</h1>')


class Campaign(NamedTuple):
    title: str
    origin: str
    judgments: int  # of raters of every kind, as are the following
    raters: int
    units: int


@dataclass(frozen=True)
class Side:
    """``name``: title and version, or the folder's name where a report does not say them; ``marks``: origins other than
    people's own, in capitals.
    """

    name: str
    tables: Tables
    marks: tuple[str, ...]

    @property
    def judgments(self) -> int:
        """Answers of raters behind the numbers, of every origin."""
        return sum(campaign.judgments for campaign in self.campaigns.values())

    @property
    def campaigns(self) -> dict[str, Campaign]:
        """By slug."""
        if "campaigns" not in self.tables:
            return {}
        rows = self.tables["campaigns"].select("campaign", *OF_CAMPAIGN).iter_rows()
        return {
            str(slug): Campaign(str(title), str(origin), *map(int, counts)) for slug, title, origin, *counts in rows
        }

    def mark(self, campaign: str) -> str:
        """What must stand on a picture of this campaign, see ``mark_of``; "" for one that is not here."""
        found = self.campaigns.get(campaign)
        return mark_of(found.origin, found.judgments) if found else ""


def side_of(folder: Path, settings: Settings | None = None) -> Side:
    """What is compared of a release's tables by ``settings``, or of a report's as they stand (theirs were its own).

    Raises ``ReleaseError`` for a folder that is neither.
    """
    if (folder / PAGE).is_file():
        tables = {name: _read(folder / "tables" / f"{name}.csv", name) for name in READ if _there(folder, name)}
        return Side(_name_in(folder), tables, _marks(tables))
    release = load_release(folder)
    context = context_of(release, settings)
    tables = {name: context[name] for name in READ}
    title = release.manifest.title or release.manifest.study or folder.name
    return Side(f"{title} {release.manifest.version}".strip(), tables, _marks(tables))


def _there(folder: Path, name: str) -> bool:
    return (folder / "tables" / f"{name}.csv").is_file()


def _name_in(folder: Path) -> str:
    found = _HEAD.search((folder / PAGE).read_text(encoding="utf-8", errors="replace"))
    return unescape(f"{found[2]} {found[1] or ''}").strip() if found else folder.name


def _read(path: Path, name: str) -> pl.DataFrame:
    try:
        frame = pl.read_csv(path, infer_schema_length=None)
    except (pl.exceptions.PolarsError, OSError) as error:
        problem = str(error).splitlines()[0]
        raise ReleaseError([f"{path}: cannot be read as a table ({problem}); draw the report again"]) from None
    missing = sorted(_needed(name) - set(frame.columns))
    if missing:
        raise ReleaseError([f"{path}: has no column {missing[0]}, as of an older report; draw the report again"])
    return frame


def _needed(name: str) -> set[str]:
    if name not in TABLES:
        return {"campaigns": {"campaign", *OF_CAMPAIGN}, "origins": {"origin"}}[name]
    return {"campaign", *TABLES[name].columns}


def _marks(tables: Tables) -> tuple[str, ...]:
    origins = tables["origins"]["origin"].to_list() if "origins" in tables else []
    return tuple(sorted(str(origin).upper() for origin in origins if origin != "human"))
