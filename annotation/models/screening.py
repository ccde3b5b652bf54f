"""What raters are asked before and among the work, and what was expected of them."""

from __future__ import annotations

from django.db import models
from django.db.models import Q

from annotation.enums import CouldTell
from annotation.models.assignments import Rater
from annotation.models.campaigns import Campaign
from annotation.models.items import Question
from annotation.models.words import InOwnWords


class Expected(models.Model):
    """The answers that are right for a question of a training, qualification, gold or attention item.

    ``values`` are as raters would give them, except preference's: those are towards personalized (5: the personalized
    response is much better), so that they hold on either side; attention's are as on the page (see screening.py).
    """

    question = models.OneToOneField(Question, on_delete=models.PROTECT, related_name="expected")
    values = models.JSONField(default=list)  # of strings; never empty
    feedback = models.TextField(blank=True)  # shown after a training item

    def __str__(self) -> str:
        return f"{self.question}: {', '.join(self.values)}"


class QuizQuestion(models.Model):
    """One question on the guideline, with its choices; one of them is right."""

    campaign = models.ForeignKey(Campaign, on_delete=models.PROTECT, related_name="quiz_questions")
    position = models.PositiveSmallIntegerField()
    text = models.TextField()
    choices = models.JSONField(default=list)  # of strings
    correct = models.PositiveSmallIntegerField()  # place in choices, from 0
    explanation = models.TextField(blank=True)

    class Meta:
        ordering = ["position"]
        constraints = [models.UniqueConstraint(fields=["campaign", "position"], name="quiz_position_once")]

    def __str__(self) -> str:
        return self.text[:60]


class QuizAttempt(models.Model):
    rater = models.ForeignKey(Rater, on_delete=models.PROTECT, related_name="quiz_attempts")
    number = models.PositiveSmallIntegerField()  # from 1
    answers = models.JSONField(default=list)  # places chosen, by position of the question
    n_right = models.PositiveSmallIntegerField()
    passed = models.BooleanField()
    made_at = models.DateTimeField()

    class Meta:
        ordering = ["number"]
        constraints = [models.UniqueConstraint(fields=["rater", "number"], name="quiz_attempt_number_once")]

    def __str__(self) -> str:
        return f"{self.rater}, attempt {self.number}"


class CohortMember(models.Model):
    """A participant who may take part in a campaign that is for a cohort only."""

    campaign = models.ForeignKey(Campaign, on_delete=models.PROTECT, related_name="cohort")
    participant = models.ForeignKey("annotation.Participant", on_delete=models.PROTECT, related_name="+")
    added_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["campaign", "participant"], name="cohort_member_once")]

    def __str__(self) -> str:
        return f"{self.participant} may take part in {self.campaign}"


class Closing(InOwnWords):
    """What a rater says when their part of a preference campaign is over. ``could_tell`` is null after an erasure."""

    rater = models.OneToOneField(Rater, on_delete=models.PROTECT, related_name="closing")
    could_tell = models.CharField(max_length=16, choices=CouldTell.choices, null=True, blank=True)
    how = models.TextField(null=True, blank=True)  # in the rater's words
    made_at = models.DateTimeField()
    erased_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(could_tell__in=CouldTell.values) | Q(could_tell__isnull=True), name="could_tell_known"
            ),
            models.CheckConstraint(
                condition=Q(could_tell__isnull=False, erased_at__isnull=True)
                | Q(could_tell__isnull=True, how__isnull=True, erased_at__isnull=False),
                name="closing_answer_or_erased",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.rater}: {self.could_tell or '(erased)'}"
