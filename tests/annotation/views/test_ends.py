"""How a part ends: a code exactly when its outcome is stored, nobody left standing, a last question, a way out."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import pytest
from django.db import connection, transaction
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from annotation.domain.consenting import answer_consent
from annotation.domain.finishing import end_rater
from annotation.domain.recruiting import code_for
from annotation.enums import CampaignState, RaterGate, RaterOutcome, RaterState
from annotation.models import (
    Assignment,
    Campaign,
    Closing,
    Consent,
    DraftRemarks,
    QuizAttempt,
    Rater,
    Recruitment,
    Visit,
)
from studies.models import Study, User
from tests import factories
from tests.annotation.domain.test_gates import form_of
from tests.annotation.views.rating_words import answers
from tests.recruiters.fixtures import come, recruit
from tests.recruiters.mock_prolific import MockProlific

CODE = "CODE-"


class Killed(Exception):
    pass


class Failpoint:
    """Ends the process, as far as a database sees it, at its n-th statement."""

    def __init__(self, number: int) -> None:
        self.left, self.hit = number, ""

    def __call__(self, execute: Callable[..., Any], sql: str, params: Any, many: bool, context: Any) -> Any:
        if sql.startswith(("SAVEPOINT", "RELEASE", "ROLLBACK")):  # the test's own
            return execute(sql, params, many, context)
        self.left -= 1
        if self.left == 0:
            self.hit = sql
            raise Killed
        return execute(sql, params, many, context)


def browser_of(rater: Rater) -> Client:
    client = Client(raise_request_exception=False)
    assert rater.participant.user is not None
    client.force_login(rater.participant.user)
    return client


def rate(rater: Rater) -> str:
    return reverse("annotation:rate", args=[rater.campaign.public_id])


def outcome_of(rater: Rater) -> str:
    return Rater.objects.values_list("outcome", flat=True).get(pk=rater.pk)


def die_in(point: Failpoint, ask: Callable[[], Any]) -> Any:
    with connection.execute_wrapper(point):
        reply = ask()
    # The statement never left, so that the test's own transaction, which no site has, is as good as before.
    transaction.set_rollback(False)
    return reply


def shows_code(reply: Any) -> bool:
    return CODE in reply.content.decode()


def test_code_is_shown_exactly_when_its_outcome_is_stored_wherever_the_process_dies(
    prolific: MockProlific, recruitment: Recruitment
) -> None:
    rater = come(prolific, recruitment).rater
    while Assignment.objects.filter(rater=rater).count() < 2:
        factories.submit(factories.claim(rater))
    client, boundaries = browser_of(rater), 0
    while True:
        Rater.objects.update(gate=RaterGate.OPEN, outcome=RaterOutcome.NONE, outcome_at=None)
        Visit.objects.update(code_shown_at=None)
        point = Failpoint(boundaries + 1)
        reply = die_in(point, lambda: client.get(rate(rater)))
        if not point.hit:
            break
        boundaries += 1
        assert not shows_code(reply), point.hit
        again = client.get(rate(rater))
        assert shows_code(again), point.hit
        assert outcome_of(rater) == RaterOutcome.COMPLETED
    assert shows_code(reply)
    assert boundaries > 10
    assert Visit.objects.get().code_shown_at is not None


def test_last_answer_and_code_survive_a_death_at_any_statement_of_the_submit(
    study: Study, lead: User, prolific: MockProlific
) -> None:
    """Never a code without the answer; and the answer without its code gets it when the page is opened again."""
    recruitment = recruit(factories.make_campaign(study, n_items=1, k=60), prolific, lead)
    number, done = 1, False
    while not done:
        rater = come(prolific, recruitment).rater
        held, client, point = factories.claim(rater), browser_of(rater), Failpoint(number)
        number += 3  # each third is enough to go through all that a submit does
        path, words = reverse("annotation:submit-item", args=[held.token]), answers()
        submit = partial(client.post, path, words, headers={"HX-Request": "true"})
        reply = die_in(point, submit)
        done = not point.hit
        held.refresh_from_db()
        assert not shows_code(reply) or (held.state == "submitted" and outcome_of(rater) == RaterOutcome.COMPLETED)
        if not done and held.state != "submitted":
            submit()
        assert shows_code(client.get(rate(rater))), point.hit
        assert Assignment.objects.filter(rater=rater, state="submitted").count() == 1
    assert number > 12


@pytest.mark.parametrize("outcome", [each for each in RaterOutcome if each])
def test_each_outcome_has_its_own_code_again_on_reload(
    prolific: MockProlific, recruitment: Recruitment, outcome: RaterOutcome
) -> None:
    rater = come(prolific, recruitment).rater
    assert code_for(rater) is None
    end_rater(rater=rater, outcome=outcome)
    code = f"CODE-{outcome}".replace("_", "-").upper()
    for _ in range(2):
        page = browser_of(rater).get(rate(rater)).content.decode()
        assert f">{code}<" in page
        assert f"https://app.prolific.com/submissions/complete?cc={code}" in page
    recruitment.codes.all().delete()
    assert "There is no code for this" in browser_of(rater).get(rate(rater)).content.decode()


def test_code_is_not_handed_out_inside_a_transaction(prolific: MockProlific, recruitment: Recruitment) -> None:
    rater = come(prolific, recruitment).rater
    with transaction.atomic(), pytest.raises(RuntimeError, match="durable"):
        code_for(rater)


def test_member_with_a_login_gets_no_code(recruitment: Recruitment, rater_a: User) -> None:
    rater = factories.make_rater(recruitment.campaign, rater_a)
    end_rater(rater=rater, outcome=RaterOutcome.COMPLETED)
    page = browser_of(rater).get(rate(rater)).content.decode()
    assert not shows_code(browser_of(rater).get(rate(rater)))
    assert "Prolific" not in page


def test_who_was_excluded_is_shown_no_code(prolific: MockProlific, recruitment: Recruitment) -> None:
    rater = come(prolific, recruitment).rater
    end_rater(rater=rater, outcome=RaterOutcome.COMPLETED)
    Rater.objects.update(state=RaterState.EXCLUDED)
    assert not shows_code(browser_of(rater).get(rate(rater)))


def test_nobody_from_a_recruiter_is_left_standing(prolific: MockProlific, recruitment: Recruitment) -> None:
    """Others hold the last seats: who has done something is complete, who has not came for nothing; a member waits."""
    campaign = recruitment.campaign
    worked, idle = come(prolific, recruitment).rater, come(prolific, recruitment).rater
    factories.submit(factories.claim(worked))
    campaign.items.update(open_seats=0)
    assert "Your part is complete" in browser_of(worked).get(rate(worked)).content.decode()
    assert "others were quicker" in browser_of(idle).get(rate(idle)).content.decode()
    assert (outcome_of(worked), outcome_of(idle)) == (RaterOutcome.COMPLETED, RaterOutcome.NO_WORK)
    member = factories.make_rater(campaign)
    browser_of(member).get(rate(member))
    assert outcome_of(member) == RaterOutcome.NONE


def test_paused_campaign_lets_those_from_a_recruiter_take_their_code(
    prolific: MockProlific, recruitment: Recruitment
) -> None:
    rater = come(prolific, recruitment).rater
    factories.submit(factories.claim(rater))
    client, finish = browser_of(rater), reverse("annotation:finish", args=[recruitment.campaign.public_id])
    assert client.post(finish).status_code == 409
    Campaign.objects.update(state=CampaignState.PAUSED)
    waiting = client.get(rate(rater)).content.decode()
    assert "is paused" in waiting
    assert finish in waiting
    assert shows_code(client.post(finish, follow=True))


def test_member_who_reached_the_days_quota_is_told_so_and_goes_on_tomorrow(study: Study, rater_a: User) -> None:
    campaign = factories.make_campaign(study, n_items=3, max_items_day=1)
    rater = factories.make_rater(campaign, rater_a)
    factories.submit(factories.claim(rater))
    client = browser_of(rater)
    assert "That is all for today" in client.get(rate(rater)).content.decode()
    assert outcome_of(rater) == RaterOutcome.NONE
    Rater.objects.update(day="2026-01-01")
    assert "/a/" in client.get(rate(rater))["Location"]


def test_quota_ends_a_members_part_and_a_higher_one_lets_them_go_on(study: Study, rater_a: User) -> None:
    campaign = factories.make_campaign(study, n_items=3, max_items=1)
    rater = factories.make_rater(campaign, rater_a)
    factories.submit(factories.claim(rater))
    client = browser_of(rater)
    assert "Your part is complete" in client.get(rate(rater)).content.decode()
    Campaign.objects.update(max_items=2)
    assert "/a/" in client.get(rate(rater), follow=True).redirect_chain[-1][0]
    assert outcome_of(rater) == RaterOutcome.NONE


# The last question


@pytest.fixture
def over(study: Study, rater_a: User) -> Rater:
    """Whose part of a preference campaign is complete."""
    campaign = factories.make_campaign(study, n_items=2, instrument="preference", max_items=1)
    rater = factories.make_rater(campaign, rater_a)
    factories.submit(factories.claim(rater))
    return rater


def test_last_question_is_asked_at_the_end_and_answered_once(over: Rater) -> None:
    client, path = browser_of(over), reverse("annotation:closing", args=[over.campaign.public_id])
    early = client.post(path, {"could_tell": "often"})
    assert (early.status_code, Closing.objects.count()) == (403, 0)
    assert 'name="could_tell"' in client.get(rate(over)).content.decode()
    wrong = client.post(path, {"could_tell": "perhaps", "how": "By <b>names</b>."})
    assert wrong.status_code == 400
    assert "By &lt;b&gt;names&lt;/b&gt;." in wrong.content.decode()
    assert client.post(path, {"could_tell": "often", "how": "By names."}).status_code == 303
    assert client.post(path, {"could_tell": "often", "how": "By names."}).status_code == 303
    assert client.post(path, {"could_tell": "never"}).status_code == 409
    assert (Closing.objects.get().could_tell, Closing.objects.get().how) == ("often", "By names.")


@pytest.mark.parametrize("change", [{"asks_could_tell": False}, {"instrument": "relevance"}])
def test_last_question_is_not_asked_where_the_campaign_has_none(over: Rater, change: dict[str, Any]) -> None:
    Campaign.objects.update(**change)
    client = browser_of(over)
    assert 'name="could_tell"' not in client.get(rate(over)).content.decode()
    path = reverse("annotation:closing", args=[over.campaign.public_id])
    assert client.post(path, {"could_tell": "often"}).status_code == 403


# The way out


def test_leaving_dates_the_consent_and_erases_all_that_was_said(study: Study, rater_a: User) -> None:
    campaign = factories.make_campaign(
        study, n_items=2, instrument="preference", max_items=1, consent_form=form_of(study)
    )
    rater = factories.make_rater(campaign, rater_a)
    answer_consent(rater=rater, form=form_of(study), agreed=True)
    held = factories.claim(rater)
    DraftRemarks.objects.create(assignment=held, note="I live in Ulm.")
    QuizAttempt.objects.create(rater=rater, number=1, answers=[0, 2], n_right=1, passed=False, made_at=timezone.now())
    Closing.objects.create(rater=rater, could_tell="often", how="I know Ulm.", made_at=timezone.now())
    client, leave = browser_of(rater), reverse("annotation:leave", args=[campaign.public_id])
    client.post(leave, {"erase": "0"})
    assert Consent.objects.get().withdrawn_at is not None
    assert (DraftRemarks.objects.count(), Closing.objects.get().how) == (1, "I know Ulm.")
    assert "Erase my answers" in client.get(leave).content.decode()  # though no item was ever submitted
    client.post(leave, {"erase": "1"})
    assert (DraftRemarks.objects.count(), QuizAttempt.objects.get().answers) == (0, [])
    assert "still kept" not in client.get(leave).content.decode()
    closing = Closing.objects.get()
    assert (closing.could_tell, closing.how, closing.erased_at is None) == (None, None, False)
    assert (QuizAttempt.objects.get().n_right, Consent.objects.get().agreed) == (1, True)


def test_start_page_shows_the_way_out_of_a_closed_campaign_to_who_took_part(
    study: Study, rater_a: User, rater_b: User
) -> None:
    campaign = factories.make_campaign(study, title="Figs first")
    rater = factories.make_rater(campaign, rater_a)
    Campaign.objects.update(state=CampaignState.CLOSED)
    leave = reverse("annotation:leave", args=[campaign.public_id])
    page = browser_of(rater).get("/").content.decode()
    assert leave in page
    assert "Closed. Thank you." in page
    assert "Its last page" in page
    assert "Start:" not in page
    other = Client()
    other.force_login(rater_b)
    assert "Figs first" not in other.get("/").content.decode()


def test_recruited_rater_who_leaves_early_is_told_to_return_the_submission(
    prolific: MockProlific, recruitment: Recruitment
) -> None:
    rater = come(prolific, recruitment).rater
    client = browser_of(rater)
    client.post(reverse("annotation:leave", args=[recruitment.campaign.public_id]), {"erase": "1"})
    page = client.get(rate(rater)).content.decode()
    assert "return your submission" in page
    assert not shows_code(client.get(rate(rater)))
