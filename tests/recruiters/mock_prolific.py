"""A server that speaks Prolific's protocol, for tests: keys, submissions, payments, hooks, and faults on order.

    with mock_prolific() as prolific:
        study = prolific.add_study()
        person = prolific.add_participant()
        browser.goto(prolific.launch_url(study, person, f"{site}/r/{recruitment.public_id}/"))
        prolific.send_hook(f"{site}/hooks/{recruitment.public_id}/", prolific.submission_of(study, person))

``prolific.environment`` points a site at it. It keeps to Prolific's documentation where that speaks: approving is
idempotent, paying a batch of bonuses is not, and a study's participant has one submission.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import re
import secrets
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import cache
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

import httpx
import jwt
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, generate_private_key

ISSUER = "https://www.prolific.com"
API = "/api/v1"
JWKS = "/.well-known/study/jwks.json"


def new_id() -> str:
    return secrets.token_hex(12)  # 24 hex digits, as Prolific's are


@cache
def rsa_key(number: int) -> RSAPrivateKey:
    """Kept for the session: making one takes a moment."""
    return generate_private_key(public_exponent=65537, key_size=2048)


@dataclass
class Key:
    kid: str
    private: RSAPrivateKey

    @property
    def public(self) -> dict[str, Any]:
        made = jwt.algorithms.RSAAlgorithm.to_jwk(self.private.public_key(), as_dict=True)
        return made | {"kid": self.kid, "use": "sig", "alg": "RS256"}


@dataclass
class Fault:
    """``what``: a status, or "lost" (done, and no answer), or "cut" (nothing done, no answer)."""

    path: str
    what: str
    times: int
    headers: dict[str, str]


@dataclass
class MockProlific:
    """The tests' side, and the server's memory."""

    url: str = ""
    token: str = "test-api-token"
    workspace_id: str = field(default_factory=new_id)
    hook_secret: str = field(default_factory=lambda: secrets.token_hex(16))
    keys: list[Key] = field(default_factory=lambda: [Key("key-1", rsa_key(1))])
    studies: dict[str, dict[str, Any]] = field(default_factory=dict)
    participants: list[str] = field(default_factory=list)
    submissions: dict[str, dict[str, Any]] = field(default_factory=dict)
    batches: dict[str, dict[str, Any]] = field(default_factory=dict)
    subscriptions: dict[str, dict[str, Any]] = field(default_factory=dict)
    requests: list[tuple[str, str, Any]] = field(default_factory=list)
    faults: list[Fault] = field(default_factory=list)
    lock: threading.RLock = field(default_factory=threading.RLock)

    @property
    def environment(self) -> dict[str, str]:
        """What a site needs in its environment to talk to this server; the same names are Django settings."""
        return {"PROLIFIC_API": self.url + API, "PROLIFIC_JWKS": self.url + JWKS}

    def add_study(self) -> str:
        study = new_id()
        self.studies[study] = {"id": study, "workspace_id": self.workspace_id, "status": "ACTIVE"}
        return study

    def add_participant(self) -> str:
        self.participants.append(new_id())
        return self.participants[-1]

    def submission_of(self, study: str, participant: str) -> str:
        """The id of the participant's one submission, reserved and begun where there was none."""
        with self.lock:
            for row in self.submissions.values():
                if (row["study_id"], row["participant"]) == (study, participant):
                    return str(row["id"])
            number = new_id()
            self.submissions[number] = {
                "id": number,
                "study_id": study,
                "participant": participant,
                "status": "ACTIVE",
                "started_at": datetime.now(UTC).isoformat(),
                "completed_at": None,
                "entered_code": None,
                "bonus_payments": [],
                "return_requested": None,
            }
            return number

    def set_status(self, submission: str, status: str) -> None:
        self.submissions[submission]["status"] = status

    def complete(self, submission: str, code: str) -> None:
        """What the participant's browser does at the completion address."""
        changes = {"entered_code": code, "status": "AWAITING REVIEW", "completed_at": datetime.now(UTC).isoformat()}
        self.submissions[submission] |= changes

    def claims(self, study: str, participant: str, address: str) -> dict[str, Any]:
        submission = self.submission_of(study, participant)
        origin = "{0.scheme}://{0.netloc}".format(urlsplit(address))
        now = int(time.time())
        return {
            "iss": ISSUER,
            "aud": origin,
            "sub": submission,
            "iat": now,
            "nbf": now,
            "exp": now + 300,
            "jti": secrets.token_hex(8),
            "prolific": {
                "PROLIFIC_PID": participant,
                "STUDY_ID": study,
                "SESSION_ID": submission,
                "workspace_id": self.workspace_id,
            },
        }

    def sign(self, claims: dict[str, Any], key: Key | None = None) -> str:
        key = key or self.keys[-1]
        return jwt.encode(claims, key.private, algorithm="RS256", headers={"kid": key.kid})

    def launch_url(self, study: str, participant: str, address: str, *, signed: bool = True, **changed: Any) -> str:
        """``address`` of the site with what Prolific adds to it; ``changed`` replaces claims of the token."""
        query = {
            "PROLIFIC_PID": participant,
            "STUDY_ID": study,
            "SESSION_ID": self.submission_of(study, participant),
        }
        if signed:
            query["prolific_token"] = self.sign(self.claims(study, participant, address) | changed)
        return f"{address}?{urlencode(query)}"

    def rotate_keys(self, *, keep_old: bool = True) -> Key:
        """Signs with a new key from now on."""
        key = Key(f"key-{secrets.token_hex(4)}", rsa_key(len(self.keys) + 1))
        self.keys = [*self.keys, key] if keep_old else [key]
        return key

    def send_hook(self, address: str, submission: str, *, secret: str | None = None, **more: Any) -> httpx.Response:
        """One message. ``event_id``, ``timestamp`` (of the signature), ``status``, ``body`` and ``headers`` can be
        given."""
        status = more.get("status", self.submissions.get(submission, {}).get("status", "ACTIVE"))
        content = {
            "resource_id": submission,
            "event_type": more.get("event_type", "submission.status.change"),
            "participant_id": self.submissions.get(submission, {}).get("participant", new_id()),
            "status": status,
        }
        # With spaces that json.dumps of what is read would not write: only the raw bytes verify.
        body: bytes = more.get("body", json.dumps(content, indent=1).encode())
        return httpx.post(address, content=body, headers=self.hook_headers(body, secret=secret, **more), timeout=30)

    def hook_headers(self, body: bytes, *, secret: str | None = None, **more: Any) -> dict[str, str]:
        stamp = str(more.get("timestamp", int(time.time())))
        key = (self.hook_secret if secret is None else secret).encode()
        signature = base64.b64encode(hmac.new(key, stamp.encode() + body, hashlib.sha256).digest()).decode()
        headers: dict[str, str] = {
            "Content-Type": "application/json",
            "X-Prolific-Request-Signature": signature,
            "X-Prolific-Request-Timestamp": stamp,
            "X-Event-ID": more.get("event_id") or secrets.token_hex(12),
            "X-Timestamp": datetime.now(UTC).isoformat(),
        }
        return headers | dict(more.get("headers", {}))

    def fail(self, path: str, what: str, times: int = 1, **headers: str) -> None:
        """The next requests whose path contains ``path``: "429", "500", "404" ..., "lost" or "cut"."""
        self.faults.append(Fault(path, what, times, {name.replace("_", "-"): value for name, value in headers.items()}))

    def asked(self, path: str) -> int:
        """How many requests had this in their path, whatever came of them."""
        return sum(path in each for _, each, _ in self.requests)

    def paid(self, submission: str) -> list[int]:
        return list(self.submissions[submission]["bonus_payments"])

    def fault_for(self, path: str) -> Fault | None:
        with self.lock:
            for fault in self.faults:
                if fault.times > 0 and fault.path in path:
                    fault.times -= 1
                    return fault
        return None


