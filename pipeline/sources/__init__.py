"""Input formats by name. A new one is one file here and one line in SOURCES."""

from __future__ import annotations

from pipeline.sources.base import Source
from pipeline.sources.study import StudySource

SOURCES: dict[str, Source] = {source.name: source for source in (StudySource(),)}
