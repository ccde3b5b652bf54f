"""The study's releases: the list, one being made, and taking files home."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import FileResponse, Http404, HttpRequest, HttpResponse, JsonResponse, StreamingHttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils.http import content_disposition_header
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from annotation.domain.describing import blanks_of, described_of
from annotation.domain.errors import AnnotationError
from annotation.domain.releasing import open_job, stop_release
from annotation.enums import ReleaseState
from annotation.models import Release
from annotation.releases.download import exported_zip, file_of, files_of, withdrawn_in_words, zipped
from annotation.releases.exports import EXPORTS
from annotation.releases.versions import free_version
from annotation.reports.comparing import releases_to_compare
from annotation.tasks import ask_for_release
from annotation.views.access import logged_in
from annotation.views.errors import error_page
from annotation.views.release_choice import choice_of, chosen_in
from annotation.views.release_page import ReleaseRow, job_view
from studies.http import SeeOther, actor_of
from studies.models import Study
from studies.permissions import LEADS, LOOKS, may, study_for


class Gone(AnnotationError):
    """The release was withdrawn: its files are not given out, whether they are still on disk or not."""

    status = 410


@logged_in
@require_http_methods(["GET", "HEAD", "POST"])
def releases(request: HttpRequest, study: str) -> HttpResponse:
    if request.method == "POST":
        found = study_for(request.user, study, *LEADS)
        if "look" not in request.POST:
            return _ask(request, found)
        return render(request, "annotation/releases.html", _context(request, found))
    found = study_for(request.user, study, *LOOKS)
    htmx = request.htmx  # type: ignore[attr-defined]  # set by django-htmx
    if htmx and htmx.target == "cells":
        context = {"choice": choice_of(study_for(request.user, study, *LEADS), request.GET)}
        return render(request, "annotation/releases.html#cells", context)
    part = "#releases" if htmx else ""
    return render(request, f"annotation/releases.html{part}", _context(request, found))


def _context(request: HttpRequest, study: Study) -> dict[str, Any]:
    rows = study.releases.select_related("created_by", "previous", "study", "report").order_by("-pk")
    job, may_lead = job_view(study), may(request.user, study, *LEADS)
    asks = may_lead and not (job and job.polls)
    return {
        "study": study,
        "rows": [ReleaseRow.of(release) for release in rows],
        "job": job,
        "blanks": len(blanks_of(described_of(study))),
        "may_lead": may_lead,
        "choice": choice_of(study, request.POST or request.GET) if asks else None,
        "comparable": len(releases_to_compare(study)) > 1,
    }


def _ask(request: HttpRequest, study: Study) -> HttpResponse:
    if request.POST.get("final") == "1":
        return ask_final(request, study)
    try:
        ask_for_release(study=study, actor=actor_of(request), demographics=chosen_in(study, request.POST))
    except AnnotationError as error:
        messages.error(request, error.message)
    return SeeOther(reverse("annotation:releases", args=[study.slug]))


def ask_final(request: HttpRequest, study: Study, draft: Release | None = None) -> HttpResponse:
    """Of the study as it stands, or of a draft's data. What is missing is said at once, where it is filled in."""
    blanks = blanks_of(described_of(study))
    if blanks:
        messages.error(request, f"A final release needs a description without blanks; {len(blanks)} are left.")
        return SeeOther(reverse("annotation:dataset", args=[study.slug]))
    version = request.POST.get("version", "").strip()
    try:
        free_version(study, version)
        fields = chosen_in(study, request.POST) if draft is None else None
        ask_for_release(
            study=study, actor=actor_of(request), final=True, version=version, draft=draft, demographics=fields
        )
    except AnnotationError as error:
        messages.error(request, error.message)
    return SeeOther(reverse("annotation:releases", args=[study.slug]))


@logged_in
@require_POST
def stop(request: HttpRequest, study: str) -> HttpResponse:
    found = study_for(request.user, study, *LEADS)
    job = open_job(found)
    try:
        if job is not None:
            stop_release(job=job, actor=actor_of(request))
        messages.success(request, "Nothing of the release that was being written is kept.")
    except AnnotationError as error:
        messages.error(request, error.message)
    return SeeOther(reverse("annotation:releases", args=[found.slug]))


@logged_in
@require_safe
def release_zip(request: HttpRequest, study: str, release: str) -> HttpResponseBase:
    found = release_for(request, study, release)
    if found.state == ReleaseState.WITHDRAWN:
        return error_page(request, Gone(withdrawn_in_words(found)))
    if not files_of(found):
        raise Http404("The release's files are not on this machine.")
    return _zip_of(zipped(found), f"{found.study.slug}-{found.version}.zip")


@logged_in
@require_safe
def release_file(request: HttpRequest, study: str, release: str, name: str) -> HttpResponseBase:
    found = release_for(request, study, release)
    if found.state == ReleaseState.WITHDRAWN:
        if name == "manifest.json":
            return JsonResponse(found.manifest, json_dumps_params={"indent": 2})
        return error_page(request, Gone(withdrawn_in_words(found)))
    file = file_of(found, name)
    if file is None:
        raise Http404("The release has no such file.")
    filename = file.path.name
    return FileResponse(
        file.path.open("rb"), as_attachment=True, filename=filename, content_type="application/octet-stream"
    )


@logged_in
@require_safe
def release_export(request: HttpRequest, study: str, release: str, form: str) -> HttpResponseBase:
    found = release_for(request, study, release)
    if found.state == ReleaseState.WITHDRAWN:
        return error_page(request, Gone(withdrawn_in_words(found)))
    if form not in EXPORTS or not files_of(found):
        raise Http404("There is no such export.")
    return _zip_of(exported_zip(found, form), f"{found.study.slug}-{found.version}-{form}.zip")


def _zip_of(pieces: Any, name: str) -> StreamingHttpResponse:
    headers = {"Content-Disposition": str(content_disposition_header(as_attachment=True, filename=name))}
    return StreamingHttpResponse(pieces, content_type="application/zip", headers=headers)


def release_for(request: HttpRequest, study: str, public_id: str, *roles: Any) -> Release:
    found = study_for(request.user, study, *(roles or LOOKS))
    return get_object_or_404(found.releases.select_related("study", "created_by", "previous"), public_id=public_id)
