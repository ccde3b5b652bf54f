"""Answers from a file, found by the request's key: how the demo and the tests run every stage without a model.

One JSON object per line: ``key`` and ``text``; ``prompt_tokens``, ``completion_tokens``, ``finish_reason`` where known.
``model``, ``stage`` and ``subject`` are for people who read the file.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from pipeline.backends.base import (
    BackendOptions,
    BackendUnusable,
    FinalError,
    ModelAnswer,
    Outcome,
    Threaded,
    one_by_one,
    option_path,
)
from pipeline.requests import ModelRequest

SHOWN = 1500  # characters of a missing request's messages, from their two ends


class RecordedBackend(Threaded):
    name = "recorded"
    version = "1"
    batch = 200
    concurrency = 1

    def __init__(self, answers: dict[str, ModelAnswer], source: str = "memory") -> None:
        self.answers = answers
        self.source = source

    def answer(self, requests: Sequence[ModelRequest]) -> list[Outcome]:
        return one_by_one(self.complete, requests)

    def complete(self, request: ModelRequest) -> ModelAnswer:
        found = self.answers.get(request.cache_key)
        if found is None:
            raise FinalError(missing_answer(request, self.source))
        return found


def open_backend(options: BackendOptions) -> RecordedBackend:
    path = option_path(options, "recorded")
    return RecordedBackend(dict(read_answers(path)), str(options["recorded"]))


def read_answers(path: Path) -> Iterator[tuple[str, ModelAnswer]]:
    """Key and answer of each line. Raises BackendUnusable with file, line and field for a line that is none."""
    with path.open(encoding="utf-8") as lines:
        for number, line in enumerate(lines, 1):
            if line.strip():
                yield parse_answer(line, f"{path.name}:{number}")


def parse_answer(line: str, where: str) -> tuple[str, ModelAnswer]:
    try:
        row: Any = json.loads(line)
    except ValueError as error:
        raise BackendUnusable(f"{where}: no JSON ({error}): each line is one object with key and text") from error
    for field in ("key", "text"):
        value = row.get(field) if isinstance(row, dict) else None
        if not isinstance(value, str):
            raise BackendUnusable(f"{where}: {field} is {value!r}: each line is one object with key and text")
    answer = ModelAnswer(
        text=row["text"],
        finish_reason=row.get("finish_reason", "stop"),
        prompt_tokens=row.get("prompt_tokens"),
        completion_tokens=row.get("completion_tokens"),
    )
    return row["key"], answer


def missing_answer(request: ModelRequest, source: str) -> str:
    """The message for a request that nobody recorded an answer to: what was asked, of whom, and where we looked."""
    messages = "\n".join(f"[{message.role}] {message.content}" for message in request.messages)
    if len(messages) > SHOWN:
        messages = f"{messages[: SHOWN // 2]}\n[... {len(messages) - SHOWN} characters ...]\n{messages[-SHOWN // 2 :]}"
    return (
        f"{source} has no answer to this request of {request.model} (key {request.cache_key}): "
        f"record one under this key, or ask a model with --backend openai_api.\n{messages}"
    )
