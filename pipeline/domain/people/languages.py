"""Whether two sources mean the same language: one writes ``English``, another ``en`` or ``en-GB``."""

from __future__ import annotations

from functools import lru_cache

from django.conf.locale import LANG_INFO

_CODES = {info["name"].casefold(): code for code, info in LANG_INFO.items() if "name" in info} | {"chinese": "zh"}


@lru_cache(maxsize=4096)
def language_code(language: str) -> str:
    """``en`` for English, en, EN, en-GB and en_us; a language that nobody listed is its own name in small letters."""
    plain = language.strip().casefold()
    return _CODES.get(plain, plain).replace("_", "-").partition("-")[0]
