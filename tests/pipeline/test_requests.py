from __future__ import annotations

import hashlib
import json
from dataclasses import replace
from typing import Any

import pytest

from pipeline.requests import Message, ModelRequest, Sampling, canonical_json

REQUEST = ModelRequest(
    model="model-a",
    revision="r1",
    messages=(Message("user", "Wie geht's?"),),
    sampling=Sampling(temperature=0.8, max_tokens=100, seed=1),
    response_schema={"type": "object", "required": ["a", "b"]},
)


def test_canonical_json_has_one_spelling_per_value() -> None:
    assert canonical_json({"b": 1.0, "a": [0.1, None, True, "é"]}) == '{"a":[0.1,null,true,"é"],"b":1}'


@pytest.mark.parametrize("number", [float("nan"), float("inf")])
def test_canonical_json_refuses_what_json_has_not(number: float) -> None:
    with pytest.raises(ValueError):
        canonical_json({"temperature": number})


def test_cache_key_is_the_same_in_every_process() -> None:
    # Pinned: a changed key would ask, and pay for, everything on record again.
    canonical = (
        '{"messages":[{"content":"Wie geht\'s?","role":"user"}],"model":"model-a",'
        '"response_schema":{"required":["a","b"],"type":"object"},"revision":"r1","sample_index":0,'
        '"sampling":{"max_tokens":100,"seed":1,"temperature":0.8,"top_p":null}}'
    )
    assert REQUEST.cache_key == hashlib.sha256(canonical.encode()).hexdigest()


def test_cache_key_does_not_tell_equal_numbers_or_orders_of_keys_apart() -> None:
    same = replace(
        REQUEST,
        sampling=replace(REQUEST.sampling, max_tokens=100.0),  # type: ignore[arg-type]
        response_schema={"required": ["a", "b"], "type": "object"},
    )
    assert same.cache_key == REQUEST.cache_key


@pytest.mark.parametrize(
    "change",
    [
        {"model": "model-b"},
        {"revision": "r2"},
        {"messages": (Message("system", "Wie geht's?"),)},
        {"messages": (Message("user", "Wie geht's ?"),)},
        {"messages": (Message("user", "Wie geht's?"), Message("user", ""))},
        {"sampling": Sampling(temperature=0.8, max_tokens=100, seed=2)},
        {"sampling": Sampling(temperature=0.8, max_tokens=101, seed=1)},
        {"sampling": Sampling(temperature=0.7, max_tokens=100, seed=1)},
        {"sampling": Sampling(temperature=0.8, max_tokens=100, seed=1, top_p=1.0)},
        {"response_schema": None},
        {"response_schema": {"type": "object", "required": ["b", "a"]}},
        {"sample_index": 1},
    ],
)
def test_cache_key_changes_with_everything_that_shapes_an_answer(change: dict[str, Any]) -> None:
    assert replace(REQUEST, **change).cache_key != REQUEST.cache_key


def test_cache_key_holds_exactly_what_promise_5_names() -> None:
    assert set(REQUEST.as_json()) == {
        "model",
        "revision",
        "messages",
        "sampling",
        "response_schema",
        "sample_index",
    }
    assert json.loads(canonical_json(REQUEST.as_json()))["sampling"]["seed"] == 1


def test_cache_key_of_a_lone_surrogate_is_a_key() -> None:
    assert len(replace(REQUEST, messages=(Message("user", "\ud800"),)).cache_key) == 64
