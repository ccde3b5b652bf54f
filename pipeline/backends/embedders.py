"""What turns texts into vectors. A new one is one file and one line in EMBEDDERS, imported only where it is used."""

from __future__ import annotations

import json
from collections.abc import Sequence
from functools import lru_cache
from importlib import import_module
from pathlib import Path
from typing import Protocol, cast

from pipeline.backends.base import BackendOptions, BackendUnusable, FinalError, option_path

USUAL_MODEL = "all-MiniLM-L6-v2"  # of ``local``, where nobody names another

EMBEDDERS: dict[str, str] = {
    "recorded": "pipeline.backends.embedders",
    "openai_api": "pipeline.backends.openai_embeddings",
    "local": "pipeline.backends.local",
}

Vectors = list[list[float]]


class Embedder(Protocol):
    def embed(self, texts: Sequence[str]) -> Vectors:
        """One vector per text, all of one length. Raises FinalError where a text gets none, BackendUnusable where
        no text will."""
        ...


def open_embedder(name: str, model: str, options: BackendOptions) -> Embedder:
    """The embedder by its name. Raises BackendUnusable: unknown, a file missing or of another model."""
    if name not in EMBEDDERS:
        raise BackendUnusable(f"no embedder is called {name!r}: use one of {', '.join(EMBEDDERS)}")
    return cast(Embedder, import_module(EMBEDDERS[name]).open_here(model, options))


class RecordedEmbedder:
    """Vectors from a file: {"model": name, "vectors": {text: [numbers]}}."""

    def __init__(self, model: str, vectors: dict[str, list[float]], source: str) -> None:
        self.model, self.vectors, self.source = model, vectors, source

    def embed(self, texts: Sequence[str]) -> Vectors:
        for text in texts:
            if text not in self.vectors:
                raise FinalError(f"{self.source} has no vector of {self.model} for this text: {text!r}")
        return [self.vectors[text] for text in texts]


def open_here(model: str, options: BackendOptions) -> RecordedEmbedder:
    path = option_path(options, "recorded")
    embedder = _read(path, path.stat().st_mtime_ns)
    if model != embedder.model:
        raise BackendUnusable(f"{path.name} holds vectors of {embedder.model!r}, the run asks for {model!r}")
    return embedder


@lru_cache(maxsize=4)
def _read(path: Path, _changed: int) -> RecordedEmbedder:
    content = json.loads(path.read_text(encoding="utf-8"))
    if not isinstance(content.get("model"), str) or not isinstance(content.get("vectors"), dict):
        raise BackendUnusable(f'{path.name}: expected {{"model": name, "vectors": {{text: [numbers]}}}}')
    return RecordedEmbedder(content["model"], content["vectors"], path.name)
