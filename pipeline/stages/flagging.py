"""Which attributes were not accepted: by a verifier's votes, or by people's labels."""

from __future__ import annotations

from collections.abc import Sequence

from django.db.models import Q, QuerySet

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


def is_flagged(runs: Sequence[Run], values: Sequence[str]) -> Q:
    """Of the attributes to which any of these runs gave one of ``values``."""
    condition = Q(pk__in=[])
    for rows in judged(runs):
        condition |= Q(pk__in=rows.filter(value__in=values).values("attribute"))
    return condition


def in_order(attributes: QuerySet[Attribute]) -> QuerySet[Attribute]:
    return attributes.filter(text__isnull=False).order_by("person_id", "run_id", "position")
