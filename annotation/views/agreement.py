"""How far a campaign's raters agree so far, for leads and researchers: read from what a worker counted."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from django.contrib import messages
from django.db.models import Q
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_POST, require_safe

from analysis.markup import MINUS
from annotation.domain.agreeing import Figure, Standing, standing_of
from annotation.enums import ItemRole, Origin
from annotation.models import Campaign, Question
from annotation.permissions import campaign_for
from annotation.tasks import ask_to_roll_up
from annotation.views.access import logged_in
from annotation.views.agreement_words import ABOUT, NAMES, figure_in_words, value_in_words
from studies.http import SeeOther
from studies.permissions import LOOKS

WIDTH, MARGIN = 220, 8  # of a picture of one figure, in pixels
FLOOR, LOWEST = -0.25, -1.0


@dataclass(frozen=True)
class Bar:
    """A row of a picture, its length and the ends of its interval in percent of the whole width."""

    label: str
    count: int
    percent: float
    low: float | None = None
    high: float | None = None

    @property
    def interval(self) -> str:
        return "" if self.low is None else f"{self.low:.1f} to {self.high:.1f} %"


@dataclass(frozen=True)
class Row:
    """A figure with its place between ``floor``, worse than chance, and 1, full agreement."""

    figure: Figure
    floor: float

    @property
    def name(self) -> str:
        return NAMES[self.figure.name]

    @property
    def about(self) -> str:
        return ABOUT[self.figure.name]

    @property
    def value(self) -> str:
        return figure_in_words(self.figure.name, self.figure.value)

    @property
    def interval(self) -> str:
        low, high = (figure_in_words(self.figure.name, end) for end in (self.figure.low, self.figure.high))
        return f"{low} to {high}" if self.figure.low == self.figure.low else ""

    @property
    def x(self) -> float:
        return place(self.figure.value, self.floor)

    @property
    def low_x(self) -> float:
        return place(self.figure.low, self.floor)

    @property
    def high_x(self) -> float:
        return place(self.figure.high, self.floor)


def floor_of(figures: Sequence[Figure]) -> float:
    """The left end of every picture: low enough for all that is drawn."""
    ends = [end for figure in figures for end in (figure.value, figure.low) if end == end]
    return FLOOR if min(ends, default=0.0) >= FLOOR else LOWEST


def place(value: float, floor: float) -> float:
    """Pixels from the left."""
    share = (min(max(value, floor), 1.0) - floor) / (1.0 - floor)
    return round(MARGIN + share * (WIDTH - 2 * MARGIN), 1)


@logged_in
@require_safe
def agreement(request: HttpRequest, study: str, campaign: str) -> HttpResponse:
    found = campaign_for(request.user, study, campaign, *LOOKS)
    standing = standing_of(found)
    known = [figure for figure in standing.figures if figure.known] if standing else []
    floor = floor_of(known)
    context = {
        "study": found.study,
        "campaign": found,
        "standing": standing,
        "rows": [Row(figure, floor) for figure in known],
        "shares": _shares(standing, found) if standing else [],
        "seats": _seats(standing, found) if standing else [],
        "zero_x": place(0.0, floor),
        "floor": f"{floor:g}".replace("-", MINUS),
        "width": WIDTH,
    }
    return render(request, "annotation/agreement.html", context)


@logged_in
@require_POST
def count(request: HttpRequest, study: str, campaign: str) -> HttpResponse:
    found = campaign_for(request.user, study, campaign, *LOOKS)
    ask_to_roll_up(campaign=found)
    messages.success(request, "The answers are being counted anew; reload the page in a moment.")
    return SeeOther(reverse("annotation:agreement", args=[found.study.slug, found.slug]))


def _shares(standing: Standing, campaign: Campaign) -> list[Bar]:
    return [
        Bar(
            value_in_words(campaign.instrument, share.value),
            share.count,
            round(100 * share.share, 1),
            round(100 * share.low, 1),
            round(100 * share.high, 1),
        )
        for share in standing.shares
    ]


def _seats(standing: Standing, campaign: Campaign) -> list[Bar]:
    """How many units have 0, 1, 2 ... answers; those without any are in no pattern."""
    units = Question.objects.filter(Q(role=ItemRole.WORK), campaign=campaign).count()
    none = max(0, units - standing.n_units)
    by_answers = ({0: none} if none and campaign.origin != Origin.IMPORTED else {}) | standing.units_by_answers
    total = max(1, sum(by_answers.values()))
    return [Bar(str(answers), n, round(100 * n / total, 1)) for answers, n in sorted(by_answers.items())]
