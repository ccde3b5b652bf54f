"""The machines' side of the study: import, stages, samples. Each asks the database what is done and does the rest."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from annotation.domain.importing import ImportRefused, import_corpus
from annotation.domain.sampling import sample_units
from annotation.instruments import Material
from pipeline.domain.executing import execute_run
from pipeline.domain.planning import plan_run
from pipeline.domain.progress import failures_of
from pipeline.domain.runs import finish_run, start_run
from pipeline.enums import RunState, Stage, WorkState
from pipeline.models import Run, WorkUnit
from pipeline.sources.base import ReadOptions
from pipeline.sources.world.characters import CHARACTERS
from pipeline.tasks import enqueue_run
from rebuild.plan import RebuildFailed
from studies.models import Study

MODELS = tuple(CHARACTERS)
EXTRACTOR = "world-llama-70b"
KINDS = {"world": "human", "synthetic": "synthetic"}  # "world" plays the real people
LEASE = 15.0  # seconds that units of a killed process stay locked
LOOK = 0.5  # seconds between two looks at what others have done

Told = Callable[[int, int], None]  # how much is done, of how much


def import_world(*, study: Study, corpus: Path) -> None:
    """The world's files by the door that every corpus takes; a second time adds nothing."""
    if study.runs.filter(stage=Stage.IMPORT, state=RunState.COMPLETE).exists():
        return
    try:
        import_corpus(source="study", path=corpus, slug=study.slug, options=ReadOptions(KINDS))
    except ImportRefused as refusal:
        raise RebuildFailed(f"the world was refused: {refusal.report.problems[0]}") from refusal


@dataclass(frozen=True)
class Machines:
    """How stages are carried out: by which server, here or by the queue's workers."""

    study: Study
    base_url: str
    queue: bool = False

    def run(
        self,
        stage: str,
        inputs: Sequence[Run],
        told: Told,
        *,
        models: Sequence[str] = (EXTRACTOR,),
        backend: str = "openai_api",
        **parameters: Any,
    ) -> tuple[Run, ...]:
        """A run of the stage for each model, complete. Raises RebuildFailed for one that did not get there."""
        runs = tuple(self._started(stage, inputs, model, backend, parameters) for model in models)
        if self.queue:
            for run in runs:
                enqueue_run(run)
        counter = Counter(runs, told)
        for run in runs:
            self._carry_out(run, counter)
        return runs

    def _started(self, stage: str, inputs: Sequence[Run], model: str, backend: str, parameters: dict[str, Any]) -> Run:
        planned = plan_run(
            study=self.study,
            stage=stage,
            backend=backend,
            model=model,
            parameters=parameters,
            inputs=inputs,
            backend_options={"base_url": self.base_url} if backend == "openai_api" else {},
        )
        return start_run(run=planned)

    def _carry_out(self, run: Run, counter: Counter) -> None:
        """Until the run is over; units that a killed process held are waited for."""
        while not self._worked_off(run, counter) and run.state == RunState.RUNNING:
            time.sleep(LOOK)
            run.refresh_from_db()
            counter.look()
        if run.state != RunState.COMPLETE:
            reason = run.problem or next((reason for reason, _ in failures_of(run)), "")
            raise RebuildFailed(f"{run.stage} by {run.model_name} is {run.state}: {reason}")

    def _worked_off(self, run: Run, counter: Counter) -> bool:
        if self.queue:
            return finish_run(run=run)
        return execute_run(run=run, lease_seconds=LEASE, on_settled=counter.add)


class Counter:
    """How many units of these runs are done: looked up once, then added to as they are settled."""

    def __init__(self, runs: Sequence[Run], told: Told) -> None:
        self.runs, self.told = runs, told
        self.total = sum(run.n_units for run in runs)
        self.look()

    def look(self) -> None:
        self.done = WorkUnit.objects.filter(run__in=self.runs, state=WorkState.DONE).count()
        self.told(self.done, self.total)

    def add(self, settled: int) -> None:
        self.done += settled
        self.told(self.done, self.total)


def ensure_sample(
    *, study: Study, instrument: str, material: Material, n: int, seed: str, n_pages: int | None = None
) -> Run:
    """The study's one sample for the instrument, drawn if it is not there yet."""
    drawn = study.runs.filter(stage=Stage.SAMPLE, parameters__instrument=instrument).order_by("pk").first()
    return drawn or sample_units(study=study, instrument=instrument, material=material, n=n, seed=seed, n_pages=n_pages)
