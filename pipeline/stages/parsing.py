"""From a model's words to a value. What does not fit is None: an outcome to record, never a reason to ask again."""

from __future__ import annotations

import json
import re
from typing import Any

from analysis import schema

_FRONT = r"[-\s*_#>\"'`]*"
_YES_NO = re.compile(_FRONT + r"(yes|no)\b(?!\s*(?:/|or)\s*(?:yes|no)\b)", re.IGNORECASE)
_ONE_TO_FIVE = re.compile(r"[\s*_#>\"'`]*([1-5])(?![\d/%])(?![.,]\d)(?!\s*(?:/|-|\u2013|to|or)\s*\d)")
_VERDICT = re.compile(
    _FRONT + r"(accepted|uncertain|rejected)\b(?!\s*(?:/|,|or)\s*(?:accepted|uncertain|rejected)\b)", re.IGNORECASE
)
_SPELLED = "|".join(name.replace("_", r"[\s_-]?") for name in schema.FAILURES)
_FAILURE = re.compile(rf"{_FRONT}({_SPELLED})(?![\w-])(?!\s*(?:/|,|or)\s*(?:{_SPELLED})(?!\w))", re.IGNORECASE)
_HEADS = (_YES_NO, _ONE_TO_FIVE, _VERDICT, _FAILURE)
_FENCE = re.compile(r"```(?:json)?\s*\n(.*?)```", re.DOTALL)
_DECORATION = " \t\r\n*_:,;-\u2013\u2014\"'`"
_UNSTORABLE = re.compile("[\x00\ud800-\udfff]")  # NUL, and halves of a character: no database takes them


def parse_yes_no(text: str) -> str | None:
    """``yes`` or ``no`` where the answer begins with one of them; else None."""
    found = _YES_NO.match(text)
    return found[1].lower() if found else None


def parse_rating(text: str) -> str | None:
    """``1`` to ``5`` where the answer begins with one whole number of them; else None (4.5, 4/5, "between 2 and 3")."""
    found = _ONE_TO_FIVE.match(text)
    return found[1] if found else None


def parse_verdict(text: str) -> str | None:
    """``accepted``, ``uncertain`` or ``rejected`` where the answer begins with one of them alone; else None."""
    found = _VERDICT.match(text)
    return found[1].lower() if found else None


def parse_failure(text: str) -> str | None:
    """One of ``schema.FAILURES`` where the answer begins with one alone ("No evidence", "not-lasting"); else None."""
    found = _FAILURE.match(text)
    if not found:
        return None
    spelled = re.sub(r"[\s_-]", "", found[1].lower())
    return next(name for name in schema.FAILURES if name.replace("_", "") == spelled)


def explanation_of(text: str) -> str:
    """What follows the value: the model's own reason, "" if it gave none."""
    head = next((found for found in (each.match(text) for each in _HEADS) if found), None)
    return storable(text[head.end() :].strip(_DECORATION).strip()) if head else ""


def unparseable(text: str, expected: str) -> str:
    """The reason that a vote without a value carries."""
    shown = storable(text.strip()[:200])
    return f"expected {expected}, got {shown!r}" if shown else f"expected {expected}, got an empty answer"


def storable(text: str) -> str:
    """The text with U+FFFD for what cannot be stored."""
    return _UNSTORABLE.sub("\ufffd", text)


def parse_json(text: str) -> Any:
    """The JSON value in an answer, fenced or bare, with words around it or not. Raises ValueError: where it breaks.

    Escapes can spell what no database stores ("\\u0000", half a surrogate pair): it is U+FFFD here.
    """
    fenced = _FENCE.search(text)
    body = fenced[1] if fenced else text[max(text.find("{"), 0) : text.rfind("}") + 1] or text
    try:
        return _storable(json.loads(body, parse_constant=_no_constant))
    except RecursionError as error:
        raise ValueError("the JSON is nested too deeply") from error


def _storable(value: Any) -> Any:
    if isinstance(value, str):
        return storable(value)
    if isinstance(value, list):
        return [_storable(inner) for inner in value]
    if isinstance(value, dict):
        return {storable(key): _storable(inner) for key, inner in value.items()}
    return value


def _no_constant(name: str) -> Any:
    raise ValueError(f"{name} is no JSON value")
