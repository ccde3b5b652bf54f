from __future__ import annotations

import json
import math
from pathlib import Path

import pytest

from rebuild import round_trip
from rebuild.plan import Folder, RebuildFailed
from rebuild.truth import Recovered, problems_with


def test_a_planted_value_far_outside_its_interval_is_named() -> None:
    said: list[str] = []
    inside = Recovered("accepted", "world", 0.50, 0.52, 0.48, 0.56)
    near = Recovered("accepted", "synthetic", 0.58, 0.52, 0.48, 0.56)  # one in twenty lies there
    far = Recovered("mean preference", "a model", 3.9, 3.1, 2.9, 3.3)
    assert list(problems_with([inside, near, far], said)) == [
        "mean preference a model: 3.100 (2.900 to 3.300), where 3.900 was planted"
    ]
    assert said == ["planted values: 1 of 3 lie inside their 95 % intervals"]


def test_a_figure_without_interval_is_not_counted() -> None:
    said: list[str] = []
    assert not list(problems_with([Recovered("accepted", "world", 0.5, 0.9, math.nan, math.nan)], said))
    assert said == ["planted values: 0 of 0 lie inside their 95 % intervals"]


@pytest.fixture
def folder(tmp_path: Path) -> Folder:
    folder = Folder(tmp_path)
    (folder.release / "data").mkdir(parents=True)
    (folder.release / "data" / "people.jsonl").write_text('{"person":"a"}\n')
    (folder.release / "SHA256SUMS").write_text("1  data/people.jsonl\n")
    (folder.release / "manifest.json").write_text(json.dumps({"described": {"title": "Figs"}}))
    return folder


def coming_back_as(monkeypatch: pytest.MonkeyPatch, line: str, title: str = "Figs") -> list[tuple[str, ...]]:
    """Stands for the commands: what the second make_release would write."""
    asked: list[tuple[str, ...]] = []

    def manage(words: tuple[str, ...], environment: dict[str, str]) -> None:
        asked.append(words)
        if words[0] == "make_release":
            data = Path(words[-1]) / "data"
            data.mkdir(parents=True)
            (data / "people.jsonl").write_text(line)
            (data.parent / "manifest.json").write_text(json.dumps({"described": {"title": title}}))

    monkeypatch.setattr(round_trip, "_manage", manage)
    return asked


def test_a_release_that_comes_back_is_not_sent_again(folder: Folder, monkeypatch: pytest.MonkeyPatch) -> None:
    asked = coming_back_as(monkeypatch, json.dumps({"person": "a"}, separators=(",", ":")) + "\n")
    assert "1 tables" in round_trip.check_round_trip(folder)
    assert [words[0] for words in asked] == ["migrate", "import_release", "make_release"]
    assert round_trip.check_round_trip(folder) == "came back before"
    assert len(asked) == 3


def test_a_file_that_comes_back_changed_is_named(folder: Folder, monkeypatch: pytest.MonkeyPatch) -> None:
    coming_back_as(monkeypatch, '{"person":"b"}\n')
    with pytest.raises(RebuildFailed, match=r"people\.jsonl did not come back"):
        round_trip.check_round_trip(folder)
    assert not folder.is_done_for_release("came-back")


def test_a_description_that_does_not_come_back_is_refused(folder: Folder, monkeypatch: pytest.MonkeyPatch) -> None:
    coming_back_as(monkeypatch, '{"person":"a"}\n', title="")
    with pytest.raises(RebuildFailed, match="description did not come back"):
        round_trip.check_round_trip(folder)
