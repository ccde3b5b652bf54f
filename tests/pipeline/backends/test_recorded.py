from __future__ import annotations

import json
from pathlib import Path

import pytest

from pipeline.backends import open_backend
from pipeline.backends.base import BackendUnusable, FinalError, ModelAnswer
from pipeline.requests import Message, ModelRequest

REQUEST = ModelRequest(model="model-a", messages=(Message("user", "Who keeps bees?"),))


def test_recorded_answers_by_key(tmp_path: Path) -> None:
    path = tmp_path / "answers.jsonl"
    path.write_text(json.dumps({"key": REQUEST.cache_key, "text": "Ann.", "prompt_tokens": 4}) + "\n\n")
    backend = open_backend("recorded", {"recorded": str(path)})
    assert backend.answer([REQUEST]) == [ModelAnswer("Ann.", "stop", 4)]


def test_recorded_without_an_answer_shows_the_request(tmp_path: Path) -> None:
    path = tmp_path / "answers.jsonl"
    path.write_text("")
    [error] = open_backend("recorded", {"recorded": str(path)}).answer([REQUEST])
    assert isinstance(error, FinalError)
    for part in (str(path), "model-a", REQUEST.cache_key, "[user] Who keeps bees?", "--backend openai_api"):
        assert part in str(error)


def test_recorded_shortens_a_long_request_in_the_middle(tmp_path: Path) -> None:
    (tmp_path / "a.jsonl").write_text("")
    long = ModelRequest(model="model-a", messages=(Message("user", "begin " + "x" * 9000 + " end"),))
    [error] = open_backend("recorded", {"recorded": str(tmp_path / "a.jsonl")}).answer([long])
    assert "begin" in str(error)
    assert str(error).endswith(" end")
    assert len(str(error)) < 2500


@pytest.mark.parametrize(
    ("line", "problem"),
    [
        ('{"key": "a"', "answers.jsonl:2: no JSON"),
        ('{"key": "a"}', "answers.jsonl:2: text is None"),
        ('{"key": 1, "text": ""}', "answers.jsonl:2: key is 1"),
        ("[]", "answers.jsonl:2: key is None"),
    ],
)
def test_recorded_names_the_line_that_is_none(tmp_path: Path, line: str, problem: str) -> None:
    path = tmp_path / "answers.jsonl"
    path.write_text('{"key": "a", "text": "b"}\n' + line + "\n")
    with pytest.raises(BackendUnusable, match=problem):
        open_backend("recorded", {"recorded": str(path)})


def test_recorded_without_its_file_says_so(tmp_path: Path) -> None:
    with pytest.raises(BackendUnusable, match="--recorded FILE"):
        open_backend("recorded", {})
    with pytest.raises(BackendUnusable, match="there is no such file"):
        open_backend("recorded", {"recorded": str(tmp_path / "none.jsonl")})


def test_open_backend_names_those_there_are() -> None:
    with pytest.raises(BackendUnusable, match="'telepathy': use one of recorded, openai_api"):
        open_backend("telepathy", {})
