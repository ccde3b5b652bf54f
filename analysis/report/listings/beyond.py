"""Beyond the majority, and people helped by models."""

from __future__ import annotations

from analysis.markup import Col, percent, whole
from analysis.report.listings.base import THREE, TWO, Listing, planned

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
    "answers, and by two models of raters (Dawid and Skene; GLAD), which take values as names without order. Change: "
    "against the majority's.",
    "95 %, bootstrap over people, 1,000 draws with a fixed seed, as wide as a jackknife over people and the prompts "
    "that they share says; none for fewer than ten people. None for the models of raters: their estimates lie off to "
    "one side, by more than chance would where raters gave some tens of answers each.",
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
    "None: the model of raters does not say how sure it is.",
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
    "95 %, clustered by person and prompt.",
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
        Col("units", "Units", whole),
        Col("judgments", "Judgments", whole),
        Col("half_width", "± now", THREE),
        Col("target", "± wanted", TWO),
        Col("per_unit", "A unit", whole),
        Col("units_needed", "Units needed", planned),
        Col("judgments_needed", "Judgments needed", planned),
        Col("more_judgments", "More", planned),
    ),
    "Half the width of the 95 % interval now, from so many judgments on so many units; and what a wanted one takes, "
    "with so many judgments on each unit, by how answers vary between units and within them now. A dash (-1 in the "
    "CSV): more than ten million, or nothing can be said.",
    "None: a plan.",
)
