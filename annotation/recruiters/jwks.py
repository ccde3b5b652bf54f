"""The public keys by which a recruiter's launch tokens are believed, fetched when they are needed and kept for a while.

A token can name any key: keys that are not known are asked for at most once a minute, however many tokens name them.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache

import httpx
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from jwt.algorithms import RSAAlgorithm
from jwt.exceptions import InvalidKeyError

from annotation.recruiters.base import Final, Unreachable

FRESH = 3600.0  # seconds until known keys are asked for again
LONGEST = 86400.0  # until they are believed no more; Prolific wants them fetched at least daily
PAUSE = 60.0  # between two tries, whatever came of the first
TIMEOUT = 5.0
FEWEST_BITS = 2048


class UnknownKey(Final):
    """The token names a key that the recruiter does not publish."""


@dataclass(frozen=True)
class Known:
    keys: Mapping[str, RSAPublicKey]
    at: float


class KeyRing:
    """The keys behind one address. Safe to share between threads."""

    def __init__(self, address: str) -> None:
        self.address = address
        self.known: Known | None = None
        self.tried_at: float | None = None
        self.lock = threading.Lock()

    def key(self, kid: str) -> RSAPublicKey:
        """The key of that id. Raises UnknownKey, or Unreachable where nobody could be asked."""
        found = self._within(FRESH, kid)
        if found is None:
            self._refresh()
            found = self._within(LONGEST, kid)
        if found is not None:
            return found
        if self.known is None or time.monotonic() - self.known.at >= LONGEST:
            raise Unreachable("The recruiter's keys cannot be fetched.")
        raise UnknownKey("The recruiter publishes no such key.")

    def _within(self, seconds: float, kid: str) -> RSAPublicKey | None:
        known = self.known
        return known.keys.get(kid) if known is not None and time.monotonic() - known.at < seconds else None

    def _refresh(self) -> None:
        with self.lock:
            if self.tried_at is not None and time.monotonic() - self.tried_at < PAUSE:
                return
            self.tried_at = time.monotonic()
            keys = fetched_keys(self.address)
            if keys is not None:
                self.known = Known(keys, time.monotonic())


def fetched_keys(address: str) -> dict[str, RSAPublicKey] | None:
    """Usable keys by id; None where the address gave no set of keys."""
    try:
        reply = httpx.get(address, timeout=TIMEOUT).raise_for_status().json()
        rows = reply["keys"]
    except (httpx.HTTPError, ValueError, KeyError, TypeError):
        return None
    found = {}
    for row in rows if isinstance(rows, list) else []:
        key = usable(row)
        if key is not None:
            found[str(row["kid"])] = key
    return found


def usable(row: object) -> RSAPublicKey | None:
    """An RSA key for signatures by RS256 that is long enough; nothing else is ever verified with."""
    if not isinstance(row, dict) or not isinstance(row.get("kid"), str) or row.get("kty") != "RSA":
        return None
    if row.get("alg", "RS256") != "RS256" or row.get("use", "sig") != "sig":
        return None
    try:
        key = RSAAlgorithm.from_jwk(row)
    except (InvalidKeyError, ValueError):
        return None
    return key if isinstance(key, RSAPublicKey) and key.key_size >= FEWEST_BITS else None


@cache
def key_ring(address: str) -> KeyRing:
    """One for each address in this process."""
    return KeyRing(address)
