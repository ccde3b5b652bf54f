"""Every column of every table in words: ``TABLES.md`` of a report, and ``python -m analysis columns``."""

from __future__ import annotations

from collections.abc import Mapping

import polars as pl

from analysis.markup import markdown_words
from analysis.release import release_from_frames
from analysis.report import listings
from analysis.report.parts import command_of
from analysis.tables import Settings, Tables, build_tables

FILE = "TABLES.md"
HEAD = """# The tables of a report

`tables/NAME.csv` at full precision and `tables/NAME.md` to read. Shares lie between 0 and 1. `NaN` is a number that is
not defined or an interval that cannot be given, never 0; where a table has `reason`, it says why. In a CSV, a text that
a spreadsheet would run has a quote before it."""

_ENDS = {"low": "Lower", "high": "Upper"}
_OVER = {"units": ", over units", "raters": ", over raters"}
_AGAINST = "relevant being the class looked for, the label the truth"

# By column; by "table.column" where it means something else there. Ends of intervals follow from the number's column.
COLUMNS: Mapping[str, str] = {
    "a": "`raters`, or a model that named reasons.",
    "accepted": "Share of the judgments that accept.",
    "accuracy": "Share of the units where answer and label are the same.",
    "reliability.accuracy": "Probability that the rater names what the model of Dawid and Skene takes for the value.",
    "adjusted": "`effect` with side and length held equal, from the table preference_effects.",
    "agreement": "Share of the units that both gave the same value to.",
    "failure_agreement.agreement": "Share of the pairs of answers that name the same reason.",
    "alone": "Units that the model answered and people did not.",
    "alpha": "Krippendorff's alpha.",
    "attributes": "Attributes that the answers are about.",
    "average_precision": "Precision at each score, weighted by the recall that it adds.",
    "b": "The other, as in `a`.",
    "baselines": "Baselines with an answer.",
    "best_f1": "The largest F1 of any threshold, chosen on these labels.",
    "best_threshold": "The threshold that gives it.",
    "bin_high": "Where the bin of confidence ends.",
    "bin_low": "Where the bin of confidence begins.",
    "by": "person or prompt: what `level` names.",
    "campaign": "The campaign's short name.",
    "vote_outcomes.campaign": "The campaign's short name; empty: a unit that no campaign asks.",
    "category": "Why attributes fail.",
    "ceiling": "What people reach among themselves: mean correlation of each with the mean of the others.",
    "ceiling_pairwise": "Mean correlation over pairs of raters.",
    "change": "`value` minus the majority's.",
    "conclusion": "accepted, relevant, f1 or mean: what is concluded.",
    "confidence": "Mean of the confidences that the extractor gave.",
    "corpus": "Where the conversations come from.",
    "corpus_kind": "human or synthetic.",
    "count": "Judgments that gave the value.",
    "failure_shares.count": "Reasons, or findings, that name the category.",
    "df": "Degrees of freedom of the t that interval and p rest on.",
    "difference": "Real minus synthetic, by the mixed model.",
    "effect": "Mean with an open mention minus mean without, in points of the scale.",
    "preference_effects.effect": "intercept (the mean minus 3, all else equal), side, length or mention.",
    "estimate": "The effect in points of the scale.",
    "extractor": "The model that inferred the attributes.",
    "f1": "Harmonic mean of precision and recall.",
    "false_negative": "Units of the label's that were not marked.",
    "false_positive": "Units marked that the label does not mark.",
    "figure": "Which figure the number is.",
    "generator": "The model that wrote the responses.",
    "preference_overall.generator": "`all`: every generator together.",
    "group": "Of whom: raters, models, all, or each rater with each model.",
    "agreement_groups.group": "rater_rater, model_model or rater_model: pairs of whom.",
    "half_width": "Half the width of the 95 % interval.",
    "half_width_people": "Half the width of the 95 % interval by people alone.",
    "instrument": "attribute_quality, relevance or preference.",
    "items": "Pages of work.",
    "judge": "The model that judged; `all raters`: people together.",
    "powered.judge": "The model whose answers help.",
    "thrift.judge": "The model whose answers help.",
    "judged": "Units that people judged.",
    "judged_units": "Units with a judgment that counts.",
    "judges": "Raters behind the row; 1 for a model.",
    "judgments": "Judgments that count.",
    "judgments_needed": "Judgments that the target takes; -1: more than ten million, or nothing can be said.",
    "k": "Judgments wanted for each unit.",
    "kappa": "Cohen's kappa, unweighted.",
    "kappa_linear": "Cohen's kappa with linear weights.",
    "kappa_quadratic": "Cohen's kappa with quadratic weights.",
    "kappa_settled": "Mean kappa, chance taken from all that each of the two answered: what many units would give.",
    "kind": "human, imported, simulated, model or baseline.",
    "kind_a": "Kind of the first: human, imported, simulated, model or baseline.",
    "kind_b": "Kind of the second.",
    "label": "What models are held against.",
    "level": "nominal, ordinal or interval: how values are compared; empty where it is one of the figure's own.",
    "selection_by_person.level": "The person.",
    "selection_by_prompt.level": "The prompt.",
    "marked": "Units called relevant.",
    "mean": "Mean score from 1 (generic much better) to 5 (personalized much better).",
    "mean_agreement": "Mean over pairs of the share of same answers.",
    "mean_kappa": "Mean over pairs of Cohen's kappa.",
    "mean_kappa_linear": "Mean over pairs of the kappa with linear weights.",
    "mean_kappa_quadratic": "Mean over pairs of the kappa with quadratic weights.",
    "mean_mentioned": "Mean score of answers on responses with an open mention.",
    "mean_not": "Mean score of answers on the others.",
    "mean_spearman": "Mean over pairs of Spearman's correlation.",
    "mentioned": "Answers on responses with an open mention.",
    "method": "majority, soft (shares of the answers), dawid_skene or glad.",
    "model": "The model.",
    "models": "Models with an answer.",
    "mention_correlation.models": "Models that have both a rate and a reward: n.",
    "more_judgments": "How many of `judgments_needed` are missing; -1 as there.",
    "n": "Answers that the numbers rest on.",
    "label_shares.n": "Judgments of the corpus and extractor.",
    "failure_shares.n": "Reasons, or findings, that name a category.",
    "failure_agreement.n": "Pairs of answers.",
    "calibration.n": "Judgments of attributes in the bin.",
    "calibration_summary.n": "Judgments of attributes with a confidence.",
    "agreement_pairs.n": "Units that both answered.",
    "ceilings.n": "Units of the rater that others judged too; of the mean, of all raters.",
    "selection.n": "Units with both an answer and a label.",
    "selection_by_person.n": "Units with both an answer and a label.",
    "selection_by_prompt.n": "Units with both an answer and a label.",
    "threshold_curves.n": "Units with both a score and a label.",
    "thresholds.n": "Units with both a score and a label.",
    "marked_relevant.n": "Answers.",
    "reliability.n": "Answers of the rater.",
    "vote_outcomes.n": "Votes.",
    "judgment_outcomes.n": "Judgments.",
    "n_raters": "Raters, or models, of the group.",
    "n_real": "Judgments on attributes of people's chats.",
    "n_synthetic": "Judgments on attributes of synthetic chats.",
    "n_units": "Units with two answers or more.",
    "no_better_judgments": "Share of the n judgments that call the personalized response no better.",
    "no_better_pairs": "Share of the pairs of responses judged no better, by the report's rule.",
    "not_given": "Judgments, or findings, without a reason.",
    "not_known": "Judgments of attributes without a confidence.",
    "observed": "Real minus synthetic, the two shares as they are.",
    "order_effect": "Score with the personalized response on the right minus on the left.",
    "order_units": "Units judged both ways; 0: compared between answers.",
    "origin": "human, simulated or imported.",
    "outcome": "in the numbers, or why not.",
    "over_selection": "`share_marked` over `share_label`.",
    "p": "Two-sided p of no effect.",
    "mention_correlation.p": "Exact p over all orders of the models.",
    "p_approximate": "p by Student's t.",
    "adjusted_p": "p of `adjusted`.",
    "pairs": "Pairs of responses.",
    "agreement_groups.pairs": "Pairs of raters or models.",
    "people": "The estimate by people alone.",
    "people_real": "People whose chats are real.",
    "people_synthetic": "People whose chats are synthetic.",
    "per_unit": "Judgments on each unit in this plan.",
    "precision": f"Share of the marked that the label marks, {_AGAINST}.",
    "rate": "Share of the units whose personalized response openly mentions the attribute.",
    "rater": "The rater's pseudonym, or the model's name.",
    "ceilings.rater": "The rater's pseudonym, or the model's name; `all raters`: the mean over people.",
    "marked_relevant.rater": "The rater's pseudonym, or the model's name; `all raters`: people together.",
    "rater_a": "The first of the two.",
    "rater_b": "The second.",
    "raters": "Raters behind the row.",
    "real": "Share among judgments on attributes of people's chats.",
    "reason": "Why there is no number or no interval, or what is special in it; empty where there is nothing to say.",
    "recall": f"Share of the label's that was marked, {_AGAINST}.",
    "reward": "The model's `effect` in the table mention_effect.",
    "share": "The count over n.",
    "threshold_curves.share": "Share of the units selected.",
    "thrift.share": "Share of the units that people would have judged.",
    "share_label": "Share of the units that the label calls relevant.",
    "share_marked": "Share of the units that the model calls relevant.",
    "shift": "The model's score minus a person's on the same unit.",
    "source": "`raters`, or the model whose findings these are.",
    "spearman": "Spearman's correlation.",
    "judges.spearman": "Spearman's correlation with people's mean on the unit.",
    "spearman_pairwise": "Mean over raters of the correlation with that rater.",
    "state": "State of the campaign.",
    "status": "answered or unparseable.",
    "subject": "Of what: a corpus, model or generator; empty: all.",
    "synthetic": "Share among judgments on attributes of synthetic chats.",
    "target": "Half the width of the interval that is wanted.",
    "threshold": "The score from which units are selected.",
    "ties": "Units whose label is undecided; they stand aside.",
    "title": "Title of the campaign.",
    "true_negative": "Units that neither marks.",
    "true_positive": "Units that both mark.",
    "undefined": "Replicates of the bootstrap in which the number was not defined.",
    "undefined_raters": "Replicates over raters in which the number was not defined.",
    "undefined_units": "Replicates over units in which the number was not defined.",
    "units": "Units that the numbers rest on.",
    "units_needed": "Units that the target takes; -1: more than ten million, or nothing can be said.",
    "value": "The number.",
    "label_shares.value": "accepted, uncertain or rejected.",
    "votes": "Readable answers of models and baselines.",
    "weight": "How far the model's answers are trusted; 0 is not at all.",
    "worth": "How many times as many judgments people alone would have needed.",
}
# The number that `low` and `high` without its name are of; and other short names.
_OF_LOW = {
    "label_shares": "share",
    "real_minus_synthetic": "difference",
    "failure_shares": "share",
    "failure_agreement": "agreement",
    "calibration": "accepted",
    "agreement_pairs": "kappa",
    "agreement_groups": "mean_kappa",
    "marked_relevant": "share",
    "preference": "mean",
    "preference_overall": "mean",
    "preference_effects": "estimate",
    "judges": "mean",
    "mention_effect": "effect",
    "mention_rates": "rate",
}
_OF = {"settled": "kappa_settled", "order": "order_effect"}


