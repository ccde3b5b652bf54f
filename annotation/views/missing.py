"""What a campaign still misses: for a lead who wants to close it, or wonders what it waits for."""

from __future__ import annotations

from dataclasses import dataclass

from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from annotation.domain.missing import MissingItem, described, missing_items
from annotation.domain.needs import available_raters
from annotation.permissions import campaign_for
from annotation.views.access import logged_in
from annotation.views.signal_words import skips_in_words
from annotation.views.wording import number_of
from studies.permissions import LOOKS

ITEMS_PER_PAGE = 50
SORTED_TO = 500  # items; with more missing, which of them are stuck first is no question yet


@dataclass(frozen=True)
class Row:
    missing: MissingItem
    waits_for: str
    skips: str


@logged_in
@require_safe
def missing(request: HttpRequest, study: str, campaign: str) -> HttpResponse:
    found = campaign_for(request.user, study, campaign, *LOOKS)
    items = missing_items(found)
    few = items.count() <= SORTED_TO
    everything = sorted(described(found, items), key=lambda item: not item.is_stuck) if few else items
    page = Paginator(everything, ITEMS_PER_PAGE).get_page(request.GET.get("page"))
    shown = list(page.object_list) if few else described(found, page.object_list)
    context = {
        "study": found.study,
        "campaign": found,
        "page": page,
        "rows": [Row(item, waits_for(item), skips_in_words(item.skips)) for item in shown],
        "n_stuck": sum(item.is_stuck for item in everything) if few else None,
        "available": available_raters(found).count(),
        "more": "",
    }
    return render(request, "annotation/missing.html", context)


def waits_for(item: MissingItem) -> str:
    if not item.open_seats:
        return "those who have it now"
    seats = number_of(item.open_seats, "answer")
    if not item.takers:
        return f"{seats}, and nobody here could give {'it' if item.open_seats == 1 else 'them'}"
    if item.is_stuck:
        return f"{seats}, and only {number_of(item.takers, 'rater')} here could give one"
    return f"{seats}; {number_of(item.takers, 'rater')} could give {'it' if item.open_seats == 1 else 'them'}"
