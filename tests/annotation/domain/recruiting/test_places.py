"""A place that is gone gives no more work, and the rater is told; what the recruiter was not heard about is asked."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from annotation.domain.assignment import claim_assignment
from annotation.domain.handing_in import hand_in
from annotation.domain.judging import Answer, Submission
from annotation.domain.recruiting.overview import is_late
from annotation.domain.recruiting.polling import EVERY, OLDEST, due_recruitments, poll_recruitment
from annotation.domain.recruiting.rationing import PER_CAMPAIGN, PER_PERSON, take_turn
from annotation.domain.recruiting.sweeping import sweep_spent
from annotation.domain.recruiting.visits import note_status
from annotation.domain.waiting import why_nothing
from annotation.enums import AssignmentState, LaunchCheck, NothingBecause, RaterGate, RaterOutcome
from annotation.models import Assignment, LaunchAsked, Rater, Recruitment, Visit
from annotation.tasks import task_sweep_recruiting
from studies.clock import from_now
from studies.permissions import RATES
from tests import factories
from tests.recruiters.fixtures import come, launch_path
from tests.recruiters.mock_prolific import MockProlific, new_id

GONE = ["RETURNED", "TIMED-OUT", "REJECTED"]


def says(visit: Visit, status: str) -> None:
    note_status(visit=visit, status=status, asked_at=timezone.now() + timedelta(seconds=1))


def page_of(rater: Rater) -> str:
    client = Client()
    assert rater.participant.user
    client.force_login(rater.participant.user)
    url = reverse("annotation:rate", args=[rater.campaign.public_id])
    return client.get(url, follow=True).content.decode()


@pytest.mark.parametrize("status", GONE)
def test_nothing_is_handed_out_when_the_place_is_gone_and_the_rater_is_told(
    prolific: MockProlific, recruitment: Recruitment, status: str
) -> None:
    launch = come(prolific, recruitment)
    held = factories.claim(launch.rater)
    says(launch.visit, status)
    assert claim_assignment(rater=launch.rater) is None
    assert why_nothing(launch.rater).because == NothingBecause.PLACE
    page = page_of(launch.rater)
    assert "no further item is given to you" in page
    assert "What you submitted is stored" in page
    client = Client()
    client.force_login(launch.user)
    assert client.get(reverse("annotation:item", args=[held.token])).status_code == 302  # nor shown once more
    assert not Rater.objects.get(pk=launch.rater.pk).outcome


@pytest.mark.parametrize("status", GONE)
def test_late_answer_is_taken_and_brings_no_further_item(
    prolific: MockProlific, recruitment: Recruitment, status: str
) -> None:
    launch = come(prolific, recruitment)
    held = factories.claim(launch.rater)
    says(launch.visit, status)
    answers = Submission("key", {place: Answer("yes") for place in range(len(held.order))})
    assert hand_in(user=launch.user, roles=RATES, token=held.token, submission=answers) is None
    factories.submit(held)
    assert Assignment.objects.get().state == AssignmentState.SUBMITTED
    assert claim_assignment(rater=launch.rater) is None


def test_who_ran_out_of_time_gets_the_code_for_what_they_did_and_is_paid_by_hand(
    prolific: MockProlific, recruitment: Recruitment
) -> None:
    launch = come(prolific, recruitment)
    factories.submit(factories.claim(launch.rater))
    factories.claim(launch.rater)
    says(launch.visit, "TIMED-OUT")
    page = page_of(launch.rater)
    assert "time for this study is over" in page
    assert "CODE-COMPLETED" in page
    rater = Rater.objects.get()
    assert (rater.gate, rater.outcome) == (RaterGate.ENDED, RaterOutcome.COMPLETED)
    assert is_late(Visit.objects.select_related("rater").get())
    assert "CODE-COMPLETED" in page_of(rater), "and again on reload"


def test_who_comes_again_for_a_new_place_goes_on(prolific: MockProlific, recruitment: Recruitment) -> None:
    person = prolific.add_participant()
    first = come(prolific, recruitment, person)
    held = factories.claim(first.rater)
    says(first.visit, "RETURNED")
    prolific.submissions.clear()
    again = come(prolific, recruitment, person)
    assert (again.rater, again.rater.gate) == (first.rater, RaterGate.OPEN)
    assert factories.claim(again.rater) == held
    says(Visit.objects.get(pk=first.visit.pk), "TIMED-OUT")  # the old place says nothing of the new one
    assert factories.claim(again.rater) == held
    assert Assignment.objects.get().state == AssignmentState.HELD


def test_place_that_was_not_gone_after_all_is_theirs_again(prolific: MockProlific, recruitment: Recruitment) -> None:
    launch = come(prolific, recruitment)
    says(launch.visit, "TIMED-OUT")
    assert claim_assignment(rater=launch.rater) is None
    says(launch.visit, "ACTIVE")
    assert claim_assignment(rater=launch.rater) is not None


def test_sweep_asks_how_open_visits_stand(prolific: MockProlific, recruitment: Recruitment) -> None:
    launch = come(prolific, recruitment)
    prolific.set_status(next(iter(prolific.submissions)), "RETURNED")
    task_sweep_recruiting()
    assert Visit.objects.get().status == "RETURNED"
    launch.rater.refresh_from_db()
    assert launch.rater.gate == RaterGate.PLACE
    asked = prolific.asked("/submissions/")
    task_sweep_recruiting()
    assert prolific.asked("/submissions/") == asked == 1


def test_recruiter_is_asked_once_in_a_while_and_about_open_visits_only(
    prolific: MockProlific, recruitment: Recruitment
) -> None:
    assert not due_recruitments().exists()
    come(prolific, recruitment)
    assert list(due_recruitments()) == [recruitment]
    Recruitment.objects.update(poll_after=from_now(EVERY - 1))
    assert not due_recruitments().exists()
    assert poll_recruitment(recruitment=recruitment) == 0
    assert prolific.asked("/submissions/") == 0, "somebody else has asked meanwhile"
    Recruitment.objects.update(poll_after=from_now(-1))
    for change in ({"status": "APPROVED"}, {"launched_at": from_now(-OLDEST - 1)}, {"id_encrypted": None}):
        visit = Visit.objects.values(*change).get()
        Visit.objects.update(**change)
        assert not due_recruitments().exists(), change
        Visit.objects.update(**visit)
    Recruitment.objects.update(api_token_encrypted=None)
    assert not due_recruitments().exists()


@pytest.mark.parametrize(
    ("what", "headers", "pause"), [("429", {"Retry-After": "7000"}, 7000), ("429", {}, EVERY), ("401", {}, 3600)]
)
def test_recruiter_that_asks_for_a_pause_gets_it(
    prolific: MockProlific, recruitment: Recruitment, what: str, headers: dict[str, str], pause: int
) -> None:
    come(prolific, recruitment)
    prolific.fail("/submissions/", what, times=9, **headers)
    began = timezone.now()
    task_sweep_recruiting()
    task_sweep_recruiting()
    assert prolific.asked("/submissions/") == 1
    until = Recruitment.objects.get().poll_after
    assert until
    assert abs((until - began).total_seconds() - pause) < 60


def asking(prolific: MockProlific, recruitment: Recruitment, person: str) -> int:
    return Client().get(launch_path(prolific, recruitment, person, signed=False)).status_code


def test_launches_by_asking_are_bounded_for_each_person(prolific: MockProlific, recruitment: Recruitment) -> None:
    Recruitment.objects.update(launch_check=LaunchCheck.ASKED)
    person, other = prolific.add_participant(), prolific.add_participant()
    replies = [asking(prolific, recruitment, person) for _ in range(PER_PERSON + 2)]
    assert replies == [303] * PER_PERSON + [503] * 2
    assert prolific.asked("/submissions/") == PER_PERSON
    assert asking(prolific, recruitment, other) == 303
    LaunchAsked.objects.update(asked_at=from_now(-61))
    assert asking(prolific, recruitment, person) == 303


def test_launches_by_asking_are_bounded_for_a_campaign(prolific: MockProlific, recruitment: Recruitment) -> None:
    assert all(take_turn(recruitment=recruitment, participant_id=new_id()) for _ in range(PER_CAMPAIGN))
    assert not take_turn(recruitment=recruitment, participant_id=new_id())
    assert LaunchAsked.objects.count() == PER_CAMPAIGN, "what is refused leaves nothing behind"
    Recruitment.objects.update(launch_check=LaunchCheck.ASKED)
    assert asking(prolific, recruitment, prolific.add_participant()) == 503
    assert prolific.asked("/submissions/") == 0


def test_who_was_asked_about_is_forgotten(prolific: MockProlific, recruitment: Recruitment) -> None:
    person = new_id()
    assert take_turn(recruitment=recruitment, participant_id=person)
    asked = LaunchAsked.objects.values().get()
    assert person not in str(asked)
    LaunchAsked.objects.update(asked_at=from_now(-3601))
    sweep_spent()
    assert not LaunchAsked.objects.exists()
