"""2: how far raters and models agree, every two of them."""

from __future__ import annotations

import math

import polars as pl

from analysis.figures.matrix import Cell, Strip, matrix, strips
from analysis.figures.parts import Picture, in_number
from analysis.figures.svg import BASELINES, MODELS, PEOPLE
from analysis.longform import BASELINE, MODEL, PEOPLE_KINDS
from analysis.markup import counted
from analysis.report.listings import AGREEMENT_GROUPS, AGREEMENT_PAIRS, GROUP_NAMES
from analysis.report.parts import Campaign, Part, Section, drawn, of_campaign, parts_of, shown
from analysis.report.wording import interval, over_raters
from analysis.schema import ATTRIBUTE_QUALITY, PREFERENCE, RELEVANCE
from analysis.tables import Context

MATRIX_LIMIT = 16  # raters; above it the matrix cannot be read and the pairs are drawn as dots


def kappa(context: Context) -> Section:
    return Section(
        name="kappa",
        title="Agreement of every two raters",
        study=2,
        about="Cohen's kappa of every two raters, people and models alike: 1 is full agreement, 0 is chance. Two who "
        "share few units seem to agree less than they do; “on many units” is what their kappa would come to.",
        missing="No two raters or models answered the same unit, so nothing can be said yet.",
        parts=parts_of(context, _part, RELEVANCE, ATTRIBUTE_QUALITY, PREFERENCE),
    )


def _part(context: Context, campaign: Campaign) -> Part | None:
    pairs, groups = (of_campaign(context[name], campaign) for name in ("agreement_pairs", "agreement_groups"))
    if not pairs.height:
        return None
    undefined = pairs.filter(pl.col("kappa").is_nan()).height
    note = f"<p>{_undefined(undefined)}</p>" if undefined else ""
    named = groups.with_columns(pl.col("group").replace(GROUP_NAMES))
    body = (
        drawn(context, _picture(pairs, campaign), "Every pair in numbers", AGREEMENT_PAIRS, pairs, campaign)
        + note
        + shown(context, AGREEMENT_GROUPS, named, campaign)
    )
    return Part(campaign, _says(groups, campaign), body)


def _undefined(n: int) -> str:
    return f"{counted(n, 'pair')} {'has' if n == 1 else 'have'} no defined kappa: not in its mean."


def _says(groups: pl.DataFrame, campaign: Campaign) -> str:
    """People and models against models among themselves, where both are known; else what is."""
    means = {row["group"]: row for row in groups.iter_rows(named=True) if math.isfinite(row["mean_kappa"])}
    words = {
        "rater_model": f"{campaign.who} and models",
        "rater_rater": f"{campaign.who} among themselves",
        "model_model": "models among themselves",
    }
    said = [f"{words[name]} {_mean(means[name])}" for name in words if name in means]
    if not said:
        return "No two raters have a kappa: each gave one and the same value throughout, or only baselines answered."
    return f"{_compared(means, campaign)}Mean kappa: {'; '.join(said)}{over_raters(said)}."


def _mean(group: dict[str, float]) -> str:
    """``0.36``, where pairs share few units and it so lies too low ``0.36, 0.41 on many units``; with its interval."""
    plain, settled = in_number(group["mean_kappa"]), in_number(group["kappa_settled"])
    apart = f", {settled} on many units" if settled not in (plain, in_number(math.nan)) else ""
    return f"{plain}{apart}{interval(group['settled_low_raters'], group['settled_high_raters'])}"


def _compared(means: dict[str, dict[str, float]], campaign: Campaign) -> str:
    """``People and models agree less than models among themselves. `` where their intervals lie apart."""
    if not {"rater_model", "model_model"} <= set(means):
        return ""
    mixed, models = means["rater_model"], means["model_model"]
    who = f"{campaign.who.capitalize()} and models"
    if mixed["settled_high_units"] < models["settled_low_units"]:
        return f"{who} agree less than models among themselves. "
    if mixed["settled_low_units"] > models["settled_high_units"]:
        return f"{who} agree more than models among themselves. "
    return ""


def _picture(pairs: pl.DataFrame, campaign: Campaign) -> Picture:
    """A matrix up to ``MATRIX_LIMIT`` raters, above it a dot for each pair by group."""
    order = _order(pairs)
    defined = pairs.filter(pl.col("kappa").is_not_nan())
    kappas = defined["kappa"].to_list()
    spread = f"from {min(kappas):.2f} to {max(kappas):.2f}" if kappas else "none defined"
    alt = f"Cohen's kappa of {counted(pairs.height, 'pair')} of {len(order)} raters, {spread}."
    if len(order) <= MATRIX_LIMIT:
        cells = [Cell(*row) for row in pairs.select("rater_a", "rater_b", "kappa").iter_rows()]
        caption = (
            "Cohen's kappa of every two raters with common units: 1 is full agreement, 0 is what chance would give. "
            "A rater's row is left of the name, the column below it. "
            "A dash is a kappa that is not defined, an empty cell a pair without common units."
        )
        return Picture("kappa", matrix(cells, order, alt=alt, mark=campaign.mark), alt, caption, campaign.mark)
    caption = "Cohen's kappa of every two raters with common units, one dot a pair; the bar is the group's mean."
    return Picture("kappa", strips(_strips(defined), alt=alt, mark=campaign.mark), alt, caption, campaign.mark)


def _strips(pairs: pl.DataFrame) -> list[Strip]:
    """The groups of ``agreement_groups``, and pairs with a baseline apart. Groups without a pair are left out."""
    people_a, people_b = pl.col("kind_a").is_in(PEOPLE_KINDS), pl.col("kind_b").is_in(PEOPLE_KINDS)
    baseline = (pl.col("kind_a") == BASELINE) | (pl.col("kind_b") == BASELINE)
    groups = (
        ("raters with raters", people_a & people_b, PEOPLE),
        ("models with models", ~people_a & ~people_b & ~baseline, MODELS),
        ("raters with models", (people_a != people_b) & ~baseline, BASELINES),
        ("any with baselines", baseline, BASELINES),
    )
    found = [Strip(label, pairs.filter(chosen)["kappa"].to_list(), colour) for label, chosen, colour in groups]
    return [strip for strip in found if strip.values]


def _order(pairs: pl.DataFrame) -> list[tuple[str, str]]:
    """(name, kind) of people, then models, then baselines, each by name."""
    a = pairs.select(rater="rater_a", kind="kind_a")
    b = pairs.select(rater="rater_b", kind="kind_b")
    rank = {MODEL: 1, BASELINE: 2}
    return sorted(pl.concat([a, b]).unique().iter_rows(), key=lambda found: (rank.get(found[1], 0), found[0]))
