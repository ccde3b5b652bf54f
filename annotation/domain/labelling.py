"""Labels: the only way back from people to the pipeline."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from itertools import groupby

from django.db import transaction
from django.db.models.functions import Now

from analysis.schema import score_of
from annotation.domain.counting import analysed_judgments
from annotation.domain.errors import AnnotationError, MaterialMissing
from annotation.models import Campaign, Judgment
from pipeline.enums import InstrumentName, LabelMethod, RunState, Stage
from pipeline.models import Label, Run
from studies.models import AuditEvent, User


@transaction.atomic
def publish_labels(*, campaign: Campaign, method: str = LabelMethod.MAJORITY, actor: User | None = None) -> Run:
    """A label Run with one Label for each unit that has judgments: the value that more than half of them gave.

    A unit without such a value gets a Label without one (n and the largest share are recorded). Preferences are turned
    towards the personalized response first (5 = personalized much better). Labels of an earlier call stay.
    """
    if method != LabelMethod.MAJORITY:
        raise AnnotationError(f"Labels by {method!r} cannot be computed; use {LabelMethod.MAJORITY.value!r}.")
    run = Run.objects.create(
        study=campaign.study,
        stage=Stage.LABEL,
        backend="people",
        parameters={"method": method, "campaign": campaign.public_id},
        state=RunState.COMPLETE,
        created_by=actor,
        started_at=Now(),
        finished_at=Now(),
    )
    labels = Label.objects.bulk_create(_majority_labels(campaign, run), batch_size=1000)
    if not labels:
        raise MaterialMissing(f"Campaign {campaign.slug} has no judgments that count yet: nothing to label.")
    Run.objects.filter(pk=run.pk).update(n_units=len(labels), n_done=len(labels))
    AuditEvent.objects.create(
        study=campaign.study,
        actor=actor,
        verb="publish_labels",
        subject=f"campaign {campaign.slug}",
        detail={"run": run.public_id, "method": method, "labels": len(labels)},
    )
    run.refresh_from_db()
    return run


def _majority_labels(campaign: Campaign, run: Run) -> Iterator[Label]:
    judgments = analysed_judgments(Judgment.objects.filter(question__campaign=campaign))
    ordered = judgments.select_related("question", "assignment").order_by("question__unit_key")
    for _, group in groupby(ordered.iterator(chunk_size=2000), key=lambda judgment: judgment.question.unit_key):
        of_unit = list(group)
        question = of_unit[0].question
        value, share = majority([_turned(judgment) for judgment in of_unit])
        yield Label(
            run=run,
            campaign=campaign.public_id,
            method=LabelMethod.MAJORITY,
            instrument=question.instrument,
            attribute_id=question.attribute_id,
            prompt_id=question.prompt_id,
            pair_id=question.pair_id,
            unit_key=question.unit_key,
            value=value,
            score=None if value is None else score_of(question.instrument, value, "right"),
            n=len(of_unit),
            share=share,
        )


def _turned(judgment: Judgment) -> str:
    """The value; a preference as if the personalized response had stood right."""
    value = judgment.value or ""
    if judgment.instrument != InstrumentName.PREFERENCE:
        return value
    return str(int(score_of(judgment.instrument, value, judgment.assignment.side)))


def majority(values: list[str]) -> tuple[str | None, float]:
    """The value given by more than half and its share; None and the largest share where no value was. Not for []."""
    value, n = Counter(sorted(values)).most_common(1)[0]
    share = n / len(values)
    return (value if 2 * n > len(values) else None), share
