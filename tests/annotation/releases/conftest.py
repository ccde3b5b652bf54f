from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import pytest
from django.db import transaction

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


@pytest.fixture(scope="session")
def sample_release(django_db_setup: None, django_db_blocker: Any, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The rich study's release, written once, for tests that only read it; its study is rolled back."""
    out = tmp_path_factory.mktemp("sample") / "release"
    block = transaction.atomic()
    block._from_testcase = True  # type: ignore[attr-defined]  # a durable transaction may stand in it, as in tests
    with django_db_blocker.unblock(), block:
        rich = build_rich_study()
        make_release(study=rich.study, out=out, actor=rich.lead)
        transaction.set_rollback(True)
    return out


@pytest.fixture
def release_copy(sample_release: Path, tmp_path: Path) -> Path:
    """For tests that look at files alone: theirs to change."""
    return shutil.copytree(sample_release, tmp_path / "release")
