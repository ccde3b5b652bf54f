"""What figures of agreement are called and what they say, for who looks after a campaign."""

from __future__ import annotations

import math

from analysis.markup import MINUS, UNDEFINED
from pipeline.enums import InstrumentName

PERCENT = "percent"
NAMES = {
    PERCENT: "Same answer",
    "fleiss": "Fleiss' kappa",
    "alpha_nominal": "Krippendorff's alpha, nominal",
    "alpha_ordinal": "Krippendorff's alpha, ordinal",
    "alpha_interval": "Krippendorff's alpha, interval",
    "ac1": "Gwet's AC1",
    "ac2_linear": "Gwet's AC2, linear",
    "ac2_quadratic": "Gwet's AC2, quadratic",
}
_BEYOND = "How far agreement exceeds chance, as a share of how far it could: 1 is full agreement, 0 is chance"
ABOUT = {
    PERCENT: "How often two answers to one unit are the same, every unit weighing alike.",
    "fleiss": f"{_BEYOND}; chance from the shares of the values over all raters.",
    "alpha_nominal": "One less observed over expected disagreement; two values differ or do not.",
    "alpha_ordinal": "The same; values differ by how many answers lie between them.",
    "alpha_interval": "The same; values differ by the square of their distance.",
    "ac1": f"{_BEYOND}; chance as Gwet has it, steadier than kappa where one value is rare.",
    "ac2_linear": "AC1 with neighbouring values agreeing in part, by distance.",
    "ac2_quadratic": "AC1 with neighbouring values agreeing in part, by squared distance.",
}
PREFERENCES = {
    "1": "1, generic much better",
    "2": "2, generic better",
    "3": "3, no difference",
    "4": "4, personalized better",
    "5": "5, personalized much better",
}


def value_in_words(instrument: str, value: str) -> str:
    return PREFERENCES[value] if instrument == InstrumentName.PREFERENCE else value


def figure_in_words(name: str, value: float) -> str:
    if math.isnan(value):
        return UNDEFINED
    if name == PERCENT:
        return f"{100 * value:.1f} %"
    return f"{round(value, 2) + 0.0:.2f}".replace("-", MINUS)  # + 0.0: of minus zero, zero
