"""The rater's way through a campaign: one URL per verb, a partial for HTMX and a page or a 303 without it."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps

from django.contrib.auth.views import redirect_to_login
from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.utils.translation import gettext, gettext_noop
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe

from annotation.domain.assignment import claim_assignment, renew_lease, return_assignment
from annotation.domain.consents import has_declined
from annotation.domain.drafting import save_drafts
from annotation.domain.errors import AnnotationError, AssignmentOver, SubmissionConflict, SubmissionInvalid
from annotation.domain.joining import join_campaign
from annotation.domain.judging import revise_assignment, submit_assignment
from annotation.enums import AssignmentState, CampaignState, ItemRole, Origin, RaterGate
from annotation.models import Assignment
from annotation.permissions import campaign_by_id, campaigns_of
from annotation.views.errors import errors_as_pages
from annotation.views.finishing import no_work, not_open
from annotation.views.rating_form import (
    Entered,
    drafted,
    drafted_remarks,
    entered_in,
    fetched_ahead,
    return_reason,
    submission_of,
)
from annotation.views.rating_page import DONE, Notice, edit_page, over_page, work_page
from annotation.views.rating_reply import hand_in_plainly, onward, show, show_ahead
from studies.http import SeeOther
from studies.language import speak
from studies.permissions import RATES

ItemView = Callable[[HttpRequest, Assignment], HttpResponse]
LOGGED_OUT = gettext_noop(
    "You are logged out. Log in again in another tab, then reload this page: choices saved so far are kept."
)


def own_item_with(*related: str) -> Callable[[ItemView], Callable[[HttpRequest, str], HttpResponse]]:
    """Loads the assignment by its token for the rater whose it is. For everybody else it does not exist."""

    def decorated(view: ItemView) -> Callable[[HttpRequest, str], HttpResponse]:
        @wraps(view)
        def wrapped(request: HttpRequest, token: str) -> HttpResponse:
            if not request.user.is_authenticated:
                return _to_login(request, reverse("annotation:item", args=[token]))
            own = Assignment.objects.filter(
                rater__participant__user=request.user, campaign__in=campaigns_of(request.user, *RATES)
            )
            assignment = get_object_or_404(own.select_related(*related), token=token)
            speak(assignment.campaign.language)
            return view(request, assignment)

        return never_cache(wrapped)

    return decorated


on_own_item = own_item_with(
    "campaign__guideline",
    "item__prompt",
    "item__pair__prompt",
    "item__pair__generic",
    "item__pair__personalized",
    "rater__campaign",
)


def _to_login(request: HttpRequest, back: str) -> HttpResponse:
    if request.htmx or request.method != "GET":  # type: ignore[attr-defined]
        return HttpResponse(gettext(LOGGED_OUT), status=401, content_type="text/plain; charset=utf-8")
    return redirect_to_login(back)


@never_cache
@require_safe
@errors_as_pages
def rate(request: HttpRequest, public_id: str) -> HttpResponse:
    """On to the rater's work: the item held already, else a new one, else words on why there is none."""
    if not request.user.is_authenticated:
        return redirect_to_login(request.get_full_path())
    campaign = campaign_by_id(request.user, public_id, *RATES)
    speak(campaign.language)
    if campaign.state in (CampaignState.DRAFT, CampaignState.CLOSED) or campaign.origin == Origin.IMPORTED:
        return not_open(request, campaign)
    rater = join_campaign(user=request.user, campaign=campaign)
    assignment = claim_assignment(rater=rater)
    if assignment is None:
        return no_work(request, rater)
    return redirect("annotation:item", assignment.token)


@on_own_item
@require_safe
@errors_as_pages
def item(request: HttpRequest, assignment: Assignment) -> HttpResponse:
    if assignment.state in DONE:
        return redirect("annotation:edit-item", assignment.token)
    if assignment.state == AssignmentState.RETURNED:
        return _over(request, assignment, drafted(assignment), gettext("You handed this item back."))
    if assignment.state == AssignmentState.WITHDRAWN:
        raise AssignmentOver(gettext("You have left this campaign. Thank you for taking part."))
    rater = assignment.rater
    if assignment.state == AssignmentState.EXPIRED and (rater.gate == RaterGate.PLACE or has_declined(rater)):
        return redirect("annotation:rate", assignment.campaign.public_id)
    notice = None
    if assignment.state == AssignmentState.HELD:
        renew_lease(assignment=assignment)
    else:
        notice = Notice(
            gettext("You were away for a while."),
            (
                gettext(
                    "This item may have gone to somebody else meanwhile. "
                    "You can still submit it: your answers are kept."
                ),
            ),
        )
    return show(request, work_page(assignment, notice=notice))


def submit_item(request: HttpRequest, token: str) -> HttpResponse:
    """Almost every submit is plain; what is not, and whatever has to be said about it, goes the long way."""
    return hand_in_plainly(request, token) or _submit_in_full(request, token)


