"""What a lead's pages count at once is what each of it is by its definition, whatever has happened in the campaign."""

from __future__ import annotations

from collections import Counter
from datetime import timedelta

import pytest
from django.utils import timezone

from annotation.domain.assignment import return_assignment
from annotation.domain.counting import counted_judgments
from annotation.domain.handing_on import hand_on
from annotation.domain.joining import import_rater
from annotation.domain.needs import stuck_items
from annotation.domain.overview import busiest_raters, items_by_seats, items_of, raters_of, with_numbers
from annotation.domain.progress import Progress, progress_for
from annotation.domain.raising import raise_k
from annotation.domain.sides import sides_of
from annotation.domain.withdrawing import exclude_rater, withdraw_rater
from annotation.enums import AssignmentState, CampaignState, ItemRole, Origin, RaterState, ReturnReason
from annotation.models import Assignment, Campaign, Judgment, Question, Rater
from pipeline.enums import InstrumentName
from studies.models import Study, User
from tests import factories
from tests.annotation.domain.signals.answering import answered


@pytest.fixture
def lived(study: Study, lead: User) -> list[Campaign]:
    """Campaigns in which everything has happened that can happen to an answer; an imported one; one without items."""
    campaign = factories.make_campaign(
        study, slug="one", instrument=InstrumentName.PREFERENCE, n_items=5, n_questions=2, k=2
    )
    factories.make_item(campaign, 5, 3)  # items differ in size
    gold = factories.make_item(campaign, 6, 2, ItemRole.GOLD)
    late, left, erased, out, stays, new = (factories.make_rater(campaign) for _ in range(6))
    for rater in (left, erased, out):
        for _ in range(3):
            factories.submit(factories.claim(rater), "2")
    answered(stays, gold, "1", "1")
    answered(out, gold, "1", "5")
    exclude_rater(rater=out, reason="Asked to be", actor=lead)
    withdraw_rater(rater=left, erase=False)
    withdraw_rater(rater=erased, erase=True)
    raise_k(campaign=campaign, k=3, actor=lead)
    overtaken = factories.claim(late)
    hand_on(rater=late, actor=lead)
    for _ in range(3):
        rater = factories.make_rater(campaign)
        factories.submit(_claim_of(rater, overtaken), "4")
    assert factories.submit(overtaken, "4").state == AssignmentState.SURPLUS
    Assignment.objects.filter(rater=rater).update(submitted_at=timezone.now() - timedelta(days=2))
    return_assignment(assignment=factories.claim(new), reason=ReturnReason.BROKEN)
    factories.claim(new)
    factories.claim(stays)
    hand_on(rater=stays, actor=lead)
    imported = factories.make_campaign(study, slug="old", n_items=2, origin=Origin.IMPORTED, state=CampaignState.CLOSED)
    answered(import_rater(campaign=imported, source_id="r1"), imported.items.all()[0], "yes", "no")
    draft = factories.make_campaign(study, slug="empty", n_items=0, state=CampaignState.DRAFT)
    assert set(campaign.assignments.values_list("state", flat=True)) == set(AssignmentState.values)
    return [Campaign.objects.get(pk=each.pk) for each in (campaign, imported, draft)]


def _claim_of(rater: Rater, wanted: Assignment) -> Assignment:
    """Their tenure of the item; those claimed before are answered."""
    while (claimed := factories.claim(rater)).item_id != wanted.item_id:
        factories.submit(claimed, "4")
    return claimed


