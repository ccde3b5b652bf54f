"""Units: what a vote or judgment is about, named once for people and models.

Every unit has an attribute. Relevance adds a prompt, preference a response pair, attribute quality nothing.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.db import models
from django.db.models import Q

from analysis import schema
from pipeline.enums import InstrumentName

if TYPE_CHECKING:
    from pipeline.models import Attribute, Prompt, ResponsePair

_LETTER = {
    InstrumentName.ATTRIBUTE_QUALITY: "q",
    InstrumentName.RELEVANCE: "r",
    InstrumentName.PREFERENCE: "p",
}


def unit_key(
    instrument: str, attribute: Attribute, prompt: Prompt | None = None, pair: ResponsePair | None = None
) -> str:
    """The unit's one stable key, made of public ids: ``q:ATTRIBUTE``, ``r:ATTRIBUTE:PROMPT``, ``p:ATTRIBUTE:PAIR``."""
    other = {InstrumentName.RELEVANCE: prompt, InstrumentName.PREFERENCE: pair}.get(InstrumentName(instrument))
    if instrument == InstrumentName.ATTRIBUTE_QUALITY:
        return f"q:{attribute.public_id}"
    if other is None:
        raise ValueError(f"a unit of {instrument} needs its prompt or pair")
    return f"{_LETTER[InstrumentName(instrument)]}:{attribute.public_id}:{other.public_id}"


def unit_condition() -> Q:
    """Which of attribute, prompt and pair a row of each instrument has, for a check constraint."""
    return (
        Q(instrument=InstrumentName.ATTRIBUTE_QUALITY, prompt__isnull=True, pair__isnull=True)
        | Q(instrument=InstrumentName.RELEVANCE, prompt__isnull=False, pair__isnull=True)
        | Q(instrument=InstrumentName.PREFERENCE, prompt__isnull=True, pair__isnull=False)
    )


def value_condition(field: str = "value") -> Q:
    """Which values a row of each instrument may hold, for a check constraint (null is allowed for here)."""
    condition = Q(**{f"{field}__isnull": True})
    for instrument, values in schema.VALUES.items():
        condition |= Q(instrument=instrument, **{f"{field}__in": values})
    return condition


class UnitFields(models.Model):
    """The columns of a row that is about a unit."""

    instrument = models.CharField(max_length=24, choices=InstrumentName.choices)
    attribute = models.ForeignKey("pipeline.Attribute", on_delete=models.PROTECT, related_name="+")
    prompt = models.ForeignKey("pipeline.Prompt", on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    pair = models.ForeignKey("pipeline.ResponsePair", on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    unit_key = models.CharField(max_length=96)

    class Meta:
        abstract = True
