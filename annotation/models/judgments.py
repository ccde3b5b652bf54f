"""Answers: drafts that may be overwritten, judgments that may not, and what raters say beside them."""

from __future__ import annotations

from django.db import models
from django.db.models import Q

from annotation.enums import RejectReason, RemarkKind
from annotation.models.assignments import Assignment, Rater
from annotation.models.campaigns import Campaign
from annotation.models.items import Question
from annotation.models.words import InOwnWords
from pipeline.enums import InstrumentName
from pipeline.units import value_condition
from studies.models import User


class Draft(models.Model):
    """An answer that is not submitted yet: overwritten freely, gone when it becomes a judgment."""

    assignment = models.ForeignKey(Assignment, on_delete=models.CASCADE, related_name="drafts")
    question = models.ForeignKey(Question, on_delete=models.PROTECT, related_name="+")
    value = models.CharField(max_length=16)
    reason = models.CharField(max_length=24, choices=RejectReason.choices, blank=True)
    saved_at = models.DateTimeField(auto_now=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["assignment", "question"], name="draft_once")]

    def __str__(self) -> str:
        return f"draft {self.value}"


class DraftRemarks(models.Model):
    """The free text of a page that is not submitted yet: overwritten freely, gone when the page is submitted."""

    assignment = models.OneToOneField(Assignment, on_delete=models.CASCADE, related_name="draft_remarks")
    note = models.TextField(blank=True)
    missing = models.TextField(blank=True)
    flagged = models.BooleanField(default=False)
    flag_text = models.TextField(blank=True)
    saved_at = models.DateTimeField(auto_now=True)

    def __str__(self) -> str:
        return f"draft remarks of {self.assignment}"


class Judgment(models.Model):
    """One rater's current answer to one question. Every value it ever had is a Revision, this one included.

    ``value`` is null only after an erasure, which ``erased_at`` dates: the tombstone stays, the answer is gone.
    """

    question = models.ForeignKey(Question, on_delete=models.PROTECT, related_name="judgments")
    rater = models.ForeignKey(Rater, on_delete=models.PROTECT, related_name="judgments")
    assignment = models.ForeignKey(Assignment, on_delete=models.PROTECT, related_name="judgments")
    instrument = models.CharField(max_length=24, choices=InstrumentName.choices)
    value = models.CharField(max_length=16, null=True, blank=True)
    reason = models.CharField(max_length=24, choices=RejectReason.choices, blank=True)
    n_revisions = models.PositiveIntegerField(default=1)
    made_at = models.DateTimeField()
    erased_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["question", "rater"], name="judgment_current_once"),
            models.CheckConstraint(condition=value_condition(), name="judgment_value_of_instrument"),
            models.CheckConstraint(
                condition=Q(value__isnull=False, erased_at__isnull=True)
                | Q(value__isnull=True, erased_at__isnull=False),
                name="judgment_value_or_erased",
            ),
            models.CheckConstraint(condition=Q(reason__in=RejectReason.values), name="judgment_reason_known"),
        ]
        indexes = [models.Index(fields=["rater"], condition=Q(erased_at__isnull=False), name="judgment_erased")]

    def __str__(self) -> str:
        return self.value or "(erased)"


class Revision(models.Model):
    """A value that a judgment has had, append-only, numbered from 1."""

    judgment = models.ForeignKey(Judgment, on_delete=models.PROTECT, related_name="revisions")
    number = models.PositiveIntegerField()
    value = models.CharField(max_length=16, null=True, blank=True)
    reason = models.CharField(max_length=24, blank=True)
    made_at = models.DateTimeField()

    class Meta:
        ordering = ["number"]
        constraints = [models.UniqueConstraint(fields=["judgment", "number"], name="revision_number_once")]

    def __str__(self) -> str:
        return f"{self.number}: {self.value}"


class Remark(InOwnWords):
    """What a rater says beside the answers: a note, an attribute that is missing, a flag. Never a judgment."""

    assignment = models.ForeignKey(Assignment, on_delete=models.PROTECT, related_name="remarks")
    question = models.ForeignKey(Question, on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    kind = models.CharField(max_length=24, choices=RemarkKind.choices)
    position = models.PositiveIntegerField()
    text = models.TextField(null=True, blank=True)
    made_at = models.DateTimeField()
    erased_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["kind", "position"]
        constraints = [
            models.UniqueConstraint(fields=["assignment", "kind", "position"], name="remark_position_once"),
            models.CheckConstraint(condition=Q(kind__in=RemarkKind.values), name="remark_kind_known"),
            models.CheckConstraint(
                condition=Q(text__isnull=False, erased_at__isnull=True) | Q(text__isnull=True, erased_at__isnull=False),
                name="remark_text_or_erased",
            ),
        ]
        indexes = [models.Index(fields=["looked_with"], condition=Q(text__isnull=False), name="remark_looked_with")]

    def __str__(self) -> str:
        return f"{self.kind}: {(self.text or '(erased)')[:40]}"


class RemarksRead(models.Model):
    """The last remark of a campaign that somebody who looks after it has read; what came later is new to them."""

    campaign = models.ForeignKey(Campaign, on_delete=models.CASCADE, related_name="+")
    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="+")
    last = models.ForeignKey(Remark, on_delete=models.PROTECT, related_name="+")
    read_at = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["campaign", "user"], name="remarks_read_once")]

    def __str__(self) -> str:
        return f"{self.user} has read {self.campaign} up to {self.last_id}"
