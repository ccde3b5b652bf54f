"""Steering a run: pause, resume, cancel, budget, another try for what failed. For leads."""

from __future__ import annotations

from collections.abc import Callable

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.views.decorators.http import require_POST

from annotation.permissions import run_for
from annotation.views.access import logged_in
from annotation.views.run_form import BudgetForm
from annotation.views.run_wording import units_in_words
from annotation.views.runs import run_page, run_part
from pipeline.domain.errors import RunError
from pipeline.domain.failures import retry_failures
from pipeline.domain.steering import order_cancel, order_pause, order_resume, set_budget
from pipeline.enums import RunState
from pipeline.models import Run
from pipeline.tasks import enqueue_run
from studies.http import SeeOther, next_url
from studies.permissions import LEADS


@logged_in
@require_POST
def resume(request: HttpRequest, study: str, run: str) -> HttpResponse:
    return _take(request, study, run, order_resume, "The run goes on.")


@logged_in
@require_POST
def pause(request: HttpRequest, study: str, run: str) -> HttpResponse:
    said = "The run is paused. Answers to calls that are under way are kept."
    return _take(request, study, run, order_pause, said)


@logged_in
@require_POST
def cancel(request: HttpRequest, study: str, run: str) -> HttpResponse:
    return _take(request, study, run, order_cancel, "The run is cancelled. What it recorded stays.")


@logged_in
@require_POST
def budget(request: HttpRequest, study: str, run: str) -> HttpResponse:
    found = run_for(request.user, study, run, *LEADS)
    assert request.user.is_authenticated
    form = BudgetForm(request.POST)
    form.name_currency(found)
    if form.is_valid():
        try:
            set_budget(run=found, actor=request.user, **form.cleaned_data)
        except RunError as error:
            form.add_error(None, error.message)
    if form.errors:
        return run_page(request, found, budget_form=form, status=400)
    messages.success(request, "The budget holds from the next call on.")
    return _back(request, found)


@logged_in
@require_POST
def retry(request: HttpRequest, study: str, run: str) -> HttpResponse:
    """Another try for the failed units of one kind, or of all where none is named."""
    found = run_for(request.user, study, run, *LEADS)
    assert request.user.is_authenticated
    try:
        count = retry_failures(run=found, kind=request.POST.get("kind") or None, actor=request.user)
    except RunError as error:
        messages.error(request, error.message)
        return _back(request, found)
    _hand_over(found)
    if not count:
        messages.success(request, "Nothing of that kind has failed.")
    elif found.state == RunState.PAUSED:
        messages.success(request, f"{units_in_words(count)} will be tried again once the run is resumed.")
    else:
        messages.success(request, f"{units_in_words(count)} {'is' if count == 1 else 'are'} tried again.")
    return _back(request, found)


def _take(request: HttpRequest, study: str, public_id: str, step: Callable[..., Run], said: str) -> HttpResponse:
    found = run_for(request.user, study, public_id, *LEADS)
    try:
        step(run=found, actor=request.user)
        messages.success(request, said)
    except RunError as error:
        messages.error(request, error.message)
    found.refresh_from_db()
    _hand_over(found)
    return _back(request, found)


def _hand_over(run: Run) -> None:
    """A message to the workers where there is something for them; one too many does no harm."""
    if run.state == RunState.RUNNING:
        enqueue_run(run)


def _back(request: HttpRequest, run: Run) -> HttpResponse:
    if request.htmx:  # type: ignore[attr-defined]  # set by django-htmx
        return run_part(request, run)
    return SeeOther(next_url(request, reverse("annotation:run", args=[run.study.slug, run.public_id])))
