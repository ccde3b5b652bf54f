"""What a release shows and what it covers."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class ReleaseSettings:
    """``masks``: texts are shown with personal data covered. ``min_cell``: values of demographics that fewer people
    share are left out; 1 leaves out none."""

    masks: bool = True
    min_cell: int = 5


DEFAULTS = ReleaseSettings()
