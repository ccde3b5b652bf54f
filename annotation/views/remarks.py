"""What raters said beside their answers: flags, notes, missing attributes, the newest first."""

from __future__ import annotations

from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.views.decorators.http import require_POST, require_safe

from annotation.domain.remark_masks import shown_remarks
from annotation.domain.remarks import mark_remarks_read, read_up_to, remarks_by_kind, remarks_of
from annotation.enums import RemarkKind
from annotation.permissions import campaign_for
from annotation.views.access import logged_in
from studies.http import SeeOther, actor_of
from studies.permissions import LOOKS

REMARKS_PER_PAGE = 50


@logged_in
@require_safe
def remarks(request: HttpRequest, study: str, campaign: str) -> HttpResponse:
    found = campaign_for(request.user, study, campaign, *LOOKS)
    everything, kind = remarks_of(found), request.GET.get("kind", "")
    chosen = everything.filter(kind=kind) if kind in RemarkKind.values else everything
    counts, newest = remarks_by_kind(everything), everything.exclude(looked_with="").first()
    read = read_up_to(found, actor_of(request))
    page = Paginator(chosen, REMARKS_PER_PAGE).get_page(request.GET.get("page"))
    context = {
        "study": found.study,
        "campaign": found,
        "page": page,
        "rows": shown_remarks(page),
        "kinds": [(one, one.label, n) for one, n in counts.items()],
        "kind": kind if kind in RemarkKind.values else "",
        "total": sum(counts.values()),
        "more": f"kind={kind}&" if kind in RemarkKind.values else "",
        "read": read,
        "n_new": everything.filter(pk__gt=read).count(),
        "newest": newest,
    }
    return render(request, "annotation/remarks.html", context)


@logged_in
@require_POST
def mark_read(request: HttpRequest, study: str, campaign: str) -> HttpResponse:
    found = campaign_for(request.user, study, campaign, *LOOKS)
    last = request.POST.get("last", "")
    key = int(last) if last.isdecimal() and len(last) < 19 else 0
    mark_remarks_read(campaign=found, user=actor_of(request), last=get_object_or_404(remarks_of(found), pk=key))
    return SeeOther(reverse("annotation:remarks", args=[found.study.slug, found.slug]))
