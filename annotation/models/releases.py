"""The immutable datasets that were made, what a study says about its data, and what is drawn from it."""

from __future__ import annotations

from django.db import models
from django.db.models import Q

from annotation.enums import JobState, ReleaseChange, ReleaseState
from annotation.models.campaigns import Campaign
from annotation.models.participants import Participant
from studies.models import Study, User
from studies.tokens import new_token


class DatasetDescription(models.Model):
    """What every release of a study says about itself that no table can: whose it is, under which licence, why and how
    it was made. ``answers`` are the datasheet's, by question; a release may become final when no blank is left.
    """

    study = models.OneToOneField(Study, on_delete=models.PROTECT, related_name="dataset_description")
    title = models.CharField(max_length=200, blank=True)  # "" = the study's
    licence = models.CharField(max_length=64, blank=True)  # SPDX identifier
    authors = models.JSONField(default=list, blank=True)  # [{"name", "affiliation", "orcid"}]
    contact = models.CharField(max_length=200, blank=True)
    languages = models.JSONField(default=list, blank=True)  # BCP 47, such as "en"
    doi = models.CharField(max_length=200, blank=True)
    answers = models.JSONField(default=dict, blank=True)  # datasheet question -> Markdown
    updated_by = models.ForeignKey(User, on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    updated_at = models.DateTimeField(auto_now=True)

    def __str__(self) -> str:
        return f"description of {self.study}"


class Release(models.Model):
    """A release that was written. ``manifest`` is the very manifest.json; the files lie under RELEASES_DIR/public_id
    unless the lead chose another folder. A withdrawn one keeps its manifest; its files are gone.
    """

    study = models.ForeignKey(Study, on_delete=models.PROTECT, related_name="releases")
    public_id = models.CharField(max_length=32, unique=True, default=new_token, editable=False)
    version = models.CharField(max_length=32)
    state = models.CharField(max_length=16, choices=ReleaseState.choices, default=ReleaseState.DRAFT)
    change = models.CharField(max_length=16, choices=ReleaseChange.choices, default=ReleaseChange.FIRST)
    changes = models.JSONField(default=list)  # against ``previous``, as CHANGES.md lists them
    previous = models.ForeignKey("self", on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    manifest = models.JSONField()
    data_sha256 = models.CharField(max_length=64)  # of SHA256SUMS' lines for data/: equal for equal data
    created_by = models.ForeignKey(User, on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    created_at = models.DateTimeField(auto_now_add=True)
    withdrawn_at = models.DateTimeField(null=True, blank=True)
    withdrawn_because = models.TextField(blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["study", "version"], name="release_version_once"),
            models.CheckConstraint(condition=Q(state__in=ReleaseState.values), name="release_state_known"),
            models.CheckConstraint(condition=Q(change__in=ReleaseChange.values), name="release_change_known"),
            models.CheckConstraint(
                condition=Q(state=ReleaseState.WITHDRAWN, withdrawn_at__isnull=False)
                | (~Q(state=ReleaseState.WITHDRAWN) & Q(withdrawn_at__isnull=True)),
                name="release_withdrawn_has_time",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.study} {self.version}"


class ReleaseJob(models.Model):
    """A release asked for in the browser: a worker writes it, says how far it is, and looks whether to stop."""

    study = models.ForeignKey(Study, on_delete=models.PROTECT, related_name="release_jobs")
    state = models.CharField(max_length=16, choices=JobState.choices, default=JobState.ASKED)
    final = models.BooleanField(default=False)
    version = models.CharField(max_length=32, blank=True)  # "" = as follows from what changed
    demographics = models.JSONField(null=True, blank=True)  # the fields that it holds, in order; null = all
    draft = models.ForeignKey(
        Release, on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )  # whose very data become final; null = the study as it stands
    asked_by = models.ForeignKey(User, on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    asked_at = models.DateTimeField()
    attempts = models.PositiveSmallIntegerField(default=0)  # workers that took it; the last one's number is its claim
    beaten_at = models.DateTimeField(null=True, blank=True)  # last sign of life of the worker
    table = models.CharField(max_length=64, blank=True)  # being written
    n_rows = models.PositiveBigIntegerField(default=0)  # written so far, of all tables
    n_expected = models.PositiveBigIntegerField(default=0)
    release = models.ForeignKey(Release, on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    problem = models.TextField(blank=True)
    ended_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["study"], condition=Q(state__in=JobState.open()), name="one_open_release_job"
            ),
            models.CheckConstraint(condition=Q(state__in=JobState.values), name="release_job_state_known"),
        ]

    def __str__(self) -> str:
        return f"release of {self.study}: {self.state}"


class Report(models.Model):
    """The report of a release, drawn by a worker; its files lie under REPORTS_DIR/(the release's public id)."""

    release = models.OneToOneField(Release, on_delete=models.PROTECT, related_name="report")
    state = models.CharField(max_length=16, choices=JobState.choices, default=JobState.ASKED)
    asked_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True, blank=True)
    problem = models.TextField(blank=True)

    class Meta:
        constraints = [models.CheckConstraint(condition=Q(state__in=JobState.values), name="report_state_known")]

    def __str__(self) -> str:
        return f"report of {self.release}: {self.state}"


class Rollup(models.Model):
    """A campaign's counted answers rolled up: how many units have which counts of values. Agreement follows from it.

    ``patterns``: [[[count of each value of schema.VALUES, in that order], units], ...]; preference by the score towards
    the personalized response. Made anew by the worker when the campaign has changed; never by a submit.
    """

    campaign = models.OneToOneField(Campaign, on_delete=models.PROTECT, related_name="rollup")
    patterns = models.JSONField(default=list)
    n_units = models.PositiveIntegerField(default=0)
    n_judgments = models.PositiveIntegerField(default=0)
    made_at = models.DateTimeField()

    def __str__(self) -> str:
        return f"{self.campaign}: {self.n_judgments} judgments rolled up"


class Demographic(models.Model):
    """What a participant said of themselves, or their recruiter did. Released only in cells of enough raters.

    ``value`` is null where a release that was imported had suppressed it.
    """

    participant = models.ForeignKey(Participant, on_delete=models.PROTECT, related_name="demographics")
    field = models.CharField(max_length=64)
    value = models.CharField(max_length=200, null=True, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["participant", "field"], name="demographic_once"),
            models.CheckConstraint(condition=~Q(field="") & ~Q(value=""), name="demographic_says_something"),
        ]

    def __str__(self) -> str:
        return f"{self.participant}: {self.field}"
