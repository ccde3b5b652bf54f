from __future__ import annotations

import stat
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from django.core.exceptions import ImproperlyConfigured

from config.secrets import secret_key


@pytest.fixture(autouse=True)
def _no_key_given(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("SECRET_KEY", raising=False)


def test_secret_key_embedded_is_made_once_for_the_owner_only(tmp_path: Path) -> None:
    first = secret_key(tmp_path / "data", embedded=True)
    assert len(first) >= 50
    assert secret_key(tmp_path / "data", embedded=True) == first
    assert stat.S_IMODE((tmp_path / "data" / "secret_key").stat().st_mode) == 0o600
    assert [path.name for path in (tmp_path / "data").iterdir()] == ["secret_key"]


def test_secret_key_many_processes_at_once_agree(tmp_path: Path) -> None:
    with ThreadPoolExecutor(16) as pool:
        keys = list(pool.map(lambda _: secret_key(tmp_path, embedded=True), range(64)))
    assert len(set(keys)) == 1


def test_secret_key_missing_with_a_database_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ImproperlyConfigured, match="SECRET_KEY is missing"):
        secret_key(tmp_path, embedded=False)
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("weak", ["short", "a" * 80])
def test_secret_key_that_can_be_guessed_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, weak: str) -> None:
    monkeypatch.setenv("SECRET_KEY", weak)
    with pytest.raises(ImproperlyConfigured, match="too easy to guess"):
        secret_key(tmp_path, embedded=True)


def test_secret_key_emptied_file_is_refused(tmp_path: Path) -> None:
    (tmp_path / "secret_key").touch()
    with pytest.raises(ImproperlyConfigured, match="holds no key"):
        secret_key(tmp_path, embedded=True)