def about(table: str, column: str) -> str:
    """What the column of the table is. Raises ``KeyError`` for one that nobody described."""
    found = COLUMNS.get(f"{table}.{column}") or COLUMNS.get(column)
    if found:
        return found
    side, of, over = end_of(table, column)
    return f"{_ENDS[side]} end of the 95 % interval of `{of}`{_OVER.get(over, '')}."


def end_of(table: str, column: str) -> tuple[str, str, str]:
    """low or high; the number whose interval it is an end of; units, raters or "" for what the interval is over.

    Raises ``KeyError`` for a column that is no end.
    """
    parts = column.split("_")
    side = next((part for part in parts if part in _ENDS), "")
    if not side:
        raise KeyError(f"{table}.{column}: say in COLUMNS of analysis/report/columns.py what it is")
    over = parts[-1] if parts[-1] in _OVER else ""
    name = "_".join(part for part in parts if part not in (side, over))
    return side, _OF.get(name, name) if name else _OF_LOW.get(table, "value"), over


def tables_text(tables: Tables | None = None) -> str:
    """Markdown: each table, what it is, its interval, its command and its columns; of an empty release's without
    ``tables``, which has them all.
    """
    found = build_tables(release_from_frames({})) if tables is None else tables
    return "\n\n".join([HEAD, *(_section(name, frame) for name, frame in found.items())]) + "\n"


def _section(name: str, frame: pl.DataFrame) -> str:
    told = [one for one in vars(listings).values() if isinstance(one, listings.Listing) and one.name == name]
    means, intervals = (dict.fromkeys(texts) for texts in ((one.means for one in told), (one.interval for one in told)))
    head = f"{markdown_words(' '.join(means))}\n\n*Interval.* {markdown_words(' '.join(intervals))}"
    rows = "\n".join(f"| `{column}` | {about(name, column)} |" for column in frame.columns)
    return f"## {name}\n\n{head}\n\n`{command_of(name, Settings())}`\n\n| column | |\n|---|---|\n{rows}"
