"""The report: one HTML file that needs nothing but itself, and its tables as CSV beside it.

Nothing of when or where it was made is in it: two reports of one release are the same bytes.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from html import escape
from pathlib import Path

import polars as pl

from analysis import columns as c
from analysis.figures import (
    Picture,
    kappa_picture,
    label_shares_picture,
    mark_of,
    marked_relevant_picture,
    preference_picture,
)
from analysis.markup import counted, csv_text, details, scrolled, table, whole
from analysis.release import Manifest, Release
from analysis.schema import ATTRIBUTE_QUALITY, INSTRUMENTS, PREFERENCE, RELEVANCE
from analysis.tables import Settings, Tables, build_tables

STYLE = Path(__file__).with_name("report.css")
INSTRUMENT_NAMES = {
    ATTRIBUTE_QUALITY: "Attribute quality: does the attribute make sense?",
    RELEVANCE: "Relevance: would knowing this change the response?",
    PREFERENCE: "Preference: which response is better for this person?",
}
ORIGIN_NOTES = {
    "human": "Answers of people who took part in this campaign.",
    "simulated": "SIMULATED: these raters are programs. Nothing here says anything about people.",
    "imported": "IMPORTED: answers collected elsewhere, by other means, and brought in.",
}
DEFINITIONS = {
    "n": "Answers; for a pair of raters, the units that both answered.",
    "Agreement": "Share of common units with the same value. "
    "A preference's value is its score towards the personalized response.",
    "Cohen's kappa": "How far agreement exceeds chance, as a share of how far it could; chance comes from the two "
    "raters' own shares of values. No weights. Not defined where chance alone agrees fully.",
    "Krippendorff's alpha": "One less observed over expected disagreement, over units with two answers or more. "
    "Not defined without two answers to compare, or without any variation.",
    "Precision, recall, F1": "Of the answer relevant, against the label named above the table. "
    "Not defined where the denominator is 0.",
    "Intervals": "95 %. Shares: Wilson's, over answers. Mean preference: percentile bootstrap over pairs of responses, "
    "2,000 draws with a fixed seed. That answers of one rater or about one person are alike is not in them.",
    "Raters": "People, unless a campaign is marked; marked and unmarked answers are never in one number.",
}


@dataclass(frozen=True)
class Report:
    """The files of a report, by path inside its folder."""

    files: dict[str, str]


def build_report(release: Release, settings: Settings | None = None) -> Report:
    """All files of the report of ``release``; nothing is written."""
    chosen = settings or Settings()
    tables = build_tables(release, chosen)
    files = {"report.html": _page(release.manifest, tables, chosen)}
    files |= {f"tables/{name}.csv": csv_text(frame) for name, frame in tables.items()}
    return Report(files)


def write_report(report: Report, folder: Path) -> None:
    """Write the files into ``folder``, made where it is not there; each file appears whole or not at all."""
    for name, text in report.files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        part = path.with_name(f".{path.name}.part")
        part.write_text(text, encoding="utf-8", newline="\n")
        os.replace(part, path)


def _page(manifest: Manifest, tables: Tables, settings: Settings) -> str:
    title = manifest.title or manifest.study or "A study"
    version = f", release {manifest.version}" if manifest.version else ""
    campaigns = sorted(tables.campaigns.iter_rows(named=True), key=_reading_order)
    sections = "".join(_campaign(campaign, tables) for campaign in campaigns)
    links = "".join(f'<li><a href="#{escape(row["campaign"])}">{escape(row["title"])}</a></li>' for row in campaigns)
    nothing = "" if campaigns else "<p>This release holds no campaign, so there is nothing to count yet.</p>"
    return (
        '<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        '<meta name="color-scheme" content="light dark">\n'
        f"<title>{escape(title)}: report</title>\n"
        f"<style>\n{STYLE.read_text(encoding='utf-8')}</style>\n</head>\n<body>\n"
        f'<header><p class="kicker">Fitting Room report{escape(version)}</p><h1>{escape(title)}</h1>\n'
        f"{_overview(tables)}{nothing}</header>\n"
        f'<nav aria-label="Campaigns"><ul>{links}</ul></nav>\n<main>\n'
        f"{sections}{_reading(tables)}{_definitions(settings)}"
        "</main>\n</body>\n</html>\n"
    )


def _reading_order(campaign: Mapping[str, object]) -> tuple[int, int, str]:
    """The study's stages in their order, people's own answers first."""
    origins = list(ORIGIN_NOTES)
    return (
        INSTRUMENTS.index(str(campaign["instrument"])),
        origins.index(str(campaign["origin"])),
        str(campaign["campaign"]),
    )


def _overview(tables: Tables) -> str:
    frame = tables.campaigns
    said = []
    for origin, noun in (("human", "person"), ("imported", "imported rater"), ("simulated", "simulated rater")):
        for row in tables.origins.filter(pl.col("origin") == origin).iter_rows(named=True):
            raters = counted(row["raters"], noun).replace("persons", "people")
            said.append(f"{counted(row['judgments'], 'judgment')} by {raters}")
    said.append(f"{counted(int(frame['votes'].sum()), 'vote')} by models")
    return f'<p class="lead">{escape(", ".join(said))}, in {counted(frame.height, "campaign")}.</p>\n'


def _campaign(campaign: dict[str, object], tables: Tables) -> str:
    slug = str(campaign["campaign"])
    by_campaign = ((name, frame) for name, frame in tables.items() if "campaign" in frame.columns)
    of = {name: frame.filter(pl.col("campaign") == slug) for name, frame in by_campaign}
    mark = mark_of(str(campaign["origin"]), int(str(campaign["judgments"])))
    body = {ATTRIBUTE_QUALITY: _quality, RELEVANCE: _relevance, PREFERENCE: _preference}[str(campaign["instrument"])]
    badge = f'<span class="mark">{escape(mark)}</span>' if mark else ""
    return (
        f'<section id="{escape(slug)}"><h2>{escape(str(campaign["title"]))} {badge}</h2>\n'
        f'<p class="kicker">{escape(INSTRUMENT_NAMES[str(campaign["instrument"])])}</p>\n'
        f"<p>{escape(_note(campaign))} {_counted(campaign)}</p>\n"
        f"{body(slug, mark, of)}{_agreement(slug, mark, of)}"
        f"{details('What became of every judgment', table(of['judgment_outcomes'], c.JUDGMENT_OUTCOMES))}</section>\n"
    )


def _note(campaign: Mapping[str, object]) -> str:
    return ORIGIN_NOTES[str(campaign["origin"])] if campaign["judgments"] else "Nobody has judged here yet."


def _counted(campaign: dict[str, object]) -> str:
    """The sentence that says what the campaign's numbers rest on."""
    votes = f"{counted(campaign['votes'], 'vote')} by {counted(campaign['models'], 'model')}"
    if campaign["baselines"]:
        votes += f" and {counted(campaign['baselines'], 'baseline')}"
    judgments = (
        f"{counted(campaign['judgments'], 'judgment')} on {counted(campaign['judged_units'], 'unit')} "
        f"by {counted(campaign['raters'], 'rater')}"
        if campaign["judgments"]
        else ""
    )
    parts = [part for part in (judgments, votes if campaign["votes"] else "") if part]
    return ", and ".join(parts) + ("." if parts else "")


