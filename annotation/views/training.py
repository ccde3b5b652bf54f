"""What stands between two training items: what was expected, and why."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_safe

from annotation.domain.screening.feedback import feedback_of
from annotation.enums import ItemRole, RaterGate
from annotation.instruments.texts import prompt_text
from annotation.models import Assignment
from annotation.views.errors import errors_as_pages
from annotation.views.rating import own_item_with
from annotation.views.rating_page import DONE, mark_of
from annotation.views.steps import Step, steps_of


@own_item_with("campaign__guideline", "item__prompt", "item__pair__prompt", "rater__campaign")
@require_safe
@errors_as_pages
def feedback(request: HttpRequest, assignment: Assignment) -> HttpResponse:
    """For a training item that was answered; every other one has no feedback, and leads on to its own page."""
    if assignment.item.role != ItemRole.TRAINING or assignment.state not in DONE:
        return redirect("annotation:item", assignment.token)
    campaign, item = assignment.campaign, assignment.item
    lines = feedback_of(assignment)
    context = {
        "campaign": campaign,
        "mark": mark_of(campaign),
        "steps": steps_of(campaign, Step.PRACTICE),
        "prompt": prompt_text(item) or "",
        "lines": lines,
        "all_right": all(line.right for line in lines if line.expected),
        "gate": assignment.rater.gate,
        "more": assignment.rater.gate == RaterGate.TRAINING,
        "again": reverse("annotation:edit-item", args=[assignment.token]),
        "further": reverse("annotation:rate", args=[campaign.public_id]),
    }
    return render(request, "annotation/feedback.html", context)
