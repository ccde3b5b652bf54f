"""Who sits where: raters of a campaign, the K seats at an item, and each rater's tenure of one."""

from __future__ import annotations

from django.db import models
from django.db.models import Q

from annotation.enums import AssignmentState, Origin, RaterGate, RaterOutcome, RaterState, ReturnReason
from annotation.models.campaigns import Campaign
from annotation.models.items import Item
from annotation.models.participants import Participant
from pipeline.enums import Side
from studies.tokens import new_token


class Rater(models.Model):
    """A participant in one campaign. ``n_left`` and ``n_right`` count the sides of the personalized response that the
    rater has been given, so that a claim can even them out. ``n_given`` counts the work items given, ``n_checks`` the
    gold and attention items, ``n_submitted`` all items submitted, ``n_day`` those of ``day``, the last day with any in
    the campaign's time zone: so that a claim costs the same however much a rater has done. They move with the rater's
    own row lock only.

    ``gate`` is what stands before the work, ``outcome`` how the part ended (domain/gates.py, domain/finishing.py).
    ``n_before`` counts the training and qualification items submitted, which are no progress in the work;
    ``next_check`` is how many items the rater has submitted after these when the next gold or attention item is due
    (null: none is).
    """

    campaign = models.ForeignKey(Campaign, on_delete=models.PROTECT, related_name="raters")
    participant = models.ForeignKey(Participant, on_delete=models.PROTECT, related_name="raters")
    kind = models.CharField(max_length=16, choices=Origin.choices)
    group = models.CharField(max_length=32, blank=True)
    state = models.CharField(max_length=16, choices=RaterState.choices, default=RaterState.ACTIVE)
    gate = models.CharField(max_length=16, choices=RaterGate.choices, blank=True, default=RaterGate.OPEN)
    outcome = models.CharField(max_length=24, choices=RaterOutcome.choices, blank=True, default=RaterOutcome.NONE)
    outcome_at = models.DateTimeField(null=True, blank=True)
    n_before = models.PositiveIntegerField(default=0)
    next_check = models.PositiveIntegerField(null=True, blank=True)
    n_left = models.PositiveIntegerField(default=0)
    n_right = models.PositiveIntegerField(default=0)
    n_given = models.PositiveIntegerField(default=0)
    n_checks = models.PositiveIntegerField(default=0)
    n_submitted = models.PositiveIntegerField(default=0)
    day = models.DateField(null=True, blank=True)
    n_day = models.PositiveIntegerField(default=0)
    joined_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["campaign", "participant"], name="rater_once_per_campaign"),
            models.CheckConstraint(condition=Q(kind__in=Origin.values), name="rater_kind_known"),
            models.CheckConstraint(condition=Q(state__in=RaterState.values), name="rater_state_known"),
            models.CheckConstraint(condition=Q(gate__in=RaterGate.values), name="rater_gate_known"),
            models.CheckConstraint(condition=Q(outcome__in=RaterOutcome.values), name="rater_outcome_known"),
            models.CheckConstraint(
                condition=Q(outcome="", outcome_at__isnull=True) | (~Q(outcome="") & Q(outcome_at__isnull=False)),
                name="rater_outcome_dated",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.participant} in {self.campaign}"


class Seat(models.Model):
    """Place ``number`` of K at a work item. The side of the pair belongs to the seat, not to whoever sits in it."""

    item = models.ForeignKey(Item, on_delete=models.PROTECT, related_name="seats")
    number = models.PositiveSmallIntegerField()  # from 0
    side = models.CharField(max_length=8, choices=Side.choices, blank=True)  # where the personalized response stands

    class Meta:
        ordering = ["number"]
        constraints = [models.UniqueConstraint(fields=["item", "number"], name="seat_number_once")]

    def __str__(self) -> str:
        return f"seat {self.number} at {self.item}"


class Assignment(models.Model):
    """One rater's tenure of a seat. A judgment counts exactly when this is ``submitted``, the item is work and the
    campaign is not imported: nothing else says so.

    ``seat`` is null for gold, training and imported answers. ``order`` is the shuffled list of question positions.
    """

    campaign = models.ForeignKey(Campaign, on_delete=models.PROTECT, related_name="assignments")
    item = models.ForeignKey(Item, on_delete=models.PROTECT, related_name="assignments")
    seat = models.ForeignKey(Seat, on_delete=models.PROTECT, null=True, blank=True, related_name="assignments")
    rater = models.ForeignKey(Rater, on_delete=models.PROTECT, related_name="assignments")
    token = models.CharField(max_length=32, unique=True, default=new_token, editable=False)  # what pages and URLs carry
    public_id = models.CharField(max_length=32, unique=True, default=new_token, editable=False)  # what releases carry
    state = models.CharField(max_length=16, choices=AssignmentState.choices)
    side = models.CharField(max_length=8, choices=Side.choices, blank=True)
    order = models.JSONField(default=list)
    claimed_at = models.DateTimeField(null=True, blank=True)
    lease_until = models.DateTimeField(null=True, blank=True)
    ended_at = models.DateTimeField(null=True, blank=True)
    submitted_at = models.DateTimeField(null=True, blank=True)
    submission_key = models.CharField(max_length=64, blank=True)  # idempotency key of the request that was accepted
    seconds = models.FloatField(null=True, blank=True)  # active seconds on the page, as the browser reported
    hidden_seconds = models.FloatField(
        null=True, blank=True
    )  # the page open and not looked at, as the browser reported
    pastes = models.PositiveSmallIntegerField(null=True, blank=True)  # into the page's text fields, likewise
    returned_because = models.CharField(max_length=16, choices=ReturnReason.choices, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["item", "rater"], name="assignment_item_once_per_rater"),
            models.UniqueConstraint(
                fields=["seat"],
                condition=Q(state__in=["held", "submitted"]),
                name="assignment_one_per_seat",
            ),
            models.CheckConstraint(condition=Q(state__in=AssignmentState.values), name="assignment_state_known"),
            models.CheckConstraint(condition=Q(returned_because__in=ReturnReason.values), name="return_reason_known"),
            models.CheckConstraint(
                condition=~Q(state="held") | Q(lease_until__isnull=False), name="assignment_held_has_lease"
            ),
            models.CheckConstraint(
                condition=~Q(state__in=["submitted", "surplus"]) | Q(submitted_at__isnull=False),
                name="assignment_submitted_has_time",
            ),
        ]
        indexes = [
            models.Index(fields=["campaign", "lease_until"], condition=Q(state="held"), name="assignment_leases"),
            models.Index(fields=["rater", "state"], name="assignment_by_rater"),
        ]

    def __str__(self) -> str:
        return f"{self.rater} at {self.item}: {self.state}"
