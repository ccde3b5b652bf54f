"""Two reports of a study side by side, as `python -m analysis compare` has them."""

from __future__ import annotations

from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.http import content_disposition_header
from django.utils.safestring import mark_safe
from django.views.decorators.http import require_safe

from analysis.release import ReleaseError
from annotation.models import Release
from annotation.reports.comparing import FILES, comparison_file_of, comparison_of, releases_to_compare
from annotation.views.access import logged_in
from studies.permissions import LOOKS, study_for


@logged_in
@require_safe
def comparison(request: HttpRequest, study: str) -> HttpResponse:
    """Of the two that were chosen; without a choice of the last report and the one before it."""
    found = study_for(request.user, study, *LOOKS)
    releases = releases_to_compare(found)
    context: dict[str, Any] = {"study": found, "releases": releases}
    if len(releases) > 1:
        first = _chosen(request.GET.get("a") or releases[1].public_id, releases)
        second = _chosen(request.GET.get("b") or releases[0].public_id, releases)
        context |= {"first": first, "second": second, "files": FILES} | _compared(first, second)
    return render(request, "annotation/comparison.html", context)


@logged_in
@require_safe
def comparison_file(request: HttpRequest, study: str, first: str, second: str, name: str) -> HttpResponse:
    found = study_for(request.user, study, *LOOKS)
    releases = releases_to_compare(found)
    a, b = _chosen(first, releases), _chosen(second, releases)
    if name not in FILES:
        raise Http404("A comparison has no such file.")
    try:
        text = comparison_file_of(a, b, name)
    except ReleaseError as error:
        raise Http404("A report cannot be read.") from error
    filename = f"{found.slug}-{a.version}-{b.version}-{name}"
    headers = {"Content-Disposition": str(content_disposition_header(as_attachment=True, filename=filename))}
    return HttpResponse(text, content_type="application/octet-stream", headers=headers)


def _chosen(public_id: str, releases: list[Release]) -> Release:
    for release in releases:
        if release.public_id == public_id:
            return release
    raise Http404("This study has no such report.")


def _compared(first: Release, second: Release) -> dict[str, Any]:
    if first == second:
        return {"problem": "Both are the same report: choose two."}
    try:
        found = comparison_of(first, second)
    except ReleaseError as error:
        return {"problem": error.problems[0]}
    return {"sides": found.sides, "body": mark_safe(found.body)}  # noqa: S308 - every text in it is escaped
