"""From a request to what the model is fed: tokens by its chat template, how long the answer may be, how it is drawn."""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import torch
from jinja2 import TemplateError

from pipeline.backends.base import FinalError
from pipeline.backends.local.loading import Loaded
from pipeline.enums import FailureKind
from pipeline.requests import ModelRequest, canonical_json

USUAL_TOKENS = 1024  # of an answer, where the request does not say
# Templates that know the switch then ask for the answer itself; what it may cost is set for answers, not for thoughts.
SWITCHES = {"enable_thinking": False}


@dataclass(frozen=True)
class Asked:
    """A request as the model sees it. ``place`` is where its outcome belongs in the answer."""

    place: int
    request: ModelRequest
    tokens: list[int]
    limit: int  # tokens of the answer, at most
    temperature: float  # 0 = the most probable token each time
    top_p: float
    top_k: int | None

    @property
    def schema(self) -> str:
        """The answer's JSON schema in one spelling, "" where it is free."""
        return canonical_json(self.request.response_schema) if self.request.response_schema is not None else ""


def put_question(loaded: Loaded, place: int, request: ModelRequest) -> Asked:
    """Raises FinalError: the template refuses it, or it does not fit the model's context."""
    tokens = prompt_tokens(loaded, request)
    limit = request.sampling.max_tokens or USUAL_TOKENS
    if loaded.context is not None:
        limit = min(limit, loaded.context - len(tokens))
    if limit < 1:
        raise FinalError(
            f"{len(tokens)} tokens leave no room for an answer: {loaded.name} has a context of {loaded.context}",
            kind=FailureKind.TOO_LONG,
        )
    usual = loaded.model.generation_config
    drawn, sampling = bool(usual.do_sample), request.sampling
    return Asked(
        place=place,
        request=request,
        tokens=tokens,
        limit=limit,
        temperature=_or(sampling.temperature, _or(usual.temperature, 1.0) if drawn else 0.0),
        top_p=_or(sampling.top_p, _or(usual.top_p, 1.0) if drawn else 1.0),
        top_k=usual.top_k if drawn and usual.top_k else None,
    )


def prompt_tokens(loaded: Loaded, request: ModelRequest) -> list[int]:
    """The messages by the model's own template, up to where its answer begins. Raises FinalError."""
    messages = [{"role": message.role, "content": message.content} for message in request.messages]
    try:
        text = loaded.tokenizer.apply_chat_template(messages, tokenize=False, add_generation_prompt=True, **SWITCHES)
        text.encode()
    except TemplateError as error:
        raise FinalError(f"the chat template of {loaded.name} refuses these messages: {error}") from error
    except UnicodeEncodeError as error:
        raise FinalError(f"half a surrogate pair cannot be written in UTF-8: {error}") from error
    return list(loaded.tokenizer(text, add_special_tokens=False)["input_ids"])


def padded(loaded: Loaded, rows: Sequence[Sequence[int]]) -> tuple[Any, Any]:
    """Rows of one width, filled up on the left, and the mask that says what is not filling."""
    width = max(len(row) for row in rows)
    fill = loaded.tokenizer.pad_token_id
    tokens = [[fill] * (width - len(row)) + list(row) for row in rows]
    mask = [[0] * (width - len(row)) + [1] * len(row) for row in rows]
    return torch.tensor(tokens, device=loaded.device), torch.tensor(mask, device=loaded.device)


class RowSampling:
    """Draws each row's next token by its own temperature, top p, top k and seed, so that neighbours change nothing.

    As a logits processor of greedy decoding: what was drawn is left as the only token that can be chosen.
    """

    def __init__(self, batch: Sequence[Asked], device: str) -> None:
        self.rows = [row for row, asked in enumerate(batch) if asked.temperature > 0]
        drawn = [batch[row] for row in self.rows]
        self.temperature = torch.tensor([[asked.temperature] for asked in drawn], device=device)
        self.top_p = torch.tensor([[asked.top_p] for asked in drawn], device=device)
        self.top_k = [asked.top_k for asked in drawn]
        self.chance = [torch.Generator(device).manual_seed(_seed(asked.request)) for asked in drawn]

    def __call__(self, tokens: Any, scores: Any) -> Any:
        if not self.rows:
            return scores
        probabilities = torch.softmax(scores[self.rows].float() / self.temperature, dim=-1)
        probabilities = self._nucleus(probabilities)
        # The largest of p / e, with e drawn from an exponential distribution, falls on each token with probability p.
        drawn = zip(probabilities, self.chance, strict=True)
        luck = torch.stack([torch.empty_like(row).exponential_(generator=own) for row, own in drawn])
        chosen = (probabilities / luck).argmax(dim=-1)
        scores = scores.clone()
        scores[self.rows] = float("-inf")
        scores[self.rows, chosen] = 0.0
        return scores

    def _nucleus(self, probabilities: Any) -> Any:
        """Zero outside the most probable tokens that reach top p together, and outside the top k."""
        for row, top_k in enumerate(self.top_k):
            if top_k is not None and top_k < probabilities.shape[-1]:
                own = probabilities[row]
                own[own < own.topk(top_k).values[-1]] = 0.0
        if bool((self.top_p < 1).any()):
            ordered, places = probabilities.sort(dim=-1, descending=True)
            before = ordered.cumsum(dim=-1) - ordered
            ordered[before >= self.top_p * ordered.sum(dim=-1, keepdim=True)] = 0.0
            probabilities = torch.zeros_like(probabilities).scatter(-1, places, ordered)
        return probabilities


class RowLimits:
    """Ends each row at its own number of tokens, as a stopping criterion."""

    def __init__(self, batch: Sequence[Asked], width: int, device: str) -> None:
        self.ends = torch.tensor([width + asked.limit for asked in batch], device=device)

    def __call__(self, tokens: Any, scores: Any, **_: Any) -> Any:
        return tokens.shape[1] >= self.ends


def _seed(request: ModelRequest) -> int:
    seed = request.sampling.seed
    return secrets.randbits(63) if seed is None else seed % 2**63


def _or(value: float | None, usual: float) -> float:
    return usual if value is None else value
