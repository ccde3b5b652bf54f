"""What a reader sees of each table: its columns in order under their headings, what its numbers are, and what its
intervals are. Every table of ``analysis.tables.BUILDERS`` has a listing; a table may be shown in several.
"""

from __future__ import annotations

from analysis.report.listings.agreement import (
    AGREEMENT_GROUPS,
    AGREEMENT_PAIRS,
    AGREEMENT_SUMMARY,
    CEILINGS,
    FIGURE_NAMES,
    GROUP_NAMES,
    KRIPPENDORFF,
)
from analysis.report.listings.answers import CAMPAIGNS, JUDGMENT_OUTCOMES, ORIGINS, VOTE_OUTCOMES
from analysis.report.listings.base import Listing
from analysis.report.listings.beyond import CONCLUSIONS, PLANNING, POWERED, RELIABILITY, THRIFT
from analysis.report.listings.preference import (
    JUDGES,
    JUDGES_CORRELATED,
    MENTION_CORRELATION,
    MENTION_EFFECT,
    MENTION_RATES,
    NO_BETTER,
    ORDER,
    PREFERENCE_EFFECTS,
    PREFERENCE_MEANS,
    PREFERENCE_OVERALL,
)
from analysis.report.listings.quality import (
    CALIBRATION,
    CALIBRATION_SUMMARY,
    FAILURE_AGREEMENT,
    FAILURE_SHARES,
    LABEL_SHARES,
    REAL_MINUS_SYNTHETIC,
)
from analysis.report.listings.selection import (
    MARKED,
    OVER_SELECTION,
    SELECTION,
    SELECTION_BY_PERSON,
    SELECTION_BY_PROMPT,
    THRESHOLD_CURVES,
    THRESHOLDS,
)

__all__ = [
    "AGREEMENT_GROUPS",
    "AGREEMENT_PAIRS",
    "AGREEMENT_SUMMARY",
    "CALIBRATION",
    "CALIBRATION_SUMMARY",
    "CAMPAIGNS",
    "CEILINGS",
    "CONCLUSIONS",
    "FAILURE_AGREEMENT",
    "FAILURE_SHARES",
    "FIGURE_NAMES",
    "GROUP_NAMES",
    "JUDGES",
    "JUDGES_CORRELATED",
    "JUDGMENT_OUTCOMES",
    "KRIPPENDORFF",
    "LABEL_SHARES",
    "MARKED",
    "MENTION_CORRELATION",
    "MENTION_EFFECT",
    "MENTION_RATES",
    "NO_BETTER",
    "ORDER",
    "ORIGINS",
    "OVER_SELECTION",
    "PLANNING",
    "POWERED",
    "PREFERENCE_EFFECTS",
    "PREFERENCE_MEANS",
    "PREFERENCE_OVERALL",
    "REAL_MINUS_SYNTHETIC",
    "RELIABILITY",
    "SELECTION",
    "SELECTION_BY_PERSON",
    "SELECTION_BY_PROMPT",
    "THRESHOLDS",
    "THRESHOLD_CURVES",
    "THRIFT",
    "VOTE_OUTCOMES",
    "Listing",
]
