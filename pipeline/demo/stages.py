"""The demo study's runs: which stages, models and parameters, in which order. Recording and loading both go by this."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from django.conf import settings

from pipeline.demo import authored
from pipeline.domain.runs import plan_run, start_run
from pipeline.enums import Stage
from pipeline.models import Run
from studies.models import Study

RECORDED = authored.FOLDER / "recorded.jsonl"
EMBEDDING_MODEL = "all-MiniLM-L6-v2"

Execute = Callable[[Run], None]


@dataclass(frozen=True)
class DemoRuns:
    extract: Run
    merge: Run
    selects: tuple[Run, ...]  # one per model, the extractor's own first
    baseline: Run
    responds: tuple[Run, ...]  # one per generator
    judges: tuple[Run, ...]  # one per model, each over both generators


def run_demo_stages(study: Study, execute: Execute) -> DemoRuns:
    """Plans and starts each run and hands it to ``execute``, which carries it out. Done already, it is found again."""

    def run(stage: str, model: str, inputs: Sequence[Run] = (), backend: str = "recorded", **parameters: Any) -> Run:
        path = authored.EMBEDDINGS if stage == Stage.MERGE else RECORDED
        options = {"recorded": str(path.relative_to(settings.BASE_DIR))} if backend == "recorded" else {}
        planned = plan_run(
            study=study,
            stage=stage,
            backend=backend,
            model=model,
            parameters=parameters,
            inputs=inputs,
            backend_options=options,
        )
        execute(start_run(run=planned))
        return planned

    limits: dict[str, Any] = {"distance": authored.MERGE_DISTANCE, "min_confidence": authored.MIN_CONFIDENCE}
    extract = run(Stage.EXTRACT, authored.EXTRACTOR)
    merge = run(Stage.MERGE, EMBEDDING_MODEL, [extract], **limits)
    selects = tuple(run(Stage.SELECT, model, [merge]) for model in authored.MODELS)
    baseline = run(Stage.SELECT, "bm25", [merge], backend="bm25")
    chosen = selects[authored.MODELS.index(authored.EXTRACTOR)]
    responds = tuple(run(Stage.RESPOND, generator, [chosen]) for generator in authored.GENERATORS)
    judges = tuple(run(Stage.JUDGE, model, responds) for model in authored.MODELS)
    return DemoRuns(extract, merge, selects, baseline, responds, judges)
