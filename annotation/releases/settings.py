"""What a release shows and what it covers."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class ReleaseSettings:
    """``masks``: texts are shown with personal data covered. ``min_cell``: what is said of a person's
    demographics is said of as many people at least; 1 hides nothing."""

    masks: bool = True
    min_cell: int = 5


DEFAULTS = ReleaseSettings()
