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
RECORDED_BACKENDS = ("recorded", "embedding")
BASELINES = (("bm25", "bm25"), ("embedding", EMBEDDING_MODEL), ("all", "all"), ("none", "none"))  # backend, model

Execute = Callable[[Run], None]


@dataclass(frozen=True)
class DemoRuns:
    extract: Run
    merge: Run
    evidence: Run
    verify: Run
    refine: Run  # campaigns and what follows are made of the merge run; this one stands beside it
    why: Run
    selects: tuple[Run, ...]  # one per model, the extractor's own first
    baselines: tuple[Run, ...]  # bm25, embedding, all, none
    responds: tuple[Run, ...]  # one per generator
    judges: tuple[Run, ...]  # one per model, each over both generators
    mention: Run  # over both generators


def run_demo_stages(study: Study, execute: Execute) -> DemoRuns:
    """Plans and starts each run and hands it to ``execute``, which carries it out. Done already, it is found again."""

    def run(stage: str, model: str, inputs: Sequence[Run] = (), backend: str = "recorded", **parameters: Any) -> Run:
        path = authored.EMBEDDINGS if model == EMBEDDING_MODEL else RECORDED
        options = {"recorded": str(path.relative_to(settings.BASE_DIR))} if backend in RECORDED_BACKENDS else {}
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
    evidence = run(Stage.EVIDENCE, authored.EXTRACTOR, [merge])
    verify = run(Stage.VERIFY, authored.VERIFIER, [merge])
    refine = run(Stage.REFINE, authored.EXTRACTOR, [verify], also_uncertain=True)
    why = run(Stage.WHY, authored.VERIFIER, [verify], also_uncertain=True)
    selects = tuple(run(Stage.SELECT, model, [merge]) for model in authored.MODELS)
    baselines = tuple(run(Stage.SELECT, model, [merge], backend=name) for name, model in BASELINES)
    chosen = selects[authored.MODELS.index(authored.EXTRACTOR)]
    responds = tuple(run(Stage.RESPOND, generator, [chosen]) for generator in authored.GENERATORS)
    judges = tuple(run(Stage.JUDGE, model, responds) for model in authored.MODELS)
    mention = run(Stage.MENTION, authored.READER, responds)
    return DemoRuns(extract, merge, evidence, verify, refine, why, selects, baselines, responds, judges, mention)
