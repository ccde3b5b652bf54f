from __future__ import annotations

import pytest

from analysis.crowd import CONCLUSION_SCHEMA, RELIABILITY_SCHEMA
from analysis.tables import BUILDERS


@pytest.fixture
def without_crowds(monkeypatch: pytest.MonkeyPatch) -> None:
    """Reports without models of raters, which take seconds: for tests of something else."""
    monkeypatch.setitem(BUILDERS, "conclusions", lambda context: CONCLUSION_SCHEMA.to_frame())
    monkeypatch.setitem(BUILDERS, "reliability", lambda context: RELIABILITY_SCHEMA.to_frame())
