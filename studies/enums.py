from __future__ import annotations

from django.db import models


class Role(models.TextChoices):
    LEAD = "lead", "Lead"
    RESEARCHER = "researcher", "Researcher"
    RATER = "rater", "Rater"
