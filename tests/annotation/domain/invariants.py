"""What must hold at every instant of a campaign, whatever happened: DESIGN.md's promises 2 to 4 as one check."""

from __future__ import annotations

from django.db.models import Count, F

from annotation.domain.counting import counted_judgments
from annotation.enums import AssignmentState
from annotation.models import Assignment, Campaign, Judgment, Revision


def check_seats(campaign: Campaign) -> None:
    for item in campaign.items.all():
        occupied = item.assignments.filter(state__in=AssignmentState.occupying(), seat__isnull=False).count()
        waiting = item.assignments.filter(state=AssignmentState.SURPLUS).values("seat").distinct()
        assert item.open_seats == item.seats.count() - occupied, f"{item} says {item.open_seats} open"
        for row in waiting:
            assert item.assignments.filter(seat=row["seat"], state__in=AssignmentState.occupying()).exists(), (
                f"a surplus answer waits for a seat of {item} that is free"
            )
    check_counts(campaign)
    check_revisions(campaign)


def check_counts(campaign: Campaign) -> None:
    judgments = counted_judgments(Judgment.objects.filter(question__campaign=campaign))
    most = judgments.values("question").annotate(n=Count("pk")).order_by("-n").first()
    assert most is None or most["n"] <= campaign.k, f"a question has {most} counted judgments, K is {campaign.k}"
    for assignment in Assignment.objects.filter(campaign=campaign, state__in=AssignmentState.answered()):
        n = assignment.judgments.count()
        held_when_it_ended = assignment.state == AssignmentState.WITHDRAWN and n == 0
        assert n == assignment.item.questions.count() or held_when_it_ended


def check_revisions(campaign: Campaign) -> None:
    """Every judgment's value is its last revision's, and no number is missing."""
    judgments = Judgment.objects.filter(question__campaign=campaign)
    assert not judgments.annotate(n=Count("revisions")).exclude(n=F("n_revisions")).exists()
    for judgment in judgments:
        last = Revision.objects.filter(judgment=judgment).order_by("number").last()
        assert last is not None
        assert (last.number, last.value) == (judgment.n_revisions, judgment.value)
