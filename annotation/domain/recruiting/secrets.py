"""What must not be read in a dump of the database: recruiters' ids and tokens, encrypted and found by keyed hash.

Each purpose has a key of its own, derived from SECRET_KEY. Whoever changes SECRET_KEY loses what was encrypted, and the
hashes by which participants are found again.
"""

from __future__ import annotations

import hashlib
import hmac
import os
from enum import Enum
from functools import lru_cache

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from django.conf import settings

from annotation.domain.errors import AnnotationError

VERSION = b"\x01"
NONCE = 12  # bytes, AES-GCM's own


class Purpose(Enum):
    """What a key is for; a text encrypted for one purpose cannot be read for another."""

    API = "recruitment: API token"
    HOOKS = "recruitment: hook secret"
    PARTICIPANT = "recruitment: participant id"
    SUBMISSION = "recruitment: submission id"


class SecretUnreadable(AnnotationError):
    """Encrypted under another SECRET_KEY, for another purpose, or damaged."""

    status = 409


def encrypt(purpose: Purpose, text: str) -> bytes:
    """Never the same bytes twice. For a BinaryField."""
    nonce = os.urandom(NONCE)
    return VERSION + nonce + AESGCM(_key("encrypt", purpose)).encrypt(nonce, text.encode(), purpose.value.encode())


def decrypt(purpose: Purpose, secret: bytes | memoryview) -> str:
    """Raises SecretUnreadable where the key or the purpose is another, or a byte was changed."""
    raw = bytes(secret)
    try:
        if raw[:1] != VERSION:
            raise InvalidTag
        nonce, sealed = raw[1 : 1 + NONCE], raw[1 + NONCE :]
        return AESGCM(_key("encrypt", purpose)).decrypt(nonce, sealed, purpose.value.encode()).decode()
    except (InvalidTag, ValueError) as error:
        raise SecretUnreadable(
            f"The stored {purpose.value.partition(': ')[2]} cannot be read: SECRET_KEY is not the one it was stored"
            " under. Start with that key again, or enter it anew."
        ) from error


def lookup_hash(purpose: Purpose, *words: str) -> str:
    """The same words give the same 64 hex digits; nobody without SECRET_KEY can try words out."""
    return hmac.new(_key("look up", purpose), "\x1f".join(words).encode(), hashlib.sha256).hexdigest()


def _key(use: str, purpose: Purpose) -> bytes:
    return _derived(settings.SECRET_KEY, f"{use} {purpose.value}")


@lru_cache(maxsize=32)
def _derived(secret_key: str, info: str) -> bytes:
    return HKDF(hashes.SHA256(), length=32, salt=None, info=info.encode()).derive(secret_key.encode())
