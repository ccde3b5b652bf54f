"""What lies on a worker's desk: units at work, the questions they wait for, and what is to be written of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from pipeline.backends.base import Outcome
from pipeline.enums import FailureKind
from pipeline.models import Completion, WorkUnit
from pipeline.requests import ModelRequest
from pipeline.stages.base import Work


@dataclass
class Job:
    unit: WorkUnit
    material: Any
    work: Work[Any]
    completion_id: int | None = None


@dataclass
class Call:
    """A question and all units of this desk that ask it."""

    request: ModelRequest
    jobs: list[Job]
    key: str
    tries: int = 0
    not_before: float = 0.0  # time.monotonic()
    completion: Completion | None = None


# One call of the backend: what it was asked, and what came back.
Reply = tuple[Sequence[Call], Sequence[Outcome]]


@dataclass
class Settled:
    """What waits to be written: results, and reasons of failures."""

    done: list[tuple[Job, Any]] = field(default_factory=list)
    failed: list[tuple[Job, FailureKind, str]] = field(default_factory=list)

    def __len__(self) -> int:
        return len(self.done) + len(self.failed)