def _quality(slug: str, mark: str, of: dict[str, pl.DataFrame]) -> str:
    shares = of["label_shares"]
    if not shares.height:
        return ""
    return _figure(
        label_shares_picture(shares, campaign=slug, mark=mark),
        details("The shares as a table", table(shares, c.LABEL_SHARES, csv="tables/label_shares.csv")),
    )


def _relevance(slug: str, mark: str, of: dict[str, pl.DataFrame]) -> str:
    marked, scores = of["marked_relevant"], of["selection"]
    parts = []
    if marked.height:
        shares = details("The shares as a table", table(marked, c.MARKED, csv="tables/marked_relevant.csv"))
        parts.append(_figure(marked_relevant_picture(marked, campaign=slug, mark=mark), shares))
    if scores.height:
        first = scores.row(0, named=True)
        parts.append(
            "<h3>Models against the label</h3>"
            f"<p>The label is the {escape(first['label'])}. {_ties(first['ties'])} Relevant is the class looked for; "
            "marked and label are its shares among the n units.</p>"
            + table(scores, c.SELECTION, csv="tables/selection.csv")
        )
    return "".join(parts)


def _ties(n: int) -> str:
    return f"{counted(n, 'unit')} without a majority {'has' if n == 1 else 'have'} none and stand aside." if n else ""


