"""What a reader sees of each table: its columns in order under their headings, what its numbers are, and what its
intervals are. Every table of ``analysis.tables.BUILDERS`` has a listing; a table may be shown in two.
"""

from __future__ import annotations

from dataclasses import dataclass

from analysis.markup import Col, bare_percent, number, percent, whole

TWO, THREE = number(2), number(3)
SHARE_INTERVAL = Col("low", "95 % interval, %", bare_percent, to="high")


@dataclass(frozen=True)
class Listing:
    """``name`` of the table, ``columns`` shown, ``means``: definition, scale and what n counts; ``interval``."""

    name: str
    columns: tuple[Col, ...]
    means: str
    interval: str


GROUP_NAMES = {
    "rater_rater": "raters with raters",
    "model_model": "models with models",
    "rater_model": "raters with models",
}
ORIGINS = Listing(
    "origins",
    (Col("origin", "Origin"), Col("raters", "Raters", whole), Col("judgments", "Judgments", whole)),
    "Judgments that count, by where they come from. A rater of several campaigns is one rater.",
    "None: counts.",
)
CAMPAIGNS = Listing(
    "campaigns",
    (
        Col("title", "Campaign"),
        Col("instrument", "Instrument"),
        Col("origin", "Origin"),
        Col("raters", "Raters", whole),
        Col("judgments", "Judgments", whole),
        Col("judged_units", "Units", whole),
        Col("k", "K", whole),
        Col("models", "Models", whole),
        Col("votes", "Votes", whole),
    ),
    "What each campaign's numbers rest on: judgments that count, and readable answers of models to the same units.",
    "None: counts.",
)
LABEL_SHARES = Listing(
    "label_shares",
    (
        Col("corpus", "Corpus"),
        Col("corpus_kind", "Kind"),
        Col("extractor", "Extractor"),
        Col("value", "Value"),
        Col("raters", "Raters", whole),
        Col("attributes", "Attributes", whole),
        Col("count", "Judgments", whole),
        Col("n", "of n", whole),
        Col("share", "Share", percent),
        SHARE_INTERVAL,
    ),
    "Share of the n judgments of a corpus and extractor that gave the value; every judgment weighs the same.",
    "95 %, Wilson's, over judgments: that answers of one rater or about one person are alike is not in it.",
)
MARKED = Listing(
    "marked_relevant",
    (
        Col("rater", "Rater"),
        Col("kind", "Kind"),
        Col("marked", "Marked", whole),
        Col("n", "of n", whole),
        Col("share", "Share", percent),
        SHARE_INTERVAL,
    ),
    "Share of the n units a rater or model answered that it called relevant. Not everybody answered the same units.",
    "95 %, Wilson's, over answers.",
)
SELECTION = Listing(
    "selection",
    (
        Col("rater", "Model"),
        Col("kind", "Kind"),
        Col("n", "n", whole),
        Col("precision", "Precision", THREE),
        Col("recall", "Recall", THREE),
        Col("f1", "F1", THREE),
        Col("accuracy", "Accuracy", THREE),
        Col("share_marked", "Marked", percent),
        Col("share_label", "Label", percent),
    ),
    "Against the label, relevant being the class looked for: precision is the share of the marked that the label "
    "marks, recall the share of the label's that was marked, F1 their harmonic mean, accuracy the share answered "
    "alike. n units have both an answer and a label. Not defined where the denominator is 0.",
    "Not given for this table.",
)
PREFERENCE_MEANS = Listing(
    "preference",
    (
        Col("generator", "Written by"),
        Col("judge", "Judged by"),
        Col("kind", "Kind"),
        Col("pairs", "Pairs", whole),
        Col("n", "n", whole),
        Col("mean", "Mean", TWO),
        Col("low", "95 % interval", TWO, to="high"),
    ),
    "Mean of n scores from 1 (generic much better) to 5 (personalized much better), 3 = no difference.",
    "95 %, percentile bootstrap over pairs of responses.",
)
NO_BETTER = Listing(
    "preference",
    (
        Col("generator", "Written by"),
        Col("judge", "Judged by"),
        Col("no_better_judgments", "of judgments", percent),
        Col("no_better_judgments_low", "95 % interval, %", bare_percent, to="no_better_judgments_high"),
        Col("n", "n", whole),
        Col("no_better_pairs", "of pairs", percent),
        Col("no_better_pairs_low", "95 % interval, %", bare_percent, to="no_better_pairs_high"),
        Col("pairs", "Pairs", whole),
    ),
    "Share of personalized responses judged no better than the generic one, read in two ways: over n single judgments, "
    "and over pairs of responses by the rule under How the numbers are made.",
    "95 %, Wilson's, over judgments and over pairs.",
)
AGREEMENT_GROUPS = Listing(
    "agreement_groups",
    (
        Col("group", "Pairs of"),
        Col("pairs", "Pairs", whole),
        Col("mean_agreement", "Mean agreement", percent),
        Col("mean_kappa", "Mean kappa", THREE),
    ),
    "Means over pairs of raters, every pair weighing the same. A kappa that is not defined is in no mean.",
    "Not given for this table.",
)
KRIPPENDORFF = Listing(
    "krippendorff",
    (
        Col("group", "Krippendorff's alpha of"),
        Col("level", "Level"),
        Col("n_units", "Units", whole),
        Col("alpha", "Alpha", THREE),
    ),
    "One less observed over expected disagreement, over units with two answers or more: 1 is full agreement, 0 what "
    "chance would give. Not defined without two answers to compare, or without any variation.",
    "Not given for this table.",
)
AGREEMENT_PAIRS = Listing(
    "agreement_pairs",
    (
        Col("rater_a", "Rater"),
        Col("kind_a", "Kind"),
        Col("rater_b", "Rater"),
        Col("kind_b", "Kind"),
        Col("n", "n", whole),
        Col("agreement", "Agreement", percent),
        Col("kappa", "Kappa", THREE),
    ),
    "Of the n units that both answered: share with the same value (a preference's value is its score towards the "
    "personalized response), and Cohen's kappa, unweighted: how far agreement exceeds chance, as a share of how far it "
    "could. Not defined where chance alone agrees fully.",
    "Not given for this table.",
)
VOTE_OUTCOMES = Listing(
    "vote_outcomes",
    (
        Col("rater", "Model"),
        Col("campaign", "Campaign"),
        Col("status", "Outcome"),
        Col("n", "Votes", whole),
        Col("share", "Share", percent),
    ),
    "What became of every vote, as a share of the model's in the campaign. A vote stands in each campaign that asks "
    "its unit; an answer that could not be read is in no other number.",
    "None: every vote is counted.",
)
JUDGMENT_OUTCOMES = Listing(
    "judgment_outcomes",
    (
        Col("campaign", "Campaign"),
        Col("origin", "Origin"),
        Col("outcome", "Outcome"),
        Col("n", "Judgments", whole),
    ),
    "What became of every judgment: in the numbers, or why not.",
    "None: every judgment is counted.",
)
CONCLUSIONS = Listing(
    "conclusions",
    (
        Col("conclusion", "Conclusion"),
        Col("subject", "Of"),
        Col("method", "Reading"),
        Col("units", "Units", whole),
        Col("value", "Value", THREE),
        Col("low", "95 % interval", THREE, to="high"),
        Col("change", "Change", THREE),
        Col("change_low", "95 % interval", THREE, to="change_high"),
    ),
    "Each conclusion by the majority of a unit's answers (units without one are left out), by the shares of the "
    "answers, and by two models of raters (Dawid and Skene; GLAD, for campaigns up to 50,000 judgments), which take "
    "values as names without order. Change: against the majority's.",
    "95 %, percentile bootstrap over people, 1,000 draws with a fixed seed, the reading's probabilities held.",
)
RELIABILITY = Listing(
    "reliability",
    (
        Col("rater", "Rater"),
        Col("kind", "Kind"),
        Col("n", "n", whole),
        Col("accuracy", "Follows", percent),
    ),
    "The probability that the rater names what Dawid and Skene's model takes for a unit's value, from n answers. An "
    "estimate about answers; where people may differ, differing is no mistake.",
    "Not given for this table.",
)
POWERED = Listing(
    "powered",
    (
        Col("figure", "Figure"),
        Col("subject", "Of"),
        Col("judge", "Model"),
        Col("judged", "Judged", whole),
        Col("alone", "Model alone", whole),
        Col("people", "By people", THREE),
        Col("people_low", "95 % interval", THREE, to="people_high"),
        Col("value", "With the model", THREE),
        Col("low", "95 % interval", THREE, to="high"),
        Col("weight", "Weight", TWO),
        Col("worth", "Worth", TWO),
    ),
    "The people's mean over judged units, and the same corrected by how the model's answers differ on units that "
    "only it answered (PPI++), taking judged units for a random part of all. Weight: how far the model is trusted. "
    "Worth: how many times as many judgments people alone would have needed.",
    "95 %, by person, Student's t with one degree of freedom less than there are people.",
)
THRIFT = Listing(
    "thrift",
    (
        Col("figure", "Figure"),
        Col("judge", "Model"),
        Col("share", "Share judged", percent),
        Col("judged", "Units", whole),
        Col("half_width_people", "± by people", THREE),
        Col("half_width", "± with the model", THREE),
        Col("worth", "Worth", TWO),
    ),
    "Half widths of the 95 % intervals, had people judged only a random share of the units and the model all of them; "
    "means over 20 seeded draws. Worth: squared ratio of the two.",
    "None: these are widths of intervals.",
)
PLANNING = Listing(
    "planning",
    (
        Col("figure", "Figure"),
        Col("subject", "Of"),
        Col("judgments", "Judgments", whole),
        Col("half_width", "± now", THREE),
        Col("target", "± wanted", TWO),
        Col("per_unit", "A unit", whole),
        Col("units_needed", "Units needed", whole),
        Col("judgments_needed", "Judgments needed", whole),
        Col("more_judgments", "More", whole),
    ),
    "What the 95 % interval of a wanted half width takes, with so many judgments on each unit, by how answers vary "
    "between units and within them now. -1: more than ten million, or nothing can be said.",
    "None: a plan.",
)
