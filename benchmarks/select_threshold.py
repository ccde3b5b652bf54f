"""Selecting by embeddings: precision, recall and F1 against the study's labels, by threshold.

    .venv-models/bin/python -m benchmarks.select_threshold DATA_DIR [--model NAME|FOLDER]

DATA_DIR holds study/task3_relevance_clf.jsonl: (attribute, prompt) with the study's label, and a split. The
threshold is chosen on the part called train and stands or falls by the rest.
"""

from __future__ import annotations

import argparse
import json
import os
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import django

THRESHOLDS = tuple(round(0.025 * step, 3) for step in range(17))  # cosine similarity, 0 .. 0.4


class Labelled(NamedTuple):
    attribute: str
    prompt: str
    relevant: bool
    train: bool


class Scores(NamedTuple):
    precision: float
    recall: float
    f1: float


def read_labels(path: Path) -> list[Labelled]:
    rows = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines() if line.strip()]
    return [Labelled(row["attribute"], row["prompt_text"], row["label"] == 1, row["split"] == "train") for row in rows]


def similarities(rows: Sequence[Labelled], *, embedder: str, model: str) -> list[float]:
    from pipeline.backends.baselines import cosine_scores
    from pipeline.backends.embedders import open_embedder

    texts = sorted({text for row in rows for text in (row.attribute, row.prompt)})
    vectors = dict(zip(texts, open_embedder(embedder, model, {}).embed(texts), strict=True))
    return [cosine_scores(vectors[row.prompt], [vectors[row.attribute]])[0] for row in rows]


def scores_at(threshold: float, rows: Sequence[Labelled], similar: Sequence[float]) -> Scores:
    """Against the labels; 0 where nothing was chosen."""
    chosen = [similarity > threshold for similarity in similar]
    right = sum(yes and row.relevant for yes, row in zip(chosen, rows, strict=True))
    relevant = sum(row.relevant for row in rows)
    precision = right / sum(chosen) if any(chosen) else 0.0
    return Scores(precision, right / relevant, 2 * right / (sum(chosen) + relevant))


def best_threshold(rows: Sequence[Labelled], similar: Sequence[float]) -> float:
    return max(THRESHOLDS, key=lambda threshold: scores_at(threshold, rows, similar).f1)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("folder", type=Path, metavar="DATA_DIR")
    parser.add_argument("--model", default="all-MiniLM-L6-v2", help="name or folder of the model")
    options = parser.parse_args()
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
    django.setup()
    rows = read_labels(options.folder / "study" / "task3_relevance_clf.jsonl")
    similar = similarities(rows, embedder="local", model=options.model)
    parts = {"train": [row.train for row in rows], "rest": [not row.train for row in rows], "all": [True] * len(rows)}
    print(f"| similarity above | {' | '.join(parts)} |\n|--:|{'---|' * len(parts)}")
    for threshold in THRESHOLDS:
        cells = (scores_at(threshold, *_only(rows, similar, kept)) for kept in parts.values())
        print(f"| {threshold:.3f} | {' | '.join(' / '.join(f'{value:.3f}' for value in cell) for cell in cells)} |")
    print(f"\nBest F1 on train: above {best_threshold(*_only(rows, similar, parts['train'])):.3f}")


def _only(
    rows: Sequence[Labelled], similar: Sequence[float], kept: Sequence[bool]
) -> tuple[list[Labelled], list[float]]:
    places = [place for place, keep in enumerate(kept) if keep]
    return [rows[place] for place in places], [similar[place] for place in places]


if __name__ == "__main__":
    main()
