"""How raters come from a recruiter, and how they are paid there. The recruiter's ids are encrypted everywhere, and
found by keyed hash (domain/recruiting/secrets.py)."""

from __future__ import annotations

from django.db import models
from django.db.models import Q

from annotation.enums import ActionState, LaunchCheck, RaterOutcome, RecruiterAction, RecruiterName
from annotation.models.assignments import Rater
from annotation.models.campaigns import Campaign
from studies.models import User
from studies.tokens import new_token


class Recruitment(models.Model):
    """A campaign's study at a recruiter. ``public_id`` stands in the address that the recruiter sends people to."""

    campaign = models.OneToOneField(Campaign, on_delete=models.PROTECT, related_name="recruitment")
    public_id = models.CharField(max_length=32, unique=True, default=new_token, editable=False)
    recruiter = models.CharField(max_length=16, choices=RecruiterName.choices, default=RecruiterName.PROLIFIC)
    study_id = models.CharField(max_length=64)  # the recruiter's id of its study
    workspace_id = models.CharField(max_length=64, blank=True)
    launch_check = models.CharField(max_length=16, choices=LaunchCheck.choices, default=LaunchCheck.SIGNED)
    audience = models.CharField(max_length=200, blank=True)  # origin that launch tokens must name; "": this site's
    api_token_encrypted = models.BinaryField(null=True, blank=True)
    hook_secret_encrypted = models.BinaryField(null=True, blank=True)
    poll_after = models.DateTimeField(null=True, blank=True)  # the recruiter is not asked for all submissions before
    created_by = models.ForeignKey(User, on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["recruiter", "study_id"], name="recruitment_study_once"),
            models.CheckConstraint(condition=Q(recruiter__in=RecruiterName.values), name="recruiter_known"),
            models.CheckConstraint(condition=Q(launch_check__in=LaunchCheck.values), name="launch_check_known"),
        ]

    def __str__(self) -> str:
        return f"{self.recruiter} study {self.study_id}"


class CompletionCode(models.Model):
    """What a rater takes back to the recruiter, one for each outcome."""

    recruitment = models.ForeignKey(Recruitment, on_delete=models.CASCADE, related_name="codes")
    outcome = models.CharField(max_length=24, choices=RaterOutcome.choices)
    code = models.CharField(max_length=64)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["recruitment", "outcome"], name="completion_code_once_per_outcome"),
            models.UniqueConstraint(fields=["recruitment", "code"], name="completion_code_of_one_outcome"),
            models.CheckConstraint(
                condition=Q(outcome__in=RaterOutcome.values) & ~Q(outcome=""), name="completion_code_outcome_known"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.outcome}: {self.code}"


class Visit(models.Model):
    """One of the recruiter's submissions: a rater's place in its study, from launch to payment. ``status`` is the
    recruiter's own word as it was last read, ``status_at`` when it was asked for (the database's time): an answer that
    was asked for earlier never replaces it."""

    recruitment = models.ForeignKey(Recruitment, on_delete=models.PROTECT, related_name="visits")
    rater = models.ForeignKey(Rater, on_delete=models.PROTECT, related_name="visits")
    id_hash = models.CharField(max_length=64)  # keyed, of the recruiter's submission id
    id_encrypted = models.BinaryField(null=True, blank=True)
    status = models.CharField(max_length=32, blank=True)
    status_at = models.DateTimeField(null=True, blank=True)
    launched_at = models.DateTimeField(auto_now_add=True)
    code_shown_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["recruitment", "id_hash"], name="visit_once")]

    def __str__(self) -> str:
        return f"visit of {self.rater}"


class UsedLaunch(models.Model):
    """A launch token that was taken once; it opens no second door. Rows older than their expiry may be swept."""

    token_sha256 = models.CharField(max_length=64, unique=True)
    visit = models.ForeignKey(Visit, on_delete=models.CASCADE, related_name="launches")
    expires_at = models.DateTimeField()

    def __str__(self) -> str:
        return f"launch of {self.visit}"


class LaunchAsked(models.Model):
    """The recruiter was asked about somebody who came without a signed token. Nothing but the keyed hash of the
    participant's id, kept for minutes, so that nobody can have it asked without end. Never an address."""

    recruitment = models.ForeignKey(Recruitment, on_delete=models.CASCADE, related_name="launches_asked")
    participant_hash = models.CharField(max_length=64)
    asked_at = models.DateTimeField()

    class Meta:
        indexes = [models.Index(fields=["recruitment", "asked_at"], name="launch_asked_when")]

    def __str__(self) -> str:
        return f"asked at {self.recruitment}"


class HookEvent(models.Model):
    """A message of the recruiter's, taken once however often it comes, and only a hint: the recruiter is asked."""

    recruitment = models.ForeignKey(Recruitment, on_delete=models.CASCADE, related_name="hook_events")
    event_id = models.CharField(max_length=128)
    kind = models.CharField(max_length=64)
    visit = models.ForeignKey(Visit, on_delete=models.CASCADE, null=True, blank=True, related_name="hook_events")
    happened_at = models.DateTimeField(null=True, blank=True)
    received_at = models.DateTimeField(auto_now_add=True)
    handled_at = models.DateTimeField(null=True, blank=True)
    note = models.CharField(max_length=200, blank=True)  # why it could not be handled yet, or was of no concern

    class Meta:
        constraints = [models.UniqueConstraint(fields=["recruitment", "event_id"], name="hook_event_once")]

    def __str__(self) -> str:
        return f"{self.kind} {self.event_id}"


class Payment(models.Model):
    """Something asked of the recruiter for a visit: approval, return, bonus, screen-out payment. Written before the
    request leaves, so that nothing is paid twice because an answer was lost.

    ``due_at`` is when it is taken up (again). A bonus has ``reference``, the recruiter's id of what was prepared, once
    its payment is on its way, and ``bonuses_before``, how many the submission had had by then.
    """

    visit = models.ForeignKey(Visit, on_delete=models.PROTECT, related_name="payments")
    action = models.CharField(max_length=16, choices=RecruiterAction.choices)
    amount = models.DecimalField(
        max_digits=8, decimal_places=2, null=True, blank=True
    )  # bonus, in the study's currency
    reason = models.CharField(max_length=500, blank=True)
    state = models.CharField(max_length=16, choices=ActionState.choices, default=ActionState.WAITING)
    answer = models.CharField(max_length=500, blank=True)  # what the recruiter said
    attempts = models.PositiveSmallIntegerField(default=0)
    due_at = models.DateTimeField(null=True, blank=True)
    reference = models.CharField(max_length=64, blank=True)
    bonuses_before = models.PositiveSmallIntegerField(null=True, blank=True)
    asked_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    asked_at = models.DateTimeField(auto_now_add=True)
    settled_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["visit", "action"],
                condition=~Q(action=RecruiterAction.BONUS) & ~Q(state=ActionState.FAILED),
                name="payment_action_once",
            ),
            models.CheckConstraint(condition=Q(action__in=RecruiterAction.values), name="payment_action_known"),
            models.CheckConstraint(condition=Q(state__in=ActionState.values), name="payment_state_known"),
            models.CheckConstraint(
                condition=~Q(action=RecruiterAction.BONUS) | Q(amount__gt=0), name="payment_bonus_has_amount"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.action} of {self.visit}"
