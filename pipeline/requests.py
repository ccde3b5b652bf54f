"""What is sent to a model, and the one key under which its answer is kept.

Nothing else may shape an answer, and nothing that is random per database may stand in a request: the same material
asked by the same stage gives the same key in every copy of a study.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

Json = str | int | float | bool | None | list["Json"] | dict[str, "Json"]


@dataclass(frozen=True)
class Message:
    role: str  # system | user | assistant
    content: str


@dataclass(frozen=True)
class Sampling:
    """None is "not sent": the server's own default, and a different key from any number."""

    temperature: float | None = None
    top_p: float | None = None
    max_tokens: int | None = None
    seed: int | None = None


@dataclass(frozen=True)
class ModelRequest:
    model: str
    messages: tuple[Message, ...]
    revision: str = ""
    sampling: Sampling = field(default_factory=Sampling)
    response_schema: Mapping[str, Any] | None = None  # JSON schema of the answer, where it is to be JSON
    sample_index: int = 0  # tells repeats of the same question apart
    labels: tuple[str, ...] | None = None  # the only answers allowed, to be given with a probability each

    def as_json(self) -> dict[str, Any]:
        """Exactly what the key is made of. ``labels`` stands in it only where there are any: older keys stay."""
        labelled = {} if self.labels is None else {"labels": list(self.labels)}
        return labelled | {
            "model": self.model,
            "revision": self.revision,
            "messages": [{"role": message.role, "content": message.content} for message in self.messages],
            "sampling": {
                "temperature": self.sampling.temperature,
                "top_p": self.sampling.top_p,
                "max_tokens": self.sampling.max_tokens,
                "seed": self.sampling.seed,
            },
            "response_schema": self.response_schema,
            "sample_index": self.sample_index,
        }

    @property
    def cache_key(self) -> str:
        """sha256 (hex) of the canonical JSON of ``as_json``."""
        return sha256_of(self.as_json())


def canonical_json(value: Any) -> str:
    """One spelling per value, after RFC 8785: sorted keys, no spaces, UTF-8, 1.0 written as 1.

    Raises ValueError for NaN and infinities, which JSON does not have.
    """
    return json.dumps(_canonical(value), sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False)


def sha256_of(value: Any) -> str:
    """Hex sha256 of a value's canonical JSON; a lone surrogate counts by its own three bytes."""
    return hashlib.sha256(canonical_json(value).encode("utf-8", "surrogatepass")).hexdigest()


def _canonical(value: Any) -> Any:
    if isinstance(value, float) and value.is_integer() and abs(value) < 2**53:
        return int(value)
    if isinstance(value, Mapping):
        return {str(key): _canonical(inner) for key, inner in value.items()}
    if isinstance(value, list | tuple):
        return [_canonical(inner) for inner in value]
    return value
