"""Who owns what and who may: users, studies, memberships, invites, and the audit trail."""

from __future__ import annotations

from django.contrib.auth.models import AbstractUser
from django.contrib.sessions.base_session import AbstractBaseSession
from django.db import models
from django.db.models import F, Q

from studies.enums import Role
from studies.tokens import new_key, new_token


class User(AbstractUser):
    """Somebody who logs in. Never a Person: those are pseudonyms of whose conversations are studied."""


class Session(AbstractBaseSession):
    """A login's session that says whose it is, so that one look-up finds both (sessions.py)."""

    user = models.ForeignKey(User, on_delete=models.CASCADE, null=True, blank=True, related_name="+")


class Study(models.Model):
    """One research project, the owner of everything below it."""

    public_id = models.CharField(max_length=32, unique=True, default=new_token, editable=False)
    slug = models.SlugField(max_length=64, unique=True)
    title = models.CharField(max_length=200)
    description = models.TextField(blank=True)
    pseudonym_key = models.BinaryField(default=new_key, editable=False)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        verbose_name_plural = "studies"
        ordering = ["slug"]

    def __str__(self) -> str:
        return self.title


class Membership(models.Model):
    study = models.ForeignKey(Study, on_delete=models.CASCADE, related_name="memberships")
    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="memberships")
    role = models.CharField(max_length=16, choices=Role.choices)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["study", "user"], name="membership_once"),
            models.CheckConstraint(condition=Q(role__in=Role.values), name="membership_role_known"),
        ]

    def __str__(self) -> str:
        return f"{self.user} is {self.role} of {self.study}"


class Invite(models.Model):
    """A link that makes its holder a member. Only the hash of its secret is kept."""

    study = models.ForeignKey(Study, on_delete=models.CASCADE, related_name="invites")
    role = models.CharField(max_length=16, choices=Role.choices, default=Role.RATER)
    secret_sha256 = models.CharField(max_length=64, unique=True)
    quota = models.PositiveIntegerField(default=1)
    uses = models.PositiveIntegerField(default=0)
    expires_at = models.DateTimeField()
    revoked_at = models.DateTimeField(null=True, blank=True)
    created_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(uses__lte=F("quota")), name="invite_uses_within_quota"),
            models.CheckConstraint(condition=Q(role__in=Role.values), name="invite_role_known"),
        ]

    def __str__(self) -> str:
        return f"invite for {self.role} of {self.study}"


class AuditEvent(models.Model):
    """Who did what to what, append-only."""

    study = models.ForeignKey(Study, on_delete=models.PROTECT, related_name="audit_events")
    actor = models.ForeignKey(User, on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    verb = models.CharField(max_length=64)
    subject = models.CharField(max_length=128)
    detail = models.JSONField(default=dict, blank=True)
    made_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        indexes = [models.Index(fields=["study", "made_at"], name="audit_by_study_time")]

    def __str__(self) -> str:
        return f"{self.verb} {self.subject}"
