"""What each table makes known and what it refers to.

A key of several parts is checked as a whole: a judgment must agree with its assignment on the rater, the seat, the side
and the times, not only name it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from annotation.releases.tables.rows import Row

Key = tuple[str, str]  # kind, id
Named = tuple[str, str, str]  # field, kind, id


def joined(*parts: object) -> str:
    return "\x1f".join("" if part is None else str(part) for part in parts)


def known_in(table: str, row: Row) -> Iterator[Key]:
    """The keys that a row makes known."""
    first = next(iter(row.values()))
    if table in _NAMED_BY_FIRST:
        yield _NAMED_BY_FIRST[table], first
    if table == "conversations":
        yield from (("turn", joined(first, number)) for number in range(len(row["turns"])))
    elif table == "responses":
        yield "response of a condition", joined(first, row["condition"])
    elif table == "items":
        yield "item of a campaign", joined(first, row["campaign"], row["role"])
        yield from (("question", joined(first, question["unit"])) for question in row["questions"])
        yield from (("seat", joined(first, seat["number"])) for seat in row["seats"])
    elif table == "raters":
        yield "rater", joined(row["campaign"], row["rater"], row["kind"])
        yield "rater of a campaign", joined(row["campaign"], row["rater"])
    elif table == "exclusions" and row["undone_at"] is None:
        yield "exclusion in force", joined(row["campaign"], row["rater"], row["kind"])
    elif table == "assignments":
        yield "assignment", _tenure(row, row["state"])
        yield "assignment of a rater", joined(*(row[name] for name in _WHO))
    elif table == "runs":
        yield "run of a model", joined(first, row["model"])


_NAMED_BY_FIRST = {
    "people": "person",
    "conversations": "conversation",
    "attributes": "attribute",
    "prompts": "prompt",
    "responses": "response",
    "response_pairs": "pair",
    "items": "item",
    "runs": "run",
    "campaigns": "campaign",
    "consent_forms": "consent form",
}


_WHO = ("assignment", "campaign", "item", "rater")


def _tenure(row: Row, state: str) -> str:
    where = (row["assignment"], row["campaign"], row["item"], row["rater"], row["seat"], row["side"], state)
    return joined(*where, row["claimed_at"], row["submitted_at"], row["seconds"])


def wanted_by(table: str, row: Row) -> Iterator[Named]:
    """What a row refers to; nulls refer to nothing."""
    for field, kind in _PLAIN.get(table, {}).items():
        for value in row[field] if isinstance(row[field], list) else [row[field]]:
            if value is not None:
                yield field, kind, value
    if table in _NESTED:
        yield from _NESTED[table](row)


_UNIT = {"attribute": "attribute", "prompt": "prompt", "pair": "pair"}
_PLAIN: dict[str, dict[str, str]] = {
    "people": {"selected_by": "run"},
    "conversations": {"person": "person", "run": "run"},
    "attributes": {"person": "person", "run": "run", "made_from": "attribute"},
    "prompts": {"people": "person"},
    "responses": {"run": "run", "prompt": "prompt", "person": "person", "given": "attribute"},
    "response_pairs": {"person": "person", "prompt": "prompt"},
    "runs": {"inputs": "run"},
    "items": {"campaign": "campaign", "prompt": "prompt", "pair": "pair", "people": "person"},
    "campaigns": {"consent_form": "consent form"},
    "raters": {"campaign": "campaign", "person": "person"},
    "consents": {"consent_form": "consent form"},
    "judgments": _UNIT,
    "model_votes": _UNIT,
    "findings": _UNIT,
    "labels": {**_UNIT, "run": "run"},
}


def _in_attribute(row: Row) -> Iterator[Named]:
    for place in row["evidence"]:
        yield "evidence", "turn", joined(place["conversation"], place["turn"])


def _in_pair(row: Row) -> Iterator[Named]:
    for condition in ("generic", "personalized"):
        yield condition, "response of a condition", joined(row[condition], condition)


def _in_item(row: Row) -> Iterator[Named]:
    for question in row["questions"]:
        yield "questions", "attribute", question["attribute"]
        kind = "pair" if question["unit"].startswith("p:") else "prompt"
        yield from (("questions", kind, other) for other in question["unit"].split(":")[2:])


def _in_rater(row: Row) -> Iterator[Named]:
    if row["state"] != "active":
        yield "state", "exclusion in force", joined(row["campaign"], row["rater"], row["state"])


def _by_rater(row: Row) -> Iterator[Named]:
    yield "rater", "rater of a campaign", joined(row["campaign"], row["rater"])


def _in_assignment(row: Row) -> Iterator[Named]:
    yield "rater", "rater of a campaign", joined(row["campaign"], row["rater"])
    if row["seat"] is not None:
        yield "seat", "seat", joined(row["item"], row["seat"])
    yield "item", "item", row["item"]


def _in_judgment(row: Row) -> Iterator[Named]:
    yield "rater", "rater", joined(row["campaign"], row["rater"], row["rater_kind"])
    yield "item", "item of a campaign", joined(row["item"], row["campaign"], row["role"])
    yield "unit", "question", joined(row["item"], row["unit"])
    yield "assignment", "assignment", _tenure(row, row["assignment_state"])


def _in_remark(row: Row) -> Iterator[Named]:
    yield "assignment", "assignment of a rater", joined(*(row[name] for name in _WHO))
    if row["unit"] is not None:
        yield "unit", "question", joined(row["item"], row["unit"])


def _in_vote(row: Row) -> Iterator[Named]:
    yield "rater", "run of a model", joined(row["run"], row["rater"])


def _in_label(row: Row) -> Iterator[Named]:
    if row["campaign"]:
        yield "campaign", "campaign", row["campaign"]


_NESTED: dict[str, Callable[[Row], Iterator[tuple[Any, ...]]]] = {
    "attributes": _in_attribute,
    "response_pairs": _in_pair,
    "items": _in_item,
    "raters": _in_rater,
    "consents": _by_rater,
    "exclusions": _by_rater,
    "closings": _by_rater,
    "assignments": _in_assignment,
    "judgments": _in_judgment,
    "remarks": _in_remark,
    "model_votes": _in_vote,
    "findings": _in_vote,
    "labels": _in_label,
}
