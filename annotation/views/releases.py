"""Making releases and taking their files home."""

from __future__ import annotations

from django.contrib import messages
from django.http import FileResponse, Http404, HttpRequest, HttpResponse, StreamingHttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils.http import content_disposition_header
from django.views.decorators.http import require_POST, require_safe

from annotation.models import Release
from annotation.releases.download import file_of, files_of, zipped
from annotation.tasks import ask_for_release
from annotation.views.access import logged_in
from studies.http import SeeOther
from studies.permissions import LEADS, LOOKS, study_for


@logged_in
@require_POST
def releases(request: HttpRequest, study: str) -> HttpResponse:
    found = study_for(request.user, study, *LEADS)
    assert request.user.is_authenticated
    ask_for_release(study=found, actor=request.user)
    messages.success(request, "A release is being written; it will stand in the list when it is whole and verified.")
    return SeeOther(reverse("annotation:study", args=[found.slug]) + "#releases")


@logged_in
@require_safe
def release_zip(request: HttpRequest, study: str, release: str) -> HttpResponseBase:
    found = _release_for(request, study, release)
    if not files_of(found):
        raise Http404("The release's files are not on this machine.")
    name = f"{found.study.slug}-{found.version}.zip"
    headers = {"Content-Disposition": str(content_disposition_header(as_attachment=True, filename=name))}
    return StreamingHttpResponse(zipped(found), content_type="application/zip", headers=headers)


@logged_in
@require_safe
def release_file(request: HttpRequest, study: str, release: str, name: str) -> HttpResponseBase:
    file = file_of(_release_for(request, study, release), name)
    if file is None:
        raise Http404("The release has no such file.")
    filename = file.path.name
    return FileResponse(
        file.path.open("rb"), as_attachment=True, filename=filename, content_type="application/octet-stream"
    )


def _release_for(request: HttpRequest, study: str, public_id: str) -> Release:
    found = study_for(request.user, study, *LOOKS)
    return get_object_or_404(found.releases.select_related("study"), public_id=public_id)
