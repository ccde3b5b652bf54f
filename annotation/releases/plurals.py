"""Counts in sentences: one row, two rows."""

from __future__ import annotations


def noun(n: int, one: str, many: str = "") -> str:
    """``row`` for 1, else ``rows``; ``many`` where the plural is not made by an s."""
    return one if n == 1 else many or f"{one}s"


def counted(n: int, one: str, many: str = "") -> str:
    """``1 row``, ``1,234 rows``."""
    return f"{n:,} {noun(n, one, many)}"
