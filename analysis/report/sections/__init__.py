"""The sections of the report in their order: the study's seven tables and figures by their numbers, then the rest.

A new section is a function of a ``Context`` in a file of its own, and a line here.
"""

from __future__ import annotations

from collections.abc import Callable

from analysis.report.parts import Section
from analysis.report.sections.agreement import agreement
from analysis.report.sections.anchored import anchored, planning
from analysis.report.sections.answers import answers
from analysis.report.sections.calibration import calibration
from analysis.report.sections.ceilings import ceilings
from analysis.report.sections.effects import effects
from analysis.report.sections.judges import judges
from analysis.report.sections.kappa import kappa
from analysis.report.sections.limits import limits
from analysis.report.sections.majority import majority
from analysis.report.sections.mention import mention_effect, mention_rates
from analysis.report.sections.preference import preference
from analysis.report.sections.quality import quality
from analysis.report.sections.selection import selection
from analysis.report.sections.thresholds import thresholds
from analysis.tables import Context

SECTIONS: tuple[Callable[[Context], Section], ...] = (
    quality,
    kappa,
    selection,
    preference,
    judges,
    mention_effect,
    mention_rates,
    agreement,
    ceilings,
    calibration,
    thresholds,
    effects,
    majority,
    anchored,
    planning,
    answers,
    limits,
)
