from __future__ import annotations

from pathlib import Path

import pytest

from annotation.releases.write import make_release
from tests.annotation.releases.rich_study import RichStudy, build_rich_study


@pytest.fixture
def rich(db: None) -> RichStudy:
    return build_rich_study()


@pytest.fixture
def release_folder(rich: RichStudy, tmp_path: Path) -> Path:
    out = tmp_path / "release"
    make_release(study=rich.study, out=out, actor=rich.lead)
    return out