def test_progress_is_what_each_number_is_by_itself(lived: list[Campaign]) -> None:
    found = progress_for(lived)
    for campaign in lived:
        judgments = Judgment.objects.filter(question__campaign=campaign)
        counted = counted_judgments(judgments)
        work = campaign.items.filter(role=ItemRole.WORK)
        seats = Counter(item.assignments.filter(state=AssignmentState.SUBMITTED).count() for item in work)
        asks = campaign.origin != Origin.IMPORTED
        questions = Question.objects.filter(item__in=work).count()
        day_ago = timezone.now() - timedelta(days=1)
        assert found[campaign.pk] == Progress(
            items=work.count(),
            items_complete=sum(n for seated, n in seats.items() if seated >= campaign.k) * asks,
            questions=questions,
            wanted=questions * campaign.k * asks,
            counted=counted.count(),
            held=campaign.assignments.filter(state=AssignmentState.HELD, lease_until__gt=timezone.now()).count(),
            raters=campaign.raters.filter(state=RaterState.ACTIVE).count(),
            recent=counted.filter(assignment__submitted_at__gte=day_ago).count(),
            kept=judgments.count() - counted.count(),
        )
        steps = items_by_seats(campaign, found[campaign.pk])
        assert {step.seats: step.items for step in steps if step.items} == (seats if asks else {})
    assert 0 < found[lived[0].pk].recent < found[lived[0].pk].counted


def test_busiest_raters_are_counted_as_each_by_themselves(lived: list[Campaign]) -> None:
    for campaign in lived:
        each = list(raters_of(campaign).values_list("pk", "n_judgments", *TOLD))
        found = busiest_raters(campaign, 100)
        assert [(row.rater.pk, row.n_judgments, *(getattr(row, name) for name in TOLD)) for row in found] == each
        assert [row.rater.pk for row in busiest_raters(campaign, 3)] == [pk for pk, *_ in each[:3]]
    assert Judgment.objects.filter(erased_at__isnull=False).exists()


TOLD = ("n_items", "n_surplus", "n_held", "last_at")


def test_items_of_a_page_and_sides_are_counted_as_each_item_by_itself(lived: list[Campaign]) -> None:
    for campaign in lived:
        rows = with_numbers(items_of(campaign)[1:4])
        assert [row.position for row in rows] == list(items_of(campaign).values_list("position", flat=True)[1:4])
        for row in rows:
            found = vars(row)
            assert found["n_submitted"] == row.assignments.filter(state=AssignmentState.SUBMITTED).count()
            assert found["n_held"] == row.assignments.filter(state=AssignmentState.HELD).count()
            assert found["n_questions"] == row.questions.count()
    even = factories.make_campaign(lived[0].study, n_items=4, n_questions=1, instrument=InstrumentName.PREFERENCE)
    rater = factories.make_rater(even)
    for _ in range(4):  # two on each side
        factories.submit(factories.claim(rater))
    _check_sides(lived[0])
    _check_sides(even)


def _check_sides(campaign: Campaign) -> None:
    pairs = [
        [item.assignments.filter(state=AssignmentState.SUBMITTED, side=side).count() for side in ("left", "right")]
        for item in campaign.items.filter(role=ItemRole.WORK)
    ]
    apart = [abs(left - right) for left, right in pairs]
    found = sides_of(campaign)
    assert (found.left, found.right) == (sum(left for left, _ in pairs), sum(right for _, right in pairs))
    assert (found.worst_item, found.uneven_items) == (max(apart), sum(each > 1 for each in apart))


def test_stuck_items_are_those_that_everybody_available_had(study: Study) -> None:
    campaign = factories.make_campaign(study, n_items=1, k=2)
    raters = [factories.make_rater(campaign) for _ in range(4)]
    factories.submit(factories.claim(raters[0]))
    for rater in raters[1:]:
        assert not stuck_items(campaign).exists(), "somebody has not met it"
        return_assignment(assignment=factories.claim(rater))
    assert stuck_items(campaign).get() == campaign.items.get()
    Assignment.objects.filter(rater=raters[3]).update(state=AssignmentState.EXPIRED)
    assert not stuck_items(campaign).exists(), "may have it again"
    Rater.objects.filter(pk=raters[3].pk).update(state=RaterState.EXCLUDED)
    assert stuck_items(campaign).exists(), "nobody but those who had it"
