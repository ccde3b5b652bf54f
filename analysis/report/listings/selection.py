"""Selection: against the label, how much is marked, thresholds, single people and prompts."""

from __future__ import annotations

from analysis.markup import Col, bare_percent, percent, whole
from analysis.report.listings.base import THREE, TWO, Listing, within

SELECTION = Listing(
    "selection",
    (
        Col("rater", "Model"),
        Col("kind", "Kind"),
        Col("n", "n", whole),
        Col("precision", "Precision", THREE),
        within(THREE, "precision_low", "precision_high"),
        Col("recall", "Recall", THREE),
        within(THREE, "recall_low", "recall_high"),
        Col("f1", "F1", THREE),
        within(THREE, "f1_low", "f1_high"),
        Col("accuracy", "Accuracy", THREE),
        within(THREE, "accuracy_low", "accuracy_high"),
    ),
    "Against the label, relevant being the class looked for: precision is the share of the marked that the label "
    "marks, recall the share of the label's that was marked, F1 their harmonic mean, accuracy the share answered "
    "alike. n units have both an answer and a label. Not defined where the denominator is 0.",
    "95 %, clustered by person and prompt; the labels are taken as they are.",
)
OVER_SELECTION = Listing(
    "selection",
    (
        Col("rater", "Model"),
        Col("kind", "Kind"),
        Col("n", "n", whole),
        Col("share_marked", "Marked", percent),
        within(bare_percent, "share_marked_low", "share_marked_high"),
        Col("share_label", "Label", percent),
        within(bare_percent, "share_label_low", "share_label_high"),
        Col("over_selection", "Times as many", TWO),
        within(TWO, "over_selection_low", "over_selection_high"),
    ),
    "Of the n units with a label: the share that the model, and the label, call relevant, and the first over the "
    "second: 1 is as many as people, 2 twice as many.",
    "95 %, clustered by person and prompt; the labels are taken as they are.",
)
MARKED = Listing(
    "marked_relevant",
    (
        Col("rater", "Rater"),
        Col("kind", "Kind"),
        Col("marked", "Marked", whole),
        Col("n", "of n", whole),
        Col("share", "Share", percent),
        within(bare_percent),
    ),
    "Share of the n units a rater or model answered that it called relevant. Not everybody answered the same units.",
    "95 %, clustered by person and prompt, of all raters together also by rater.",
)
_BY = (
    Col("rater", "Model"),
    Col("n", "n", whole),
    Col("precision", "Precision", THREE),
    Col("recall", "Recall", THREE),
    Col("f1", "F1", THREE),
    Col("share_marked", "Marked", percent),
    Col("share_label", "Label", percent),
    Col("over_selection", "Times as many", TWO),
)
SELECTION_BY_PERSON = Listing(
    "selection_by_person",
    (Col("level", "Person"), *_BY),
    "The scores of selection for each person's n units by themselves.",
    "None: the units of one person are few and say nothing of others.",
)
SELECTION_BY_PROMPT = Listing(
    "selection_by_prompt",
    (Col("level", "Prompt"), *_BY),
    "The scores of selection for each prompt's n units by themselves.",
    "None: the units of one prompt are few and say nothing of others.",
)
THRESHOLD_CURVES = Listing(
    "threshold_curves",
    (
        Col("rater", "Model"),
        Col("kind", "Kind"),
        Col("n", "n", whole),
        Col("threshold", "Threshold", THREE),
        Col("precision", "Precision", THREE),
        Col("recall", "Recall", THREE),
        Col("f1", "F1", THREE),
        Col("share", "Selected", percent),
    ),
    "What would be reached if every one of the n units with a score of at least the threshold were selected. Scores "
    "are a baseline's own, or a model's probability of yes.",
    "None: a curve of what happened on these units.",
)
THRESHOLDS = Listing(
    "thresholds",
    (
        Col("rater", "Model"),
        Col("kind", "Kind"),
        Col("n", "n", whole),
        Col("average_precision", "Average precision", THREE),
        Col("share_label", "by chance", THREE),
        Col("best_f1", "Best F1", THREE),
        Col("best_threshold", "at", THREE),
    ),
    "Average precision: precision at each score weighted by the recall it adds, over n units; by chance it would be "
    "the label's share. The best F1 was chosen on the very labels it is held against: a ceiling, no estimate of what "
    "the threshold reaches elsewhere.",
    "None: a curve of what happened on these units.",
)
