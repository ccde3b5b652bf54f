"""Personal data in what raters write: looked for by a worker each minute, never while they submit, and covered wherever
others read it. What nobody has looked at is not shown to others; a release looks at it itself."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from django.db import transaction
from django.db.models import Q, QuerySet

from annotation.instruments.texts import question_texts
from annotation.models import Closing, Remark
from annotation.models.words import InOwnWords
from pipeline.domain.masking import rules_in_words, spans_in
from pipeline.masks import Span, shown

AT_ONCE = 200  # texts
Place = list[Any]  # start, end, kind: one of InOwnWords.masks
FIELDS: dict[type[InOwnWords], str] = {Remark: "text", Closing: "how"}


@dataclass(frozen=True)
class ShownRemark:
    """``text`` as others read it, None where nobody has looked at it yet; ``about``: what its question states."""

    remark: Remark
    text: str | None
    about: str


def look_through_remarks() -> int:
    """Looks for personal data in what raters wrote and nobody has looked at by the present rules; gives how many texts.

    A block at a time: read, looked through outside any transaction, its masks stored. Masks found by other rules stay;
    what is erased meanwhile stays erased. Raises BackendUnusable where the model for names cannot be used.
    """
    rules, looked = rules_in_words(), 0
    for model, field in FIELDS.items():
        rows = waiting(model, rules).values_list("pk", field, "masks")
        while block := list(rows[:AT_ONCE]):
            found = spans_in([text for _, text, _ in block])
            masks = {pk: _together(spans, before) for (pk, _, before), spans in zip(block, found, strict=True)}
            _store(model, field, rules, masks)
            looked += len(block)
    return looked


def waiting(model: type[InOwnWords], rules: str) -> QuerySet[InOwnWords]:
    """What was not looked at by these rules. As two ranges, which an index has, where "not equal" reads all."""
    written = Q(**{f"{FIELDS[model]}__isnull": False})
    return model._default_manager.filter(written, Q(looked_with__lt=rules) | Q(looked_with__gt=rules)).order_by("pk")


def _together(found: Iterable[Span], before: Iterable[Place]) -> list[Place]:
    new = [[span.start, span.end, str(span.kind)] for span in found]
    return sorted([*new, *(mask for mask in before if mask not in new)])


@transaction.atomic
def _store(model: type[InOwnWords], field: str, rules: str, masks: dict[int, list[Place]]) -> None:
    written = model._default_manager.filter(**{f"{field}__isnull": False})
    written.filter(pk__in=[pk for pk, found in masks.items() if not found]).update(looked_with=rules)
    for pk, found in masks.items():
        if found:
            written.filter(pk=pk).update(masks=found, looked_with=rules)


def covered_words(text: str, masks: Iterable[Place]) -> str:
    """The text as others read it."""
    return shown(text, spans_of(masks)).text


def spans_of(masks: Iterable[Place]) -> list[Span]:
    return [Span(start, end, kind) for start, end, kind in masks]


def shown_remarks(remarks: Iterable[Remark]) -> list[ShownRemark]:
    """Remarks as leads and researchers read them; those loaded with their questions cost one query."""
    rows = list(remarks)
    asked = question_texts(row.question for row in rows if row.question)
    return [
        ShownRemark(
            row,
            covered_words(row.text or "", row.masks) if row.looked_with or not row.text else None,
            asked[row.question_id] if row.question_id else "",
        )
        for row in rows
    ]
