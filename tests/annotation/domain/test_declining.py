"""Who declines a new wording has said no to all that comes after: it is not kept, and they are told."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import pytest
from django.db import connection

from annotation.domain.consenting import answer_consent
from annotation.domain.drafting import save_drafts
from annotation.domain.errors import AssignmentOver
from annotation.domain.gates import ask_again
from annotation.domain.handing_in import HandedIn, by_orm, hand_in
from annotation.domain.judging import Answer, Submission, revise_assignment, submit_assignment
from annotation.domain.withdrawing import exclude_rater
from annotation.enums import AssignmentState, RaterGate
from annotation.models import Assignment, Campaign, Draft, Judgment, Revision
from studies.models import Study, User
from studies.permissions import RATES
from tests import factories
from tests.annotation.domain.test_gates import form_of

OTHERWISE = Submission("other", {0: Answer("no"), 1: Answer("no")})
LATE = Submission("late", {0: Answer("yes"), 1: Answer("yes")})


@pytest.fixture
def at_work(study: Study, rater_a: User) -> tuple[Assignment, Assignment]:
    """A rater who agreed: one item submitted and one in hand, while the study asks for consent anew."""
    campaign = factories.make_campaign(study, n_items=3, consent_form=form_of(study))
    rater = factories.make_rater(campaign, rater_a)
    assert campaign.consent_form
    answer_consent(rater=rater, form=campaign.consent_form, agreed=True)
    done = factories.submit(factories.claim(rater), "yes")
    held = factories.claim(rater)
    campaign.consent_form = form_of(study, pay="£12 an hour")
    campaign.save()
    ask_again(campaign=campaign)
    return done, held


def decline(assignment: Assignment, *, agreed: bool = False) -> None:
    campaign = Campaign.objects.get(pk=assignment.campaign_id)
    assert campaign.consent_form
    answer_consent(rater=assignment.rater, form=campaign.consent_form, agreed=agreed)


def reloaded(assignment: Assignment) -> Assignment:
    return Assignment.objects.select_related("campaign", "item", "rater").get(pk=assignment.pk)


def test_answers_after_declining_are_refused_and_what_stood_stands(at_work: tuple[Assignment, Assignment]) -> None:
    done, held = at_work
    decline(held)
    writes: list[Callable[[], object]] = [
        partial(submit_assignment, assignment=held, submission=LATE),
        partial(submit_assignment, assignment=reloaded(held), submission=LATE),
        partial(save_drafts, assignment=held, answers={0: Answer("yes")}),
        partial(revise_assignment, assignment=done, submission=OTHERWISE),
    ]
    for write in writes:
        with pytest.raises(AssignmentOver, match="You declined"):
            write()
    assert not Judgment.objects.filter(assignment=held).exists()
    assert Revision.objects.filter(judgment__assignment=done).count() == 2
    assert not Draft.objects.exists()
    states = Assignment.objects.order_by("pk").values_list("state", flat=True)
    assert list(states) == [AssignmentState.SUBMITTED, AssignmentState.EXPIRED]
    assert submit_assignment(assignment=done, submission=LATE).replayed, "what was acknowledged still is"


@pytest.mark.parametrize("by", [by_orm, hand_in], ids=["orm", "function"])
def test_plain_path_leaves_answers_after_declining_to_the_long_way(
    by: Callable[..., HandedIn | None], at_work: tuple[Assignment, Assignment], rater_a: User
) -> None:
    if by is hand_in and connection.vendor != "postgresql":
        pytest.skip("the function is PostgreSQL's")
    _, held = at_work
    decline(held)
    assert by(user=rater_a, roles=RATES, token=held.token, submission=LATE) is None
    assert Judgment.objects.count() == 2


def test_what_was_begun_is_taken_until_the_rater_has_answered(at_work: tuple[Assignment, Assignment]) -> None:
    """They agreed to the wording under which they were given it; the new one is put to them before the next item."""
    _, held = at_work
    assert submit_assignment(assignment=held, submission=LATE).counted


def test_who_agrees_after_all_may_hand_in_again(at_work: tuple[Assignment, Assignment], study: Study) -> None:
    """A member; who came by a recruiter, too, for as long as the place is theirs."""
    _, held = at_work
    decline(held)
    decline(held, agreed=True)
    assert submit_assignment(assignment=reloaded(held), submission=LATE).counted


def test_no_holds_when_the_wording_changes_once_more(
    at_work: tuple[Assignment, Assignment], study: Study, lead: User
) -> None:
    _, held = at_work
    decline(held)
    campaign = Campaign.objects.get(pk=held.campaign_id)
    campaign.consent_form = form_of(study, pay="£20 an hour")
    campaign.save()
    ask_again(campaign=campaign)
    held.rater.refresh_from_db()
    assert held.rater.gate == RaterGate.ENDED
    with pytest.raises(AssignmentOver, match="You declined"):
        submit_assignment(assignment=held, submission=LATE)
    exclude_rater(rater=held.rater, reason="So it is.", actor=lead)
    with pytest.raises(AssignmentOver, match="You have left"):
        submit_assignment(assignment=reloaded(held), submission=LATE)
