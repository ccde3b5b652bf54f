from __future__ import annotations

import csv
import json
import shutil
from collections import Counter, defaultdict
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from crowdkit.aggregation import MajorityVote
from django.core.management import CommandError, call_command

from analysis.schema import TABLES
from annotation.releases.exports import EXPORTS
from annotation.releases.exports.spreadsheet import decoded
from annotation.releases.exports.writing import export_release
from annotation.releases.files import read_rows
from tests.annotation.releases.rich_study import WEIRD

pytestmark = pytest.mark.django_db


@pytest.fixture(scope="session")
def exported(sample_release: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    folders = {form: tmp_path_factory.mktemp("exports") / form for form in EXPORTS}
    for form, out in folders.items():
        export_release(folder=sample_release, form=form, out=out)
    return folders


def judgments(folder: Path, campaign: str) -> list[dict[str, Any]]:
    ids = {row["slug"]: row["campaign"] for _, row in read_rows(folder, "campaigns")}
    rows = [row for _, row in read_rows(folder, "judgments") if row["campaign"] == ids[campaign]]
    return [row for row in rows if row["counted"] or row["not_counted_because"] == "imported"]


def test_crowd_kit_takes_what_it_is_given(exported: dict[str, Path], sample_release: Path) -> None:
    for campaign in ("quality", "relevance", "preference", "historic", "simulated", "left"):
        frame = pd.read_csv(exported["crowd-kit"] / f"{campaign}.csv", dtype=str)
        expected = judgments(sample_release, campaign)
        assert len(frame) == len(expected)
        votes: dict[str, Counter[str]] = defaultdict(Counter)
        for row in expected:
            votes[row["unit"]][str(int(row["score"])) if campaign == "preference" else row["value"]] += 1
        found = MajorityVote().fit_predict(frame)
        assert set(found.index) == set(votes)
        assert all(votes[str(unit)][label] == max(votes[str(unit)].values()) for unit, label in found.items())


def test_trl_prefers_what_raters_did_and_leaves_ties_out(exported: dict[str, Path], sample_release: Path) -> None:
    """Two units of two response pairs: (1, 3, 2) and (5, 4, 2) as given, turned towards the personalized response."""
    scores: dict[str, list[float]] = defaultdict(list)
    for row in judgments(sample_release, "preference"):
        scores[row["pair"]].append(row["score"])
    texts = {row["response"]: row["text"] for _, row in read_rows(sample_release, "responses")}
    pairs = {row["pair"]: row for _, row in read_rows(sample_release, "response_pairs")}
    expected = []
    for pair in sorted(scores):
        mean = sum(scores[pair]) / len(scores[pair])
        sides = ("personalized", "generic") if mean > 3 else ("generic", "personalized")
        if mean != 3:
            expected.append(tuple(texts[pairs[pair][side]] for side in sides))
    lines = [json.loads(line) for line in (exported["trl"] / "preference.jsonl").read_text().splitlines()]
    assert [(line["chosen"], line["rejected"]) for line in lines] == expected
    assert expected
    assert all(set(line) == {"prompt", "chosen", "rejected"} and line["prompt"] for line in lines)
    spoken = (exported["trl"] / "preference.conversational.jsonl").read_text().splitlines()
    assert [json.loads(line)["chosen"][0] for line in spoken] == [
        {"role": "assistant", "content": line["chosen"]} for line in lines
    ]
    with (exported["trl"] / "preference.pairs.csv").open(newline="") as stream:
        assert {row["pair"]: int(row["n"]) for row in csv.DictReader(stream)} == {
            pair: len(found) for pair, found in scores.items()
        }


def test_label_studio_tasks_hold_answers_and_votes(exported: dict[str, Path], sample_release: Path) -> None:
    tasks = json.loads((exported["label-studio"] / "relevance.json").read_text())
    rows = judgments(sample_release, "relevance")
    assert sum(len(task["annotations"]) for task in tasks) == len(rows)
    given = {
        (task["data"]["unit"], result["meta"]["rater"]): result["value"]["choices"]
        for task in tasks
        for annotation in task["annotations"]
        for result in annotation["result"]
    }
    assert given == {(row["unit"], row["rater"]): [row["value"]] for row in rows}
    votes = [row for _, row in read_rows(sample_release, "model_votes") if row["instrument"] == "relevance"]
    units = {task["data"]["unit"] for task in tasks}
    parsed = [row for row in votes if row["value"] is not None and row["unit"] in units]
    assert sum(len(task["predictions"]) for task in tasks) == len(parsed) > 0
    assert all(task["data"]["statement"] and task["data"]["prompt"] for task in tasks)
    assert '<Choice value="yes"/>' in (exported["label-studio"] / "relevance.xml").read_text()
    empty = json.loads((exported["label-studio"] / "left.json").read_text())
    assert isinstance(empty, list)


def test_label_studio_preference_goes_towards_response_b(exported: dict[str, Path], sample_release: Path) -> None:
    tasks = json.loads((exported["label-studio"] / "preference.json").read_text())
    scores = {(row["unit"], row["rater"]): str(int(row["score"])) for row in judgments(sample_release, "preference")}
    for task in tasks:
        assert task["data"]["response_generic"]
        assert task["data"]["response_personalized"]
        for annotation in task["annotations"]:
            result = annotation["result"][0]
            assert result["value"]["choices"] == [scores[task["data"]["unit"], result["meta"]["rater"]]]


def test_csv_holds_every_row_and_text(exported: dict[str, Path], sample_release: Path) -> None:
    for name in TABLES:
        with (exported["csv"] / f"{name}.csv").open(newline="", encoding="utf-8") as stream:
            rows = list(csv.DictReader(stream))
        expected = [row for _, row in read_rows(sample_release, name)]
        assert len(rows) == len(expected)
        for row, wanted in zip(rows, expected, strict=True):
            texts = {key: value for key, value in wanted.items() if isinstance(value, str)}
            assert {key: decoded(row[key]) for key in texts} == texts
    assert any(row["text"] == WEIRD for _, row in read_rows(sample_release, "attributes"))


def test_every_export_carries_the_notices(exported: dict[str, Path]) -> None:
    for out in exported.values():
        text = (out / "README.txt").read_text()
        assert "SIMULATED: 2 judgments" in text
        assert "IMPORTED: 5 judgments" in text


def test_export_command_refuses_what_is_no_release_or_is_there(sample_release: Path, tmp_path: Path) -> None:
    release_folder = shutil.copytree(sample_release, tmp_path / "release")
    with pytest.raises(CommandError, match="exists already"):
        call_command("export_release", release_folder, form="csv", out=tmp_path)
    (release_folder / "data" / "labels.jsonl").write_text("")
    with pytest.raises(CommandError, match=r"labels\.jsonl"):
        call_command("export_release", release_folder, form="csv", out=tmp_path / "csv")
    assert not (tmp_path / "csv").exists()
