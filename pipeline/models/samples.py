"""Which units were drawn to be judged: a seeded choice, on record as a Run of stage ``sample``."""

from __future__ import annotations

from django.db import models

from pipeline.models.runs import Run
from pipeline.units import UnitFields, unit_condition


class SampledUnit(UnitFields):
    run = models.ForeignKey(Run, on_delete=models.CASCADE, related_name="sampled_units")

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["run", "unit_key"], name="sampled_unit_once_per_run"),
            models.CheckConstraint(condition=unit_condition(), name="sampled_unit_by_instrument"),
        ]

    def __str__(self) -> str:
        return self.unit_key
