"""What a report is made of: sections, each campaign's part in one, and how tables and figures stand in them."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from html import escape

import polars as pl

from analysis.figures.parts import Picture, mark_of
from analysis.markup import details, table
from analysis.report.listings import Listing
from analysis.schema import INSTRUMENTS
from analysis.tables import Context, Settings

ORIGINS = ("human", "simulated", "imported")
FLAT = "all answers are "  # as analysis.clusters says of a share of nothing or of everything: it has an interval
FLAT_MEANS = (
    "Where a share is 0 or 100 %, its interval counts all answers about one person, to one prompt or of one rater as "
    "one, whichever are fewest: nothing shows how they vary."
)
WHO = {"human": "people", "simulated": "simulated raters", "imported": "imported raters"}


@dataclass(frozen=True)
class Campaign:
    """A campaign as the report speaks of it. ``who`` names its raters so that none can pass for people."""

    slug: str
    title: str
    instrument: str
    origin: str
    judgments: int
    votes: int

    @property
    def mark(self) -> str:
        return mark_of(self.origin, self.judgments)

    @property
    def who(self) -> str:
        return WHO[self.origin]


@dataclass(frozen=True)
class Part:
    """One campaign's share of a section: the sentence that says what was found, and its tables and figures as HTML."""

    campaign: Campaign
    says: str
    body: str


@dataclass(frozen=True)
class Section:
    """``study``: number of the table or figure of the published study, 0 for what is beyond it. ``about``: what is
    measured. ``parts`` by campaign; ``body``: what belongs to no campaign. A section with neither says ``missing``.
    """

    name: str
    title: str
    study: int
    about: str
    missing: str
    parts: tuple[Part, ...] = ()
    says: str = ""
    body: str = ""

    @property
    def lead(self) -> str:
        """The first sentence: what was found, or why nothing could be."""
        return self.says or (self.parts[0].says if self.parts else self.missing)


def campaigns_of(context: Context, *instruments: str) -> list[Campaign]:
    """The campaigns of ``instruments`` (all, when none is named) that anybody or any model answered: the study's stages
    in their order, people's own answers first, what only models answered last.
    """
    chosen = instruments or INSTRUMENTS
    rows = context["campaigns"].filter(pl.col("judgments") + pl.col("votes") > 0).iter_rows(named=True)
    found = [
        Campaign(row["campaign"], row["title"], row["instrument"], row["origin"], row["judgments"], row["votes"])
        for row in rows
        if row["instrument"] in chosen
    ]
    return sorted(found, key=lambda c: (chosen.index(c.instrument), not c.judgments, ORIGINS.index(c.origin), c.slug))


def parts_of(context: Context, draw: Callable[[Context, Campaign], Part | None], *instruments: str) -> tuple[Part, ...]:
    """What ``draw`` makes of each campaign of ``instruments``; None where a campaign has nothing to show."""
    parts = [draw(context, campaign) for campaign in campaigns_of(context, *instruments)]
    return tuple(part for part in parts if part is not None)


def of_campaign(frame: pl.DataFrame, campaign: Campaign) -> pl.DataFrame:
    return frame.filter(pl.col("campaign") == campaign.slug)


def shown(context: Context, listing: Listing, frame: pl.DataFrame, campaign: Campaign | None = None) -> str:
    """``frame`` as a table, below it what the numbers and intervals are, and the command that prints them."""
    command = command_of(listing.name, context.settings, campaign)
    note = (
        f'<dl class="meant"><dt>What it is</dt><dd>{escape(listing.means)}</dd>'
        f"<dt>Interval</dt><dd>{escape(listing.interval)}</dd>"
        f"<dt>Again</dt><dd><code>{escape(command)}</code></dd></dl>\n"
    )
    told = table(frame, listing.columns, csv=f"tables/{listing.name}.csv") + _why_not(frame)
    return told + details("What these numbers are", note)


def _why_not(frame: pl.DataFrame) -> str:
    """Why a number of the table, or its interval, is not there, where the table says so."""
    if "reason" not in frame.columns:
        return ""
    reasons = frame["reason"].unique().sort().to_list()
    flat = [reason for reason in reasons if reason.startswith(FLAT)]
    said = "; ".join(reason for reason in reasons if reason and reason not in flat)
    notes = [f"Where a number or an interval is missing: {said}."] if said else []
    notes += [FLAT_MEANS] if flat else []
    return f'<p class="note">{escape(" ".join(notes))}</p>\n' if notes else ""


def command_of(name: str, settings: Settings, campaign: Campaign | None = None) -> str:
    """The command line that prints the table with the settings of this report."""
    only = f" --campaign {campaign.slug}" if campaign else ""
    return f"python -m analysis table DIR {name}{only}{flags_of(settings)}"


def flags_of(settings: Settings) -> str:
    """``settings`` as the command line takes them; what is as usual is left out."""
    usual = Settings()
    flags = (
        ("--min-n", settings.min_n, usual.min_n),
        ("--label", settings.label_source, usual.label_source),
        ("--min-judgments", settings.min_judgments, usual.min_judgments),
        ("--pair-rule", settings.pair_rule, usual.pair_rule),
    )
    said = "".join(f" {flag} {value}" for flag, value, default in flags if value != default)
    return said if settings.neutral_is_no_better else f"{said} --neutral-is-better"


def drawn(
    context: Context, picture: Picture, summary: str, listing: Listing, frame: pl.DataFrame, campaign: Campaign
) -> str:
    """``picture`` with its caption; its data are one click away under ``summary``."""
    below = details(summary, shown(context, listing, frame, campaign))
    lead = f"<strong>{escape(picture.mark)}.</strong> " if picture.mark else ""
    caption = f"<figcaption>{lead}{escape(picture.caption)}</figcaption>"
    return f"<figure>{picture.svg}{caption}\n{below}</figure>\n"


def anchor(*names: str) -> str:
    """An id that is the same each time and holds nothing but letters, digits and dashes."""
    return re.sub(r"[^a-zA-Z0-9-]+", "-", "-".join(names))


def listed(words: Sequence[str]) -> str:
    """``a``, ``a and b``, ``a, b and c``."""
    return " and ".join([", ".join(words[:-1]), words[-1]] if len(words) > 1 else words)
