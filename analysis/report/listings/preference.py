"""Preference, judges in people's place, and open mentions."""

from __future__ import annotations

from analysis.markup import Col, bare_percent, percent, whole
from analysis.report.listings.base import THREE, TWO, Listing, p_value, within

_CLUSTERED = "95 %, clustered by person and prompt, people's also by rater."
PREFERENCE_MEANS = Listing(
    "preference",
    (
        Col("generator", "Written by"),
        Col("judge", "Judged by"),
        Col("kind", "Kind"),
        Col("pairs", "Pairs", whole),
        Col("n", "n", whole),
        Col("mean", "Mean", TWO),
        within(TWO),
    ),
    "Mean of n scores from 1 (generic much better) to 5 (personalized much better), 3 = no difference.",
    _CLUSTERED,
)
_NO_BETTER = (
    Col("generator", "Written by"),
    Col("judge", "Judged by"),
    Col("no_better_judgments", "of judgments", percent),
    within(bare_percent, "no_better_judgments_low", "no_better_judgments_high"),
    Col("n", "n", whole),
    Col("no_better_pairs", "of pairs", percent),
    within(bare_percent, "no_better_pairs_low", "no_better_pairs_high"),
    Col("pairs", "Pairs", whole),
)
_NO_BETTER_MEANS = (
    "share of personalized responses judged no better than the generic one, read in two ways: over n single judgments, "
    "and over pairs of responses by the rule under How the numbers are made."
)
NO_BETTER = Listing("preference", _NO_BETTER, f"The {_NO_BETTER_MEANS}", f"{_CLUSTERED} Of pairs by person and prompt.")
PREFERENCE_OVERALL = Listing(
    "preference_overall",
    (
        Col("judge", "Judged by"),
        Col("kind", "Kind"),
        Col("mean", "Mean", TWO),
        within(TWO),
        *_NO_BETTER[2:],
    ),
    f"All generators together, every answer weighing the same: the mean of n scores, and the {_NO_BETTER_MEANS}",
    f"{_CLUSTERED} Of pairs by person and prompt.",
)
PREFERENCE_EFFECTS = Listing(
    "preference_effects",
    (
        Col("judge", "Judged by"),
        Col("effect", "Effect"),
        Col("estimate", "Points", TWO),
        within(TWO),
        Col("p", "p", p_value),
        Col("n", "n", whole),
    ),
    "Points on the scale of 1 to 5, estimated together from n answers with unit, pair, person, prompt and rater as "
    "random effects. intercept: the mean minus 3 at equal sides, equal length and no open mention. side: personalized "
    "on the right against on the left. length: a personalized response twice as long as the generic one. mention: one "
    "that openly mentions the attribute.",
    "95 %, t with Satterthwaite's degrees of freedom.",
)
JUDGES = Listing(
    "judges",
    (
        Col("judge", "Judged by"),
        Col("n", "n", whole),
        Col("units", "Units", whole),
        Col("mean", "Mean", THREE),
        within(THREE),
        Col("shift", "Minus people", THREE),
        within(THREE, "shift_low", "shift_high"),
    ),
    "Mean of n scores of 1 to 5 towards personalized on so many units, two of a model to one unit counted as one; and "
    "the model's score minus a person's, mean over people's answers to those units.",
    f"{_CLUSTERED} The shift's by rater too.",
)
JUDGES_CORRELATED = Listing(
    "judges",
    (
        Col("judge", "Judged by"),
        Col("units", "Units", whole),
        Col("spearman", "Spearman", THREE),
        within(THREE, "spearman_low", "spearman_high"),
        Col("ceiling", "People reach", THREE),
        Col("spearman_pairwise", "with one rater", THREE),
        Col("ceiling_pairwise", "raters with one another", THREE),
    ),
    "Spearman's correlation with people's mean on the unit, of those units that people judged too, beside what people "
    "reach: the mean correlation of each with the mean of the others. With one rater: the mean over raters of the "
    "correlation with that rater, beside the mean over pairs of raters. Units: all that the judge answered.",
    "95 %, clustered by person and prompt; of means over raters none is given.",
)
ORDER = Listing(
    "judges",
    (
        Col("judge", "Judged by"),
        Col("n", "n", whole),
        Col("order_effect", "Right minus left", TWO),
        within(TWO, "order_low", "order_high"),
        Col("order_units", "Units judged both ways", whole),
    ),
    "Score with the personalized response on the right minus with it on the left: on units judged both ways, and where "
    "these are 0, between the answers given one way and those given the other. n answers, two to one unit counted as "
    "one.",
    _CLUSTERED,
)
MENTION_EFFECT = Listing(
    "mention_effect",
    (
        Col("judge", "Judged by"),
        Col("n", "n", whole),
        Col("mentioned", "with mention", whole),
        Col("mean_mentioned", "Mean with", TWO),
        Col("mean_not", "without", TWO),
        Col("effect", "Change", TWO),
        within(TWO),
        Col("p", "p", p_value),
        Col("adjusted", "Side and length equal", TWO),
        within(TWO, "adjusted_low", "adjusted_high"),
        Col("adjusted_p", "p", p_value),
    ),
    "Mean score of answers on responses that openly mention the attribute, minus that of the others, in points of the "
    "scale of 1 to 5; then the same with side and length held equal. n answers whose mention is known.",
    f"{_CLUSTERED} With side and length equal: by the model of the effects.",
)
MENTION_RATES = Listing(
    "mention_rates",
    (
        Col("model", "Model"),
        Col("units", "Units", whole),
        Col("rate", "Mentions", percent),
        within(bare_percent),
        Col("reward", "Reward as a judge", TWO),
        within(TWO, "reward_low", "reward_high"),
    ),
    "Share of the units for which the model, as a generator, openly mentions the attribute; and how much more, as a "
    "judge, it gives responses that do: its change in the table mention_effect, on the n answers given there.",
    "95 %, clustered by person and prompt.",
)
MENTION_CORRELATION = Listing(
    "mention_correlation",
    (
        Col("models", "Models", whole),
        Col("spearman", "Spearman", TWO),
        Col("p", "p, exact", p_value),
        Col("p_approximate", "p, approximate", p_value),
    ),
    "Spearman's correlation, over models, of the rate of open mentions and the reward for them. The exact p is the "
    "share of all orders of the models with a correlation as far from 0; the approximate one is Student's t, which "
    "for so few models says too much.",
    "None: with so few models the exact p says all there is.",
)
