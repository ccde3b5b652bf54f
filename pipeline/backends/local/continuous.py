"""Answers by continuous batching: a place that falls free takes the next question, nothing is padded. For GPUs.

transformers draws here, so that a batch is of one temperature, top p and limit, and has no seeds and no schema: those
go by padded batches.
"""

from __future__ import annotations

from collections.abc import Sequence

from transformers import ContinuousBatchingConfig, GenerationConfig

from pipeline.backends.base import Outcome, RetryableError
from pipeline.backends.local.asking import Asked
from pipeline.backends.local.generating import read_answer
from pipeline.backends.local.loading import Loaded

Way = tuple[float, float, int | None, int]


def way_of(asked: Asked) -> Way | None:
    """What a batch must have in common; None where this question cannot go this way."""
    if asked.schema or (asked.temperature > 0 and asked.request.sampling.seed is not None):
        return None
    if asked.temperature == 0:
        return (0.0, 1.0, None, asked.limit)
    return (asked.temperature, asked.top_p, asked.top_k, asked.limit)


def generate_continuously(loaded: Loaded, batch: Sequence[Asked], way: Way) -> list[Outcome]:
    """One outcome each, in their order; the batch may be of any size. RetryableError for what got lost on the way."""
    temperature, top_p, top_k, limit = way
    drawn = {"temperature": temperature, "top_p": top_p, "top_k": top_k} if temperature > 0 else {}
    config = GenerationConfig(
        max_new_tokens=limit,
        do_sample=temperature > 0,
        eos_token_id=sorted(loaded.ends) or None,
        pad_token_id=loaded.tokenizer.pad_token_id,
        **drawn,
    )
    _manager_for(loaded, way)
    on_cpu = loaded.device == "cpu"
    results = loaded.model.generate_batch(
        [asked.tokens for asked in batch],
        config,
        # It would take nine tenths of the memory that is left: right for a GPU's, not for a machine's.
        ContinuousBatchingConfig(num_blocks=256, max_batch_tokens=512) if on_cpu else None,
        persistent_manager=True,
        warmup=not on_cpu,  # of CUDA's graphs
    )
    # In the order of the questions; one that failed has an error, and one that got lost has no result at all.
    found = list(results.values())
    if len(found) != len(batch):
        return [RetryableError(f"continuous batching lost {len(batch) - len(found)} of {len(batch)} questions")] * len(
            batch
        )
    return [
        RetryableError(f"continuous batching: {result.error}")
        if result.error is not None
        else read_answer(loaded, asked, result.generated_tokens)
        for asked, result in zip(batch, found, strict=True)
    ]


def _manager_for(loaded: Loaded, way: Way) -> None:
    """What was set up for another way of drawing would be used as it is: it goes."""
    if loaded.way != way:
        loaded.model.destroy_cached_continuous_batching_manager()
        loaded.way = way
