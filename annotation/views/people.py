"""The people whom a run drew: what each filter took, how far apart they are, who they are."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from annotation.permissions import run_for
from annotation.views.access import logged_in
from pipeline.enums import Stage
from pipeline.models import Run
from studies.permissions import LOOKS

PEOPLE_PER_PAGE = 100
THINNEST = 0.4  # percent of the picture's width: what is there is seen


@dataclass(frozen=True)
class Bar:
    """Of ``most`` at the top of the funnel ``left`` are left, of ``left + taken`` that came in."""

    left: int
    taken: int
    most: int

    @property
    def left_width(self) -> str:
        return _percent(self.left, self.most)

    @property
    def whole_width(self) -> str:
        return _percent(self.left + self.taken, self.most)


@dataclass(frozen=True)
class FunnelRow:
    says: str
    people: Bar
    conversations: Bar


@dataclass(frozen=True)
class Figure:
    """A distance between people, and the sentence that says between whom."""

    value: str
    sentence: str


@dataclass(frozen=True)
class Drawn:
    number: int
    pseudonym: str
    conversations: int | None
    turns: int | None


@logged_in
@require_safe
def people(request: HttpRequest, study: str, run: str) -> HttpResponse:
    found = run_for(request.user, study, run, *LOOKS)
    if found.stage != Stage.PEOPLE:
        raise Http404("This run drew no people.")
    rows = found.sampled_people.select_related("person").order_by("position")
    page = Paginator(rows, PEOPLE_PER_PAGE).get_page(request.GET.get("page"))
    known = found.outcome.get("drawn_people", [])
    context = {
        "run": found,
        "study": found.study,
        "outcome": found.outcome,
        "rules": found.parameters,
        "funnel": funnel_of(found.outcome),
        "figures": figures_of(found),
        "page": page,
        "drawn": [
            Drawn(row.position + 1, row.person.source_id, *_counts(known, row.position)) for row in page.object_list
        ],
    }
    return render(request, "annotation/people_run.html", context)


def funnel_of(outcome: Mapping[str, Any]) -> list[FunnelRow]:
    """From everybody to those drawn; empty for a run that came without figures."""
    if "funnel" not in outcome:
        return []
    people, conversations = outcome["people"], outcome["conversations"]
    rows = [FunnelRow("everybody in the corpus", Bar(people, 0, people), Bar(conversations, 0, conversations))]
    for step in outcome["funnel"]:
        left = (step["people_left"], step["people_taken"]), (step["conversations_left"], step["conversations_taken"])
        rows.append(FunnelRow(step["says"], Bar(*left[0], people), Bar(*left[1], conversations)))
    kept = sum(person["conversations"] for person in outcome["drawn_people"])
    last = rows[-1]
    return [
        *rows,
        FunnelRow(
            "drawn",
            Bar(outcome["drawn"], last.people.left - outcome["drawn"], people),
            Bar(kept, last.conversations.left - kept, conversations),
        ),
    ]


def figures_of(run: Run) -> list[Figure]:
    """Those that are defined: one person has no distance to anybody."""
    if "diversity" not in run.outcome:
        return []
    found, drawn, eligible = run.outcome["diversity"], run.outcome["drawn"], run.outcome["eligible"]
    sentences = (
        ("drawn_mean", f"is the mean distance between two of the {drawn:,} people drawn."),
        (
            "eligible_mean",
            f"is the mean distance between two of all {eligible:,} eligible people: the diversity that is there.",
        ),
        ("drawn_min", "is the distance of the two people drawn who are closest to each other."),
        (
            "random_min",
            f"would be the distance of the closest two if {drawn:,} people were drawn by lot: "
            f"the mean of {found['random_draws']:,} such draws.",
        ),
    )
    return [Figure(f"{found[name]:.3f}", sentence) for name, sentence in sentences if found[name] is not None]


def _counts(known: Sequence[Mapping[str, int]], place: int) -> tuple[int | None, int | None]:
    """Conversations and turns of the ``place``-th person drawn, as they were left by the filters."""
    return (known[place]["conversations"], known[place]["turns"]) if place < len(known) else (None, None)


def _percent(part: int, whole: int) -> str:
    return f"{max(100 * part / whole, THINNEST):.2f}%" if part and whole else "0%"
