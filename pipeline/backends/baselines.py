"""Scores that need no model: what any model's choice has to beat."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from functools import lru_cache
from typing import Any


def bm25_scores(query: str, documents: Sequence[str]) -> list[float]:
    """BM25 of each document (Lucene's variant, k1 1.5, b 0.75, English stop words); 0.0 = no word shared."""
    import bm25s

    index = _indexed(tuple(documents))
    asked = bm25s.tokenize([query], stopwords="en", show_progress=False, return_ids=False)[0]
    if index is None or not asked:
        return [0.0] * len(documents)
    return [float(score) for score in index.get_scores(asked)]


@lru_cache(maxsize=4)
def _indexed(documents: tuple[str, ...]) -> Any:
    """The index, kept for the next questions to the same documents; None where no word is left in them."""
    import bm25s

    logging.getLogger("bm25s").setLevel(logging.WARNING)  # it sets DEBUG for itself
    tokens = bm25s.tokenize(list(documents), stopwords="en", show_progress=False)
    if not tokens.vocab or not any(len(ids) for ids in tokens.ids):
        return None
    index = bm25s.BM25(method="lucene", k1=1.5, b=0.75)
    index.index(tokens, show_progress=False)
    return index


def cosine_scores(query: Sequence[float], documents: Sequence[Sequence[float]]) -> list[float]:
    """Cosine similarity of each vector to the query's, -1 to 1. Raises ValueError for one without direction."""
    import numpy as np

    matrix = np.asarray([query, *documents], dtype=np.float64)
    lengths = np.linalg.norm(matrix, axis=1)
    if not np.all(np.isfinite(lengths)) or not np.all(lengths):
        raise ValueError("an embedding is all zeros or not a number: its cosine similarity is undefined")
    units = matrix / lengths[:, None]
    return [float(score) for score in np.clip(units[1:] @ units[0], -1.0, 1.0)]
