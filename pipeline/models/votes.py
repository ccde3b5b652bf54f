"""Models' answers to units, and the published consensus on them."""

from __future__ import annotations

from django.db import models
from django.db.models import Q

from pipeline.enums import LabelMethod, Side, VoteStatus
from pipeline.models.runs import Completion, Run
from pipeline.units import UnitFields, unit_condition, value_condition


class Vote(UnitFields):
    """A model's or baseline's answer to a unit. One that cannot be parsed is an outcome too: no value, a reason."""

    run = models.ForeignKey(Run, on_delete=models.PROTECT, related_name="votes")
    completion = models.ForeignKey(Completion, on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    side = models.CharField(max_length=8, choices=Side.choices, blank=True)  # of the personalized response, as shown
    status = models.CharField(max_length=16, choices=VoteStatus.choices, default=VoteStatus.ANSWERED)
    value = models.CharField(max_length=16, null=True, blank=True)
    raw_score = models.FloatField(null=True, blank=True)
    reason = models.TextField(blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["run", "unit_key", "side"], name="vote_once_per_run"),
            models.CheckConstraint(condition=unit_condition(), name="vote_unit_by_instrument"),
            models.CheckConstraint(condition=value_condition(), name="vote_value_of_instrument"),
            models.CheckConstraint(
                condition=Q(status=VoteStatus.ANSWERED, value__isnull=False)
                | Q(status=VoteStatus.UNPARSEABLE, value__isnull=True),
                name="vote_value_when_answered",
            ),
            models.CheckConstraint(
                condition=Q(instrument="preference", side__in=["left", "right"])
                | (~Q(instrument="preference") & Q(side="")),
                name="vote_side_for_preference",
            ),
        ]
        indexes = [models.Index(fields=["unit_key"], name="vote_by_unit")]

    def __str__(self) -> str:
        return f"{self.unit_key}: {self.value or self.status}"


class Label(UnitFields):
    """The published consensus on a unit: how human answers reach later stages. A tie has no value."""

    run = models.ForeignKey(Run, on_delete=models.PROTECT, related_name="labels")
    campaign = models.CharField(max_length=32)  # public id of the campaign whose judgments it rests on; "" imported
    method = models.CharField(max_length=16, choices=LabelMethod.choices)
    value = models.CharField(max_length=16, null=True, blank=True)
    score = models.FloatField(null=True, blank=True)
    n = models.PositiveIntegerField()
    share = models.FloatField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["run", "unit_key"], name="label_once_per_run"),
            models.CheckConstraint(condition=unit_condition(), name="label_unit_by_instrument"),
            models.CheckConstraint(condition=value_condition(), name="label_value_of_instrument"),
            models.CheckConstraint(condition=Q(share__gte=0, share__lte=1), name="label_share_0_to_1"),
        ]
        indexes = [models.Index(fields=["unit_key"], name="label_by_unit")]

    def __str__(self) -> str:
        return f"{self.unit_key}: {self.value or 'tie'}"
