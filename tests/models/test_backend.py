"""`local` over real models: what it answers, and that batches change no answer."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from pipeline.backends import open_backend
from pipeline.backends.base import BackendUnusable, FinalError, ModelAnswer
from pipeline.enums import FailureKind
from pipeline.requests import Message, ModelRequest, Sampling
from tests.models.tiny import TEMPLATE, make_tiny

LENGTHS = (3, 90, 17, 41, 8, 200, 64, 5)


@pytest.fixture
def backend() -> Iterator[Any]:
    made = open_backend("local", {})
    yield made
    made.close()


def asking(model: Path, text: str, **sampling: Any) -> ModelRequest:
    return ModelRequest(str(model), (Message("user", text),), sampling=Sampling(**({"max_tokens": 24} | sampling)))


def questions(model: Path, **sampling: Any) -> list[ModelRequest]:
    return [asking(model, f"{number} {'fig ' * length}", **sampling) for number, length in enumerate(LENGTHS)]


def answers(backend: Any, requests: list[ModelRequest]) -> list[ModelAnswer]:
    found = backend.answer(requests)
    assert all(isinstance(answer, ModelAnswer) for answer in found), found
    return list(found)


def test_batch_answers_as_one_by_one(backend: Any, tiny: Path) -> None:
    """Greedy or drawn with a seed: neighbours, filling and order change nothing."""
    for sampling in ({"temperature": 0.0}, {"temperature": 0.9, "top_p": 0.8, "seed": 5}):
        requests = questions(tiny, **sampling)
        together = answers(backend, requests)
        assert together == [answer for request in requests for answer in answers(backend, [request])]
        assert together == answers(backend, requests[::-1])[::-1]
        assert len({answer.text for answer in together}) > len(LENGTHS) / 2  # they are about the questions


def test_answer_is_what_transformers_itself_generates(backend: Any, tiny: Path) -> None:
    import torch

    from pipeline.backends.local.loading import load_model

    answer = answers(backend, [asking(tiny, "who?", temperature=0.0, max_tokens=12)])[0]
    loaded = load_model(str(tiny), "", backend.options)
    tokens = loaded.tokenizer("<|im_start|>user\nwho?<|im_end|>\n<|im_start|>assistant\n", return_tensors="pt")
    out = loaded.model.generate(**tokens, max_new_tokens=12, do_sample=False)[0, tokens["input_ids"].shape[1] :]
    assert answer.text == loaded.tokenizer.decode(out, skip_special_tokens=True)
    assert (answer.prompt_tokens, answer.completion_tokens) == (tokens["input_ids"].shape[1], len(out))
    assert not torch.is_grad_enabled() or not loaded.model.training


def test_sampling_is_of_each_request_alone(backend: Any, tiny: Path) -> None:
    def asked(**sampling: Any) -> ModelRequest:
        return asking(tiny, "draw", **sampling)

    requests = [asked(temperature=0.0), asked(temperature=1.0, seed=1), asked(temperature=1.0, seed=1)]
    requests += [asked(temperature=1.0, seed=2), asked(temperature=1.0), asked(temperature=1.0)]
    requests += [asked(temperature=1.0, top_p=1e-6, seed=9)]  # only the most probable token is left
    greedy, first, again, other, free, free_too, narrow = (answer.text for answer in answers(backend, requests))
    assert first == again
    assert len({greedy, first, other, free, free_too}) == 5
    assert narrow == greedy


def test_draws_follow_the_models_probabilities(backend: Any, tiny_llama: Path) -> None:
    """The first token of 400 draws against what the model itself says; top p leaves out what is beyond it."""
    import torch

    from pipeline.backends.local.asking import RowSampling, put_question
    from pipeline.backends.local.loading import load_model

    loaded = load_model(str(tiny_llama), "", backend.options)
    scores = torch.log(torch.tensor([0.5, 0.3, 0.15, 0.05]))
    batch = [
        put_question(loaded, 0, asking(tiny_llama, "x", temperature=1.0, top_p=0.75, seed=seed)) for seed in range(400)
    ]
    drawn = RowSampling(batch, "cpu")(None, scores.expand(400, 4)).argmax(dim=-1)
    counts = torch.bincount(drawn, minlength=4).tolist()
    # 0.5 and 0.3 reach 0.75 together, so that the first has 0.625 of 400: 250, with a standard deviation of 9.7.
    assert counts[2:] == [0, 0]
    assert 210 < counts[0] < 290


def test_limit_and_end_are_told_apart(backend: Any, tiny: Path) -> None:
    long = asking(tiny, "tell me", temperature=2.0, max_tokens=1500, seed=3)
    short, ended = answers(backend, [asking(tiny, "tell me", temperature=0.0, max_tokens=7), long])
    assert (short.finish_reason, short.completion_tokens) == ("length", 7)
    # A token of 259 ends it: 1,500 draws without one are a chance of 1 in 300 where all are equal.
    assert ended.finish_reason == "stop"
    assert ended.completion_tokens < 1500
    assert "<|im_end|>" not in ended.text


def test_question_that_fills_the_context_is_refused_and_its_neighbours_are_not(backend: Any, tmp_path: Path) -> None:
    small = make_tiny(tmp_path, "llama", context=256)
    outcomes = backend.answer([asking(small, "x"), asking(small, "x" * 300), asking(small, "y" * 200, max_tokens=99)])
    assert isinstance(outcomes[1], FinalError)
    assert outcomes[1].kind == FailureKind.TOO_LONG
    assert "leave no room for an answer" in str(outcomes[1])
    assert isinstance(outcomes[0], ModelAnswer)
    # What is left of the context is the answer's: 256 - (200 and 38 of the template).
    tokens = outcomes[2].prompt_tokens
    assert (outcomes[2].completion_tokens, outcomes[2].finish_reason) in {(256 - tokens, "length")} or (
        outcomes[2].finish_reason == "stop"
    )


def test_labels_have_the_probabilities_of_their_tokens(backend: Any, tiny: Path) -> None:
    """Against the model asked token by token: p(label) is the product over its bytes."""
    import torch

    from pipeline.backends.local.loading import load_model

    requests = [replace(asking(tiny, text), labels=("yes", "no", "perhaps")) for text in ("short?", "long? " * 9)]
    requests += [replace(asking(tiny, "of five?"), labels=("1", "2", "3", "4", "5"))]
    found = answers(backend, requests)
    loaded = load_model(str(tiny), "", backend.options)
    for request, answer in zip(requests, found, strict=True):
        start = f"<|im_start|>user\n{request.messages[0].content}<|im_end|>\n<|im_start|>assistant\n"
        logs = []
        for label in request.labels or ():
            tokens = loaded.tokenizer(start + label, return_tensors="pt")["input_ids"]
            known = torch.log_softmax(loaded.model(tokens).logits[0].detach(), dim=-1)
            places = range(tokens.shape[1] - len(label), tokens.shape[1])
            logs.append(sum(float(known[place - 1, tokens[0, place]]) for place in places))
        expected = torch.softmax(torch.tensor(logs), dim=0).tolist()
        assert list((answer.label_probabilities or {}).values()) == pytest.approx(expected, rel=1e-3)
        assert answer.text == (request.labels or ())[expected.index(max(expected))]
        assert sum((answer.label_probabilities or {}).values()) == pytest.approx(1)


def test_labels_and_batches_mind_where_a_row_begins(backend: Any, tmp_path: Path) -> None:
    """Filling shifts a row; a model with absolute positions would answer otherwise if it were not told."""
    model = make_tiny(tmp_path, "gpt2", context=1024)
    requests = questions(model, temperature=0.0)
    requests += [replace(request, labels=("1", "2", "3", "4", "5")) for request in requests]
    for together, request in zip(answers(backend, requests), requests, strict=True):
        [alone] = answers(backend, [request])
        assert together.text == alone.text
        assert dict(together.label_probabilities or {}) == pytest.approx(alone.label_probabilities or {}, rel=1e-4)


def test_labels_that_are_none_are_refused(backend: Any, tiny_llama: Path) -> None:
    wrong = [replace(asking(tiny_llama, "?"), labels=labels) for labels in ((), ("yes",), ("yes", ""))]
    assert [type(outcome) for outcome in backend.answer(wrong)] == [FinalError] * 3


def test_schema_is_kept_to_by_every_answer(backend: Any, tiny: Path) -> None:
    import json

    import jsonschema

    word = {"type": "string", "maxLength": 12}
    schema = {
        "type": "object",
        "additionalProperties": False,
        "required": ["name", "sure", "kind"],
        "properties": {"name": word, "sure": {"type": "boolean"}, "kind": {"enum": ["fig", "date"]}},
    }
    requests = [
        replace(request, response_schema=schema)
        for request in questions(tiny, temperature=1.0, max_tokens=200) + questions(tiny, max_tokens=200)
    ]
    found = answers(backend, requests)
    for answer in found:
        jsonschema.validate(json.loads(answer.text), schema)
    assert (len(found), {answer.finish_reason for answer in found}) == (16, {"stop"})


def test_schema_that_cannot_be_guided_by_is_a_failure_of_its_requests(backend: Any, tiny_llama: Path) -> None:
    odd = replace(asking(tiny_llama, "?"), response_schema={"type": "no such type"})
    refused, answer = backend.answer([odd, asking(tiny_llama, "?")])
    assert "outlines cannot guide" in str(refused)
    assert isinstance(answer, ModelAnswer)


def test_memory_that_is_short_halves_the_batch_and_goes_on(
    backend: Any, tiny_llama: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from pipeline.backends.local import backend as room
    from pipeline.backends.local.generating import generate

    sizes: list[int] = []

    def short(loaded: Any, batch: Any) -> Any:
        sizes.append(len(batch))
        if len(batch) > 2 or max(len(asked.tokens) for asked in batch) > 400:
            raise RuntimeError("[enforce fail at alloc_cpu.cpp:124] DefaultCPUAllocator: can't allocate memory")
        return generate(loaded, batch)

    monkeypatch.setattr(room, "generate", short)
    requests = questions(tiny_llama, temperature=0.0)
    outcomes = backend.answer(requests)
    assert sizes[0] == 8
    too_long = outcomes.pop(LENGTHS.index(200))
    assert (type(too_long), too_long.kind) == (FinalError, FailureKind.TOO_LONG)
    assert all(isinstance(outcome, ModelAnswer) for outcome in outcomes)
    sizes.clear()
    backend.answer(requests[:1] * 3)
    assert max(sizes) <= 2  # remembered


def test_continuous_batching_answers_as_padded_batches_do(tiny_llama: Path) -> None:
    requests = questions(tiny_llama, temperature=0.0)
    seeded = questions(tiny_llama, temperature=1.0, seed=4)  # cannot go that way, and comes out the same
    padded = answers(open_backend("local", {"continuous": 0}), requests + seeded)
    assert answers(open_backend("local", {"continuous": 1}), requests + seeded) == padded
    free = answers(open_backend("local", {"continuous": 1}), questions(tiny_llama, temperature=1.0))
    assert [answer.text for answer in free] != [answer.text for answer in padded[: len(free)]]


def test_half_precision_answers_every_way(tiny_llama: Path) -> None:
    """What a GPU's workers use by default, here on a processor: padded, continuous, seeded and by labels."""
    requests = [asking(tiny_llama, "who?", max_tokens=3, **own) for own in ({"temperature": 0.0}, {"seed": 1})]
    requests.append(replace(requests[0], labels=("yes", "no")))
    padded = answers(open_backend("local", {"dtype": "bfloat16", "continuous": 0}), requests)
    continuous = answers(open_backend("local", {"dtype": "bfloat16", "continuous": 1}), requests)
    assert all(1 <= (answer.completion_tokens or 0) <= 3 for answer in padded[:2])
    assert continuous[1:] == padded[1:]
    assert sum((padded[2].label_probabilities or {}).values()) == pytest.approx(1)


