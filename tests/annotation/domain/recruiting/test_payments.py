"""What is asked of the recruiter is done at most once, whatever is lost on the way."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from django.db.models.functions import Now

from annotation.domain.finishing import end_rater
from annotation.domain.recruiting import desk, sending
from annotation.domain.recruiting.desk import NotSetUp
from annotation.domain.recruiting.forgetting import forget_recruiter_ids
from annotation.domain.recruiting.payments import PaymentInvalid, ask_approvals, ask_payment, why_not_approvable
from annotation.domain.recruiting.sending import MOST_TRIES, send_payment
from annotation.domain.recruiting.visits import note_status, refresh_visits
from annotation.enums import ActionState, RaterOutcome, RecruiterAction
from annotation.models import Campaign, Payment, Recruitment, Visit
from annotation.tasks import task_sweep_recruiting
from studies.clock import from_now
from studies.models import User
from tests.recruiters.fixtures import come
from tests.recruiters.mock_prolific import MockProlific

APPROVE, RETURN = RecruiterAction.APPROVE, RecruiterAction.REQUEST_RETURN
BONUS, SCREEN_OUT = RecruiterAction.BONUS, RecruiterAction.SCREEN_OUT
PATH = {APPROVE: "/transition/", RETURN: "/request-return/", BONUS: "/pay/", SCREEN_OUT: "/screen-out-submissions/"}
WORDS: dict[RecruiterAction, dict[str, Any]] = {
    RETURN: {"reason": "You could not begin."},
    BONUS: {"amount": Decimal("1.50")},
}


class Till:
    """One participant whose submission waits for review, and what was done about it at the recruiter."""

    def __init__(self, prolific: MockProlific, recruitment: Recruitment, lead: User) -> None:
        self.prolific, self.recruitment, self.lead = prolific, recruitment, lead
        self.visit = come(prolific, recruitment).visit
        self.submission = next(iter(prolific.submissions))
        prolific.complete(self.submission, "CODE-COMPLETED")

    def ask(self, action: RecruiterAction, **words: Any) -> Payment:
        return ask_payment(visit=self.visit, action=action, actor=self.lead, **(WORDS.get(action, {}) | words))

    def send(self, action: RecruiterAction) -> Payment:
        return send_payment(payment=self.ask(action))

    def again(self, payment: Payment) -> Payment:
        """As the sweep does when it is due."""
        Payment.objects.filter(pk=payment.pk, due_at__isnull=False).update(due_at=Now())
        task_sweep_recruiting()
        return Payment.objects.get(pk=payment.pk)

    def times(self, action: RecruiterAction) -> int:
        """How often it took effect."""
        row = self.prolific.submissions[self.submission]
        times: dict[RecruiterAction, int] = {
            APPROVE: int(row["status"] == "APPROVED"),
            RETURN: int(row["return_requested"] is not None),
            BONUS: len(row["bonus_payments"]),
            SCREEN_OUT: int(row.get("screened_out", 0)),
        }
        return times[action]


@pytest.fixture
def till(prolific: MockProlific, recruitment: Recruitment, lead: User) -> Till:
    return Till(prolific, recruitment, lead)


every_action = pytest.mark.parametrize("action", list(RecruiterAction))


@every_action
def test_what_is_asked_is_done_once(till: Till, action: RecruiterAction) -> None:
    payment = till.send(action)
    assert (payment.state, payment.settled_at is not None, till.times(action)) == (ActionState.DONE, True, 1)
    assert till.ask(action).pk == payment.pk  # a second click is no second wish
    till.again(payment)
    send_payment(payment=payment)
    assert till.times(action) == 1
    assert Visit.objects.get().status == till.prolific.submissions[till.submission]["status"]
    if action == BONUS:
        assert till.prolific.paid(till.submission) == [150]


@every_action
@pytest.mark.parametrize("fault", ["429", "500", "lost", "cut"])
@pytest.mark.parametrize("times", [1, 3])
def test_trouble_on_the_way_pays_nothing_twice_and_loses_nothing_certain(
    till: Till, action: RecruiterAction, fault: str, times: int
) -> None:
    till.prolific.fail(PATH[action], fault, times=times)
    payment = till.send(action)
    for _ in range(4):
        payment = till.again(payment)
    if action == BONUS and fault in ("500", "cut"):
        # Whether it was paid cannot be known: it is not sent again, and a lead is told in the end.
        assert (till.times(action), payment.state) == (0, ActionState.SENT)
        Payment.objects.update(attempts=MOST_TRIES)
        payment = till.again(payment)
        assert payment.state == ActionState.FAILED
        assert "not known whether" in payment.answer
    else:
        assert (till.times(action), payment.state) == (1, ActionState.DONE)


@every_action
def test_retry_after_is_kept(till: Till, action: RecruiterAction) -> None:
    till.prolific.fail(PATH[action], "429", Retry_After="7200")
    payment = till.send(action)
    assert payment.state == ActionState.WAITING
    assert "slow down" in payment.answer
    assert Payment.objects.filter(due_at__gt=from_now(7100)).exists()
    before = till.prolific.asked(PATH[action])
    task_sweep_recruiting()
    assert send_payment(payment=payment).state == ActionState.WAITING
    assert till.prolific.asked(PATH[action]) == before
    assert till.again(payment).state == ActionState.DONE
    assert till.times(action) == 1


def test_short_retry_after_is_waited_for(till: Till, monkeypatch: pytest.MonkeyPatch) -> None:
    waited: list[float] = []
    monkeypatch.setattr("annotation.recruiters.prolific.time.sleep", waited.append)
    till.prolific.fail(PATH[APPROVE], "429", Retry_After="3")
    assert till.send(APPROVE).state == ActionState.DONE
    assert waited == [3.0]


@every_action
def test_refusal_is_said_without_ids_and_may_be_asked_again(till: Till, action: RecruiterAction) -> None:
    till.prolific.fail(PATH[action], "400")
    refused = till.send(action)
    assert (refused.state, till.times(action)) == (ActionState.FAILED, 0)
    assert "refused (400): fault 400" in refused.answer
    again = till.send(action)
    assert again.pk != refused.pk
    assert (again.state, till.times(action)) == (ActionState.DONE, 1)


def test_recruiters_words_are_kept_without_the_ids_in_them(till: Till) -> None:
    till.prolific.set_status(till.submission, "ACTIVE")
    answer = till.send(APPROVE).answer
    assert "is ACTIVE" in answer
    assert till.submission not in answer


@pytest.mark.parametrize(("fault", "words"), [("401", "refuses the API token"), ("404", "knows nothing of this")])
def test_final_answer_ends_it(till: Till, fault: str, words: str) -> None:
    till.prolific.fail("/submissions/", fault)
    payment = till.send(APPROVE)
    assert payment.state == ActionState.FAILED
    assert words in payment.answer


def test_process_killed_while_it_sends_is_followed_up_by_the_sweep(till: Till, monkeypatch: pytest.MonkeyPatch) -> None:
    """After the request, before its answer was stored: nothing is sent again, for the submission shows it."""
    payment = till.ask(BONUS)
    with monkeypatch.context() as patch:
        patch.setattr(sending, "_settle", _killed)
        with pytest.raises(KeyboardInterrupt):
            send_payment(payment=payment)
    assert Payment.objects.get().state == ActionState.SENT
    assert send_payment(payment=payment).state == ActionState.SENT  # in somebody's hands for a while
    assert till.again(payment).state == ActionState.DONE
    assert till.prolific.paid(till.submission) == [150]


def _killed(*_: object) -> None:
    raise KeyboardInterrupt


def test_lost_message_is_swept(till: Till) -> None:
    payment = till.ask(APPROVE)
    task_sweep_recruiting()
    assert Payment.objects.get().state == ActionState.WAITING  # its task may still come
    assert till.again(payment).state == ActionState.DONE


def test_it_is_given_up_after_many_tries(till: Till) -> None:
    till.prolific.fail("/submissions/", "500", times=999)
    payment = till.send(APPROVE)
    Payment.objects.update(attempts=MOST_TRIES - 1)
    payment = till.again(payment)
    assert (payment.state, payment.due_at) == (ActionState.FAILED, None)
    assert payment.answer.startswith(f"Given up after {MOST_TRIES} tries.")


def test_two_bonuses_go_one_after_the_other(till: Till) -> None:
    first, second = till.ask(BONUS), till.ask(BONUS, amount=Decimal("2.00"))
    assert first.pk != second.pk
    till.prolific.fail(PATH[BONUS], "lost")
    assert send_payment(payment=first).state == ActionState.SENT
    assert send_payment(payment=second).state == ActionState.WAITING
    assert till.again(first).state == ActionState.DONE
    assert till.again(second).state == ActionState.DONE
    assert till.prolific.paid(till.submission) == [150, 200]


@pytest.mark.parametrize(
    ("action", "words"),
    [
        (BONUS, {"amount": None}),
        (BONUS, {"amount": Decimal(0)}),
        (BONUS, {"amount": Decimal("-1")}),
        (BONUS, {"amount": Decimal("1.005")}),
        (BONUS, {"amount": Decimal("1000.01")}),
        (BONUS, {"amount": Decimal("NaN")}),
        (BONUS, {"amount": Decimal("Infinity")}),
        (RETURN, {"reason": " "}),
        (RETURN, {"reason": "x" * 501}),
    ],
)
def test_what_cannot_be_asked_is_not_written(till: Till, action: RecruiterAction, words: dict[str, Any]) -> None:
    with pytest.raises(PaymentInvalid):
        till.ask(action, **words)
    assert not Payment.objects.exists()


def approvals(till: Till, but: Visit | None = None) -> list[Payment]:
    visits = [visit.pk for visit in till.recruitment.visits.all() if visit != but]
    return ask_approvals(recruitment=till.recruitment, actor=till.lead, visits=visits)


def test_all_who_completed_are_approved_once(till: Till) -> None:
    other = come(till.prolific, till.recruitment)
    assert approvals(till) == []
    end_rater(rater=till.visit.rater, outcome=RaterOutcome.COMPLETED)
    end_rater(rater=other.rater, outcome=RaterOutcome.SCREENED_OUT)
    assert approvals(till, but=till.visit) == [], "only those that a lead has looked at"
    assert [payment.visit for payment in approvals(till)] == [till.visit]
    assert approvals(till) == []


def test_what_is_not_approved_with_the_others_has_a_reason(till: Till, lead: User) -> None:
    def why() -> str:
        visit = Visit.objects.select_related("rater").prefetch_related("payments").get(pk=till.visit.pk)
        return why_not_approvable(visit)

    assert why() == "not complete yet"
    end_rater(rater=till.visit.rater, outcome=RaterOutcome.SCREENED_OUT)
    assert why() == "ended otherwise: screened out"
    end_rater(rater=till.visit.rater, outcome=RaterOutcome.COMPLETED)
    approvals(till)
    assert why() == "approval was asked for already"
    Visit.objects.update(status="APPROVED")
    assert why() == "is approved at the recruiter already"


def test_refresh_reads_every_submission(till: Till) -> None:
    for _ in range(3):
        come(till.prolific, till.recruitment)
    till.prolific.add_participant()
    assert refresh_visits(recruitment=till.recruitment, actor=till.lead) == 4
    assert refresh_visits(recruitment=till.recruitment, actor=till.lead) == 0
    assert Visit.objects.filter(status="ACTIVE").count() == 3


def test_ids_are_forgotten_only_when_everybody_is_decided(till: Till) -> None:
    from annotation.domain.errors import WrongState

    def forget() -> int:
        return forget_recruiter_ids(recruitment=till.recruitment, actor=till.lead)

    with pytest.raises(WrongState, match="can still come"):
        forget()
    Campaign.objects.update(state="closed")
    payment = till.ask(APPROVE)
    with pytest.raises(WrongState, match="still open"):
        forget()
    send_payment(payment=payment)
    note_status(visit=till.visit, status="AWAITING REVIEW", asked_at=desk.database_time())
    with pytest.raises(WrongState, match="1 submission may"):
        forget()
    note_status(visit=till.visit, status="APPROVED", asked_at=desk.database_time())
    assert forget() == 1
    visit = Visit.objects.select_related("rater__participant").get()
    assert (visit.id_encrypted, visit.rater.participant.recruiter_id_encrypted) == (None, None)
    assert len(visit.id_hash) == 64
    with pytest.raises(NotSetUp):
        till.ask(APPROVE)
