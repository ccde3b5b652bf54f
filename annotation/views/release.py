"""One release: its papers and changes, finishing a draft, taking it back."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_POST, require_safe

from annotation.domain.describing import blanks_of, described_of
from annotation.domain.errors import AnnotationError
from annotation.domain.releasing import withdraw_release
from annotation.views.access import logged_in
from annotation.views.release_page import release_context
from annotation.views.releases import ask_final, release_for
from studies.http import SeeOther, actor_of
from studies.permissions import LEADS, may


@logged_in
@require_safe
def release(request: HttpRequest, study: str, release: str) -> HttpResponse:
    found = release_for(request, study, release)
    context = release_context(found) | {
        "may_lead": may(request.user, found.study, *LEADS),
        "blanks": len(blanks_of(described_of(found.study))),
    }
    return render(request, "annotation/release.html", context)


@logged_in
@require_POST
def finish(request: HttpRequest, study: str, release: str) -> HttpResponse:
    """Asks for a final release of this draft's data."""
    found = release_for(request, study, release, *LEADS)
    return ask_final(request, found.study, draft=found)


@logged_in
@require_POST
def withdraw(request: HttpRequest, study: str, release: str) -> HttpResponse:
    found = release_for(request, study, release, *LEADS)
    try:
        withdraw_release(release=found, because=request.POST.get("because", ""), actor=actor_of(request))
        messages.success(request, f"Release {found.version} is withdrawn. Its files are gone, its manifest stays.")
    except AnnotationError as error:
        messages.error(request, error.message)
    return SeeOther(reverse("annotation:release", args=[found.study.slug, found.public_id]))