def test_continuous_batching_takes_many_at_once_whatever_came_first(tiny_llama: Path) -> None:
    """transformers sizes what it keeps by the first call: one question, and all later ones would go one by one."""
    from pipeline.backends.local.loading import forget_models, load_model

    forget_models()
    backend: Any = open_backend("local", {"continuous": 1})
    answers(backend, questions(tiny_llama, temperature=0.0)[:1])
    passes = []
    model = load_model(str(tiny_llama), "", backend.options).model
    hook = model.register_forward_pre_hook(lambda *_: passes.append(1))
    answers(backend, questions(tiny_llama, temperature=0.0))
    hook.remove()
    assert 0 < len(passes) < 3 * 24  # of 8 x 24, one by one


def test_model_is_loaded_once_and_makes_room_for_another(backend: Any, tiny_llama: Path, tiny_qwen: Path) -> None:
    from pipeline.backends.local import loading

    answers(backend, [asking(tiny_llama, "?")])
    first = loading.load_model(str(tiny_llama), "", backend.options)
    answers(open_backend("local", {}), [asking(tiny_llama, "?")])
    assert loading.load_model(str(tiny_llama), "", backend.options) is first
    answers(backend, [asking(tiny_qwen, "?"), asking(tiny_llama, "?")])
    assert len(loading._kept) == 1


