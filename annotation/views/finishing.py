"""The end of a rater's part, and why there is nothing for them now. What is said stands in endings.py."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from django.db.models import Sum
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext
from django.views.decorators.http import require_POST
from django_htmx.http import HttpResponseClientRedirect

from annotation.domain import recruiting
from annotation.domain.closing import LONGEST_HOW, answer_closing, asks_closing
from annotation.domain.errors import AnnotationError
from annotation.domain.finishing import (
    is_recruited,
    may_begin_after_all,
    may_stop_waiting,
    n_answered,
    settle_rater,
    stop_waiting,
)
from annotation.domain.gates import open_gates
from annotation.domain.places import GONE, status_of_place
from annotation.domain.waiting import why_nothing
from annotation.enums import (
    CampaignState,
    CouldTell,
    NothingBecause,
    RaterGate,
    RaterOutcome,
    RaterState,
    RecruiterName,
)
from annotation.models import Assignment, Campaign, Closing, CompletionCode, Rater
from annotation.recruiters.prolific import TIMED_OUT
from annotation.views.access import logged_in
from annotation.views.endings import NOTHING, OUTCOMES, Ending
from annotation.views.errors import errors_as_pages
from annotation.views.rating_page import mark_of
from annotation.views.wording import moment_in
from studies.http import SeeOther, actor_of
from studies.language import speak

BEFORE_ITEMS = (RaterGate.CONSENT, RaterGate.QUIZ)


@dataclass(frozen=True)
class TimeTaken:
    """In whole minutes; ``estimated`` is None where the campaign tells its raters none."""

    taken: int
    estimated: int | None


@dataclass(frozen=True)
class EndPage:
    """All that the page knows. Nothing on it tells one response from the other before the part is complete."""

    title: str
    mark: str
    ending: Ending
    saved: int
    recruiter: str = ""  # its name, for who came by one
    code: CompletionCode | None = None
    code_url: str = ""
    must_return: bool = False  # left before the end: there is no code, the place is handed back at the recruiter
    must_write: bool = False  # the lead has given no code for this end
    contact: str = ""
    time: TimeTaken | None = None
    asks_closing: bool = False
    closing: Closing | None = None
    may_begin: bool = False
    may_stop: bool = False
    public_id: str = ""  # of the campaign, for a rater who is in it
    left: bool = False

    @property
    def closing_label(self) -> str:
        told = self.closing.could_tell if self.closing else None
        return str(CouldTell(told).label) if told else ""


def own_rater(request: HttpRequest, public_id: str) -> Rater:
    """The user's own rater in the campaign, whatever the campaign's state, and even where they are no member of the
    study any more; Http404 for everybody else."""
    own = Rater.objects.filter(participant__user=actor_of(request).pk or 0, campaign__public_id=public_id)
    rater = get_object_or_404(own.select_related("campaign__study", "campaign__consent_form", "participant"))
    speak(rater.campaign.language)
    return rater


def no_work(request: HttpRequest, rater: Rater) -> HttpResponse:
    """The reply where a claim found nothing: on to the gate that the rater stands at, else the end or the reason.

    To be called outside a transaction: what has ended is committed before its code is shown.
    """
    was_over = rater.gate == RaterGate.ENDED
    rater = settle_rater(rater=rater)
    if rater.gate == RaterGate.ENDED and was_over:
        rater = open_gates(rater=rater)
    if rater.state == RaterState.ACTIVE and rater.gate in BEFORE_ITEMS:
        return _elsewhere(request, "begin", rater)
    if was_over and rater.gate != RaterGate.ENDED:
        return _elsewhere(request, "rate", rater)
    return end_page(request, rater)


def _elsewhere(request: HttpRequest, name: str, rater: Rater) -> HttpResponse:
    url = reverse(f"annotation:{name}", args=[rater.campaign.public_id])
    return HttpResponseClientRedirect(url) if request.htmx else redirect(url)  # type: ignore[attr-defined]


def not_open(request: HttpRequest, campaign: Campaign) -> HttpResponse:
    """The reply for a campaign that takes no raters: the end of their part for those who took part in it."""
    rater = Rater.objects.filter(campaign=campaign, participant__user=actor_of(request)).first()
    if rater is not None:
        return no_work(request, rater)
    page = EndPage(title=campaign.title, mark=mark_of(campaign), ending=NOTHING["closed"], saved=0)
    return _shown(request, page)


def end_page(request: HttpRequest, rater: Rater, status: int = 200, **more: Any) -> HttpResponse:
    return _shown(request, _page_of(rater), status, more)


def _shown(
    request: HttpRequest, page: EndPage, status: int = 200, more: Mapping[str, Any] | None = None
) -> HttpResponse:
    part = "#item" if request.htmx else ""  # type: ignore[attr-defined]
    context = {"page": page, "could_tell": CouldTell.choices, "longest_how": LONGEST_HOW, **(more or {})}
    return render(request, f"annotation/no_work.html{part}", context, status=status)


def _page_of(rater: Rater) -> EndPage:
    campaign, recruited = rater.campaign, is_recruited(rater)
    saved = n_answered(rater)
    code = _code_of(rater)
    form = campaign.consent_form
    return EndPage(
        title=campaign.title,
        mark=mark_of(campaign),
        ending=_ending_of(rater, saved),
        saved=saved,
        code=code,
        code_url=recruiting.completion_url(code) if code else "",
        recruiter=RecruiterName(rater.participant.recruiter).label if recruited else "",
        must_return=recruited and rater.state == RaterState.WITHDRAWN and not rater.outcome,
        must_write=recruited and code is None and (bool(rater.outcome) or rater.state == RaterState.EXCLUDED),
        contact=form.contact if form else "",
        time=_time_of(rater) if saved else None,
        asks_closing=asks_closing(rater),
        closing=Closing.objects.filter(rater=rater, erased_at__isnull=True).first(),
        may_begin=may_begin_after_all(rater) and campaign.state in (CampaignState.COLLECTING, CampaignState.PAUSED),
        may_stop=may_stop_waiting(rater),
        public_id=campaign.public_id,
        left=rater.state == RaterState.WITHDRAWN,
    )


def _code_of(rater: Rater) -> CompletionCode | None:
    """Also for who withdrew when their part was over: what was earned is not taken back. Never after an exclusion."""
    code = None if rater.state == RaterState.EXCLUDED else recruiting.code_for(rater)
    if code is not None:
        recruiting.note_code_shown(rater=rater)
    return code


def _ending_of(rater: Rater, saved: int) -> Ending:
    if rater.state != RaterState.ACTIVE:
        return NOTHING["left" if rater.state == RaterState.WITHDRAWN else "excluded"]
    place = status_of_place(rater)
    late = place == TIMED_OUT and rater.outcome == RaterOutcome.COMPLETED
    if late or (place in GONE and rater.gate == RaterGate.PLACE):
        return NOTHING[place]
    if rater.outcome:
        return OUTCOMES[RaterOutcome(rater.outcome)]
    if rater.campaign.state != CampaignState.COLLECTING:
        return NOTHING.get(rater.campaign.state, NOTHING["closed"])
    nothing = why_nothing(rater)
    if nothing.because == NothingBecause.DAY and nothing.until:
        return _until(NOTHING["today"], nothing.until, rater.campaign.time_zone)
    return NOTHING["done" if saved else "nothing"]


def _until(ending: Ending, reopens: datetime, time_zone: str) -> Ending:
    when = gettext("It goes on from %(when)s.") % {"when": moment_in(reopens, time_zone)}
    return replace(ending, sentences=(*ending.sentences, when))


def _time_of(rater: Rater) -> TimeTaken | None:
    """From the launch where a recruiter's clock runs, else the time on the pages themselves."""
    form = rater.campaign.consent_form
    visit = rater.visits.order_by("-launched_at", "-pk").first()
    if visit is not None and rater.outcome_at is not None:
        seconds: float | None = _between(visit.launched_at, rater.outcome_at)
    else:
        seconds = Assignment.objects.filter(rater=rater).aggregate(sum=Sum("seconds"))["sum"]
    return None if seconds is None else TimeTaken(max(1, round(seconds / 60)), form.minutes if form else None)


def _between(start: datetime, end: datetime) -> float:
    return max(0.0, (end - start).total_seconds())


@logged_in
@require_POST
@errors_as_pages
def closing(request: HttpRequest, public_id: str) -> HttpResponse:
    rater = own_rater(request, public_id)
    entered = {"told": request.POST.get("could_tell", ""), "how": request.POST.get("how", "")}
    try:
        answer_closing(rater=rater, could_tell=entered["told"], how=entered["how"])
    except AnnotationError as error:
        return end_page(request, rater, error.status, problem=error.message, **entered)
    return SeeOther(f"{reverse('annotation:rate', args=[public_id])}#closing")


@logged_in
@require_POST
@errors_as_pages
def finish(request: HttpRequest, public_id: str) -> HttpResponse:
    """Who came by a recruiter need not wait for a paused campaign."""
    stop_waiting(rater=own_rater(request, public_id))
    return SeeOther(reverse("annotation:rate", args=[public_id]))