@on_own_item
@require_POST
@errors_as_pages
def _submit_in_full(request: HttpRequest, assignment: Assignment) -> HttpResponse:
    entered = entered_in(request.POST)
    try:
        submit_assignment(assignment=assignment, submission=submission_of(entered, request.POST))
    except SubmissionInvalid as error:
        return show(request, work_page(assignment, entered, _problems(error)), status=error.status)
    except SubmissionConflict as error:
        assignment.refresh_from_db(fields=["state", "submitted_at"])
        return show(request, edit_page(assignment, entered, _first_stands(assignment)), status=error.status)
    except AssignmentOver as error:
        return _over(request, assignment, entered, error.message)
    return _after_answers(request, assignment)


@on_own_item
@require_safe
@errors_as_pages
def edit_item(request: HttpRequest, assignment: Assignment) -> HttpResponse:
    if assignment.state not in DONE:
        return redirect("annotation:item", assignment.token)
    return show(request, edit_page(assignment))


@on_own_item
@require_POST
@errors_as_pages
def revise_item(request: HttpRequest, assignment: Assignment) -> HttpResponse:
    entered = entered_in(request.POST)
    try:
        revise_assignment(assignment=assignment, submission=submission_of(entered, request.POST))
    except SubmissionInvalid as error:
        return show(request, edit_page(assignment, entered, _problems(error)), status=error.status)
    except SubmissionConflict as error:
        notice = Notice(
            gettext("These answers were changed in another tab meanwhile."),
            (
                gettext(
                    "Nothing was changed now. Below is what you entered here; save it again if it is what you mean."
                ),
            ),
            gettext("Show the answers that stand"),
            reverse("annotation:edit-item", args=[assignment.token]),
        )
        return show(request, edit_page(assignment, entered, notice), status=error.status)
    except AssignmentOver as error:
        return _over(request, assignment, entered, error.message)
    return _after_answers(request, assignment)


@on_own_item
@require_POST
@errors_as_pages
def return_item(request: HttpRequest, assignment: Assignment) -> HttpResponse:
    return_assignment(assignment=assignment, reason=return_reason(request.POST))
    return onward(request, assignment.rater)


@on_own_item
@require_safe
@errors_as_pages
def ahead(request: HttpRequest, assignment: Assignment) -> HttpResponse:
    """The item after this one, before it is needed. 204 where there is none, or where its turn is not settled yet."""
    if assignment.state != AssignmentState.HELD or assignment.rater.gate != RaterGate.OPEN:
        return HttpResponse(status=204)
    return show_ahead(request, claim_assignment(rater=assignment.rater, besides=assignment.token), assignment.token)


@own_item_with("campaign", "item")
@require_POST
def draft_answer(request: HttpRequest, assignment: Assignment) -> HttpResponse:
    """Keeps what is not submitted yet; with nothing in it, the request says that the page is in use, which renews the
    leases of its item and of the one fetched ahead (header X-Ahead-Over: that one has gone).

    Said in plain words, for the script to show.
    """
    try:
        renewed = _keep(assignment, request.POST)
    except AnnotationError as error:
        return HttpResponse(error.message, status=error.status, content_type="text/plain; charset=utf-8")
    return HttpResponse(status=204, headers={} if renewed else {"X-Ahead-Over": "1"})


def _keep(assignment: Assignment, post: QueryDict) -> bool:
    """False where the item fetched ahead is no longer held."""
    entered = entered_in(post)
    remarks = drafted_remarks(entered, post)
    if entered.answers or remarks is not None:
        if not save_drafts(assignment=assignment, answers=entered.answers, remarks=remarks):
            raise SubmissionConflict(gettext("This item is submitted already; what you change here is not kept."))
        return True
    renew_lease(assignment=assignment)
    also = Assignment.objects.filter(rater=assignment.rater_id, token=fetched_ahead(post), state=AssignmentState.HELD)
    for other in also.select_related("campaign", "item"):
        renew_lease(assignment=other)
        return True
    return "ahead" not in post


def _after_answers(request: HttpRequest, assignment: Assignment) -> HttpResponse:
    """The next item; after a training item first what was expected of it."""
    if assignment.item.role == ItemRole.TRAINING:
        return SeeOther(reverse("annotation:feedback", args=[assignment.token]))
    return onward(request, assignment.rater)


def _over(request: HttpRequest, assignment: Assignment, entered: Entered, message: str) -> HttpResponse:
    notice = Notice(message, (gettext("What stands below is not stored."),) if entered.answers else ())
    return show(request, over_page(assignment, entered, notice), status=AssignmentOver.status)


def _problems(error: SubmissionInvalid) -> Notice:
    return Notice(gettext("Not saved yet: something is missing."), tuple(sentence for _, sentence in error.problems))


def _first_stands(assignment: Assignment) -> Notice:
    return Notice(
        gettext("You submitted this item already, with other answers. Those stand."),
        (
            gettext(
                "Nothing was changed now. Below is what you entered here; save it as a change if it is what you mean."
            ),
        ),
        gettext("Show the answers that stand"),
        reverse("annotation:edit-item", args=[assignment.token]),
    )
