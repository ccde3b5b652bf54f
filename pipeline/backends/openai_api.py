"""Any server that speaks OpenAI's chat completions, by URL and key (vLLM, SGLang, llama.cpp, the vendors' own).

Address: --base-url, else OPENAI_BASE_URL. Key: OPENAI_API_KEY, never stored. The library's own retries are off: the
engine retries, so that each attempt is on record.
"""

from __future__ import annotations

import asyncio
import hashlib
import os
import re
from collections.abc import Sequence
from concurrent.futures import Future
from functools import cached_property
from typing import Any

import httpx2
import openai
from django.conf import settings

from pipeline.backends.asking import Asker
from pipeline.backends.base import (
    BackendOptions,
    BackendUnusable,
    FinalError,
    ModelAnswer,
    Outcome,
    RateLimited,
    RetryableError,
)
from pipeline.backends.limits import MOST, Bounds, Limits, LocalLimits
from pipeline.backends.openai_labels import ASKED, label_probabilities, refuses_logprobs
from pipeline.backends.probing import JSON_OBJECT, SCHEMA
from pipeline.backends.shared_limits import SharedLimits
from pipeline.enums import FailureKind
from pipeline.requests import ModelRequest, sha256_of

NO_KEY = "none"  # servers of one's own take any
TIMEOUT = 300.0  # seconds until a call is given up, whatever has come of it
CONNECT = 10.0
FULL = re.compile(
    r"context.?(length|size|window)|maximum context|(prompt|input) is too long|max_tokens must be at least 1, got -",
    re.IGNORECASE,
)  # OpenAI; vLLM; llama.cpp; SGLang
USED_UP = "insufficient_quota"

_books: dict[str, LocalLimits] = {}  # of this process; they outlive a backend, as what they learned does


class LogprobsRefused(Exception):
    """The server takes the request only without them."""


class OpenAIBackend:
    """One client on one event loop; how many calls it has out follows the server's 429s (see ``limits``)."""

    name = "openai_api"
    version = openai.__version__
    batch = 1

    def __init__(self, options: BackendOptions, *, bounds: Bounds, max_tokens_field: str = "max_tokens") -> None:
        self.server, self.key = named_server(options)
        self.timeout = float(options.get("timeout", TIMEOUT))
        self.bounds, self.max_tokens_field = bounds, max_tokens_field
        self.structured_output = SCHEMA  # how a schema is sent; the engine sets what the server honours
        self.gives_logprobs = True  # until the server refuses them; one that ignores the field just gives none
        self.model = ""
        self.client = openai.AsyncOpenAI(
            base_url=self.server or None,
            api_key=self.key or NO_KEY,
            max_retries=0,
            timeout=httpx2.Timeout(self.timeout, connect=min(CONNECT, self.timeout)),
        )

    @property
    def concurrency(self) -> int:
        known = self._asker.places(self.model)
        return self.bounds.start if known is None else known

    def submit(self, requests: Sequence[ModelRequest]) -> Future[list[Outcome]]:
        self.model = requests[0].model
        return self._asker.submit(requests)

    def answer(self, requests: Sequence[ModelRequest]) -> list[Outcome]:
        return self.submit(requests).result()

    def close(self) -> None:
        self._asker.close()

    async def complete(self, request: ModelRequest) -> ModelAnswer:
        """Where labels' probabilities are refused, the same is asked without them, now and from here on."""
        asked = ASKED if request.labels and self.gives_logprobs else {}
        try:
            return await self._complete(request, asked)
        except LogprobsRefused:
            self.gives_logprobs = False
            return await self._complete(request, {})

    async def _complete(self, request: ModelRequest, besides: dict[str, Any]) -> ModelAnswer:
        body = request_body(request, self.max_tokens_field, self.structured_output) | besides
        try:
            async with asyncio.timeout(self.timeout):
                reply = await self.client.chat.completions.create(**body)
        except TimeoutError as error:
            raise RetryableError(f"no answer within {self.timeout:g} s") from error
        except openai.APIStatusError as error:
            if besides and refuses_logprobs(error.status_code, error.message):
                raise LogprobsRefused from error
            raise status_error(error, request.model) from error
        except openai.APIError as error:  # no connection, a time-out, or a reply that ends too early
            raise RetryableError(f"{type(error).__name__}: {error.message}") from error
        except (ValueError, TypeError) as error:
            raise RetryableError(f"the reply is no JSON: {error}") from error
        return answer_of(reply, request.labels or ())

    @cached_property
    def _asker(self) -> Asker:
        return Asker(self.complete, self._limits, self.client.close)

    def _limits(self, model: str) -> Limits:
        """The book of this account and model: this machine's, or all machines'."""
        account = hashlib.sha256(self.key.encode()).hexdigest()
        name = sha256_of([self.server, account, model])
        own = _books.setdefault(name, LocalLimits(self.bounds))
        own.bounds = self.bounds
        return SharedLimits(settings.REDIS_URL, name, self.bounds, own) if settings.REDIS_URL else own