def _preference(slug: str, mark: str, of: dict[str, pl.DataFrame]) -> str:
    means = of["preference"]
    if not means.height:
        return ""
    return (
        _figure(
            preference_picture(means, campaign=slug, mark=mark),
            details("The means as a table", table(means, c.PREFERENCE_MEANS, csv="tables/preference.csv")),
        )
        + "<h3>No better than the generic response</h3>"
        "<p>The share of personalized responses judged no better, read in two ways: "
        "over n single judgments, and over pairs of responses.</p>"
        + table(means, c.NO_BETTER, csv="tables/preference.csv")
    )


def _agreement(slug: str, mark: str, of: dict[str, pl.DataFrame]) -> str:
    pairs, groups, alphas = of["agreement_pairs"], of["agreement_groups"], of["krippendorff"]
    picture = kappa_picture(pairs, campaign=slug, mark=mark)
    if picture is None:
        return '<h3>Agreement</h3><p class="note">No two raters answered the same unit, so nothing can be said yet.</p>'
    undefined = pairs.filter(pl.col("kappa").is_nan()).height
    note = f"{undefined} pairs have no defined kappa and are not in its mean. " if undefined else ""
    named = groups.with_columns(pl.col("group").replace(c.GROUP_NAMES))
    return (
        "<h3>Agreement</h3>\n"
        f"<p>{note}Means give every pair of raters the same weight.</p>"
        + table(named, c.AGREEMENT_GROUPS)
        + table(alphas, c.KRIPPENDORFF)
        + _figure(
            picture,
            details("Every pair in numbers", table(pairs, c.AGREEMENT_PAIRS, csv="tables/agreement_pairs.csv")),
        )
    )


def _figure(picture: Picture, below: str) -> str:
    caption = escape(picture.caption)
    lead = f"<strong>{escape(picture.mark)}.</strong> " if picture.mark else ""
    return f"<figure>{scrolled(picture.svg)}\n<figcaption>{lead}{caption}</figcaption>\n{below}</figure>\n"


def _reading(tables: Tables) -> str:
    outcomes = tables.vote_outcomes
    if not outcomes.height:
        return ""
    lost = outcomes.filter(pl.col("status") == "unparseable")
    unread, total = int(lost["n"].sum()), int(outcomes["n"].sum())
    said = (
        f"{whole(unread)} of {whole(total)} model answers could not be read as a value. They are in no number above."
        if unread
        else f"All {whole(total)} model answers could be read."
    )
    outside = int(outcomes.filter(pl.col("campaign") == "")["n"].sum())
    beside = (
        f" {whole(outside)} votes are on units that no campaign asks; they are in no number above." if outside else ""
    )
    note = '<p class="note">A vote is counted in each campaign that asks its unit.</p>'
    listing = details("By campaign and model", note + table(outcomes, c.VOTE_OUTCOMES, csv="tables/vote_outcomes.csv"))
    return f"<section><h2>Model answers that could not be read</h2>\n<p>{said}{beside}</p>\n{listing}</section>\n"


def _definitions(settings: Settings) -> str:
    neutral = "3 or less" if settings.neutral_is_no_better else "less than 3"
    rule = "their mean is" if settings.pair_rule == "mean" else "at least half of them are"
    texts = {
        **DEFINITIONS,
        "No better": f"A judgment of {neutral}; a pair of responses when, of its judgments, {rule} {neutral}.",
        "Thresholds": f"Pairs of raters: {counted(settings.min_n, 'common unit')} or more. "
        f"Labels: {counted(settings.min_judgments, 'judgment')} or more.",
    }
    listed = "".join(f"<dt>{escape(term)}</dt><dd>{escape(text)}</dd>" for term, text in texts.items())
    return (
        f"<section><h2>How the numbers are made</h2><dl>{listed}</dl>\n"
        "<p>The same release gives the same numbers: <code>python -m analysis report DIR --out REPORT</code>. "
        "All tables, at full precision, are in <code>tables/</code> beside this file.</p></section>\n"
    )
