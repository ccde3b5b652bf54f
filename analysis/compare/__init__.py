"""Two releases' numbers side by side."""

from __future__ import annotations

from analysis.compare.numbers import Compared, compare
from analysis.compare.page import comparison_body, comparison_files
from analysis.compare.sources import Side, side_of

__all__ = ["Compared", "Side", "compare", "comparison_body", "comparison_files", "side_of"]
