"""Answers in a form: one call, and one more that says what was wrong with the first."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import TypeVar

from pydantic import BaseModel, ValidationError

from pipeline import prompts
from pipeline.enums import FailureKind
from pipeline.requests import Message, ModelRequest
from pipeline.stages.base import Answer, UnitFailed, Work
from pipeline.stages.parsing import parse_json, storable

R = TypeVar("R")
Form = TypeVar("Form", bound=BaseModel)

CUT_OFF = ("length", "content_filter")  # finish reasons of an answer that is not whole


def ask_in_form(request: ModelRequest, parse: Callable[[Answer], R]) -> Work[R]:
    """What ``parse`` makes of the answer. It raises ValueError: one line on what is wrong, which the model is told.

    Raises UnitFailed where the second answer is wrong, too.
    """
    answer = yield request
    try:
        return parse(answer)
    except ValueError as problem:
        answer = yield repair_request(request, answer, str(problem))
    try:
        return parse(answer)
    except ValueError as problem:
        raise UnitFailed(f"unparseable after one repair: {problem}", failure_of(answer)) from problem


def failure_of(answer: Answer) -> FailureKind:
    """What a failure is counted by that this answer led to."""
    if answer.finish_reason in CUT_OFF:
        return FailureKind.CUT_OFF
    return FailureKind.UNPARSEABLE if answer.text.strip() else FailureKind.EMPTY


def repair_request(request: ModelRequest, answer: Answer, problem: str) -> ModelRequest:
    """The same question with the model's answer, and what is wrong with it."""
    more = (
        Message("assistant", storable(answer.text)),
        Message("user", prompts.render("extract_repair", problem=problem)),
    )
    return replace(request, messages=request.messages + more)


def read_form(answer: Answer, form: type[Form]) -> Form:
    """The JSON of an answer as this model. Raises ValueError: one line on what is wrong."""
    if answer.finish_reason in CUT_OFF:
        raise ValueError("the answer was cut off before its end")
    try:
        return form.model_validate(parse_json(answer.text))
    except ValidationError as error:
        first = error.errors()[0]
        place = ".".join(str(part) for part in first["loc"])
        raise ValueError(f"{place}: {first['msg']}") from error
    except ValueError as error:
        raise ValueError(f"it is no JSON: {error}") from error
