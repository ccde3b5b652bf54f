"""What stands behind a run: the runs it read, and theirs; and so which conversations a selection of people took out."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from functools import lru_cache

from django.db.models import QuerySet

from pipeline.enums import Stage
from pipeline.models import Attribute, Conversation, Run, RunInput

LEFT_OUT = "conversations_left_out"  # in the outcome of a people run: public ids


def conversations_behind(attributes: Collection[Attribute]) -> QuerySet[Conversation]:
    """All conversations of these attributes' people, in order, but for those that the selection which drew the people
    took out (toxic, redacted, twins): who judges an attribute sees what it was made from."""
    runs = Run.objects.filter(pk__in={attribute.run_id for attribute in attributes})
    left_out = _left_out_behind(frozenset(runs.values_list("public_id", flat=True)))
    people = {attribute.person_id for attribute in attributes}
    found = Conversation.objects.filter(person__in=people).exclude(pk__in=left_out)
    return found.order_by("person_id", "position", "pk")


@lru_cache(maxsize=256)
def _left_out_behind(runs: frozenset[str]) -> frozenset[int]:
    """Keys of conversations, by runs' public ids. What a run read never changes, nor what a selection took out."""
    selections = Run.objects.filter(pk__in=_ancestors(runs), stage=Stage.PEOPLE)
    outcomes: Iterable[dict[str, list[str]]] = selections.values_list("outcome", flat=True)
    named = {name for outcome in outcomes for name in outcome.get(LEFT_OUT, [])}
    if not named:
        return frozenset()
    return frozenset(Conversation.objects.filter(public_id__in=named).values_list("pk", flat=True))


def _ancestors(runs: Collection[str]) -> set[int]:
    """Keys of these runs and of all that they rest on, one query a generation."""
    found = set(Run.objects.filter(public_id__in=runs).values_list("pk", flat=True))
    latest = found
    while latest:
        read = RunInput.objects.filter(run__in=latest).values_list("source_id", flat=True)
        latest = set(read) - found
        found |= latest
    return found
