"""Answers by padded batches: any mix of lengths, limits, temperatures and seeds side by side, one schema at a time."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch
from transformers import GenerationConfig

from pipeline.backends.base import ModelAnswer
from pipeline.backends.local.asking import Asked, RowLimits, RowSampling, padded
from pipeline.backends.local.loading import Loaded


def generate(loaded: Loaded, batch: Sequence[Asked]) -> list[ModelAnswer]:
    """One answer each. All of the batch have the same schema, and with one the same limit. Raises FinalError for a
    schema that nothing can be guided by."""
    tokens, mask = padded(loaded, [asked.tokens for asked in batch])
    width = int(tokens.shape[1])
    config = GenerationConfig(
        max_new_tokens=max(asked.limit for asked in batch),
        do_sample=False,  # RowSampling draws
        eos_token_id=sorted(loaded.ends) or None,
        pad_token_id=loaded.tokenizer.pad_token_id,
    )
    guides = _guides(loaded, batch[0].schema)
    with torch.inference_mode():
        rows = loaded.model.generate(
            input_ids=tokens,
            attention_mask=mask,
            generation_config=config,
            logits_processor=[*guides, RowSampling(batch, loaded.device)],
            stopping_criteria=[RowLimits(batch, width, loaded.device)],
        )
    return [read_answer(loaded, asked, row) for asked, row in zip(batch, rows[:, width:].tolist(), strict=True)]


def _guides(loaded: Loaded, schema: str) -> list[Any]:
    if not schema:
        return []
    from pipeline.backends.local.schemas import guide_for  # outlines takes seconds to import

    return [guide_for(loaded, schema)]


def read_answer(loaded: Loaded, asked: Asked, drawn: Sequence[int]) -> ModelAnswer:
    """The text up to the token that ends it, or up to its limit. That token is counted: it was generated."""
    own = list(drawn[: asked.limit])
    end = next((place for place, token in enumerate(own) if token in loaded.ends), None)
    words: list[Any] = own if end is None else own[:end]
    return ModelAnswer(
        text=loaded.tokenizer.decode(words, skip_special_tokens=True),
        finish_reason="length" if end is None else "stop",
        prompt_tokens=len(asked.tokens),
        completion_tokens=len(words) + (end is not None),
    )
