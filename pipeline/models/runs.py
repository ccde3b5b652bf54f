"""Runs and what they cost: work rows are the truth about what is done, completions about what was asked and paid."""

from __future__ import annotations

from django.db import models
from django.db.models import Q

from pipeline.enums import CompletionState, FailureKind, RunState, Stage, WorkState
from studies.models import Study, User
from studies.tokens import new_token


class Run(models.Model):
    """One execution of a stage with a model and parameters. An import, a merge and a labelling are Runs too."""

    study = models.ForeignKey(Study, on_delete=models.PROTECT, related_name="runs")
    public_id = models.CharField(max_length=32, unique=True, default=new_token, editable=False)
    stage = models.CharField(max_length=16, choices=Stage.choices)
    backend = models.CharField(max_length=32)
    model_name = models.CharField(max_length=200, blank=True)
    model_revision = models.CharField(max_length=200, blank=True)
    parameters = models.JSONField(default=dict)  # what shapes the material; stands in releases
    backend_options = models.JSONField(default=dict, blank=True)  # how it is reached; never released, no secret
    template_sha256 = models.CharField(max_length=64, blank=True)
    code_version = models.CharField(max_length=64, blank=True)
    # sha256 of what makes a second run the same run (an import's file checksums, a stage's inputs); "" = never the same
    fingerprint = models.CharField(max_length=64, blank=True)
    state = models.CharField(max_length=16, choices=RunState.choices, default=RunState.PLANNED)
    n_units = models.PositiveIntegerField(default=0)
    n_done = models.PositiveIntegerField(default=0)
    n_failed = models.PositiveIntegerField(default=0)
    outcome = models.JSONField(default=dict, blank=True)  # figures that it ends with: a funnel, counts, a diversity
    prices = models.JSONField(default=dict, blank=True)  # of its model when it started, see pipeline.prices; {} unknown
    budget_tokens = models.PositiveBigIntegerField(null=True, blank=True)  # no call is begun that could pass it
    budget_money = models.DecimalField(
        max_digits=12, decimal_places=4, null=True, blank=True
    )  # in the prices' currency
    problem = models.TextField(blank=True)  # why it stands still, where the backend could not be used
    inputs: models.ManyToManyField[Run, RunInput] = models.ManyToManyField(
        "self", through="RunInput", symmetrical=False, related_name="outputs"
    )
    created_by = models.ForeignKey(User, on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    created_at = models.DateTimeField(auto_now_add=True)
    started_at = models.DateTimeField(null=True, blank=True)
    finished_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["study", "stage", "fingerprint"],
                condition=~Q(fingerprint=""),
                name="run_once_per_fingerprint",
            ),
            models.CheckConstraint(condition=Q(state__in=RunState.values), name="run_state_known"),
            models.CheckConstraint(condition=Q(stage__in=Stage.values), name="run_stage_known"),
        ]
        indexes = [models.Index(fields=["study", "stage", "created_at"], name="run_by_study_stage")]

    def __str__(self) -> str:
        return f"{self.stage} {self.model_name} {self.public_id[:6]}"


class RunInput(models.Model):
    """``run`` read the material that ``source`` made."""

    run = models.ForeignKey(Run, on_delete=models.CASCADE, related_name="+")
    source = models.ForeignKey(Run, on_delete=models.PROTECT, related_name="+")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["run", "source"], name="run_input_once")]

    def __str__(self) -> str:
        return f"{self.run} read {self.source}"


class Completion(models.Model):
    """One attempt at one model call. A recorded answer is used again by whoever asks the same within the study.

    A row is made ``in_flight`` before the request leaves, so a killed process leaves a trace of what it may have paid.
    """

    study = models.ForeignKey(Study, on_delete=models.PROTECT, related_name="completions")
    run = models.ForeignKey(Run, on_delete=models.PROTECT, related_name="completions", db_index=False)  # see below
    cache_key = models.CharField(max_length=64)  # sha256, see pipeline.requests: what is sent and nothing else
    attempt = models.PositiveIntegerField()
    state = models.CharField(max_length=16, choices=CompletionState.choices)
    request = models.JSONField()
    text = models.TextField(blank=True)
    reason = models.TextField(blank=True)  # why there is no answer
    finish_reason = models.CharField(max_length=32, blank=True)
    prompt_tokens = models.PositiveIntegerField(null=True, blank=True)
    completion_tokens = models.PositiveIntegerField(null=True, blank=True)
    seconds = models.FloatField(null=True, blank=True)
    label_probabilities = models.JSONField(null=True, blank=True)  # {label: 0-1}, where the request named labels
    backend = models.CharField(max_length=32)
    backend_version = models.CharField(max_length=64, blank=True)
    lease_until = models.DateTimeField(null=True, blank=True)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["study", "cache_key", "attempt"], name="completion_attempt_once"),
            models.UniqueConstraint(
                fields=["study", "cache_key"],
                condition=Q(state__in=[CompletionState.IN_FLIGHT, CompletionState.ANSWERED]),
                name="completion_one_live_per_request",
            ),
            models.CheckConstraint(condition=Q(state__in=CompletionState.values), name="completion_state_known"),
        ]
        indexes = [
            # Holds all that a run's cost is counted from: its page and its budget look every few seconds.
            models.Index(fields=["run", "state", "prompt_tokens", "completion_tokens"], name="completion_cost"),
        ]

    def __str__(self) -> str:
        return f"{self.cache_key[:8]} attempt {self.attempt}: {self.state}"


class WorkUnit(models.Model):
    """One unit of a run's work: what is pending, who has it until when, what became of it."""

    run = models.ForeignKey(Run, on_delete=models.CASCADE, related_name="work_units")
    key = models.CharField(max_length=200)  # unique in its run; made of public ids
    position = models.PositiveIntegerField()
    subject = models.JSONField()  # what the stage needs to build the request: database keys by name
    state = models.CharField(max_length=16, choices=WorkState.choices, default=WorkState.PENDING)
    lease_until = models.DateTimeField(null=True, blank=True)
    lease_token = models.CharField(max_length=32, blank=True)
    attempts = models.PositiveIntegerField(default=0)
    completion = models.ForeignKey(Completion, on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    failure = models.CharField(max_length=16, choices=FailureKind.choices, blank=True)  # set exactly where it failed
    reason = models.TextField(blank=True)  # why it failed, in words
    settled_at = models.DateTimeField(null=True, blank=True)  # when it was done or failed; for the pace of the run

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["run", "key"], name="work_unit_once_per_run"),
            models.CheckConstraint(condition=Q(failure__in=["", *FailureKind.values]), name="work_unit_failure_known"),
            models.CheckConstraint(condition=Q(state__in=WorkState.values), name="work_unit_state_known"),
        ]
        indexes = [models.Index(fields=["run", "state", "position"], name="work_unit_next")]

    def __str__(self) -> str:
        return f"{self.key}: {self.state}"
