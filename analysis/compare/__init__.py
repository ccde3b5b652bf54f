"""Two releases' numbers side by side."""

from __future__ import annotations

from analysis.compare.numbers import Compared, compare
from analysis.compare.page import comparison_files

__all__ = ["Compared", "compare", "comparison_files"]
