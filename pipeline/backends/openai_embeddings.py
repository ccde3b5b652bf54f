"""Vectors from any server that speaks OpenAI's embeddings, by the same address and key as ``openai_api``."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Sequence
from functools import lru_cache

import openai

from pipeline.backends.base import BackendOptions, BackendUnusable, FinalError, RetryableError
from pipeline.backends.openai_api import open_client, status_error

AT_ONCE = 256  # texts of one request
ATTEMPTS = 4
FIRST_WAIT = 1.0  # seconds; doubled each time
LONGEST_WAIT = 60.0  # whatever a server asks for

Vectors = list[list[float]]


class OpenAIEmbedder:
    """Passing errors are tried again here, since no Completion records them; what lasts stops the run."""

    def __init__(self, client: openai.OpenAI, model: str, sleep: Callable[[float], None] = time.sleep) -> None:
        self.client, self.model, self.sleep = client, model, sleep

    def embed(self, texts: Sequence[str]) -> Vectors:
        """One vector per text. Raises FinalError where the server refuses these texts, BackendUnusable otherwise."""
        starts = range(0, len(texts), AT_ONCE)
        return [vector for start in starts for vector in self._patiently(texts[start : start + AT_ONCE])]

    def _patiently(self, texts: Sequence[str]) -> Vectors:
        for attempt in range(1, ATTEMPTS + 1):
            try:
                return self._ask(texts)
            except RetryableError as error:
                if attempt == ATTEMPTS:
                    raise BackendUnusable(f"{ATTEMPTS} requests for embeddings failed, the last: {error}") from error
                self.sleep(min(error.retry_after or FIRST_WAIT * 2 ** (attempt - 1), LONGEST_WAIT))
        raise AssertionError("unreachable")

    def _ask(self, texts: Sequence[str]) -> Vectors:
        try:
            reply = self.client.embeddings.create(model=self.model, input=list(texts), encoding_format="float")
        except openai.APIStatusError as error:
            raise status_error(error, self.model) from error
        except openai.APIError as error:
            raise RetryableError(f"{type(error).__name__}: {error.message}") from error
        except (ValueError, TypeError) as error:
            raise RetryableError(f"the reply is no JSON: {error}") from error
        rows = sorted(getattr(reply, "data", None) or [], key=lambda row: row.index)
        if [row.index for row in rows] != list(range(len(texts))) or len({len(row.embedding) for row in rows}) > 1:
            raise FinalError(f"the server gave {len(rows)} embeddings for {len(texts)} texts, or of several lengths")
        return [list(row.embedding) for row in rows]


def open_here(model: str, options: BackendOptions) -> OpenAIEmbedder:
    """Raises BackendUnusable where no server is named."""
    named = tuple(os.environ.get(name, "") for name in ("OPENAI_BASE_URL", "OPENAI_API_KEY"))
    return _opened(model, tuple(sorted(options.items())), named)


@lru_cache(maxsize=4)
def _opened(model: str, options: tuple[tuple[str, str | int | float], ...], named: tuple[str, ...]) -> OpenAIEmbedder:
    """``named``: what the environment says, so that another address or key is another client."""
    return OpenAIEmbedder(open_client(dict(options)), model)
