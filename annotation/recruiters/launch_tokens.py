"""Prolific's signed launch tokens: what must hold before one is believed.

RS256 by a published key, issued by Prolific, in its time, for this site, and about a study and submission.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlsplit

import jwt

from annotation.recruiters.base import Final
from annotation.recruiters.jwks import KeyRing, UnknownKey

ISSUER = "https://www.prolific.com"
PARAMETER = "prolific_token"
PID, STUDY, SESSION = "PROLIFIC_PID", "STUDY_ID", "SESSION_ID"
LONGEST_TOKEN = 4096
LEEWAY = 30  # seconds by which clocks may differ
ID = re.compile(r"[0-9A-Za-z_-]{6,64}")
PORTS = {"https": 443, "http": 80}


class TokenBad(Final):
    """``message`` says what does not hold, for a log; it holds nothing of the token."""


@dataclass(frozen=True)
class LaunchToken:
    participant_id: str
    study_id: str
    submission_id: str
    workspace_id: str
    sha256: str
    expires_at: datetime


def read_token(token: str, *, ring: KeyRing, audience: str) -> LaunchToken:
    """``audience`` is the origin of this site. Raises TokenBad, or Unreachable where the keys cannot be had."""
    claims = verified_claims(token, ring)
    if not any(same_origin(name, audience) for name in _audiences(claims)):
        raise TokenBad("the audience is another site")
    about = claims.get("prolific")
    if not isinstance(about, dict):
        raise TokenBad("the token says nothing of a study")
    ids = {name: about.get(name) for name in (PID, STUDY, SESSION)}
    wrong = [name for name, value in ids.items() if not is_id(value)]
    if wrong:
        raise TokenBad(f"{wrong[0]} is missing or no id")
    if claims.get("sub", ids[SESSION]) != ids[SESSION]:
        raise TokenBad("the token's subject is another submission")
    return LaunchToken(
        participant_id=str(ids[PID]),
        study_id=str(ids[STUDY]),
        submission_id=str(ids[SESSION]),
        workspace_id=str(about.get("workspace_id") or ""),
        sha256=hashlib.sha256(token.encode()).hexdigest(),
        expires_at=_end_of(claims),
    )


def verified_claims(token: str, ring: KeyRing) -> dict[str, Any]:
    if not token or len(token) > LONGEST_TOKEN or not token.isascii():
        raise TokenBad("the token is missing or too long")
    try:
        header = jwt.get_unverified_header(token)
    except jwt.InvalidTokenError as error:
        raise TokenBad("this is no token") from error
    # Before any key is looked for: who signs otherwise does not get to choose with what we verify.
    if header.get("alg") != "RS256" or not isinstance(header.get("kid"), str) or "crit" in header:
        raise TokenBad("the token is not signed as the recruiter signs")
    try:
        claims: dict[str, Any] = jwt.decode(
            token,
            ring.key(header["kid"]),
            algorithms=["RS256"],
            issuer=ISSUER,
            leeway=LEEWAY,
            options={"require": ["exp", "iss", "aud"], "verify_aud": False},
        )
    except UnknownKey as error:
        raise TokenBad("the recruiter publishes no such key") from error
    except jwt.InvalidTokenError as error:
        raise TokenBad(_WHY.get(type(error), type(error).__name__)) from error
    return claims


def _end_of(claims: Mapping[str, Any]) -> datetime:
    try:
        return datetime.fromtimestamp(claims["exp"], UTC)
    except (TypeError, ValueError, OverflowError, OSError) as error:
        raise TokenBad("the token's end is no time") from error


_WHY: dict[type[Exception], str] = {
    jwt.ExpiredSignatureError: "the token is too old",
    jwt.ImmatureSignatureError: "the token is from the future",
    jwt.InvalidSignatureError: "the signature is wrong",
    jwt.InvalidIssuerError: "the issuer is somebody else",
    jwt.MissingRequiredClaimError: "a claim is missing",
}


def is_id(value: object) -> bool:
    return isinstance(value, str) and ID.fullmatch(value) is not None


def same_origin(given: str, ours: str) -> bool:
    """Prolific names the site by its domain or by an address; both are compared by host and port, and an address by its
    scheme too."""
    own, parts = urlsplit(ours), urlsplit(given if "://" in given else f"{urlsplit(ours).scheme}://{given}")
    try:
        return bool(own.hostname) and _place(own.scheme, own.hostname, own.port) == _place(
            parts.scheme, parts.hostname, parts.port
        )
    except ValueError:  # a port that is none
        return False


def _place(scheme: str, host: str | None, port: int | None) -> tuple[str, str | None, int | None]:
    return scheme, host, port or PORTS.get(scheme)


def _audiences(claims: dict[str, Any]) -> list[str]:
    named = claims["aud"] if isinstance(claims["aud"], list) else [claims["aud"]]
    return [name for name in named if isinstance(name, str)]
