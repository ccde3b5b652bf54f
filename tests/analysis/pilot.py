"""The published study's pilot files as frames of the release's schema, read without the platform's importer."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pytest

from analysis.release import Release
from analysis.schema import ATTRIBUTE_QUALITY, RELEVANCE
from tests.analysis.frames import campaign, item, judgment, release_of, unit_of, vote

DATA = Path(os.environ.get("FITTING_ROOM_DATA", Path(__file__).resolve().parents[3] / "shared" / "data"))
STUDY = DATA / "study"
QUALITY = {"ok": "accepted", "unsure": "uncertain", "bad": "rejected"}


def need_study() -> None:
    """Skip the test where the study's files are not there."""
    if not (STUDY / "expected.json").is_file():
        pytest.skip(f"the study's files are not at {STUDY}; set FITTING_ROOM_DATA to a folder that holds study/")


def records(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines() if line.strip()]


def _rater(path: Path) -> str:
    return path.stem.partition("_")[0]


def _yes(relevant: bool) -> str:
    return "yes" if relevant else "no"


def _imported(campaign: str, unit: dict[str, Any], rater: str, value: str) -> dict[str, Any]:
    state = {"rater_kind": "imported", "counted": False, "not_counted_because": "imported", "seat": None}
    return judgment(campaign, unit, rater, value, **state)


def _relevance_votes(folder: str, prompts: dict[Any, Any]) -> list[dict[str, Any]]:
    """One vote per (person, prompt, attribute): the text alone is no key. Prompt by sample where not given."""
    rows = []
    for path in sorted((STUDY / folder).glob("*.jsonl")):
        for record in records(path):
            prompt = record.get("prompt_index", prompts.get(record["sample_index"]))
            for entry in record["items"]:
                unit = unit_of(RELEVANCE, f"{record['user_id']}|{entry['attribute']}", str(prompt))
                rows.append(vote(unit, record["model"], _yes(entry["relevant"])))
    return rows


def pilot_release() -> Release:
    """Three campaigns: pilot-relevance (task 3), main-relevance (task 5, no raters), pilot-quality (task 1)."""
    prompts: dict[Any, Any] = {}
    judged: list[dict[str, Any]] = []
    for path in sorted((STUDY / "annotations").glob("*_task3.jsonl")):
        for record in records(path):
            prompts[record["index"]] = record["prompt_index"]
            for entry in record["relevance_judgments"]:
                if entry["relevant"] is not None:
                    unit = unit_of(RELEVANCE, f"{record['user_id']}|{entry['attribute']}", str(record["prompt_index"]))
                    judged.append(_imported("pilot-relevance", unit, _rater(path), _yes(entry["relevant"])))
    quality = []
    for path in sorted((STUDY / "annotations").glob("*_task1.jsonl")):
        for record in records(path):
            for position, entry in enumerate(record["attr_judgments"]):
                if entry["judgment"] is not None:
                    unit = unit_of(ATTRIBUTE_QUALITY, f"{record['index']}|{position}")
                    quality.append(_imported("pilot-quality", unit, _rater(path), QUALITY[entry["judgment"]]))
    pilot, main = _relevance_votes("relevance_task3", prompts), _relevance_votes("relevance_task5", {})
    return release_of(
        campaigns=[
            campaign("pilot-relevance", RELEVANCE, "imported"),
            campaign("main-relevance", RELEVANCE),
            campaign("pilot-quality", ATTRIBUTE_QUALITY, "imported"),
        ],
        items=[
            item("pilot-relevance", [*judged, *pilot]),
            item("main-relevance", main),
            item("pilot-quality", quality),
        ],
        judgments=[*judged, *quality],
        model_votes=[*pilot, *main],
    )
