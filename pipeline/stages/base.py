"""What every stage keeps to. A stage says what there is to do and what an answer means; it never calls a model itself.

``work`` is a generator: it yields a request, is sent the answer, may ask again, and returns a result. The engine alone
knows of completions, retries and leases, so a stage is tried in a test by sending it texts.
"""

from __future__ import annotations

from collections.abc import Generator, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol, TypeVar

from pydantic import BaseModel, ConfigDict, Field

from pipeline import prompts
from pipeline.enums import FailureKind
from pipeline.models import Run, WorkUnit
from pipeline.requests import Message, ModelRequest, Sampling
from studies.models import Study

M = TypeVar("M")
R = TypeVar("R")

Subject = dict[str, int | str]


class StageParameters(BaseModel):
    """What shapes a stage's material besides model and template; stored on the Run."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class SamplingParameters(StageParameters):
    """Of a stage that asks a model. None leaves it to the server."""

    temperature: float | None = Field(default=None, ge=0, le=2)
    top_p: float | None = Field(default=None, gt=0, le=1)
    max_tokens: int | None = Field(default=None, ge=1)
    seed: int | None = None
    sample_index: int = Field(default=0, ge=0)


@dataclass(frozen=True)
class UnitSpec:
    """One unit of work to plan. ``key`` is made of public ids; ``subject`` names database rows by their keys."""

    key: str
    subject: Subject


@dataclass(frozen=True)
class Scope:
    """What a run is planned over."""

    study: Study
    inputs: tuple[Run, ...]
    parameters: StageParameters


@dataclass(frozen=True)
class Answer:
    """What a stage gets for a request it yielded."""

    text: str
    finish_reason: str = "stop"
    completion_id: int | None = None
    label_probabilities: Mapping[str, float] | None = None


class UnitFailed(Exception):
    """This unit has no result; the message is the reason that is stored and shown, ``kind`` what it is counted by."""

    def __init__(self, message: str, kind: FailureKind = FailureKind.UNPARSEABLE) -> None:
        super().__init__(message)
        self.kind = kind


Work = Generator[ModelRequest, Answer, R]


class Stage(Protocol[M, R]):
    """One room of the pipeline. ``M`` is what a unit works on, loaded from the database; ``R`` is what comes of it."""

    name: str
    template: str  # file in pipeline/prompts; "" for a stage that asks no model
    accepts: tuple[str, ...]  # stages of the runs that it may read, "" first if it may read none
    parameters: type[StageParameters]

    def units(self, scope: Scope) -> Iterable[UnitSpec]:
        """All there is to do, in order, the same for the same database. Reads only. Raises ValueError: wrong inputs."""
        ...

    def load(self, run: Run, units: Sequence[WorkUnit]) -> list[M]:
        """One material per unit, in their order, in a number of queries that does not grow with them."""
        ...

    def work(self, run: Run, material: M) -> Work[R]:
        """Asks and decides. No database. Raises UnitFailed."""
        ...

    def record(self, run: Run, unit: WorkUnit, material: M, result: R) -> None:
        """Writes the result, inside the transaction that marks the unit done, so exactly once."""
        ...

    def finish(self, run: Run) -> None:
        """What needs all units, each time a run ends. Must be repeatable."""
        ...


AnyStage = Stage[Any, Any]


def build_request(run: Run, content: str, *, schema: Mapping[str, Any] | None = None) -> ModelRequest:
    """The run's model asked with one user message; sampling as the run's parameters have it."""
    values = run.parameters
    sampling = Sampling(
        temperature=values.get("temperature"),
        top_p=values.get("top_p"),
        max_tokens=values.get("max_tokens"),
        seed=values.get("seed"),
    )
    return ModelRequest(
        model=run.model_name,
        revision=run.model_revision,
        messages=(Message("user", content),),
        sampling=sampling,
        response_schema=schema,
        sample_index=values.get("sample_index", 0),
    )


def template_sha256(stage: AnyStage) -> str:
    return prompts.text_sha256(prompts.template(stage.template)) if stage.template else ""
