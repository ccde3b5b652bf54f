"""Agreement: of every two, of groups in every figure, and what a rater can reach."""

from __future__ import annotations

from analysis.markup import Col, percent, whole
from analysis.report.listings.base import THREE, Listing, within

GROUP_NAMES = {
    "rater_rater": "raters with raters",
    "model_model": "models with models",
    "rater_model": "raters with models",
    "raters": "raters",
    "models": "models",
    "all": "raters and models",
}
FIGURE_NAMES = {
    "percent": "Same answer (share)",
    "cohen_mean": "Cohen's kappa, mean",
    "cohen_linear_mean": "Cohen's kappa, linear, mean",
    "cohen_quadratic_mean": "Cohen's, quadratic, mean",
    "fleiss": "Fleiss' kappa",
    "alpha_nominal": "Krippendorff's alpha, nominal",
    "alpha_ordinal": "Krippendorff's alpha, ordinal",
    "alpha_interval": "Krippendorff's alpha, interval",
    "ac1": "Gwet's AC1",
    "ac2_linear": "Gwet's AC2, linear",
    "ac2_quadratic": "Gwet's AC2, quadratic",
    "spearman": "Spearman, mean",
    "cohen_settled": "Cohen's kappa, on many units",
    "cohen_linear_settled": "Cohen's kappa, linear, on many units",
    "cohen_quadratic_settled": "Cohen's, quadratic, on many units",
    "spearman_settled": "Spearman, on many units",
}
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
        within(THREE),
        Col("kappa_linear", "linear", THREE),
        Col("kappa_quadratic", "quadratic", THREE),
        Col("spearman", "Spearman", THREE),
    ),
    "Of the n units that both answered: share with the same value (a preference's value is its score towards the "
    "personalized response), and Cohen's kappa, unweighted: how far agreement exceeds chance, as a share of how far it "
    "could. Linear and quadratic kappa and Spearman's correlation where values have an order that says more. Not "
    "defined where chance alone agrees fully.",
    "95 %, of the unweighted kappa, bootstrap over units; none where these are about fewer than ten people.",
)
AGREEMENT_GROUPS = Listing(
    "agreement_groups",
    (
        Col("group", "Pairs of"),
        Col("pairs", "Pairs", whole),
        Col("mean_agreement", "Mean agreement", percent),
        Col("mean_kappa", "Mean kappa", THREE),
        Col("kappa_settled", "On many units", THREE),
        within(THREE, "settled_low_units", "settled_high_units", "over units"),
        within(THREE, "settled_low_raters", "settled_high_raters", "over raters"),
    ),
    "Means over pairs of raters, every pair weighing the same. A kappa that is not defined is in no mean. The mean of "
    "pairs who share few units lies too low; on many units: chance from all that each of the two answered.",
    "95 %, bootstrap, of the kappa on many units: over units says what other units would give, over raters what other "
    "raters would; of fewer than ten people, raters or models nothing is said.",
)
AGREEMENT_SUMMARY = Listing(
    "agreement_summary",
    (
        Col("group", "Of"),
        Col("figure", "Figure"),
        Col("n_units", "Units", whole),
        Col("n_raters", "Raters", whole),
        Col("value", "Value", THREE),
        within(THREE, "low_units", "high_units", "over units"),
        within(THREE, "low_raters", "high_raters", "over raters"),
    ),
    "Agreement of a whole group in one number: from all answers to units with two or more, or as a mean over pairs of "
    "raters. 1 is full agreement, 0 what chance would give (of the share of same answers: none alike). ICC: share of "
    "the variance that lies between units, for one answer or for a mean of K, by absolute agreement or consistency. "
    "A mean over pairs who share few units lies too low; on many units: chance from all that each of the two answered.",
    "95 %, bootstrap of 1,000 draws over units, people drawn with all theirs, as wide as a jackknife over people and "
    "the prompts that they share says, and over raters. The honest one for a claim about people in general is the "
    "one over raters. None over units of fewer than ten people, over fewer than ten raters or models, and for a mean "
    "over pairs who share the units of fewer than ten people.",
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
    "None here: it stands in agreement_summary.",
)
CEILINGS = Listing(
    "ceilings",
    (
        Col("rater", "Rater"),
        Col("kind", "Kind"),
        Col("figure", "Figure"),
        Col("n", "n", whole),
        Col("value", "Value", THREE),
        within(THREE),
    ),
    "Each person against the other people, each model against all of them: agreement, Cohen's kappa and, for "
    "relevance, F1 against their majority on n units; for preference, Spearman's correlation with their mean. All "
    "raters: the mean over people, the human ceiling. A person meets one answer fewer than a model does, so the "
    "ceiling is rather too low.",
    "95 %, over people with all their units and the prompts that they share; none for fewer than ten people.",
)
