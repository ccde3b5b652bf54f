"""The report of a release: asked for, waited for, read, and its tables taken home."""

from __future__ import annotations

from http import HTTPStatus

from csp.constants import HEADER
from django.contrib import messages
from django.http import FileResponse, Http404, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.views.decorators.http import require_POST, require_safe

from annotation.domain.errors import WrongState
from annotation.enums import JobState, ReleaseState
from annotation.models import Release, Report
from annotation.releases.download import has_files
from annotation.reports.comparing import before_in, releases_to_compare
from annotation.reports.drawing import is_late
from annotation.reports.files import COLUMNS, PAGE, file_of, files_of, policy_for
from annotation.tasks import ask_for_report
from annotation.views.access import logged_in
from studies.http import SeeOther
from studies.permissions import LOOKS, study_for

TABLES = "tables/"


@logged_in
@require_safe
def report(request: HttpRequest, study: str, release: str) -> HttpResponse:
    """How the report is; asked again by the page itself while it is being drawn."""
    found = _release_for(request, study, release)
    drawn = Report.objects.filter(release=found).first()
    late = drawn is not None and is_late(drawn)
    waits = drawn is not None and drawn.state in JobState.open() and not late
    files = files_of(found)
    there = PAGE in files
    context = {
        "study": found.study,
        "release": found,
        "report": drawn,
        "waits": waits,
        "late": late,
        "tables": sorted({name.removeprefix(TABLES).rpartition(".")[0] for name in files if name.startswith(TABLES)}),
        "columns": COLUMNS if COLUMNS in files else "",
        "there": there,
        "before": before_in(releases_to_compare(found.study), found) if there else None,
        "may_ask": has_files(found) and not waits and not there,
        "has_files": has_files(found),
    }
    template = "annotation/report.html#report" if request.htmx else "annotation/report.html"  # type: ignore[attr-defined]
    return render(request, template, context)


@logged_in
@require_POST
def draw(request: HttpRequest, study: str, release: str) -> HttpResponse:
    found = _release_for(request, study, release)
    try:
        ask_for_report(release=found)
    except WrongState as error:
        messages.error(request, error.message)
    return SeeOther(reverse("annotation:report", args=[found.study.slug, found.public_id]))


@logged_in
@require_safe
def report_file(request: HttpRequest, study: str, release: str, name: str) -> HttpResponseBase:
    """The page under a policy of its own, to be read; everything else to be kept."""
    path = file_of(_release_for(request, study, release), name)
    if path is None:
        raise Http404("The report has no such file.")
    if name != PAGE:
        return FileResponse(path.open("rb"), as_attachment=True, content_type="application/octet-stream")
    page = path.read_text(encoding="utf-8")
    headers = {HEADER: policy_for(page)}
    return HttpResponse(page, content_type="text/html; charset=utf-8", status=HTTPStatus.OK, headers=headers)


def _release_for(request: HttpRequest, study: str, public_id: str) -> Release:
    """The release, or 404: also for one that was withdrawn, whose numbers are to be read no more."""
    found = study_for(request.user, study, *LOOKS)
    releases = found.releases.select_related("study").exclude(state=ReleaseState.WITHDRAWN)
    return get_object_or_404(releases, public_id=public_id)
