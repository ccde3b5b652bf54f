"""How numbers that are compared are called: as in the report."""

from __future__ import annotations

from analysis.compare.numbers import TABLES
from analysis.figures.parts import short_name
from analysis.report.listings import FIGURE_NAMES, GROUP_NAMES
from analysis.report.sections.effects import EFFECTS
from analysis.report.sections.quality import CATEGORIES

FIGURES = dict.fromkeys(("value", "estimate", "effect", "difference"), "") | {  # what the table's title says already
    "f1": "F1",
    "over_selection": "times as many as the label marks",
    "no_better_judgments": "no better, of judgments",
    "no_better_pairs": "no better, of pairs",
    "shift": "shift against people",
    "rate": "share of responses that mention",
    "kappa_settled": "mean kappa, on many units",
    "mean_kappa": "mean kappa, as observed",
    "spearman": "Spearman's correlation",
}
_SPOKEN = {"failure_shares": CATEGORIES, "preference_effects": EFFECTS, "agreement_groups": GROUP_NAMES} | {
    "agreement_summary": GROUP_NAMES | FIGURE_NAMES
}


def table_in_words(table: str) -> str:
    return TABLES[table].title


def figure_in_words(figure: str) -> str:
    return FIGURES.get(figure, figure.replace("_", " "))


def number_in_words(table: str, what: str, figure: str) -> str:
    """The whole name of a number, but for its campaign."""
    of = ", ".join(part for part in (what_in_words(table, what), figure_in_words(figure)) if part)
    return f"{table_in_words(table)}: {of}" if of else table_in_words(table)


def what_in_words(table: str, what: str, *, short: bool = False) -> str:
    """The parts of ``what`` that are keys of ours, as the report says them; names of models stay, or their ends."""
    words = _SPOKEN.get(table, {})
    return ", ".join(words.get(part, short_name(part) if short else part) for part in what.split(", "))
