"""Stages without engine or model: the test gives the answers."""

from __future__ import annotations

from typing import Any

from pipeline.models import Run, WorkUnit
from pipeline.requests import ModelRequest
from pipeline.stages.base import Answer, AnyStage


def drive(stage: AnyStage, run: Run, material: Any, *answers: str | Answer) -> tuple[Any, list[ModelRequest]]:
    """The unit's result and what it asked, when it is answered so. Every answer must be asked for."""
    work = stage.work(run, material)
    asked: list[ModelRequest] = []
    waiting = list(answers)
    answer: Answer | None = None
    try:
        while True:
            asked.append(next(work) if answer is None else work.send(answer))
            given = waiting.pop(0)
            answer = given if isinstance(given, Answer) else Answer(given)
    except StopIteration as stop:
        assert not waiting, f"not asked for: {waiting}"
        return stop.value, asked


def materials(stage: AnyStage, run: Run) -> list[Any]:
    units: list[WorkUnit] = list(run.work_units.order_by("position"))
    return stage.load(run, units)
