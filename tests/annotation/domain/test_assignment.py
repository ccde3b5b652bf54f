"""Promise 2: never more than K, never an item twice, expired seats come back, and sides stay in balance."""

from __future__ import annotations

import threading

import pytest
from django.db import IntegrityError, connection, transaction

from annotation.domain.assignment import claim_assignment, expire_leases, renew_lease, return_assignment
from annotation.domain.counting import counted_judgments
from annotation.domain.errors import AssignmentOver
from annotation.enums import AssignmentState, CampaignState
from annotation.models import Assignment, Campaign, Item, Judgment, Rater
from pipeline.enums import InstrumentName
from studies.clock import from_now
from studies.models import Study
from tests import factories
from tests.annotation.domain.invariants import check_seats


def end_lease(assignment: Assignment) -> None:
    Assignment.objects.filter(pk=assignment.pk).update(lease_until=from_now(-1))


def test_claim_gives_k_raters_each_item_once_and_then_nothing(study: Study) -> None:
    campaign = factories.make_campaign(study, n_items=3, k=2)
    for _ in range(2):
        rater = factories.make_rater(campaign)
        items = [factories.submit(factories.claim(rater)).item_id for _ in range(3)]
        assert len(set(items)) == 3
        assert claim_assignment(rater=rater) is None
    assert claim_assignment(rater=factories.make_rater(campaign)) is None
    check_seats(campaign)


def test_claim_of_a_finished_campaign_marks_it_complete_with_exactly_k(study: Study) -> None:
    campaign = factories.make_campaign(study, n_items=2, n_questions=2, k=2)
    for _ in range(2):
        rater = factories.make_rater(campaign)
        while (assignment := claim_assignment(rater=rater)) is not None:
            factories.submit(assignment)
    campaign.refresh_from_db()
    assert campaign.state == CampaignState.COMPLETE
    assert counted_judgments(Judgment.objects.all()).count() == 2 * 2 * 2


def test_claim_is_not_complete_while_a_seat_is_only_held(study: Study) -> None:
    campaign = factories.make_campaign(study, n_items=1, k=2)
    factories.claim(factories.make_rater(campaign))
    factories.submit(factories.claim(factories.make_rater(campaign)))
    assert claim_assignment(rater=factories.make_rater(campaign)) is None
    campaign.refresh_from_db()
    assert campaign.state == CampaignState.COLLECTING


def test_claim_again_resumes_what_is_held(study: Study) -> None:
    rater = factories.make_rater(factories.make_campaign(study))
    first = factories.claim(rater)
    end_lease(first)  # nobody took it: it is still theirs
    assert factories.claim(rater) == first
    assert Assignment.objects.count() == 1


def test_claim_of_a_paused_campaign_gives_nothing(study: Study) -> None:
    campaign = factories.make_campaign(study)
    rater = factories.make_rater(campaign)
    Campaign.objects.filter(pk=campaign.pk).update(state=CampaignState.PAUSED)
    assert claim_assignment(rater=rater) is None


def test_claim_takes_higher_priority_first(study: Study) -> None:
    campaign = factories.make_campaign(study, n_items=5)
    urgent = campaign.items.get(position=3)
    Item.objects.filter(pk=urgent.pk).update(priority=1)
    for _ in range(3):
        assert factories.claim(factories.make_rater(campaign)).item_id == urgent.pk


def test_claim_shuffles_questions_per_rater_and_records_the_order(study: Study) -> None:
    campaign = factories.make_campaign(study, n_items=1, n_questions=12, k=2)
    orders = [factories.claim(factories.make_rater(campaign)).order for _ in range(2)]
    assert orders[0] != orders[1]
    assert sorted(orders[0]) == sorted(orders[1]) == list(range(12))


def test_expired_seat_goes_to_another_rater(study: Study) -> None:
    campaign = factories.make_campaign(study, n_items=1, k=1)
    late = factories.claim(factories.make_rater(campaign))
    other = factories.make_rater(campaign)
    assert claim_assignment(rater=other) is None
    end_lease(late)
    assert factories.claim(other).item_id == late.item_id
    late.refresh_from_db()
    assert late.state == AssignmentState.EXPIRED
    check_seats(campaign)


def test_expire_leaves_leases_that_run(study: Study) -> None:
    factories.claim(factories.make_rater(factories.make_campaign(study)))
    assert expire_leases() == 0


def test_rater_who_returns_finds_an_expired_seat_that_nobody_took(study: Study) -> None:
    campaign = factories.make_campaign(study, n_items=4)
    rater = factories.make_rater(campaign)
    assignment = factories.claim(rater)
    end_lease(assignment)
    assert expire_leases() == 1
    assert factories.claim(rater) == assignment
    check_seats(campaign)


def test_late_answer_becomes_surplus_and_fills_the_next_vacancy(study: Study) -> None:
    campaign = factories.make_campaign(study, n_items=1, k=1)
    late = factories.claim(factories.make_rater(campaign))
    end_lease(late)
    second = factories.claim(factories.make_rater(campaign))
    assert factories.submit(late).state == AssignmentState.SURPLUS
    assert counted_judgments(Judgment.objects.all()).count() == 0
    return_assignment(assignment=second)
    late.refresh_from_db()
    assert late.state == AssignmentState.SUBMITTED
    assert claim_assignment(rater=factories.make_rater(campaign)) is None
    check_seats(campaign)


