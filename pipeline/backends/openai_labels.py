"""Probabilities of labels from the ``logprobs`` of a chat completion: of tokens that could have begun the answer."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from math import exp
from typing import Any

MOST = 20  # tokens at one place, as OpenAI and vLLM allow
ASKED: dict[str, Any] = {"logprobs": True, "top_logprobs": MOST}
AROUND = " \t\r\n*_\"'`.,:;!()[]#▁Ġ"  # what may stand around a label within its token, or before it in one of its own


def refuses_logprobs(status: int, message: str) -> bool:
    """Whether an error says that the server, or this model on it, gives no such probabilities."""
    return status in (400, 422) and "logprobs" in message.lower()


def label_probabilities(choice: Any, labels: Sequence[str]) -> Mapping[str, float] | None:
    """By label, summing to 1; None where the reply has no probabilities, or begins with something else than a label.

    A label's is the sum over the tokens that spell it (``Yes``, `` YES``), or that begin it and no other (``Y``). One
    that is not among the first ``MOST`` counts as 0.
    """
    for token in getattr(getattr(choice, "logprobs", None), "content", None) or ():
        if not token.token.strip(AROUND):
            continue
        if _label(token.token, labels) is None:
            return None
        sums = dict.fromkeys(labels, 0.0)
        for other in token.top_logprobs or [token]:
            if (label := _label(other.token, labels)) is not None:
                sums[label] += exp(other.logprob)
        total = sum(sums.values())
        return {label: share / total for label, share in sums.items()} if total > 0 else None
    return None


def _label(token: str, labels: Sequence[str]) -> str | None:
    word = token.strip(AROUND).casefold()
    found = [label for label in labels if word and label.casefold().startswith(word)]
    return found[0] if len(found) == 1 else None
