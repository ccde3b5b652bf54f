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


def generate_continuously(loaded: Loaded, batch: Sequence[Asked], way: Way, at_once: int) -> list[Outcome]:
    """One outcome each, in their order; the batch may be of any size, and ``at_once`` of it are answered side by side.
    RetryableError for what got lost on the way."""
    temperature, top_p, top_k, limit = way
    drawn = {"temperature": temperature, "top_p": top_p, "top_k": top_k} if temperature > 0 else {}
    config = GenerationConfig(
        max_new_tokens=limit,
        do_sample=temperature > 0,
        eos_token_id=sorted(loaded.ends) or None,
        pad_token_id=loaded.tokenizer.pad_token_id,
        **drawn,
    )
    _manager_for(loaded, (way, at_once))
    on_cpu = loaded.device == "cpu"
    results = loaded.model.generate_batch(
        [asked.tokens for asked in batch],
        config,
        _sized(at_once, on_cpu),
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


def _sized(at_once: int, on_cpu: bool) -> ContinuousBatchingConfig:
    """``at_once`` is said, or it would be what the first call happens to bring, for as long as the model is kept.

    Left to itself it takes most of the memory that is left: right for a GPU's, not for a machine's.
    """
    if on_cpu:
        return ContinuousBatchingConfig(max_requests_per_batch=at_once, num_blocks=256, max_batch_tokens=512)
    return ContinuousBatchingConfig(max_requests_per_batch=at_once)


def _manager_for(loaded: Loaded, setup: tuple[Way, int]) -> None:
    """What was set up for another way of drawing, or another number, would be used as it is: it goes."""
    if loaded.setup != setup:
        loaded.model.destroy_cached_continuous_batching_manager()
        loaded.setup = setup
