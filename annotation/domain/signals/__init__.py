"""What is seen of a campaign's raters: their figures, and where each stands among the others. Reads only."""

from annotation.domain.signals.raters import RaterSignals, signals_of
from annotation.domain.signals.standing import SIGNALS, Comparison, Signal, Standing, compare, signals_for

__all__ = ["SIGNALS", "Comparison", "RaterSignals", "Signal", "Standing", "compare", "signals_for", "signals_of"]
