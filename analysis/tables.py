"""Every table of the report by name, each computed once from a release: ``BUILDERS``.

``python -m analysis table DIR NAME`` prints one of them. A new table is a function over frames, a line in ``BUILDERS``,
and what its columns mean in ``analysis.report.listings``.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cached_property
from typing import TypedDict

import polars as pl

from analysis.agreement import Agreement, agreement, krippendorff_table
from analysis.attribute_quality import label_shares, real_minus_synthetic
from analysis.calibration import calibration, calibration_summary
from analysis.ceilings import ceilings
from analysis.conclusions import conclusions
from analysis.crowd import reliability
from analysis.failures import failure_agreement, failure_shares
from analysis.judges import judges
from analysis.longform import IMPORTED_BECAUSE, judgment_outcomes, long_form, vote_outcomes, with_material
from analysis.memory import give_back
from analysis.mentions import mention_correlation, mention_effect, mention_rates
from analysis.planning import planning
from analysis.powered import powered, thrift
from analysis.preference import PairRule, preference, preference_effects, preference_overall
from analysis.release import Release
from analysis.selection import LabelSource, marked_relevant, selection, selection_by
from analysis.summary import campaign_summary, origin_summary
from analysis.thresholds import threshold_curves, thresholds


@dataclass(frozen=True)
class Settings:
    """What the published study leaves open or a reader may want otherwise; the report prints them.

    ``min_n``: pairs with fewer common units are left out. ``label_source`` and ``min_judgments``: see ``selection``.
    ``pair_rule`` and ``neutral_is_no_better``: see ``preference``. ``imported_because``: see ``longform``.
    """

    min_n: int = 1
    label_source: LabelSource = "judgments"
    min_judgments: int = 1
    pair_rule: PairRule = "mean"
    neutral_is_no_better: bool = True
    imported_because: tuple[str, ...] = IMPORTED_BECAUSE


@dataclass(frozen=True)
class Context:
    """A release, its long form and the settings: all that a table is computed from. ``context["selection"]`` is the
    table of that name, made at the first asking and kept.
    """

    release: Release
    long: pl.DataFrame
    settings: Settings
    _made: dict[str, pl.DataFrame] = field(default_factory=dict, compare=False, repr=False)

    def __getitem__(self, name: str) -> pl.DataFrame:
        """Raises ``KeyError`` for a name that ``BUILDERS`` does not know."""
        if name not in self._made:
            self._made[name] = BUILDERS[name](self)
            give_back()
        return self._made[name]

    @cached_property
    def agreed(self) -> Agreement:
        """Three tables of one pass over the replicates."""
        return agreement(with_material(self.long, self.release), min_n=self.settings.min_n)


Builder = Callable[[Context], pl.DataFrame]
Tables = dict[str, pl.DataFrame]


class _Label(TypedDict):
    source: LabelSource
    min_judgments: int


class _NoBetter(TypedDict):
    pair_rule: PairRule
    neutral_is_no_better: bool


def _label(context: Context) -> _Label:
    return {"source": context.settings.label_source, "min_judgments": context.settings.min_judgments}


def _no_better(context: Context) -> _NoBetter:
    chosen = context.settings
    return {"pair_rule": chosen.pair_rule, "neutral_is_no_better": chosen.neutral_is_no_better}


# Columns and definitions stand at the function that makes the table.
BUILDERS: dict[str, Builder] = {
    "origins": lambda c: origin_summary(c.long),
    "campaigns": lambda c: campaign_summary(c.long, c.release),
    "label_shares": lambda c: label_shares(c.long, c.release),
    "real_minus_synthetic": lambda c: real_minus_synthetic(c.long, c.release),
    "failure_shares": lambda c: failure_shares(c.release, c.long),
    "failure_agreement": lambda c: failure_agreement(c.release, c.long),
    "calibration": lambda c: calibration(c.long, c.release),
    "calibration_summary": lambda c: calibration_summary(c.long, c.release),
    "agreement_pairs": lambda c: c.agreed.pairs,
    "agreement_groups": lambda c: c.agreed.groups,
    "agreement_summary": lambda c: c.agreed.summary,
    "ceilings": lambda c: ceilings(with_material(c.long, c.release)),
    "krippendorff": lambda c: krippendorff_table(c.long),
    "selection": lambda c: selection(c.long, c.release, **_label(c)),
    "selection_by_person": lambda c: selection_by(c.long, c.release, "person", **_label(c)),
    "selection_by_prompt": lambda c: selection_by(c.long, c.release, "prompt", **_label(c)),
    "threshold_curves": lambda c: threshold_curves(c.long, c.release, **_label(c)),
    "thresholds": lambda c: thresholds(c.long, c.release, **_label(c)),
    "marked_relevant": lambda c: marked_relevant(c.long, c.release),
    "preference": lambda c: preference(c.long, c.release, **_no_better(c)),
    "preference_overall": lambda c: preference_overall(c.long, c.release, **_no_better(c)),
    "preference_effects": lambda c: preference_effects(c.long, c.release),
    "judges": lambda c: judges(c.long, c.release),
    "mention_effect": lambda c: mention_effect(c.long, c.release, c["preference_effects"]),
    "mention_rates": lambda c: mention_rates(c.long, c.release),
    "mention_correlation": lambda c: mention_correlation(c["mention_rates"]),
    "conclusions": lambda c: conclusions(c.long, c.release),
    "reliability": lambda c: reliability(c.long),
    "powered": lambda c: powered(c.long, c.release),
    "thrift": lambda c: thrift(c.long, c.release),
    "planning": lambda c: planning(c.long, c.release),
    "vote_outcomes": lambda c: vote_outcomes(c.release),
    "judgment_outcomes": lambda c: judgment_outcomes(c.release, imported_because=c.settings.imported_because),
}

# They load crowd-kit, and pandas with it: 120 MB that stay. Where they come last, these lie under no other table.
LAST = ("conclusions", "reliability")


def context_of(release: Release, settings: Settings | None = None) -> Context:
    """What the tables of ``release`` are computed from; no table is computed yet."""
    chosen = settings or Settings()
    return Context(release, long_form(release, imported_because=chosen.imported_because), chosen)


def build_tables(release: Release, settings: Settings | None = None) -> Tables:
    """All tables of ``release``. Pure: the same release and settings give the same frames, rows in the same order."""
    context = context_of(release, settings)
    compute_all(context)
    return {name: context[name] for name in BUILDERS}


def compute_all(context: Context) -> None:
    """Every table of ``context``, in the order that takes the least memory."""
    for name in sorted(BUILDERS, key=LAST.__contains__):
        context[name]