def open_backend(options: BackendOptions) -> OpenAIBackend:
    """Raises BackendUnusable where no server is named."""
    bounds = Bounds(
        most=int(options.get("concurrency", MOST)),
        requests_per_minute=float(options["rpm"]) if options.get("rpm") else None,
        tokens_per_minute=float(options["tpm"]) if options.get("tpm") else None,
    )
    return OpenAIBackend(options, bounds=bounds, max_tokens_field=str(options.get("max_tokens_field", "max_tokens")))


def named_server(options: BackendOptions) -> tuple[str, str]:
    """Address ("": the library's own) and key ("": none). Raises BackendUnusable where neither is given."""
    base_url = str(options.get("base_url", "")) or os.environ.get("OPENAI_BASE_URL", "")
    key = os.environ.get("OPENAI_API_KEY", "")
    if not base_url and not key:
        raise BackendUnusable("no model server is named: give --base-url URL, or set OPENAI_BASE_URL or OPENAI_API_KEY")
    return base_url, key


def open_client(options: BackendOptions) -> openai.OpenAI:
    """A synchronous client, its own retries off. Raises BackendUnusable where no server is named."""
    base_url, key = named_server(options)
    return openai.OpenAI(
        base_url=base_url or None,
        api_key=key or NO_KEY,
        max_retries=0,
        timeout=float(options.get("timeout", TIMEOUT)),
    )


def request_body(
    request: ModelRequest, max_tokens_field: str = "max_tokens", structured_output: str = SCHEMA
) -> dict[str, Any]:
    """The keyword arguments of chat.completions.create; what is None is left to the server."""
    sampling = request.sampling
    optional: dict[str, Any] = {
        "temperature": sampling.temperature,
        "top_p": sampling.top_p,
        max_tokens_field: sampling.max_tokens,
        "seed": sampling.seed,
    }
    if request.response_schema is not None and structured_output == JSON_OBJECT:
        optional["response_format"] = {"type": "json_object"}
    elif request.response_schema is not None and structured_output == SCHEMA:
        schema = {"name": "answer", "schema": dict(request.response_schema), "strict": True}
        optional["response_format"] = {"type": "json_schema", "json_schema": schema}
    messages = [{"role": message.role, "content": message.content} for message in request.messages]
    body: dict[str, Any] = {"model": request.model, "messages": messages}
    return body | {name: value for name, value in optional.items() if value is not None}


def answer_of(reply: Any, labels: Sequence[str] = ()) -> ModelAnswer:
    """The reply's first choice; a model's refusal is its answer, its finish reason "refusal".

    A 200 that holds no choice may be a proxy's page or a cut body: worth another try.
    """
    choices = getattr(reply, "choices", None)
    if not choices or getattr(choices[0], "message", None) is None:
        raise RetryableError(f"the reply is no chat completion: {str(reply)[:200]!r}")
    usage = getattr(reply, "usage", None)
    message = choices[0].message
    refusal = getattr(message, "refusal", None) if not message.content else None
    return ModelAnswer(
        text=message.content or refusal or "",
        finish_reason="refusal" if refusal else choices[0].finish_reason or "",
        prompt_tokens=getattr(usage, "prompt_tokens", None),
        completion_tokens=getattr(usage, "completion_tokens", None),
        label_probabilities=label_probabilities(choices[0], labels) if labels else None,
    )


def retry_after(error: openai.APIStatusError) -> float | None:
    """Seconds of the Retry-After header; None where there is none or it is a date."""
    try:
        return max(0.0, float(error.response.headers.get("retry-after", "")))
    except ValueError:
        return None


def status_error(error: openai.APIStatusError, model: str) -> Exception:
    """What an answer with an error's status means for the request, or for the run."""
    status, message = error.status_code, error.message
    if status == 429 and error.code == USED_UP:
        return BackendUnusable(f"the account has nothing left to spend ({message}): top it up")
    if status == 429:
        return RateLimited(f"429: {message}", retry_after(error))
    if status >= 500 or status in (408, 409):
        return RetryableError(f"{status}: {message}", retry_after(error))
    if status in (401, 403):
        return BackendUnusable(f"the server refuses the key ({status}: {message}): set OPENAI_API_KEY")
    if status == 404:
        return BackendUnusable(f"the server knows no model {model!r} ({message}): see its /v1/models")
    full = error.code == "context_length_exceeded" or FULL.search(message)
    return FinalError(f"{status}: {message}", FailureKind.TOO_LONG if full else FailureKind.REFUSED)
