"""Who is believed at a launch address: a token that holds in every respect, or ids that the recruiter confirms."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import time
from collections.abc import Callable
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.rsa import generate_private_key
from django.db import transaction

from annotation.domain.recruiting import Believed, LaunchRefused, Why, believe_launch
from annotation.enums import LaunchCheck
from annotation.models import Rater, Recruitment
from annotation.recruiters.jwks import PAUSE, key_ring
from tests.recruiters.fixtures import SITE
from tests.recruiters.mock_prolific import Key, MockProlific, new_id, rsa_key

NOW = int(time.time())
Claims = dict[str, Any]
Sign = Callable[[MockProlific, Claims], str]


def b64(raw: bytes | object) -> str:
    raw = raw if isinstance(raw, bytes) else json.dumps(raw).encode()
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def query_of(prolific: MockProlific, recruitment: Recruitment, person: str) -> dict[str, str]:
    session = prolific.submission_of(recruitment.study_id, person)
    return {"PROLIFIC_PID": person, "STUDY_ID": recruitment.study_id, "SESSION_ID": session}


def believe(recruitment: Recruitment, query: dict[str, str]) -> Believed:
    return believe_launch(recruitment=recruitment, query=query, origin=SITE)


def refusal(recruitment: Recruitment, query: dict[str, str]) -> LaunchRefused:
    with pytest.raises(LaunchRefused) as caught:
        believe(recruitment, query)
    return caught.value


def changed(**claims: Any) -> Sign:
    return lambda prolific, given: prolific.sign(given | claims)


def without(name: str) -> Sign:
    return lambda prolific, given: prolific.sign({key: value for key, value in given.items() if key != name})


def about(**ids: Any) -> Sign:
    return lambda prolific, given: prolific.sign(given | {"prolific": given["prolific"] | ids})


def headed(**header: Any) -> Sign:
    """A right signature under a header that is not right. A value of None leaves the name out."""

    def sign(prolific: MockProlific, given: Claims) -> str:
        key = prolific.keys[-1]
        headers = {"kid": key.kid} | header
        algorithm = str(headers.pop("alg", "RS256"))
        headers = {name: value for name, value in headers.items() if value is not None}
        return jwt.encode(given, key.private, algorithm=algorithm, headers=headers)

    return sign


def unsigned(alg: str) -> Sign:
    return lambda prolific, given: f"{b64({'alg': alg, 'kid': prolific.keys[-1].kid})}.{b64(given)}."


def by_public_key(prolific: MockProlific, given: Claims) -> str:
    """HS256 with what everybody can read as its secret; by hand, for PyJWT would not."""
    key = prolific.keys[-1]
    form = (serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
    secret = key.private.public_key().public_bytes(*form)
    text = f"{b64({'alg': 'HS256', 'kid': key.kid})}.{b64(given)}"
    return f"{text}.{b64(hmac.new(secret, text.encode(), hashlib.sha256).digest())}"


def by_stranger(prolific: MockProlific, given: Claims) -> str:
    """Somebody else's key under the name of a known one, and brought along in the header."""
    key = Key(prolific.keys[-1].kid, rsa_key(99))
    return jwt.encode(given, key.private, algorithm="RS256", headers={"kid": key.kid, "jwk": key.public})


def published(**changes: Any) -> Sign:
    """A key that the recruiter publishes, and that is not for this."""

    def sign(prolific: MockProlific, given: Claims) -> str:
        class Odd(Key):
            @property
            def public(self) -> dict[str, Any]:
                return super().public | changes

        prolific.keys = [Odd("odd", rsa_key(5))]
        return prolific.sign(given)

    return sign


def by_short_key(prolific: MockProlific, given: Claims) -> str:
    prolific.keys = [Key("short", generate_private_key(public_exponent=65537, key_size=1024))]
    return prolific.sign(given)


def spoilt(spoil: Callable[[str], str]) -> Sign:
    return lambda prolific, given: spoil(prolific.sign(given))


def other_payload(token: str) -> str:
    head, body, signature = token.split(".")
    claims = json.loads(base64.urlsafe_b64decode(body + "=="))
    claims["prolific"]["PROLIFIC_PID"] = new_id()
    return f"{head}.{b64(claims)}.{signature}"


