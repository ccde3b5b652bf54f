"""How probable each of a few answers is: one forward pass, nothing generated.

log p(label) is the sum over the label's tokens, each given the question and the tokens before it; softmax over the
labels makes the probabilities. A label that begins another one is therefore at least as probable as that.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch

from pipeline.backends.base import FinalError, ModelAnswer
from pipeline.backends.local.asking import Asked, padded
from pipeline.backends.local.loading import Loaded


def label_rows(loaded: Loaded, asked: Asked) -> int:
    """Rows of the forward pass that this question takes: one where each label is a single token."""
    labels = _label_tokens(loaded, asked)
    return 1 if all(len(tokens) == 1 for tokens in labels) else len(labels)


def weigh_labels(loaded: Loaded, batch: Sequence[Asked]) -> list[ModelAnswer]:
    """One answer each: the most probable label as its text (the earlier of two equals), and what each has."""
    labels = [_label_tokens(loaded, asked) for asked in batch]
    rows: list[list[int]] = []
    ends: list[list[list[int]]] = []  # per row, the labels whose probability it tells
    for asked, own in zip(batch, labels, strict=True):
        if all(len(tokens) == 1 for tokens in own):
            rows.append(asked.tokens)
            ends.append(own)
        else:
            rows += [asked.tokens + tokens[:-1] for tokens in own]
            ends += [[tokens] for tokens in own]
    told = iter(_log_probabilities(loaded, rows, ends))
    return [_answer(asked, own, [next(told) for _ in own]) for asked, own in zip(batch, labels, strict=True)]


def _label_tokens(loaded: Loaded, asked: Asked) -> list[list[int]]:
    labels = asked.request.labels or ()
    tokens = [list(loaded.tokenizer(label, add_special_tokens=False)["input_ids"]) for label in labels]
    if not all(tokens) or len(set(labels)) < 2:
        raise FinalError(f"labels {list(labels)!r}: name two or more, none empty")
    return tokens


def _log_probabilities(loaded: Loaded, rows: Sequence[list[int]], ends: Sequence[list[list[int]]]) -> list[float]:
    """log p of each label in the order of ``ends``. A row holds the question and all but the label's last token."""
    tokens, mask = padded(loaded, rows)
    longest = max(len(label) for own in ends for label in own)
    with torch.inference_mode():
        logits = loaded.model(
            input_ids=tokens,
            attention_mask=mask,
            position_ids=(mask.cumsum(dim=-1) - 1).clamp(min=0),
            logits_to_keep=longest,  # the rest would be rows x tokens x vocabulary
            use_cache=False,
        ).logits
    known = torch.log_softmax(logits.float(), dim=-1)
    return [_of_label(known[row], label) for row, own in enumerate(ends) for label in own]


def _of_label(known: Any, label: Sequence[int]) -> float:
    """``known``: log probabilities after each of the row's last tokens; the last ``len(label)`` are the label's."""
    places = range(known.shape[0] - len(label), known.shape[0])
    return float(sum(known[place, token].item() for place, token in zip(places, label, strict=True)))


def _answer(asked: Asked, tokens: Sequence[Sequence[int]], logs: Sequence[float]) -> ModelAnswer:
    labels = asked.request.labels or ()
    shares = torch.softmax(torch.tensor(logs, dtype=torch.float64), dim=0).tolist()
    best = max(range(len(labels)), key=lambda place: shares[place])
    return ModelAnswer(
        text=labels[best],
        finish_reason="stop",
        prompt_tokens=len(asked.tokens),
        completion_tokens=len(tokens[best]),
        label_probabilities=dict(zip(labels, shares, strict=True)),
    )
