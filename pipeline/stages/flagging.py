"""Which attributes were not accepted: by a verifier's votes, or by people's labels."""

from __future__ import annotations

from collections.abc import Sequence

from django.db.models import QuerySet

from pipeline.enums import InstrumentName
from pipeline.models import Attribute, Label, Run, Vote
from pipeline.stages.histories import HistoryParameters


class FlagParameters(HistoryParameters):
    """``also_uncertain``: what was called uncertain counts as not accepted, beside what was rejected."""

    also_uncertain: bool = False

    @property
    def values(self) -> tuple[str, ...]:
        return ("rejected", "uncertain") if self.also_uncertain else ("rejected",)


def judged(runs: Sequence[Run]) -> tuple[QuerySet[Vote], QuerySet[Label]]:
    """All votes and labels on attribute quality that these runs hold."""
    quality = {"run__in": runs, "instrument": InstrumentName.ATTRIBUTE_QUALITY}
    return Vote.objects.filter(**quality), Label.objects.filter(**quality)


def flagged_attributes(runs: Sequence[Run], values: Sequence[str]) -> set[int]:
    """Keys of the attributes to which any of these runs gave one of ``values``."""
    found: set[int] = set()
    for rows in judged(runs):
        found |= set(rows.filter(value__in=values).values_list("attribute_id", flat=True))
    return found


def in_order(attributes: QuerySet[Attribute]) -> QuerySet[Attribute]:
    return attributes.filter(text__isnull=False).order_by("person_id", "run_id", "position")
