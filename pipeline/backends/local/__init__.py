"""Models in this process: transformers by hub name or folder, sentence-transformers for vectors.

This file alone can be imported everywhere. Its neighbours need torch and its kin, which only `.venv-models` has: they
are named here, and imported by name once a run asks for them.
"""

from __future__ import annotations

import os
from importlib import import_module
from typing import TYPE_CHECKING, Any, cast

from pipeline.backends.base import Backend, BackendOptions, BackendUnusable

if TYPE_CHECKING:
    from pipeline.backends.embedders import Embedder

WITH_MODELS = ("torch", "transformers", "sentence_transformers", "outlines", "accelerate")
MISSING = (
    "local models need {name}, which this environment does not have: run `make venv-models` once, then either this"
    " command with .venv-models/bin/python, or with --queue, which leaves the work to a worker of that environment"
)


def open_backend(options: BackendOptions) -> Backend:
    """Loads nothing yet. Raises BackendUnusable: no torch here, or an option that makes no sense."""
    return cast(Backend, _neighbour("backend").open_backend(options))


def open_here(model: str, options: BackendOptions) -> Embedder:
    """The embedder of a model, loaded once per process. Raises BackendUnusable: no torch here, no such model."""
    return cast("Embedder", _neighbour("embeddings").open_here(model, options))


def _neighbour(name: str) -> Any:
    # Read when torch is loaded. Its threads otherwise wait for each other at full speed: on a machine that has other
    # things to do, small models then take a hundred times as long.
    os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
    try:
        return import_module(f"pipeline.backends.local.{name}")
    except ModuleNotFoundError as error:
        if (error.name or "").partition(".")[0] not in WITH_MODELS:
            raise
        raise BackendUnusable(MISSING.format(name=error.name)) from error
