"""What the study's material is, and one conversation to read."""

from __future__ import annotations

from dataclasses import dataclass

from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.views.decorators.http import require_safe

from annotation.instruments.attribute_quality import SPEAKERS
from annotation.views.access import logged_in
from pipeline.domain.corpora import corpora_with_figures, neighbours_of
from pipeline.domain.masking import mask_summary, shown_turns
from pipeline.enums import MaskKind
from pipeline.models import Conversation
from studies.permissions import LOOKS, study_for


@dataclass(frozen=True)
class Turn:
    place: int  # from 0
    role: str
    speaker: str
    text: str


@logged_in
@require_safe
def corpora(request: HttpRequest, study: str) -> HttpResponse:
    found = study_for(request.user, study, *LOOKS)
    masks = mask_summary(found)
    context = {
        "study": found,
        "rows": corpora_with_figures(found),
        "masks": masks,
        "mask_kinds": [(MaskKind(kind).label, count) for kind, count in masks.kinds],
    }
    return render(request, "annotation/corpora.html", context)


@logged_in
@require_safe
def conversation(request: HttpRequest, study: str, conversation: str) -> HttpResponse:
    found = study_for(request.user, study, *LOOKS)
    rows = Conversation.objects.filter(person__corpus__study=found).select_related("person__corpus")
    row = get_object_or_404(rows, public_id=conversation)
    context = {"study": found, "conversation": row, "turns": _turns(row), "neighbours": neighbours_of(row)}
    return render(request, "annotation/conversation.html", context)


def _turns(conversation: Conversation) -> list[Turn]:
    """Personal data is covered here too: who leads a study need not read it either."""
    shown = shown_turns([conversation])[conversation.pk]
    return [
        Turn(place, turn["role"], SPEAKERS.get(turn["role"], turn["role"].capitalize()), text.text)
        for place, (turn, text) in enumerate(zip(conversation.turns, shown, strict=True))
    ]
