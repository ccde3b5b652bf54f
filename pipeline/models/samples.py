"""What was drawn: units to be judged, people to be studied. A seeded choice, on record as a Run."""

from __future__ import annotations

from django.db import models

from pipeline.models.corpora import Person
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


class SampledPerson(models.Model):
    """A person whom a ``people`` run selected, the ``position``-th in the order of the draw."""

    run = models.ForeignKey(Run, on_delete=models.CASCADE, related_name="sampled_people")
    person = models.ForeignKey(Person, on_delete=models.PROTECT, related_name="+")
    position = models.PositiveIntegerField()

    class Meta:
        verbose_name_plural = "sampled people"
        constraints = [
            models.UniqueConstraint(fields=["run", "person"], name="sampled_person_once_per_run"),
            models.UniqueConstraint(fields=["run", "position"], name="sampled_person_position_once"),
        ]

    def __str__(self) -> str:
        return f"{self.position}: {self.person_id}"
