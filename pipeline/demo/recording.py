"""From authored answers to recorded ones: every stage really runs, each request gets its authored text by its key."""

from __future__ import annotations

import json
from collections.abc import Callable
from contextlib import suppress
from typing import Any

from pipeline.backends.base import ModelAnswer
from pipeline.backends.recorded import RecordedBackend
from pipeline.demo import authored
from pipeline.demo.stages import DemoRuns, run_demo_stages
from pipeline.domain.executing import execute_run
from pipeline.enums import RunState, Side, Stage
from pipeline.models import Run
from pipeline.stages import stage_for
from pipeline.stages.base import Answer
from pipeline.stages.extract import Chat
from pipeline.stages.histories import History
from pipeline.stages.judge import Comparison, shuffled_side
from pipeline.stages.refine import Objection
from pipeline.stages.respond import Order
from pipeline.stages.select import Match
from studies.models import Study

Row = dict[str, str]


def record_demo_answers(study: Study) -> tuple[list[Row], DemoRuns]:
    """Runs the demo's stages in a study that holds its corpus; one row per request, in the order of the runs.

    Raises NotAuthored where the demo lacks an answer, RuntimeError where an authored answer is not one the stage takes.
    """
    rows: dict[str, Row] = {}

    def execute(run: Run) -> None:
        for row in _rows_of(run):
            rows.setdefault(row["key"], row)
        backend = RecordedBackend({key: ModelAnswer(row["text"]) for key, row in rows.items()})
        execute_run(run=run, backend=backend if run.template_sha256 else None)
        if run.state != RunState.COMPLETE:
            reasons = run.work_units.exclude(reason="").values_list("key", "reason")
            raise RuntimeError(f"{run} did not complete: {run.problem} {list(reasons)}")

    runs = run_demo_stages(study, execute)
    return list(rows.values()), runs


def as_lines(rows: list[Row]) -> str:
    return "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows)


def _rows_of(run: Run) -> list[Row]:
    """What each of the run's units asks, with the authored answer; follows the unit to its end."""
    if not run.template_sha256:
        return []
    stage = stage_for(run.stage, run.backend)
    rows = []
    units = list(run.work_units.order_by("position"))
    for material in stage.load(run, units):
        work = stage.work(run, material)
        answer: Answer | None = None
        with suppress(StopIteration):
            while True:
                request = next(work) if answer is None else work.send(answer)
                subject, text = _authored(run, material)
                rows.append(
                    {
                        "key": request.cache_key,
                        "model": run.model_name,
                        "stage": run.stage,
                        "subject": subject,
                        "text": text,
                    }
                )
                answer = Answer(text)
    return rows


def _authored(run: Run, material: Any) -> tuple[str, str]:
    """The subject in words, and what the model says about it."""
    return _AUTHORED[run.stage](run, material)


def _extraction(run: Run, material: Chat) -> tuple[str, str]:
    name = material.conversation.source_id
    return name, authored.extraction_answer(run.model_name, name)


def _evidence(run: Run, material: History) -> tuple[str, str]:
    person, text = _about(material)
    chats = [chat.source_id for chat in material.conversations]
    return f"{person}: {text}", authored.evidence_answer(run.model_name, person, text, chats)


def _verdict(run: Run, material: History) -> tuple[str, str]:
    person, text = _about(material)
    return f"{person}: {text}", authored.verify_answer(run.model_name, person, text)


def _refinement(run: Run, material: Objection) -> tuple[str, str]:
    person, text = _about(material.history)
    return f"{person}: {text}", authored.refine_answer(run.model_name, person, text)


def _failure(run: Run, material: History) -> tuple[str, str]:
    person, text = _about(material)
    return f"{person}: {text}", authored.failure_answer(run.model_name, person, text)


def _about(history: History) -> tuple[str, str]:
    return history.attribute.person.source_id, history.attribute.text or ""


def _selection(run: Run, material: Match) -> tuple[str, str]:
    prompt, person = int(material.prompt.source_id), material.attribute.person.source_id
    text = material.attribute.text or ""
    return f"prompt {prompt}, {person}: {text}", authored.selection_answer(run.model_name, prompt, person, text)


def _response(run: Run, material: Order) -> tuple[str, str]:
    prompt = int(material.prompt.source_id)
    own = material.attributes[0].person.source_id if material.attributes else None
    return f"prompt {prompt}, {own or 'generic'}", authored.response_answer(run.model_name, prompt, own)


def _judgment(run: Run, material: Comparison) -> tuple[str, str]:
    left = shuffled_side(material, run.parameters["order_seed"]) == Side.LEFT
    place = _of_pair(material)
    answer = authored.judge_answer(run.model_name, *place, given_on="left" if left else "right")
    return "{}, prompt {}, {}: {}".format(*place), answer


def _mention(run: Run, material: Comparison) -> tuple[str, str]:
    place = _of_pair(material)
    return "{}, prompt {}, {}: {}".format(*place), authored.mention_answer(run.model_name, *place)


def _of_pair(material: Comparison) -> tuple[str, int, str, str]:
    pair = material.pair
    return pair.generator, int(pair.prompt.source_id), pair.person.source_id, material.attribute.text or ""


_AUTHORED: dict[str, Callable[[Run, Any], tuple[str, str]]] = {
    Stage.EXTRACT: _extraction,
    Stage.EVIDENCE: _evidence,
    Stage.VERIFY: _verdict,
    Stage.REFINE: _refinement,
    Stage.WHY: _failure,
    Stage.SELECT: _selection,
    Stage.RESPOND: _response,
    Stage.JUDGE: _judgment,
    Stage.MENTION: _mention,
}
