"""Where a recruiter sends people: who comes is believed or not, and goes on under an address that names nobody."""

from __future__ import annotations

import logging
from dataclasses import dataclass

from django.contrib.auth import login
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_variables
from django.views.decorators.http import require_GET

from annotation.domain.recruiting import LaunchRefused, Why, believe_launch, launch_participant
from annotation.models import Rater, Recruitment
from annotation.recruiters.launch_tokens import PARAMETER, PID, SESSION
from studies.http import SeeOther
from studies.language import speak
from studies.models import User

log = logging.getLogger(__name__)
BACKEND = "django.contrib.auth.backends.ModelBackend"
NAMES = (PARAMETER, PID, SESSION)


@dataclass(frozen=True)
class Advice:
    """What a participant reads whose launch led nowhere."""

    heading: str | Promise
    text: str | Promise
    again: bool = True  # whether opening the study anew can help


OPEN_AGAIN = Advice(
    _("Please open the study again from Prolific"),
    _("This link cannot be used. Each time that you open the study on Prolific, you get a fresh one."),
)
ADVICE = {
    Why.UNSIGNED: Advice(
        _("Please open the study from Prolific"),
        _("This address works only for those whom Prolific sends here, through the study's own button."),
    ),
    Why.USED: Advice(
        _("Please open the study again from Prolific"),
        _("This link was used before, and each works once. What you have done so far is stored."),
    ),
    Why.NOT_ACTIVE: Advice(
        _("Your submission on Prolific is not active"),
        _("It was completed, returned, or its time is over. What you have done so far is stored."),
    ),
    Why.NOT_OPEN: Advice(
        _("This study is not open"),
        _("It has not begun, or it is over. Please return your submission on Prolific; nothing is held against you."),
        again=False,
    ),
    Why.NOT_INVITED: Advice(
        _("This part is for people who took part before"),
        _(
            "It goes on with those who did an earlier part. Please return your submission on Prolific; nothing is held"
            " against you."
        ),
        again=False,
    ),
    Why.ASK_LATER: Advice(
        _("Just now we cannot reach Prolific"),
        _("So we cannot see that it is you. Please wait a minute and load this page again; nothing is lost."),
        again=False,
    ),
}


@require_GET
@never_cache
@sensitive_variables()
def launch(request: HttpRequest, public_id: str) -> HttpResponse:
    """Logs the participant in and sends them on. Ids and token leave the address bar with the answer."""
    related = Recruitment.objects.select_related("campaign__study")
    recruitment = get_object_or_404(related, public_id=public_id)
    speak(recruitment.campaign.language)
    response = _launch(request, recruitment)
    response["Referrer-Policy"] = "no-referrer"
    return response


def _launch(request: HttpRequest, recruitment: Recruitment) -> HttpResponse:
    further = reverse("annotation:begin", args=[recruitment.campaign.public_id])
    visitor = request.user if request.user.is_authenticated else None
    if visitor and not any(name in request.GET for name in NAMES) and _takes_part(visitor, recruitment):
        return SeeOther(further)
    origin = f"{request.scheme}://{request.get_host()}"
    try:
        believed = believe_launch(recruitment=recruitment, query=request.GET.dict(), origin=origin)
        launched = launch_participant(recruitment=recruitment, believed=believed, visitor=visitor)
    except LaunchRefused as error:
        # Never what was sent: it may be somebody's id.
        log.info("Launch at %s refused: %s", recruitment.public_id, error.message)
        advice = ADVICE.get(error.why, OPEN_AGAIN)
        return render(request, "annotation/launch_refused.html", {"advice": advice}, status=error.status)
    if visitor is None or visitor.pk != launched.user.pk:
        login(request, launched.user, backend=BACKEND)
    return SeeOther(further)


def _takes_part(visitor: User, recruitment: Recruitment) -> bool:
    return Rater.objects.filter(campaign=recruitment.campaign_id, participant__user=visitor).exists()