BAD: dict[str, tuple[Sign, str]] = {
    "expired": (changed(exp=NOW - 60), "too old"),
    "not yet": (changed(nbf=NOW + 6000), "future"),
    "from the future": (changed(iat=NOW + 6000), "future"),
    "for ever": (without("exp"), "claim is missing"),
    "until a word": (changed(exp="soon"), "DecodeError"),
    "until infinity": (changed(exp=float("inf")), "DecodeError"),
    "until year 10000": (changed(exp=10**15), "end is no time"),
    "another issuer": (changed(iss="https://www.prolific.com.evil.example"), "issuer"),
    "no issuer": (without("iss"), "claim is missing"),
    "another site": (changed(aud="https://evil.example"), "audience"),
    "site as part of another": (changed(aud="http://testserver.evil.example"), "audience"),
    "site as a name before @": (changed(aud="http://testserver@evil.example"), "audience"),
    "another port": (changed(aud="http://testserver:8080"), "audience"),
    "no port": (changed(aud="http://testserver:x"), "audience"),
    "another scheme": (changed(aud="https://testserver"), "audience"),
    "no audience": (without("aud"), "claim is missing"),
    "empty audience": (changed(aud=[]), "audience"),
    "audience is a number": (changed(aud=7), "audience"),
    "nothing of a study": (without("prolific"), "nothing of a study"),
    "a word of a study": (changed(prolific="yes"), "nothing of a study"),
    "nobody": (about(PROLIFIC_PID=None), "PROLIFIC_PID"),
    "participant is markup": (about(PROLIFIC_PID="<script>alert(1)</script>"), "PROLIFIC_PID"),
    "participant is a list": (about(PROLIFIC_PID=["a" * 24]), "PROLIFIC_PID"),
    "session is too long": (about(SESSION_ID="a" * 65), "SESSION_ID"),
    "another subject": (changed(sub=new_id()), "another submission"),
    "another study": (about(STUDY_ID=new_id()), "another study"),
    "another workspace": (about(workspace_id=new_id()), "another workspace"),
    "no workspace": (about(workspace_id=None), "another workspace"),
    "alg none": (unsigned("none"), "not signed as"),
    "alg nOnE": (unsigned("nOnE"), "not signed as"),
    "RS256 without a signature": (unsigned("RS256"), "signature is wrong"),
    "HS256 with the public key": (by_public_key, "not signed as"),
    "RS512": (headed(alg="RS512"), "not signed as"),
    "PS256": (headed(alg="PS256"), "not signed as"),
    "no key named": (headed(kid=None), "not signed as"),
    "unknown key": (headed(kid="key-0"), "no such key"),
    "critical header": (headed(crit=["exp"]), "no token"),
    "key brought along": (by_stranger, "signature is wrong"),
    "key for encryption": (published(use="enc"), "no such key"),
    "key for another algorithm": (published(alg="PS256"), "no such key"),
    "key too short": (by_short_key, "no such key"),
    "signature cut": (spoilt(lambda token: token.rpartition(".")[0] + "."), "signature is wrong"),
    "signature changed": (spoilt(lambda token: token[:-9] + ("A" * 9)), "signature is wrong"),
    "payload changed": (spoilt(other_payload), "signature is wrong"),
    "two parts": (spoilt(lambda token: token.rpartition(".")[0]), "no token"),
    "no token": (spoilt(lambda _: "prolific"), "no token"),
    "not ASCII": (spoilt(lambda token: token + "é"), "missing or too long"),
    "too long": (spoilt(lambda token: token + "A" * 5000), "missing or too long"),
}


@pytest.mark.filterwarnings("ignore:The RSA key is 1024 bits")
@pytest.mark.parametrize("name", BAD)
def test_token_that_does_not_hold_is_refused(prolific: MockProlific, recruitment: Recruitment, name: str) -> None:
    sign, why = BAD[name]
    person = prolific.add_participant()
    token = sign(prolific, prolific.claims(recruitment.study_id, person, SITE))
    error = refusal(recruitment, {"prolific_token": token})
    assert why in error.message
    assert error.status == 403
    assert person not in error.message
    assert not Rater.objects.exists()


def test_token_that_holds_says_who_comes(prolific: MockProlific, recruitment: Recruitment) -> None:
    person = prolific.add_participant()
    query = query_of(prolific, recruitment, person)
    claims = prolific.claims(recruitment.study_id, person, SITE)
    for audience in (SITE, "testserver", f"{SITE}/r/{recruitment.public_id}/", ["https://other.example", SITE + ":80"]):
        believed = believe(recruitment, query | {"prolific_token": prolific.sign(claims | {"aud": audience})})
        assert (believed.participant_id, believed.submission_id) == (person, query["SESSION_ID"])
    assert prolific.asked("jwks.json") == 1


