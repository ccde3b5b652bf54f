"""Runs as leads and researchers see them: the list, one run, its failures."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from annotation.permissions import run_for
from annotation.views.access import logged_in
from annotation.views.run_form import BudgetForm
from annotation.views.run_page import Live, about_run, live_view, run_context
from annotation.views.run_wording import cost_in_words
from pipeline.domain.failures import (
    FailureGroup,
    describe_failures,
    describe_unread,
    failed_units,
    failures_by_kind,
)
from pipeline.domain.overview import Counts, costs_of, counts_of, runs_by_stage, runs_with_lineage
from pipeline.domain.progress import unread_outcomes
from pipeline.enums import Stage
from pipeline.models import Run
from studies.permissions import LEADS, LOOKS, may, study_for

RUNS_PER_PAGE = 50
FAILURES_PER_PAGE = 25
UNREAD = "unread"  # shown beside the kinds of failure, being none


@dataclass(frozen=True)
class RunRow:
    run: Run
    counts: Counts
    cost: str


@logged_in
@require_safe
def runs(request: HttpRequest, study: str) -> HttpResponse:
    found = study_for(request.user, study, *LOOKS)
    stages = runs_by_stage(found)
    wanted = request.GET.get("stage", "")
    stage = wanted if wanted in Stage.values else ""
    page = Paginator(runs_with_lineage(found, stage), RUNS_PER_PAGE).get_page(request.GET.get("page"))
    shown = list(page.object_list)
    counts, costs = counts_of(shown), costs_of(shown)
    context = {
        "study": found,
        "stages": stages,
        "total": sum(number for _, number in stages),
        "stage": stage,
        "stage_query": f"stage={stage}&" if stage else "",
        "page": page,
        "rows": [
            RunRow(run, counts[run.pk], cost_in_words(costs.get(run.pk), run.prices.get("currency", "")))
            for run in shown
        ],
    }
    return render(request, "annotation/runs.html", context)


@logged_in
@require_safe
def run(request: HttpRequest, study: str, run: str) -> HttpResponse:
    """The page; to its own polling, what changed: the figures, or everything below the title in a new state."""
    found = run_for(request.user, study, run, *LOOKS)
    htmx = request.htmx  # type: ignore[attr-defined]  # set by django-htmx
    if not htmx or htmx.history_restore_request:
        return run_page(request, found)
    live = live_view(found)
    if request.GET.get("state") == found.state:
        return render(request, "annotation/run.html#live", _seen_by(request, found) | {"live": live, "part": "live"})
    return run_part(request, found, live)


def run_page(request: HttpRequest, run: Run, **more: Any) -> HttpResponse:
    status = more.pop("status", 200)
    context = run_context(run, live_view(run)) | _seen_by(request, run)
    context |= {"about": about_run(run), "budget_form": BudgetForm.of(run)}
    return render(request, "annotation/run.html", context | more, status=status)


def run_part(request: HttpRequest, run: Run, live: Live | None = None) -> HttpResponse:
    """Everything that a new state changes, wherever the request said that the answer should go."""
    context = run_context(run, live or live_view(run)) | _seen_by(request, run)
    context |= {"budget_form": BudgetForm.of(run), "part": "run"}
    response = render(request, "annotation/run.html#run", context)
    response["HX-Retarget"], response["HX-Reswap"] = "#run", "outerHTML settle:0s"
    return response


@logged_in
@require_safe
def failures(request: HttpRequest, study: str, run: str) -> HttpResponse:
    """Failed units of one kind, or unread answers, a page at a time; the most frequent kind where none is named."""
    found = run_for(request.user, study, run, *LOOKS)
    groups, unread = failures_by_kind(found, examples=0), unread_outcomes(found).count()
    wanted = request.GET.get("kind", "")
    context = _seen_by(request, found) | {"groups": groups, "unread": unread}
    if unread and (wanted == UNREAD or not groups):
        context |= _unread_shown(request, found, unread)
    elif groups:
        group = next((group for group in groups if group.kind == wanted), groups[0])
        context |= _failures_shown(request, found, group)
    return render(request, "annotation/failures.html", context)


def _failures_shown(request: HttpRequest, run: Run, group: FailureGroup) -> dict[str, Any]:
    units = failed_units(run, group.kind).select_related("completion").defer("completion__request")
    page = Paginator(units, FAILURES_PER_PAGE).get_page(request.GET.get("page"))
    described = describe_failures(list(page.object_list))
    return {"group": group, "page": page, "units": list(described.values()), "more": f"kind={group.kind}&"}


def _unread_shown(request: HttpRequest, run: Run, count: int) -> dict[str, Any]:
    page = Paginator(range(count), FAILURES_PER_PAGE).get_page(request.GET.get("page"))
    units = describe_unread(run, page.start_index() - 1, page.end_index())
    return {"page": page, "units": units, "more": f"kind={UNREAD}&"}


def _seen_by(request: HttpRequest, run: Run) -> dict[str, Any]:
    return {"run": run, "study": run.study, "may_lead": may(request.user, run.study, *LEADS)}
