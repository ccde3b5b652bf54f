"""The page: one HTML file that needs nothing but itself."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape
from pathlib import Path

import polars as pl

from analysis.markup import counted
from analysis.report.parts import Part, Section, anchor, flags_of
from analysis.tables import Context, Settings

STYLE = Path(__file__).with_name("report.css")
ORIGIN_NOTES = {
    "human": "",
    "simulated": "SIMULATED: these raters are programs. Nothing here says anything about people.",
    "imported": "IMPORTED: answers collected elsewhere, by other means, and brought in.",
}


def page_of(context: Context, sections: Sequence[Section]) -> str:
    manifest = context.release.manifest
    title = manifest.title or manifest.study or "A study"
    version = f", release {manifest.version}" if manifest.version else ""
    nothing = (
        ""
        if context["campaigns"].height
        else "<p>This release holds no campaign, so there is nothing to count yet.</p>"
    )
    return (
        '<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        '<meta name="color-scheme" content="light dark">\n'
        f"<title>{escape(title)}: report</title>\n"
        f"<style>\n{STYLE.read_text(encoding='utf-8')}</style>\n</head>\n<body>\n"
        f'<header><p class="kicker">Fitting Room report{escape(version)}</p><h1>{escape(title)}</h1>\n'
        f"{_overview(context)}{nothing}</header>\n{_contents(sections)}<main>\n"
        f"{''.join(map(_section, sections))}{_made(context.settings)}"
        "</main>\n</body>\n</html>\n"
    )


def _overview(context: Context) -> str:
    origins, campaigns = context["origins"], context["campaigns"]
    said = []
    for origin, noun in (("human", "person"), ("imported", "imported rater"), ("simulated", "simulated rater")):
        for row in origins.filter(pl.col("origin") == origin).iter_rows(named=True):
            raters = counted(row["raters"], noun).replace("persons", "people")
            said.append(f"{counted(row['judgments'], 'judgment')} by {raters}")
    said.append(f"{counted(int(campaigns['votes'].sum()), 'vote')} by models")
    return f'<p class="lead">{escape(", ".join(said))}, in {counted(campaigns.height, "campaign")}.</p>\n'


def _contents(sections: Sequence[Section]) -> str:
    """The study's tables and figures under their numbers, then what goes beyond it; each with what was found."""
    of_study = "".join(_entry(section) for section in sections if section.study)
    beyond = "".join(_entry(section) for section in sections if not section.study)
    return (
        '<nav aria-label="Contents">\n<h2>The study\'s tables and figures</h2>\n'
        f'<ol>{of_study}</ol>\n<h2>Beyond them</h2>\n<ul>{beyond}<li><a href="#made">How the numbers are made</a></li>'
        "</ul>\n</nav>\n"
    )


def _entry(section: Section) -> str:
    value = f' value="{section.study}"' if section.study else ""
    link = f'<a href="#{escape(section.name)}">{escape(section.title)}</a>'
    return f'<li{value}>{link}<span class="found">{escape(section.lead)}</span></li>\n'


def _section(section: Section) -> str:
    number = f'<span class="number">{section.study}</span> ' if section.study else ""
    found = f'<p class="lead">{escape(section.lead)}</p>\n'
    parts = "".join(_part(section, part) for part in section.parts)
    return (
        f'<section id="{escape(section.name)}"><h2>{number}{escape(section.title)}</h2>\n{found}'
        f'<p class="note">{escape(section.about)}</p>\n{section.body}{parts}</section>\n'
    )


def _part(section: Section, part: Part) -> str:
    campaign = part.campaign
    badge = f' <span class="mark">{escape(campaign.mark)}</span>' if campaign.mark else ""
    note = ORIGIN_NOTES[campaign.origin] if campaign.judgments else "Nobody has judged here yet; models have."
    said = " ".join(text for text in (part.says if part.says != section.lead else "", note) if text)
    return (
        f'<article id="{anchor(section.name, campaign.slug)}" data-campaign="{escape(campaign.slug)}">'
        f"<h3>{escape(campaign.title)}{badge}</h3>\n"
        f"{f'<p>{escape(said)}</p>' if said else ''}\n{part.body}</article>\n"
    )


def _made(settings: Settings) -> str:
    neutral = "3 or less" if settings.neutral_is_no_better else "less than 3"
    rule = "their mean is" if settings.pair_rule == "mean" else "at least half of them are"
    texts = {
        "Every table": "Under each table stands what its numbers are, what its intervals are, and the command that "
        "prints it. n is what a number rests on.",
        "Raters": "People, unless a campaign is marked; marked and unmarked answers are never in one number.",
        "No better": f"A judgment of {neutral}; a pair of responses when, of its judgments, {rule} {neutral}.",
        "Thresholds": f"Pairs of raters: {counted(settings.min_n, 'common unit')} or more. "
        f"Labels: {counted(settings.min_judgments, 'judgment')} or more.",
    }
    items = "".join(f"<dt>{escape(term)}</dt><dd>{escape(text)}</dd>" for term, text in texts.items())
    command = f"python -m analysis report DIR --out REPORT{flags_of(settings)}"
    return (
        f'<section id="made"><h2>How the numbers are made</h2><dl>{items}</dl>\n'
        f"<p>The same release gives the same numbers: <code>{escape(command)}</code>. All tables stand in "
        "<code>tables/</code> beside this file, as CSV at full precision and as Markdown; <code>TABLES.md</code> says "
        "what each of their columns is.</p></section>\n"
    )