def test_model_path_says_where_a_named_model_lies(tiny_llama: Path) -> None:
    named = ModelRequest("tiny/llama", (Message("user", "?"),), sampling=Sampling(temperature=0, max_tokens=9))
    there = open_backend("local", {"model_path": str(tiny_llama)})
    assert answers(there, [named]) == answers(there, [replace(named, model=str(tiny_llama))])
    with pytest.raises(BackendUnusable, match="no such folder"):
        open_backend("local", {"model_path": "/no/such"}).answer([named])


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"device": "cuda:7"}, "this machine cannot use it"),
        ({"dtype": "int3"}, "use one of float32"),
        ({"batch": -1}, "1 or more"),
    ],
)
def test_option_without_sense_is_refused_with_its_remedy(options: dict[str, Any], message: str) -> None:
    with pytest.raises(BackendUnusable, match=message):
        open_backend("local", options)


def test_model_that_cannot_be_asked_stops_the_run_and_says_why(
    backend: Any, tmp_path: Path, tiny_llama: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "empty").mkdir()
    with pytest.raises(BackendUnusable, match="no model can be loaded from"):
        backend.answer([asking(tmp_path / "empty", "?")])
    mute = make_tiny(tmp_path, "llama", template=None)
    with pytest.raises(BackendUnusable, match="has no chat template"):
        backend.answer([asking(mute, "?")])
    strict = make_tiny(tmp_path, "qwen", template="{{ raise_exception('user first') }}" + TEMPLATE)
    with_surrogate = asking(tiny_llama, "half \ud800 pair")
    refused = backend.answer([asking(strict, "?"), with_surrogate])
    assert ["user first" in str(refused[0]), "surrogate" in str(refused[1])] == [True, True]
