"""What a model finds about a unit beside any vote: whether it is openly mentioned, how a rejected attribute fails."""

from __future__ import annotations

from django.db import models
from django.db.models import Q

from analysis import schema
from pipeline.enums import FindingKind, InstrumentName, VoteStatus
from pipeline.models.runs import Completion, Run
from pipeline.units import UnitFields, unit_condition


class Finding(UnitFields):
    """``mention``: of (attribute, pair), yes or no. ``failure``: of an attribute, one of ``schema.FAILURES``.

    What cannot be parsed is an outcome too: no value, a reason.
    """

    run = models.ForeignKey(Run, on_delete=models.PROTECT, related_name="findings")
    completion = models.ForeignKey(Completion, on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    kind = models.CharField(max_length=16, choices=FindingKind.choices)
    status = models.CharField(max_length=16, choices=VoteStatus.choices, default=VoteStatus.ANSWERED)
    value = models.CharField(max_length=24, null=True, blank=True)
    reason = models.TextField(blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["run", "kind", "unit_key"], name="finding_once_per_run"),
            models.CheckConstraint(condition=unit_condition(), name="finding_unit_by_instrument"),
            models.CheckConstraint(
                condition=Q(kind=FindingKind.MENTION, instrument=InstrumentName.PREFERENCE)
                | Q(kind=FindingKind.FAILURE, instrument=InstrumentName.ATTRIBUTE_QUALITY),
                name="finding_instrument_by_kind",
            ),
            models.CheckConstraint(
                condition=Q(value__isnull=True)
                | Q(kind=FindingKind.MENTION, value__in=schema.MENTIONS)
                | Q(kind=FindingKind.FAILURE, value__in=schema.FAILURES),
                name="finding_value_of_kind",
            ),
            models.CheckConstraint(
                condition=Q(status=VoteStatus.ANSWERED, value__isnull=False)
                | Q(status=VoteStatus.UNPARSEABLE, value__isnull=True),
                name="finding_value_when_answered",
            ),
        ]
        indexes = [models.Index(fields=["unit_key"], name="finding_by_unit")]

    def __str__(self) -> str:
        return f"{self.kind} {self.unit_key}: {self.value or self.status}"
