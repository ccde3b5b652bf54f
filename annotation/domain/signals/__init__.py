"""What is seen of a campaign's raters: their figures, and where each stands among the others. Reads only."""

from annotation.domain.signals.keeping import Seen, campaigns_to_keep, keep_signals, seen_of
from annotation.domain.signals.raters import RaterSignals, signals_of
from annotation.domain.signals.standing import SIGNALS, Comparison, Signal, Standing, compare, signals_for

__all__ = [
    "SIGNALS",
    "Comparison",
    "RaterSignals",
    "Seen",
    "Signal",
    "Standing",
    "campaigns_to_keep",
    "compare",
    "keep_signals",
    "seen_of",
    "signals_for",
    "signals_of",
]
