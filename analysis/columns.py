"""Which columns of which table a reader sees, in which order, under which heading."""

from __future__ import annotations

from analysis.markup import Col, bare_percent, number, percent, whole

_TWO, _THREE = number(2), number(3)

GROUP_NAMES = {
    "rater_rater": "raters with raters",
    "model_model": "models with models",
    "rater_model": "raters with models",
}
LABEL_SHARES = (
    Col("corpus", "Corpus"),
    Col("corpus_kind", "Kind"),
    Col("extractor", "Extractor"),
    Col("value", "Value"),
    Col("raters", "Raters", whole),
    Col("attributes", "Attributes", whole),
    Col("count", "Judgments", whole),
    Col("n", "of n", whole),
    Col("share", "Share", percent),
    Col("low", "95 % interval, %", bare_percent, to="high"),
)
MARKED = (
    Col("rater", "Rater"),
    Col("kind", "Kind"),
    Col("marked", "Marked", whole),
    Col("n", "of n", whole),
    Col("share", "Share", percent),
    Col("low", "95 % interval, %", bare_percent, to="high"),
)
SELECTION = (
    Col("rater", "Model"),
    Col("kind", "Kind"),
    Col("n", "n", whole),
    Col("precision", "Precision", _THREE),
    Col("recall", "Recall", _THREE),
    Col("f1", "F1", _THREE),
    Col("accuracy", "Accuracy", _THREE),
    Col("share_marked", "Marked", percent),
    Col("share_label", "Label", percent),
)
PREFERENCE_MEANS = (
    Col("generator", "Written by"),
    Col("judge", "Judged by"),
    Col("kind", "Kind"),
    Col("pairs", "Pairs", whole),
    Col("n", "n", whole),
    Col("mean", "Mean", _TWO),
    Col("low", "95 % interval", _TWO, to="high"),
)
NO_BETTER = (
    Col("generator", "Written by"),
    Col("judge", "Judged by"),
    Col("no_better_judgments", "of judgments", percent),
    Col("no_better_judgments_low", "95 % interval, %", bare_percent, to="no_better_judgments_high"),
    Col("n", "n", whole),
    Col("no_better_pairs", "of pairs", percent),
    Col("no_better_pairs_low", "95 % interval, %", bare_percent, to="no_better_pairs_high"),
    Col("pairs", "Pairs", whole),
)
AGREEMENT_GROUPS = (
    Col("group", "Pairs of"),
    Col("pairs", "Pairs", whole),
    Col("mean_agreement", "Mean agreement", percent),
    Col("mean_kappa", "Mean kappa", _THREE),
)
KRIPPENDORFF = (
    Col("group", "Krippendorff's alpha of"),
    Col("level", "Level"),
    Col("n_units", "Units", whole),
    Col("alpha", "Alpha", _THREE),
)
AGREEMENT_PAIRS = (
    Col("rater_a", "Rater"),
    Col("kind_a", "Kind"),
    Col("rater_b", "Rater"),
    Col("kind_b", "Kind"),
    Col("n", "n", whole),
    Col("agreement", "Agreement", percent),
    Col("kappa", "Kappa", _THREE),
)
VOTE_OUTCOMES = (
    Col("rater", "Model"),
    Col("campaign", "Campaign"),
    Col("status", "Outcome"),
    Col("n", "Votes", whole),
    Col("share", "Share", percent),
)
JUDGMENT_OUTCOMES = (Col("outcome", "Outcome"), Col("n", "Judgments", whole))
