"""Prolific's API: the few calls that recruiting needs, each with time-outs, patience, and an error that says what it
means for whoever asked (base.py). Never to be called inside a transaction.

What may be repeated without harm is (questions, approvals, return requests). What pays is sent once: Prolific says of
the payment of bonuses that it is not idempotent, so a lost answer is left to whoever looks the submission up.
"""

from __future__ import annotations

import re
import time
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from email.utils import parsedate_to_datetime
from typing import Any
from urllib.parse import quote

import httpx
from django.utils import timezone
from django.utils.dateparse import parse_datetime

from annotation.recruiters.base import (
    AnswerLost,
    Busy,
    Final,
    NotFound,
    Refused,
    Retryable,
    Submission,
    TokenRefused,
    Unreachable,
    Unreadable,
)

NAME = "Prolific"
COMPLETE = "https://app.prolific.com/submissions/complete?cc="
SUBMISSION_EVENT = "submission.status.change"
TIMEOUT = httpx.Timeout(15.0, connect=5.0)
PAUSES = (0.5, 1.5, 4.0)  # seconds before the second, third and fourth try
LONGEST_PAUSE = 8.0  # of a Retry-After; what asks for more is left to the next sweep
PAGE = 200
LONGEST_REPLY = 300  # characters of the recruiter's words that are kept
AN_ID = re.compile(r"\b[0-9A-Fa-f]{24}\b")
# Statuses, in Prolific's own words.
RESERVED, ACTIVE, AWAITING = "RESERVED", "ACTIVE", "AWAITING REVIEW"
APPROVED, PARTLY_APPROVED, REJECTED = "APPROVED", "PARTIALLY APPROVED", "REJECTED"
RETURNED, TIMED_OUT, SCREENED_OUT = "RETURNED", "TIMED-OUT", "SCREENED OUT"


def completion_address(code: str) -> str:
    return COMPLETE + quote(code, safe="")


class Prolific:
    """One account, by its API token. A context manager: the connection is closed at the end."""

    def __init__(self, base_url: str, token: str, *, pauses: Sequence[float] = PAUSES) -> None:
        self.pauses = pauses
        self.client = httpx.Client(
            base_url=base_url.rstrip("/"), headers={"Authorization": f"Token {token}"}, timeout=TIMEOUT
        )

    def __enter__(self) -> Prolific:
        return self

    def __exit__(self, *_: object) -> None:
        self.client.close()

    def submission(self, submission_id: str) -> Submission:
        return submission_of(self._ask("GET", f"/submissions/{quote(submission_id, safe='')}/"))

    def submissions(self, study_id: str) -> Iterator[Submission]:
        """All of the study, page by page."""
        offset = 0
        while True:
            path = f"/studies/{quote(study_id, safe='')}/submissions/"
            page = self._ask("GET", path, params={"limit": PAGE, "offset": offset})
            rows = page.get("results")
            if not isinstance(rows, list):
                raise Unreadable(f"{NAME} sent a list of submissions that is none.")
            yield from (submission_of({"study_id": study_id} | row) for row in rows)
            offset += len(rows)
            if len(rows) < PAGE:
                return

    def approve(self, submission_id: str) -> None:
        self._ask("POST", f"/submissions/{quote(submission_id, safe='')}/transition/", {"action": "APPROVE"})

    def request_return(self, submission_id: str, reason: str) -> None:
        path = f"/submissions/{quote(submission_id, safe='')}/request-return/"
        self._ask("POST", path, {"request_return_reasons": [reason]})

    def screen_out(self, study_id: str, submission_id: str, amount: Decimal | None) -> None:
        """Sent once: it pays."""
        body: dict[str, Any] = {"submission_ids": [submission_id], "increase_places": True}
        if amount is not None:
            body["bonus_per_submission"] = float(amount)
        self._ask("POST", f"/studies/{quote(study_id, safe='')}/screen-out-submissions/", body, once=True)

    def prepare_bonus(self, study_id: str, submission_id: str, amount: Decimal) -> str:
        """The id under which the bonus can be paid; by itself this pays nothing."""
        body = {"study_id": study_id, "csv_bonuses": f"{submission_id},{amount:.2f}"}
        batch = self._ask("POST", "/submissions/bonus-payments/", body).get("id")
        if not isinstance(batch, str) or not batch:
            raise Unreadable(f"{NAME} prepared the bonus without giving its id.")
        return batch

    def pay_bonus(self, batch: str) -> None:
        """Sent once: a second request would pay a second time."""
        self._ask("POST", f"/bulk-bonus-payments/{quote(batch, safe='')}/pay/", once=True)

    def hook_secret(self, workspace_id: str) -> str:
        """The workspace's one secret, made where it has none."""
        known = self._ask("GET", "/hooks/secrets/", params={"workspace_id": workspace_id}).get("results") or []
        made = known[0] if known else self._ask("POST", "/hooks/secrets/", {"workspace_id": workspace_id})
        if not isinstance(made, Mapping) or not isinstance(made.get("value"), str):
            raise Unreadable(f"{NAME} gave no secret for its messages.")
        return str(made["value"])

    def subscribe(self, workspace_id: str, address: str) -> None:
        """Messages about submissions to this address from now on: asked for, and confirmed with what came back."""
        body = {"workspace_id": workspace_id, "event_type": SUBMISSION_EVENT, "target_url": address}
        reply = self._send("POST", "/hooks/subscriptions/", body)
        number, secret = self._content(reply).get("id"), reply.headers.get("X-Hook-Secret")
        if not number or not secret:
            raise Unreadable(f"{NAME} did not say how to confirm the subscription.")
        self._ask("POST", f"/hooks/subscriptions/{quote(str(number), safe='')}/", {"secret": secret})

    def _ask(
        self,
        method: str,
        path: str,
        body: Mapping[str, Any] | None = None,
        *,
        params: Mapping[str, Any] | None = None,
        once: bool = False,
    ) -> dict[str, Any]:
        return self._content(self._send(method, path, body, params=params, once=once))

    def _send(
        self,
        method: str,
        path: str,
        body: Mapping[str, Any] | None = None,
        *,
        params: Mapping[str, Any] | None = None,
        once: bool = False,
    ) -> httpx.Response:
        """Tries again after 429, 5xx and lost connections. With ``once``, only where nothing can have happened yet."""
        for usual in self.pauses:
            try:
                return self._try(method, path, body, params)
            except Retryable as error:
                pause = max(usual, error.retry_after or 0.0)
                if pause > LONGEST_PAUSE or (once and isinstance(error, AnswerLost)):
                    raise
                time.sleep(pause)
        return self._try(method, path, body, params)

    def _try(
        self, method: str, path: str, body: Mapping[str, Any] | None, params: Mapping[str, Any] | None
    ) -> httpx.Response:
        try:
            reply = self.client.request(method, path, json=body, params=params)
        except (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout) as error:
            raise Unreachable(f"{NAME} cannot be reached. It is tried again.") from error
        except httpx.HTTPError as error:
            raise AnswerLost(f"{NAME} did not answer ({type(error).__name__}).") from error
        if reply.is_success:
            return reply
        raise error_of(reply)

    def _content(self, reply: httpx.Response) -> dict[str, Any]:
        if not reply.content:
            return {}
        try:
            content = reply.json()
        except ValueError as error:
            if reply.request.method == "GET":
                raise Unreadable(f"{NAME} answered with something that is no JSON.") from error
            return {}  # it was a success all the same: bulk payments answer in plain words
        return content if isinstance(content, dict) else {"results": content}


