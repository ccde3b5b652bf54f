"""Attribute quality: shares, the difference that real chats make, how attributes fail, confidence."""

from __future__ import annotations

from analysis.markup import Col, bare_percent, percent, whole
from analysis.report.listings.base import THREE, Listing, p_value, points, within

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
        within(bare_percent),
    ),
    "Share of the n judgments of a corpus and extractor that gave the value; every judgment weighs the same.",
    "95 %, clustered by person and rater.",
)
REAL_MINUS_SYNTHETIC = Listing(
    "real_minus_synthetic",
    (
        Col("extractor", "Extractor"),
        Col("figure", "Share"),
        Col("real", "Real chats", percent),
        Col("n_real", "n", whole),
        Col("synthetic", "Synthetic", percent),
        Col("n_synthetic", "n", whole),
        Col("difference", "Real minus synthetic", points),
        within(bare_percent),
        Col("p", "p", p_value),
        Col("observed", "As observed", points),
        within(bare_percent, "observed_low", "observed_high"),
    ),
    "Share of n judgments that are problematic (uncertain or rejected), and rejected. The difference is estimated with "
    "people, their attributes and raters as random effects, and weighs people by what they tell, not by how many "
    "attributes they have; as observed, it is the difference of the two shares.",
    "95 %; of the model by t with Satterthwaite's degrees of freedom, as observed clustered by person and rater.",
)
FAILURE_SHARES = Listing(
    "failure_shares",
    (
        Col("source", "Said by"),
        Col("category", "Why"),
        Col("count", "Times", whole),
        Col("n", "of n", whole),
        Col("share", "Share", percent),
        within(bare_percent),
        Col("attributes", "Attributes", whole),
        Col("not_given", "No reason", whole),
    ),
    "Why attributes were not accepted: the share of n reasons. Raters: those they gave with uncertain and rejected "
    "judgments, one a judgment. Models: their findings on attributes that any rater did not accept, one an attribute. "
    "No reason: such judgments or findings without a category, not in n.",
    "95 %, clustered by person, raters' also by rater.",
)
FAILURE_AGREEMENT = Listing(
    "failure_agreement",
    (
        Col("a", "One"),
        Col("b", "Other"),
        Col("n", "Pairs", whole),
        Col("attributes", "Attributes", whole),
        Col("agreement", "Same reason", percent),
        within(bare_percent),
        Col("kappa", "Kappa", THREE),
    ),
    "How often two name the same reason for the same attribute, over pairs of answers, and Cohen's kappa of them.",
    "95 %, clustered by person; of the kappa none is given.",
)
CALIBRATION = Listing(
    "calibration",
    (
        Col("extractor", "Extractor"),
        Col("bin_low", "Confidence from", THREE),
        Col("bin_high", "to", THREE),
        Col("n", "n", whole),
        Col("confidence", "Mean confidence", percent),
        Col("accepted", "Accepted", percent),
        within(bare_percent),
    ),
    "In bins of the confidence that the extractor gave with an attribute: its mean, and the share of the n judgments "
    "that accept.",
    "95 %, clustered by person and rater.",
)
CALIBRATION_SUMMARY = Listing(
    "calibration_summary",
    (
        Col("extractor", "Extractor"),
        Col("figure", "Figure"),
        Col("value", "Value", THREE),
        within(THREE),
        Col("n", "n", whole),
        Col("not_known", "No confidence", whole),
    ),
    "Over n judgments. ece: mean distance of confidence and acceptance over the bins, 0 is best and never quite "
    "reached by chance alone. brier: mean squared distance of confidence and acceptance, 0 is best. overconfidence: "
    "mean confidence minus share accepted.",
    "95 %, clustered by person and rater; that of ece holds the sign of each bin's gap.",
)
