"""JSON by its schema: outlines lets only tokens through that can still become a valid answer."""

from __future__ import annotations

from typing import Any

from outlines.backends.outlines_core import OutlinesCoreBackend, OutlinesCoreLogitsProcessor
from outlines.models.transformers import Transformers

from pipeline.backends.base import FinalError
from pipeline.backends.local.loading import Loaded

MOST_KEPT = 16  # schemas: a run has one, and their tables can be large


def guide_for(loaded: Loaded, schema: str) -> Any:
    """A logits processor for one batch. Raises FinalError: outlines cannot guide by this schema."""
    if schema not in loaded.guides:
        if len(loaded.guides) >= MOST_KEPT:
            loaded.guides.clear()
        loaded.guides[schema] = _index(loaded, schema)
    return OutlinesCoreLogitsProcessor(loaded.guides[schema], "torch")


def _index(loaded: Loaded, schema: str) -> Any:
    """Which tokens may follow which, for this model's vocabulary: seconds of work where that is large."""
    try:
        backend = OutlinesCoreBackend(Transformers(loaded.model, loaded.tokenizer))
        return backend.get_json_schema_logits_processor(schema).index
    except (ValueError, TypeError, RuntimeError, OSError) as error:
        raise FinalError(f"outlines cannot guide {loaded.name} by this JSON schema: {error}") from error