def error_of(reply: httpx.Response) -> Retryable | Final:
    """What an answer with an error's status means."""
    status, said = reply.status_code, words_of(reply)
    if status == 429:
        return Busy(f"{NAME} asks us to slow down. It is tried again.", retry_after(reply.headers.get("Retry-After")))
    if status >= 500:
        return AnswerLost(f"{NAME} has trouble of its own ({status}).")
    if status in (401, 403):
        return TokenRefused(f"{NAME} refuses the API token ({status}): enter a valid one.")
    if status == 404:
        return NotFound(f"{NAME} knows nothing of this (404): is it the right study, and the right account's token?")
    return Refused(f"{NAME} refused ({status}): {said}")


def words_of(reply: httpx.Response) -> str:
    """What the recruiter said, cut to a length that can be shown, and without the ids that it names: it is stored."""
    try:
        error = reply.json()
    except ValueError:
        error = reply.text
    error = error.get("error", error) if isinstance(error, dict) else error
    if isinstance(error, dict):
        error = error.get("detail") or error.get("title") or error.get("message") or error
    return AN_ID.sub("…", str(error))[:LONGEST_REPLY] or "without a word"


def retry_after(header: str | None) -> float | None:
    """Seconds of a Retry-After, given as such or as a date; None where there is none."""
    if not header:
        return None
    try:
        return max(0.0, float(header))
    except ValueError:
        pass
    try:
        return max(0.0, (parsedate_to_datetime(header) - timezone.now()).total_seconds())
    except (ValueError, TypeError):
        return None


def submission_of(row: Mapping[str, Any]) -> Submission:
    """Raises Unreadable where what identifies a submission is missing."""
    found = {
        "id": row.get("id"),
        "study_id": row.get("study_id"),
        "participant_id": row.get("participant") or row.get("participant_id"),
        "status": row.get("status"),
    }
    missing = [name for name, value in found.items() if not isinstance(value, str) or not value]
    if missing:
        raise Unreadable(f"{NAME} described a submission without its {', '.join(missing)}.")
    return Submission(
        **{name: str(value) for name, value in found.items()},
        bonuses=tuple(Decimal(str(cents)) / 100 for cents in row.get("bonus_payments") or ()),
        return_requested=_time(row.get("return_requested")),
    )


def _time(value: object) -> datetime | None:
    return parse_datetime(value) if isinstance(value, str) else None
