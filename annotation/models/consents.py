"""What people are told before they take part, and what they agreed to, when."""

from __future__ import annotations

from django.db import models
from django.db.models import Q

from studies.models import Study, User


class ConsentForm(models.Model):
    """Study information and consent of one wording; a new wording is a new version. Immutable."""

    study = models.ForeignKey(Study, on_delete=models.PROTECT, related_name="consent_forms")
    version = models.PositiveIntegerField()  # from 1
    minutes = models.PositiveIntegerField()  # how long taking part is expected to last
    pay = models.CharField(max_length=200)  # as said to raters: "£9.00 an hour"
    contact = models.CharField(max_length=200)
    warning = models.TextField(blank=True)  # of the content: chats can be crude
    information = models.TextField()  # Markdown
    statement = models.TextField()  # what is agreed to, Markdown
    sha256 = models.CharField(max_length=64)  # of all that is shown
    created_by = models.ForeignKey(User, on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["version"]
        constraints = [
            models.UniqueConstraint(fields=["study", "version"], name="consent_form_version_once"),
            models.UniqueConstraint(fields=["study", "sha256"], name="consent_form_wording_once"),
            models.CheckConstraint(condition=Q(version__gte=1), name="consent_form_version_from_1"),
        ]

    def __str__(self) -> str:
        return f"consent {self.version} of {self.study}"


class Consent(models.Model):
    """A rater's answer to one wording. Withdrawing dates the row; it is never deleted."""

    rater = models.ForeignKey("annotation.Rater", on_delete=models.PROTECT, related_name="consents")
    form = models.ForeignKey(ConsentForm, on_delete=models.PROTECT, related_name="consents")
    agreed = models.BooleanField()
    answered_at = models.DateTimeField()
    withdrawn_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["rater", "form"], name="consent_answered_once"),
            models.CheckConstraint(
                condition=Q(withdrawn_at__isnull=True) | Q(agreed=True), name="consent_withdrawn_was_given"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.rater}: {'agreed' if self.agreed else 'declined'}"
