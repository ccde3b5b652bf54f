"""Immutable, checksummed datasets."""

from __future__ import annotations

from django.db import models

from studies.models import Study, User
from studies.tokens import new_token


class Release(models.Model):
    """A release that was written. ``manifest`` is the very manifest.json; the files lie under RELEASES_DIR/public_id
    unless the lead chose another folder.
    """

    study = models.ForeignKey(Study, on_delete=models.PROTECT, related_name="releases")
    public_id = models.CharField(max_length=32, unique=True, default=new_token, editable=False)
    version = models.CharField(max_length=32)
    manifest = models.JSONField()
    data_sha256 = models.CharField(max_length=64)  # of SHA256SUMS' lines for data/: equal for equal data
    created_by = models.ForeignKey(User, on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["study", "version"], name="release_version_once")]

    def __str__(self) -> str:
        return f"{self.study} {self.version}"
