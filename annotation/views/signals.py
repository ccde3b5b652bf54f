"""The signals of a campaign's raters: one row a rater, what stands out first. It only shows."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple

from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from annotation.domain.signals import RaterSignals, compare, seen_of, signals_for
from annotation.domain.signals.haste import is_hasty
from annotation.domain.signals.standing import COMPARED_FROM, DRAWN_FROM
from annotation.enums import RaterState
from annotation.models import Campaign, Rater
from annotation.permissions import campaign_for
from annotation.views.access import logged_in
from annotation.views.signal_words import facts_of
from annotation.views.strips import LARGE, SMALL, Cell, Strip
from studies.permissions import LOOKS

RATERS_PER_PAGE = 60


@dataclass(frozen=True)
class RaterRow:
    signals: RaterSignals
    cells: Sequence[Cell]

    @property
    def far(self) -> list[Cell]:
        return [cell for cell in self.cells if cell.standing.far]

    @property
    def facts(self) -> list[str]:
        return facts_of(self.signals)

    @property
    def answered(self) -> bool:
        return self.signals.sameness.n > 0

    @property
    def place(self) -> tuple[bool, bool, bool, int, int, float]:
        """Who clicks through first, then what stands out; then who failed attention items, then by the farthest figure.
        The others after."""
        distances = [abs(cell.standing.distance) for cell in self.cells if cell.standing.compared]
        farthest = max((distance for distance in distances if not math.isnan(distance)), default=0.0)
        gone = self.signals.rater.state != RaterState.ACTIVE
        hasty = is_hasty(self.signals.hasty.hits, self.signals.hasty.n)
        return gone, not self.answered, not hasty, -len(self.far), -self.signals.attention.hits, -farthest


@logged_in
@require_safe
def signals(request: HttpRequest, study: str, campaign: str) -> HttpResponse:
    found = campaign_for(request.user, study, campaign, *LOOKS)
    rows, strips, made_at = rows_of(found, SMALL)
    rows.sort(key=lambda row: row.place)
    compared = max((len(strip.comparison.values) for strip in strips), default=0)
    context = {
        "study": found.study,
        "campaign": found,
        "page": Paginator(rows, RATERS_PER_PAGE).get_page(request.GET.get("page")),
        "strips": strips,
        "width": SMALL,
        "as_table": request.GET.get("as") == "table",
        "more": "as=table&" if request.GET.get("as") == "table" else "",
        "n_far": sum(bool(row.far) for row in rows),
        "n_answered": sum(row.answered for row in rows),
        "compared": compared,
        "too_few_to_draw": compared < DRAWN_FROM,
        "too_few_to_compare": compared < COMPARED_FROM,
        "compared_from": COMPARED_FROM,
        "made_at": made_at,
    }
    return render(request, "annotation/signals.html", context)


class Rows(NamedTuple):
    """``made_at``: when the figures were kept; None where they are of this moment."""

    rows: list[RaterRow]
    strips: list[Strip]
    made_at: datetime | None


def rows_of(campaign: Campaign, width: int = LARGE, of: Rater | None = None) -> Rows:
    """Every rater, or ``of`` alone, with a cell for each signal that anybody has a figure of."""
    found, made_at = seen_of(campaign, of)
    comparisons = [compare(signal, found) for signal in signals_for(campaign.instrument)]
    strips = [
        Strip(comparison, width)
        for comparison in comparisons
        if any(not math.isnan(one.value) for one in comparison.standings.values())
    ]
    rows = [
        RaterRow(one, [Cell(strip, strip.comparison.standings[one.rater.pk], one) for strip in strips])
        for one in found
        if of in (None, one.rater)
    ]
    return Rows(rows, strips, made_at)
