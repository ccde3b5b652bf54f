"""What a study is to run from end to end: the researcher's own file, kept with the study it describes."""

from __future__ import annotations

from django.db import models

from studies.models import Study


class StudyPlan(models.Model):
    study = models.OneToOneField(Study, on_delete=models.PROTECT, related_name="plan")
    text = models.TextField()  # TOML, see docs/running-a-study.md
    sha256 = models.CharField(max_length=64)
    updated_at = models.DateTimeField(auto_now=True)

    def __str__(self) -> str:
        return f"plan of {self.study}"
