"""What a release shows and what it covers."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class ReleaseSettings:
    """``masks``: texts are shown with personal data covered. ``demographics``: the fields that it holds of what raters
    told, in order; None: all. ``min_cell``: what these say of a person together is said of as many people at least; 1
    hides nothing."""

    masks: bool = True
    min_cell: int = 5
    demographics: tuple[str, ...] | None = None


DEFAULTS = ReleaseSettings()
