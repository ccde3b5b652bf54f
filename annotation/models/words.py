"""What raters write in their own words, and where it holds personal data."""

from __future__ import annotations

from django.db import models


class InOwnWords(models.Model):
    """A text of a rater's. ``masks``: where it holds personal data, each as start, end (code points) and kind, covered
    when it is shown. ``looked_with``: by which rules it was looked for, "" where nobody looked yet."""

    masks = models.JSONField(default=list, blank=True)
    looked_with = models.TextField(default="", blank=True)

    class Meta:
        abstract = True
