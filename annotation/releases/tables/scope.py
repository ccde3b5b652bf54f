"""What a release is made of: whose rows, how they are shown."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field

from annotation.releases.settings import DEFAULTS, ReleaseSettings
from studies.models import Study


@dataclass(frozen=True)
class Scope:
    """``covered`` counts, by kind, the places of personal data covered so far; it is filled as texts pass."""

    study: Study
    settings: ReleaseSettings = DEFAULTS
    covered: Counter[str] = field(default_factory=Counter)
