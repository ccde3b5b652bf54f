"""From a model's words to a value. What does not fit is None: an outcome to record, never a reason to ask again."""

from __future__ import annotations

import json
import re
from typing import Any

_YES_NO = re.compile(r"[-\s*_#>\"'`]*(yes|no)\b(?!\s*(?:/|or)\s*(?:yes|no)\b)", re.IGNORECASE)
_ONE_TO_FIVE = re.compile(r"[\s*_#>\"'`]*([1-5])(?![\d/%])(?![.,]\d)(?!\s*(?:/|-|\u2013|to|or)\s*\d)")
_FENCE = re.compile(r"```(?:json)?\s*\n(.*?)```", re.DOTALL)
_DECORATION = " \t\r\n*_:,;-\u2013\u2014\"'`"


def parse_yes_no(text: str) -> str | None:
    """``yes`` or ``no`` where the answer begins with one of them; else None."""
    found = _YES_NO.match(text)
    return found[1].lower() if found else None


def parse_rating(text: str) -> str | None:
    """``1`` to ``5`` where the answer begins with one whole number of them; else None (4.5, 4/5, "between 2 and 3")."""
    found = _ONE_TO_FIVE.match(text)
    return found[1] if found else None


def explanation_of(text: str) -> str:
    """What follows the value: the model's own reason, "" if it gave none."""
    head = _YES_NO.match(text) or _ONE_TO_FIVE.match(text)
    return text[head.end() :].strip(_DECORATION).strip() if head else ""


def unparseable(text: str, expected: str) -> str:
    """The reason that a vote without a value carries."""
    shown = text.strip()[:200]
    return f"expected {expected}, got {shown!r}" if shown else f"expected {expected}, got an empty answer"


def parse_json(text: str) -> Any:
    """The JSON value in an answer, fenced or bare, with words around it or not. Raises ValueError: where it breaks."""
    fenced = _FENCE.search(text)
    body = fenced[1] if fenced else text[max(text.find("{"), 0) : text.rfind("}") + 1] or text
    try:
        return json.loads(body, parse_constant=_no_constant)
    except RecursionError as error:
        raise ValueError("the JSON is nested too deeply") from error


def _no_constant(name: str) -> Any:
    raise ValueError(f"{name} is no JSON value")