@pytest.mark.parametrize("name", ["PROLIFIC_PID", "STUDY_ID", "SESSION_ID"])
def test_address_that_says_otherwise_than_the_token_is_refused(
    prolific: MockProlific, recruitment: Recruitment, name: str
) -> None:
    person = prolific.add_participant()
    token = prolific.sign(prolific.claims(recruitment.study_id, person, SITE))
    query = query_of(prolific, recruitment, person) | {"prolific_token": token, name: new_id()}
    error = refusal(recruitment, query)
    assert (error.why, error.message) == (Why.FORGED, f"{name} in the address is not the token's")


def test_audience_is_the_leads_where_they_gave_one(prolific: MockProlific, recruitment: Recruitment) -> None:
    recruitment.audience = "https://fit.example.org"
    claims = prolific.claims(recruitment.study_id, prolific.add_participant(), SITE)
    assert "audience" in refusal(recruitment, {"prolific_token": prolific.sign(claims)}).message
    named = prolific.sign(claims | {"aud": "https://fit.example.org/r/x"})
    assert believe(recruitment, {"prolific_token": named})


def test_new_key_is_fetched_and_an_old_one_refused(
    prolific: MockProlific, recruitment: Recruitment, settings: Any
) -> None:
    """A rotated key is asked for, once a minute at most however many tokens name it."""
    claims = prolific.claims(recruitment.study_id, prolific.add_participant(), SITE)
    old = prolific.sign(claims)
    assert believe(recruitment, {"prolific_token": old})
    new = prolific.rotate_keys(keep_old=False)
    token = {"prolific_token": prolific.sign(claims, new)}
    for _ in range(3):
        assert "no such key" in refusal(recruitment, token).message
    assert prolific.asked("jwks.json") == 1
    ring = key_ring(settings.PROLIFIC_JWKS)
    assert ring.tried_at is not None
    ring.tried_at -= PAUSE
    assert believe(recruitment, token)
    assert "no such key" in refusal(recruitment, {"prolific_token": old}).message


def test_nobody_is_let_in_while_the_keys_cannot_be_had(prolific: MockProlific, recruitment: Recruitment) -> None:
    token = {"prolific_token": prolific.sign(prolific.claims(recruitment.study_id, prolific.add_participant(), SITE))}
    prolific.fail("jwks.json", "500")
    error = refusal(recruitment, token)
    assert (error.why, error.status) == (Why.ASK_LATER, 503)


def test_ids_without_a_token_are_refused_unless_the_lead_allows_asking(
    prolific: MockProlific, recruitment: Recruitment
) -> None:
    person = prolific.add_participant()
    query = query_of(prolific, recruitment, person)
    assert refusal(recruitment, query).why == Why.UNSIGNED
    recruitment.launch_check = LaunchCheck.ASKED
    believed = believe(recruitment, query)
    assert (believed.participant_id, believed.token_sha256, believed.status) == (person, "", "ACTIVE")
    forged = query | {"prolific_token": unsigned("none")(prolific, prolific.claims(recruitment.study_id, person, SITE))}
    assert refusal(recruitment, forged).why == Why.FORGED  # a bad token is never a reason to ask instead


def test_ids_that_the_recruiter_does_not_confirm_are_refused(prolific: MockProlific, recruitment: Recruitment) -> None:
    recruitment.launch_check = LaunchCheck.ASKED
    query = query_of(prolific, recruitment, prolific.add_participant())
    for name, why in (("PROLIFIC_PID", Why.FORGED), ("SESSION_ID", Why.FORGED), ("STUDY_ID", Why.OTHER_STUDY)):
        assert refusal(recruitment, query | {name: new_id()}).why == why
    assert refusal(recruitment, query | {"SESSION_ID": "../studies"}).why == Why.UNSIGNED
    for status in ("AWAITING REVIEW", "RETURNED", "TIMED-OUT"):
        prolific.set_status(query["SESSION_ID"], status)
        assert refusal(recruitment, query).why == Why.NOT_ACTIVE


@pytest.mark.parametrize("fault", ["429", "500", "cut", "lost"])
def test_recruiter_that_does_not_answer_makes_nobody_a_forger(
    prolific: MockProlific, recruitment: Recruitment, fault: str
) -> None:
    recruitment.launch_check = LaunchCheck.ASKED
    query = query_of(prolific, recruitment, prolific.add_participant())
    prolific.fail("/submissions/", fault)
    assert refusal(recruitment, query).why == Why.ASK_LATER
    assert believe(recruitment, query)


def test_recruiter_is_not_asked_inside_a_transaction(prolific: MockProlific, recruitment: Recruitment) -> None:
    with transaction.atomic(), pytest.raises(RuntimeError, match="outside transactions"):
        believe(recruitment, query_of(prolific, recruitment, prolific.add_participant()))
