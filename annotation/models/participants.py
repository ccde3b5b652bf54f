"""A person who takes part in a study, over all its campaigns."""

from __future__ import annotations

from django.db import models
from django.db.models import Q

from annotation.enums import Origin
from pipeline.models import Person
from studies.models import Study, User


class Participant(models.Model):
    """Known by a login, by a recruiter's id (encrypted, found by keyed hash), or by an imported source id.

    ``person`` is set where the participant is the very Person whose attributes are judged.
    """

    study = models.ForeignKey(Study, on_delete=models.PROTECT, related_name="participants")
    kind = models.CharField(max_length=16, choices=Origin.choices)
    pseudonym = models.CharField(max_length=32)  # keyed per study; what releases show
    user = models.ForeignKey(User, on_delete=models.PROTECT, null=True, blank=True, related_name="participations")
    source_id = models.CharField(max_length=200, blank=True)
    recruiter = models.CharField(max_length=32, blank=True)
    recruiter_id_hash = models.CharField(max_length=64, blank=True)
    recruiter_id_encrypted = models.BinaryField(null=True, blank=True)
    person = models.ForeignKey(Person, on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["study", "pseudonym"], name="participant_pseudonym_once"),
            models.UniqueConstraint(
                fields=["study", "user"], condition=Q(user__isnull=False), name="participant_user_once"
            ),
            models.UniqueConstraint(
                fields=["study", "source_id"], condition=~Q(source_id=""), name="participant_source_id_once"
            ),
            models.UniqueConstraint(
                fields=["study", "recruiter", "recruiter_id_hash"],
                condition=~Q(recruiter_id_hash=""),
                name="participant_recruiter_id_once",
            ),
            models.CheckConstraint(
                condition=~Q(kind=Origin.IMPORTED) | Q(user__isnull=True), name="participant_imported_has_no_login"
            ),
            models.CheckConstraint(condition=Q(kind__in=Origin.values), name="participant_kind_known"),
        ]

    def __str__(self) -> str:
        return self.pseudonym
