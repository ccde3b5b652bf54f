"""Words that the rating tests share; their cast stands in conftest.py."""

from __future__ import annotations

import re

from django.urls import reverse

from annotation.models import Assignment, Campaign
from pipeline.enums import InstrumentName

HTMX = {"HX-Request": "true"}
INSTRUMENTS = list(InstrumentName)


def url(name: str, assignment: Assignment) -> str:
    return reverse(f"annotation:{name}", args=[assignment.token])


def rate_url(campaign: Campaign) -> str:
    return reverse("annotation:rate", args=[campaign.public_id])


def key_on(html: str) -> str:
    found = re.search(r'name="key" value="([a-z2-9]+)"', html)
    assert found, "the page has no submission key"
    return found[1]


def answers(value: str = "yes", n: int = 2, **more: str) -> dict[str, str]:
    return {"key": "key-1"} | {f"answer-{place}": value for place in range(n)} | more
