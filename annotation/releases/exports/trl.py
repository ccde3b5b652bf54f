"""Preference pairs for TRL: prompt, chosen, rejected; plain, and as conversations."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import orjson

from annotation.releases.exports.base import Export, ExportFile, OnDisk, answers_of, batches, campaigns_of
from annotation.releases.exports.spreadsheet import csv_pieces
from annotation.releases.tables.rows import Row
from pipeline.enums import InstrumentName

NEITHER = 3.0  # the middle of the scale towards the personalized response


class Preferred(NamedTuple):
    pair: str
    mean: float
    n: int


def _files(folder: Path) -> Iterator[ExportFile]:
    with OnDisk() as texts:
        texts.put_table(folder, "prompts", "prompt")
        texts.put_table(folder, "responses", "response")
        for campaign in campaigns_of(folder):
            if campaign["instrument"] != InstrumentName.PREFERENCE:
                continue
            means = _means(folder, campaign)
            slug = campaign["slug"]
            yield ExportFile(f"{slug}.jsonl", _lines(folder, means, texts, conversational=False))
            yield ExportFile(f"{slug}.conversational.jsonl", _lines(folder, means, texts, conversational=True))
            rows = (means[pair] for pair in sorted(means))
            yield ExportFile(f"{slug}.pairs.csv", csv_pieces(("pair", "mean", "n"), rows))


def _means(folder: Path, campaign: Row) -> dict[str, Preferred]:
    """By response pair, over all its units and raters: two numbers a pair are all that is kept in memory."""
    sums: dict[str, tuple[float, int]] = {}
    for row in answers_of(folder, campaign, ["pair", "score"]):
        total, n = sums.get(row["pair"], (0.0, 0))
        sums[row["pair"]] = total + row["score"], n + 1
    return {pair: Preferred(pair, total / n, n) for pair, (total, n) in sums.items()}


def _lines(folder: Path, means: dict[str, Preferred], texts: OnDisk, *, conversational: bool) -> Iterator[bytes]:
    """In the order of the pairs' ids. A tie prefers neither, and is left out."""
    for rows in batches(folder, "response_pairs"):
        for row in rows:
            preferred = means.get(row["pair"])
            if preferred is None or preferred.mean == NEITHER:
                continue
            better, worse = ("personalized", "generic") if preferred.mean > NEITHER else ("generic", "personalized")
            chosen, rejected = (texts.get("responses", row[side]) for side in (better, worse))
            prompt = texts.get("prompts", row["prompt"])
            yield orjson.dumps(_example(prompt, chosen, rejected, conversational)) + b"\n"


def _example(prompt: str, chosen: str, rejected: str, conversational: bool) -> dict[str, Any]:
    if not conversational:
        return {"prompt": prompt, "chosen": chosen, "rejected": rejected}
    return {
        "prompt": [{"role": "user", "content": prompt}],
        "chosen": [{"role": "assistant", "content": chosen}],
        "rejected": [{"role": "assistant", "content": rejected}],
    }


TRL = Export(
    "TRL preference pairs",
    "JSON lines with prompt, chosen and rejected, one a response pair, for each preference campaign; the same as "
    "conversations in *.conversational.jsonl. Chosen is the response towards which the mean of the counted answers "
    "leans, over all attributes and raters of the pair, on the scale from 1 to 5 towards the personalized one. A mean "
    "of exactly 3 is a tie: the pair is left out, and stands in *.pairs.csv with the other means.",
    _files,
)