class Refusal(Exception):
    def __init__(self, status: int, detail: str) -> None:
        super().__init__(detail)
        self.status, self.detail = status, detail


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    prolific: MockProlific

    def log_message(self, *_: Any) -> None:
        """Quiet."""

    def do_GET(self) -> None:
        self.serve()

    def do_POST(self) -> None:
        self.serve()

    def serve(self) -> None:
        length = int(self.headers.get("Content-Length") or 0)
        body = json.loads(self.rfile.read(length) or b"null")
        parts = urlsplit(self.path)
        with self.prolific.lock:
            self.prolific.requests.append((self.command, parts.path, body))
        fault = self.prolific.fault_for(parts.path)
        if fault is not None and fault.what == "cut":
            self.close_connection = True
            return
        if fault is not None and fault.what != "lost":
            self.reply(int(fault.what), {"error": {"detail": f"fault {fault.what}"}}, fault.headers)
            return
        status, content, headers = self.answer(parts.path, parse_qs(parts.query), body)
        if fault is not None:
            self.close_connection = True
            return
        self.reply(status, content, headers)

    def answer(self, path: str, query: dict[str, list[str]], body: Any) -> tuple[int, Any, dict[str, str]]:
        if path == JWKS:
            return 200, {"keys": [key.public for key in self.prolific.keys]}, {}
        if self.headers.get("Authorization") != f"Token {self.prolific.token}":
            return 401, {"error": {"detail": "Invalid token."}}, {}
        try:
            with self.prolific.lock:
                return self.act(path.removeprefix(API), query, body)
        except Refusal as refusal:
            return refusal.status, {"error": {"status": refusal.status, "detail": refusal.detail}}, {}

    def act(self, path: str, query: dict[str, list[str]], body: Any) -> tuple[int, Any, dict[str, str]]:
        for pattern, method, name in ROUTES:
            match = re.fullmatch(pattern, path)
            if match and method == self.command:
                made: tuple[int, Any, dict[str, str]] = getattr(self, name)(*match.groups(), query=query, body=body)
                return made
        raise Refusal(404, "Not found.")

    def found(self, submission: str) -> dict[str, Any]:
        if submission not in self.prolific.submissions:
            raise Refusal(404, "Not found.")
        return self.prolific.submissions[submission]

    def get_submission(self, submission: str, **_: Any) -> tuple[int, Any, dict[str, str]]:
        return 200, dict(self.found(submission)), {}

    def list_submissions(self, study: str, *, query: dict[str, list[str]], **_: Any) -> tuple[int, Any, dict[str, str]]:
        rows = [row for row in self.prolific.submissions.values() if row["study_id"] == study]
        start, limit = int(query.get("offset", ["0"])[0]), int(query.get("limit", ["100"])[0])
        # As Prolific's list: the study is not repeated in each row, and the participant has another name.
        shown = [{"id": row["id"], "participant_id": row["participant"], "status": row["status"]} for row in rows]
        return 200, {"results": shown[start : start + limit], "meta": {"count": len(rows)}}, {}

    def transition(self, submission: str, *, body: Any, **_: Any) -> tuple[int, Any, dict[str, str]]:
        row = self.found(submission)
        if body["action"] != "APPROVE":
            raise Refusal(400, "This mock only approves.")
        if row["status"] not in ("AWAITING REVIEW", "APPROVED", "REJECTED", "TIMED-OUT", "RETURNED"):
            raise Refusal(400, f"Submission {submission} is {row['status']}.")
        row["status"] = "APPROVED"
        return 200, dict(row), {}

    def request_return(self, submission: str, *, body: Any, **_: Any) -> tuple[int, Any, dict[str, str]]:
        row = self.found(submission)
        if not body.get("request_return_reasons"):
            raise Refusal(400, "request_return_reasons is required.")
        row["return_requested"] = row["return_requested"] or datetime.now(UTC).isoformat()
        return 200, dict(row), {}

    def prepare_bonus(self, *, body: Any, **_: Any) -> tuple[int, Any, dict[str, str]]:
        rows = [line.split(",") for line in body["csv_bonuses"].strip().splitlines()]
        unknown = [name for name, _ in rows if name not in self.prolific.submissions]
        if unknown:
            raise Refusal(400, f"These ids are incorrect: {', '.join(unknown)}")
        batch = new_id()
        self.prolific.batches[batch] = {"rows": rows, "paid": 0}
        return 201, {"id": batch, "study": body["study_id"], "amount": 0, "total_amount": 0}, {}

    def pay_bonus(self, batch: str, **_: Any) -> tuple[int, Any, dict[str, str]]:
        """Not idempotent, as documented: every request pays."""
        if batch not in self.prolific.batches:
            raise Refusal(404, "Not found.")
        self.prolific.batches[batch]["paid"] += 1
        for name, amount in self.prolific.batches[batch]["rows"]:
            self.prolific.submissions[name]["bonus_payments"].append(round(float(amount) * 100))
        return 202, None, {}

    def screen_out(self, study: str, *, body: Any, **_: Any) -> tuple[int, Any, dict[str, str]]:
        for submission in body["submission_ids"]:
            row = self.found(submission)
            if row["study_id"] != study or row["status"] == "SCREENED OUT":
                raise Refusal(400, f"Submission {submission} cannot be screened out.")
            row["status"] = "SCREENED OUT"
            row["screened_out"] = row.get("screened_out", 0) + 1
        return 200, {"message": "ok"}, {}

    def list_secrets(self, **_: Any) -> tuple[int, Any, dict[str, str]]:
        return 200, {"results": [{"id": "1", "value": self.prolific.hook_secret}]}, {}

    def subscribe(self, *, body: Any, **_: Any) -> tuple[int, Any, dict[str, str]]:
        number, secret = new_id(), secrets.token_hex(8)
        self.prolific.subscriptions[number] = body | {"secret": secret, "confirmed": False}
        return 201, {"id": number, **body}, {"X-Hook-Secret": secret}

    def confirm(self, number: str, *, body: Any, **_: Any) -> tuple[int, Any, dict[str, str]]:
        subscription = self.prolific.subscriptions.get(number)
        if subscription is None or subscription["secret"] != body.get("secret"):
            raise Refusal(400, "Wrong secret.")
        subscription["confirmed"] = True
        return 200, {"id": number, "is_enabled": True}, {}

    def reply(self, status: int, content: Any, headers: dict[str, str]) -> None:
        text = b"" if content is None else json.dumps(content).encode()
        self.send_response(status)
        for name, value in ({"Content-Type": "application/json", "Content-Length": str(len(text))} | headers).items():
            self.send_header(name, value)
        self.end_headers()
        with suppress(ConnectionError):
            self.wfile.write(text)


ROUTES = [
    (r"/submissions/bonus-payments/", "POST", "prepare_bonus"),
    (r"/bulk-bonus-payments/(\w+)/pay/", "POST", "pay_bonus"),
    (r"/submissions/(\w+)/transition/", "POST", "transition"),
    (r"/submissions/(\w+)/request-return/", "POST", "request_return"),
    (r"/submissions/(\w+)/", "GET", "get_submission"),
    (r"/studies/(\w+)/submissions/", "GET", "list_submissions"),
    (r"/studies/(\w+)/screen-out-submissions/", "POST", "screen_out"),
    (r"/hooks/secrets/", "GET", "list_secrets"),
    (r"/hooks/subscriptions/", "POST", "subscribe"),
    (r"/hooks/subscriptions/(\w+)/", "POST", "confirm"),
]


@contextmanager
def mock_prolific() -> Iterator[MockProlific]:
    """A server on a free port of this machine, in a thread of this process; it has ended when the block has."""
    prolific = MockProlific()
    handler = type("Bound", (Handler,), {"prolific": prolific})
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    server.daemon_threads = True
    prolific.url = f"http://127.0.0.1:{server.server_address[1]}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    try:
        yield prolific
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
