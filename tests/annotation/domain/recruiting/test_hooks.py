"""The recruiter's messages: believed by signature, taken once, in any order, and never more than a hint to ask."""

from __future__ import annotations

import time
from datetime import timedelta
from typing import Any

import pytest
from django.http import HttpResponse
from django.test import Client
from django.utils import timezone

from annotation.domain.recruiting.hooks import LARGEST, STALE
from annotation.domain.recruiting.visits import note_status
from annotation.domain.seats import hand_on_held
from annotation.enums import AssignmentState
from annotation.models import Assignment, HookEvent, Recruitment, Visit
from annotation.tasks import task_handle_hook, task_sweep_recruiting
from studies.clock import from_now
from tests import factories
from tests.annotation.domain.invariants import check_seats
from tests.recruiters.fixtures import come
from tests.recruiters.mock_prolific import MockProlific


class Sender:
    def __init__(self, prolific: MockProlific, recruitment: Recruitment) -> None:
        self.prolific, self.recruitment = prolific, recruitment
        self.visit = come(prolific, recruitment).visit
        self.submission = next(iter(prolific.submissions))

    def post(self, body: bytes | None = None, **more: Any) -> HttpResponse:
        """A message about the one submission, signed as the recruiter signs unless ``more`` says otherwise."""
        if body is None:
            event = more.get("event_type", "submission.status.change")
            body = f'{{"resource_id": "{self.submission}",  "event_type": "{event}", "status": "X"}}'.encode()
        headers = self.prolific.hook_headers(body, **more) | more.get("replaced", {})
        client = Client(headers={name: value for name, value in headers.items() if value is not None})
        path = f"/hooks/{self.recruitment.public_id}/"
        return client.post(path, body, content_type="application/json")  # type: ignore[return-value]

    def handle(self) -> str:
        """What the worker does with the messages that stand; the visit's status after it."""
        for event in HookEvent.objects.filter(handled_at__isnull=True):
            task_handle_hook(event_id=event.pk)
        self.visit.refresh_from_db()
        return self.visit.status


@pytest.fixture
def sender(prolific: MockProlific, recruitment: Recruitment) -> Sender:
    return Sender(prolific, recruitment)


SIGNATURE, STAMP, EVENT = "X-Prolific-Request-Signature", "X-Prolific-Request-Timestamp", "X-Event-ID"
REFUSED: dict[str, tuple[dict[str, Any], int]] = {
    "another secret": ({"secret": "guessed"}, 401),
    "empty secret": ({"secret": ""}, 401),
    "no signature": ({"replaced": {SIGNATURE: None}}, 401),
    "signature of nothing": ({"replaced": {SIGNATURE: ""}}, 401),
    "signature not ASCII": ({"replaced": {SIGNATURE: "é"}}, 401),
    "another time than was signed": ({"replaced": {STAMP: str(int(time.time()) + 1)}}, 401),
    "no time": ({"replaced": {STAMP: None}}, 401),
    "stale": ({"timestamp": int(time.time()) - STALE - 60}, 401),
    "of the future": ({"timestamp": int(time.time()) + STALE + 3600}, 401),
    "a time that is none": ({"timestamp": "soon"}, 401),
    "a time without end": ({"timestamp": "9" * 5000}, 401),
    "no event": ({"replaced": {EVENT: None}}, 400),
    "event too long": ({"event_id": "e" * 129}, 400),
    "no JSON": ({"body": b"resource_id=1"}, 400),
    "no object": ({"body": b"[1, 2]"}, 400),
    "too deep": ({"body": b"[" * 60_000}, 400),
    "not UTF-8": ({"body": b'{"resource_id": "\xff"}'}, 400),
    "too large": ({"body": b" " * (LARGEST + 1)}, 413),
}


@pytest.mark.parametrize("name", REFUSED)
def test_message_that_is_not_the_recruiters_is_refused(sender: Sender, name: str) -> None:
    more, status = REFUSED[name]
    assert sender.post(**more).status_code == status
    assert not HookEvent.objects.exists()


def test_body_changed_on_the_way_is_refused(sender: Sender) -> None:
    body = b'{"resource_id": "a",  "event_type": "submission.status.change"}'
    signed = sender.prolific.hook_headers(body)
    assert sender.post(body, replaced=signed).status_code == 200
    same_content = b'{"resource_id": "a", "event_type": "submission.status.change"}'
    assert sender.post(same_content, replaced=signed).status_code == 401