def test_late_answer_takes_its_seat_back_when_it_is_free(study: Study) -> None:
    campaign = factories.make_campaign(study, n_items=1, k=1)
    late = factories.claim(factories.make_rater(campaign))
    end_lease(late)
    expire_leases()
    assert factories.submit(late).state == AssignmentState.SUBMITTED
    check_seats(campaign)


def test_late_answer_after_a_full_seat_never_counts_beyond_k(study: Study) -> None:
    campaign = factories.make_campaign(study, n_items=1, k=1, n_questions=3)
    late = factories.claim(factories.make_rater(campaign))
    end_lease(late)
    factories.submit(factories.claim(factories.make_rater(campaign)))
    factories.submit(late)
    assert Judgment.objects.count() == 6
    assert counted_judgments(Judgment.objects.all()).count() == 3


def test_return_opens_the_seat_and_drops_drafts_once(study: Study) -> None:
    campaign = factories.make_campaign(study, n_items=1, k=1)
    rater = factories.make_rater(campaign)
    assignment = factories.claim(rater)
    return_assignment(assignment=assignment)
    return_assignment(assignment=assignment)
    check_seats(campaign)
    assert claim_assignment(rater=rater) is None  # never the same item again
    assert factories.claim(factories.make_rater(campaign)).item_id == assignment.item_id


def test_return_of_submitted_work_is_refused(study: Study) -> None:
    assignment = factories.submit(factories.claim(factories.make_rater(factories.make_campaign(study))))
    with pytest.raises(AssignmentOver):
        return_assignment(assignment=assignment)


def test_renewing_a_lease_that_went_to_others_says_so(study: Study) -> None:
    assignment = factories.claim(factories.make_rater(factories.make_campaign(study)))
    end_lease(assignment)
    expire_leases()
    with pytest.raises(AssignmentOver):
        renew_lease(assignment=assignment)


def test_claim_prefers_the_side_the_rater_has_had_less_of(study: Study) -> None:
    campaign = factories.make_campaign(study, instrument=InstrumentName.PREFERENCE, n_items=8, k=2)
    rater = factories.make_rater(campaign)
    sides = [factories.submit(factories.claim(rater)).side for _ in range(8)]
    assert sides.count("left") == sides.count("right") == 4
    rater.refresh_from_db()
    assert (rater.n_left, rater.n_right) == (4, 4)


def test_claim_keeps_an_items_sides_within_one(study: Study) -> None:
    campaign = factories.make_campaign(study, instrument=InstrumentName.PREFERENCE, n_items=1, k=5)
    sides = []
    for _ in range(5):
        sides.append(factories.submit(factories.claim(factories.make_rater(campaign))).side)
        assert abs(sides.count("left") - sides.count("right")) <= 1


def test_database_refuses_a_second_occupant_of_a_seat(study: Study) -> None:
    campaign = factories.make_campaign(study, n_items=1, k=1)
    first = factories.claim(factories.make_rater(campaign))
    with pytest.raises(IntegrityError), transaction.atomic():
        Assignment.objects.create(
            campaign=campaign,
            item=first.item,
            seat=first.seat,
            rater=factories.make_rater(campaign),
            state=AssignmentState.HELD,
            lease_until=first.lease_until,
        )


def test_database_refuses_the_same_item_twice_for_a_rater(study: Study) -> None:
    campaign = factories.make_campaign(study, n_items=1, k=2)
    first = factories.claim(factories.make_rater(campaign))
    with pytest.raises(IntegrityError), transaction.atomic():
        Assignment.objects.create(campaign=campaign, item=first.item, rater=first.rater, state=AssignmentState.RETURNED)


def test_database_refuses_a_unit_in_two_work_items(study: Study) -> None:
    campaign = factories.make_campaign(study, n_items=2, n_questions=1)
    first, second = (item.questions.get() for item in campaign.items.all())
    second.attribute, second.prompt, second.unit_key = first.attribute, first.prompt, first.unit_key
    with pytest.raises(IntegrityError), transaction.atomic():
        second.save()


@pytest.mark.django_db(transaction=True)
def test_claims_at_the_same_moment_never_exceed_k() -> None:
    study = factories.make_study()
    campaign = factories.make_campaign(study, n_items=6, n_questions=2, k=2)
    raters = [factories.make_rater(campaign) for _ in range(6)]
    failures: list[BaseException] = []

    def work(rater: Rater) -> None:
        try:
            while (assignment := claim_assignment(rater=rater)) is not None:
                factories.submit(assignment)
        except BaseException as error:
            failures.append(error)
        finally:
            connection.close()

    threads = [threading.Thread(target=work, args=(rater,)) for rater in raters]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []
    check_seats(campaign)
    assert counted_judgments(Judgment.objects.all()).count() == 6 * 2 * 2
