"""What machines inferred about people. Attributes are immutable: merging and refining make new ones."""

from __future__ import annotations

from django.db import models
from django.db.models import F, Q

from pipeline.models.corpora import Conversation, Person
from pipeline.models.runs import Run
from studies.tokens import new_token


class Attribute(models.Model):
    """A statement about a Person that one Run inferred. ``text`` is null where a source keeps it from us."""

    run = models.ForeignKey(Run, on_delete=models.PROTECT, related_name="attributes")
    person = models.ForeignKey(Person, on_delete=models.PROTECT, related_name="attributes")
    public_id = models.CharField(max_length=32, unique=True, default=new_token, editable=False)
    position = models.PositiveIntegerField()  # order within (run, person)
    text = models.TextField(null=True, blank=True)
    reason = models.TextField(blank=True)
    confidence = models.FloatField(null=True, blank=True)  # 0-1, as the model reported it
    made_from: models.ManyToManyField[Attribute, AttributeOrigin] = models.ManyToManyField(
        "self", through="AttributeOrigin", symmetrical=False, related_name="made_into"
    )

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["run", "person", "position"], name="attribute_position_once"),
            models.CheckConstraint(
                condition=Q(confidence__isnull=True) | Q(confidence__gte=0, confidence__lte=1),
                name="attribute_confidence_0_to_1",
            ),
        ]

    def __str__(self) -> str:
        return self.text or "(text unknown)"


class AttributeOrigin(models.Model):
    """``attribute`` was made from ``source``, the ``position``-th of its sources."""

    attribute = models.ForeignKey(Attribute, on_delete=models.CASCADE, related_name="origins")
    source = models.ForeignKey(Attribute, on_delete=models.PROTECT, related_name="+")
    position = models.PositiveIntegerField()

    class Meta:
        ordering = ["position"]
        constraints = [
            models.UniqueConstraint(fields=["attribute", "source"], name="attribute_origin_once"),
            models.CheckConstraint(condition=~Q(attribute=F("source")), name="attribute_not_made_from_itself"),
        ]

    def __str__(self) -> str:
        return f"{self.attribute_id} from {self.source_id}"


class Evidence(models.Model):
    """A place that supports an attribute: a turn, or code points ``start`` to ``end`` of its original text."""

    attribute = models.ForeignKey(Attribute, on_delete=models.CASCADE, related_name="evidence")
    conversation = models.ForeignKey(Conversation, on_delete=models.PROTECT, related_name="+")
    turn = models.PositiveIntegerField()
    start = models.PositiveIntegerField(null=True, blank=True)
    end = models.PositiveIntegerField(null=True, blank=True)

    class Meta:
        verbose_name_plural = "evidence"
        constraints = [
            models.UniqueConstraint(
                fields=["attribute", "conversation", "turn"],
                condition=Q(start__isnull=True),
                name="evidence_turn_once",
            ),
            models.UniqueConstraint(
                fields=["attribute", "conversation", "turn", "start"],
                condition=Q(start__isnull=False),
                name="evidence_span_once",
            ),
            models.CheckConstraint(
                condition=Q(start__isnull=True, end__isnull=True) | Q(start__lt=F("end")),
                name="evidence_span_both_or_none",
            ),
        ]

    def __str__(self) -> str:
        return f"turn {self.turn} of conversation {self.conversation_id}"