def test_nobody_is_believed_before_messages_were_subscribed_to(sender: Sender) -> None:
    Recruitment.objects.update(hook_secret_encrypted=None)
    assert sender.post(secret="").status_code == 401


def test_message_is_taken_once_however_often_it_comes(sender: Sender) -> None:
    sender.prolific.set_status(sender.submission, "AWAITING REVIEW")
    answers = [sender.post(event_id="one").content for _ in range(3)]
    assert answers == [b"Thank you.\n", b"Known already.\n", b"Known already.\n"]
    assert sender.handle() == "AWAITING REVIEW"
    asked = sender.prolific.asked("/submissions/")
    task_handle_hook(event_id=HookEvent.objects.get().pk)
    assert sender.prolific.asked("/submissions/") == asked


def test_messages_in_any_order_end_in_what_the_recruiter_says(sender: Sender) -> None:
    """What a message claims is not believed: the recruiter is asked."""
    sender.prolific.set_status(sender.submission, "APPROVED")
    for claimed in ("APPROVED", "ACTIVE", "RETURNED"):
        body = (
            f'{{"resource_id": "{sender.submission}", "event_type": "submission.status.change", "status": "{claimed}"}}'
        )
        assert sender.post(body.encode()).status_code == 200
        assert sender.handle() == "APPROVED"


def test_older_answer_never_replaces_a_newer_one(sender: Sender) -> None:
    now = timezone.now()
    assert note_status(visit=sender.visit, status="APPROVED", asked_at=now)
    late = Visit.objects.get()
    assert not note_status(visit=late, status="ACTIVE", asked_at=now - timedelta(seconds=1))
    assert Visit.objects.get().status == "APPROVED"


@pytest.mark.parametrize("status", ["RETURNED", "TIMED-OUT"])
def test_what_is_held_goes_to_others_when_the_place_is_gone(sender: Sender, status: str) -> None:
    rater = sender.visit.rater
    factories.submit(factories.claim(rater))
    held = factories.claim(rater)
    sender.prolific.set_status(sender.submission, status)
    sender.post()
    assert sender.handle() == status
    states = list(Assignment.objects.order_by("pk").values_list("state", flat=True))
    assert states == [AssignmentState.SUBMITTED, AssignmentState.EXPIRED]
    check_seats(rater.campaign)
    factories.submit(held)  # late, and not lost
    assert Assignment.objects.get(pk=held.pk).state == AssignmentState.SUBMITTED
    assert hand_on_held(rater.pk) == 0


def test_messages_of_no_concern_are_kept_and_ask_nobody(sender: Sender) -> None:
    assert sender.post(event_type="study.status.change").status_code == 200
    assert sender.post(b'{"resource_id": "unknown", "event_type": "submission.status.change"}').status_code == 200
    assert sender.post(b'{"resource_id": ["x"], "event_type": {"a": 1}}').status_code == 200
    assert HookEvent.objects.filter(handled_at__isnull=False, visit=None).count() == 3
    assert sender.prolific.asked("/submissions/") == 0


def test_sweep_handles_what_no_task_did(sender: Sender) -> None:
    sender.prolific.set_status(sender.submission, "RETURNED")
    sender.post()
    sender.prolific.fail("/submissions/", "500", times=3)
    assert sender.handle() == ""
    task_sweep_recruiting()
    assert HookEvent.objects.filter(handled_at=None).count() == 1  # too fresh: its task may be on its way
    HookEvent.objects.update(received_at=from_now(-61))
    task_sweep_recruiting()
    sender.visit.refresh_from_db()
    assert sender.visit.status == "RETURNED"
    assert not HookEvent.objects.filter(handled_at=None).exists()


def test_subscription_is_answered_by_echo_and_proves_nothing(sender: Sender) -> None:
    path = f"/hooks/{sender.recruitment.public_id}/"
    said = Client(headers={"X-Hook-Secret": "abc"}).post(path)
    assert (said.status_code, said["X-Hook-Secret"]) == (200, "abc")
    assert Client(headers={"X-Hook-Secret": "a b"}).post(path).status_code == 400
    assert Client().get(path).status_code == 405
    assert Client().post("/hooks/unknown/").status_code == 404
    assert not HookEvent.objects.exists()
