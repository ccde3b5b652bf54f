"""What was seen of a campaign's raters, kept where it is dear to work out."""

from __future__ import annotations

from django.db import models

from annotation.models.campaigns import Campaign


class SignalRollup(models.Model):
    """The signals of a large campaign's raters as they stood at ``made_at`` (domain/signals/keeping.py). Made anew by
    the worker when the campaign has changed; never by a submit.
    """

    campaign = models.OneToOneField(Campaign, on_delete=models.PROTECT, related_name="signal_rollup")
    figures = models.JSONField(default=list)  # of each rater
    made_at = models.DateTimeField()

    def __str__(self) -> str:
        return f"{self.campaign}: signals of {len(self.figures)} raters"
