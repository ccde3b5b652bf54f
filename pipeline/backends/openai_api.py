"""Any server that speaks OpenAI's chat completions, by URL and key (vLLM, SGLang, llama.cpp, the vendors' own).

Address: --base-url, else OPENAI_BASE_URL. Key: OPENAI_API_KEY, never stored. The library's own retries are off: the
engine retries, so that each attempt is on record.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import Any

import openai

from pipeline.backends.base import (
    BackendOptions,
    BackendUnusable,
    FinalError,
    ModelAnswer,
    Outcome,
    RetryableError,
    Threaded,
    one_by_one,
)
from pipeline.requests import ModelRequest

NO_KEY = "none"  # servers of one's own take any
FEWEST, MOST = 1, 20  # calls at once


class OpenAIBackend(Threaded):
    """Calls at once go down by a fifth at each 429 and up by one per round of answers; a 5xx changes nothing."""

    name = "openai_api"
    version = openai.__version__
    batch = 1

    def __init__(self, client: openai.OpenAI, *, concurrency: int = MOST, max_tokens_field: str = "max_tokens") -> None:
        self.client = client
        self.concurrency = self.most = concurrency
        self.max_tokens_field = max_tokens_field
        self.answers_since_limit = 0

    def answer(self, requests: Sequence[ModelRequest]) -> list[Outcome]:
        return one_by_one(self.complete, requests)

    def complete(self, request: ModelRequest) -> ModelAnswer:
        try:
            reply = self.client.chat.completions.create(**request_body(request, self.max_tokens_field))
        except openai.RateLimitError as error:
            self._slow_down()
            raise RetryableError(f"429: {error.message}", retry_after(error)) from error
        except openai.APIStatusError as error:
            raise status_error(error, request.model) from error
        except openai.APIError as error:  # no connection, a time-out, or a reply that ends too early
            raise RetryableError(f"{type(error).__name__}: {error.message}") from error
        except (ValueError, TypeError) as error:
            raise RetryableError(f"the reply is no JSON: {error}") from error
        self._speed_up()
        return answer_of(reply)

    def _slow_down(self) -> None:
        self.concurrency = max(FEWEST, self.concurrency * 4 // 5)
        self.answers_since_limit = 0

    def _speed_up(self) -> None:
        self.answers_since_limit += 1
        if self.answers_since_limit >= self.concurrency:
            self.concurrency = min(self.most, self.concurrency + 1)
            self.answers_since_limit = 0


def open_backend(options: BackendOptions) -> OpenAIBackend:
    return OpenAIBackend(
        open_client(options),
        concurrency=int(options.get("concurrency", MOST)),
        max_tokens_field=str(options.get("max_tokens_field", "max_tokens")),
    )


def open_client(options: BackendOptions) -> openai.OpenAI:
    """The library's client, its own retries off. Raises BackendUnusable where no server is named."""
    base_url = str(options.get("base_url", "")) or os.environ.get("OPENAI_BASE_URL", "")
    key = os.environ.get("OPENAI_API_KEY", "")
    if not base_url and not key:
        raise BackendUnusable("no model server is named: give --base-url URL, or set OPENAI_BASE_URL or OPENAI_API_KEY")
    return openai.OpenAI(
        base_url=base_url or None,
        api_key=key or NO_KEY,
        max_retries=0,
        timeout=float(options.get("timeout", 300)),
    )


def request_body(request: ModelRequest, max_tokens_field: str = "max_tokens") -> dict[str, Any]:
    """The keyword arguments of chat.completions.create; what is None is left to the server."""
    sampling = request.sampling
    optional: dict[str, Any] = {
        "temperature": sampling.temperature,
        "top_p": sampling.top_p,
        max_tokens_field: sampling.max_tokens,
        "seed": sampling.seed,
    }
    if request.response_schema is not None:
        schema = {"name": "answer", "schema": dict(request.response_schema), "strict": True}
        optional["response_format"] = {"type": "json_schema", "json_schema": schema}
    messages = [{"role": message.role, "content": message.content} for message in request.messages]
    body: dict[str, Any] = {"model": request.model, "messages": messages}
    return body | {name: value for name, value in optional.items() if value is not None}


def answer_of(reply: Any) -> ModelAnswer:
    """The reply's first choice. A 200 that holds none may be a proxy's page or a cut body: worth another try."""
    choices = getattr(reply, "choices", None)
    if not choices or getattr(choices[0], "message", None) is None:
        raise RetryableError(f"the reply is no chat completion: {str(reply)[:200]!r}")
    usage = getattr(reply, "usage", None)
    return ModelAnswer(
        text=choices[0].message.content or "",
        finish_reason=choices[0].finish_reason or "",
        prompt_tokens=getattr(usage, "prompt_tokens", None),
        completion_tokens=getattr(usage, "completion_tokens", None),
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
    if status >= 500 or status in (408, 409):
        return RetryableError(f"{status}: {message}", retry_after(error))
    if status in (401, 403):
        return BackendUnusable(f"the server refuses the key ({status}: {message}): set OPENAI_API_KEY")
    if status == 404:
        return BackendUnusable(f"the server knows no model {model!r} ({message}): see its /v1/models")
    return FinalError(f"{status}: {message}")
