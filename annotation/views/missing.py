"""What a campaign still misses: for a lead who wants to close it, or wonders what it waits for."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, NamedTuple

from django.core.paginator import Page, Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from annotation.domain.missing import MissingItem, described, missing_items
from annotation.domain.needs import available_raters
from annotation.models import Campaign
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


class Shown(NamedTuple):
    """``n_stuck`` of all that are missing; None where there are too many to look at each."""

    n_stuck: int | None
    page: Page[Any]
    items: list[MissingItem]


@logged_in
@require_safe
def missing(request: HttpRequest, study: str, campaign: str) -> HttpResponse:
    found = campaign_for(request.user, study, campaign, *LOOKS)
    items, number = missing_items(found), request.GET.get("page")
    n_stuck, page, shown = _sorted(found, number) if items.count() <= SORTED_TO else _in_order(found, number)
    context = {
        "study": found.study,
        "campaign": found,
        "page": page,
        "rows": [Row(item, waits_for(item), skips_in_words(item.skips)) for item in shown],
        "n_stuck": n_stuck,
        "available": available_raters(found).count(),
        "more": "",
    }
    return render(request, "annotation/missing.html", context)


def _sorted(campaign: Campaign, number: str | None) -> Shown:
    everything = sorted(described(campaign, missing_items(campaign)), key=lambda item: not item.is_stuck)
    page = Paginator(everything, ITEMS_PER_PAGE).get_page(number)
    return Shown(sum(item.is_stuck for item in everything), page, list(page))


def _in_order(campaign: Campaign, number: str | None) -> Shown:
    page = Paginator(missing_items(campaign), ITEMS_PER_PAGE).get_page(number)
    return Shown(None, page, described(campaign, list(page)))


def waits_for(item: MissingItem) -> str:
    if not item.open_seats:
        return "those who have it now"
    seats = number_of(item.open_seats, "answer")
    if not item.takers:
        return f"{seats}, and nobody here could give {'it' if item.open_seats == 1 else 'them'}"
    if item.is_stuck:
        return f"{seats}, and only {number_of(item.takers, 'rater')} here could give one"
    return f"{seats}; {number_of(item.takers, 'rater')} could give {'it' if item.open_seats == 1 else 'them'}"
