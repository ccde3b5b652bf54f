"""What must hold within one row of a release, beyond its types: vocabularies, times, units, scores, what counts."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import fields
from datetime import datetime
from typing import Any

import polars as pl

from analysis.schema import (
    ATTRIBUTE_QUALITY,
    FAILURES,
    INSTRUMENTS,
    MENTIONS,
    PREFERENCE,
    RELEVANCE,
    TABLES,
    VALUES,
    score_of,
)
from annotation.domain.consenting import Wording
from annotation.domain.counting import reason_not_counted
from annotation.enums import (
    AssignmentState,
    CampaignState,
    CouldTell,
    ItemRole,
    Origin,
    RaterOutcome,
    RaterState,
    RejectReason,
    RemarkKind,
)
from annotation.releases.tables.rows import Row, canonical_json
from pipeline.enums import Condition, CorpusKind, FindingKind, LabelMethod, RunState, Side, Stage, VoteStatus

Broken = tuple[str, str]  # field, what is wrong

_SIDES = tuple(Side.values)
_ENDED = tuple(state for state in AssignmentState.values if state != AssignmentState.HELD)
# kind: the instrument whose units it is about, and what may be found
FINDINGS: dict[str, tuple[str, tuple[str, ...]]] = {
    FindingKind.MENTION.value: (PREFERENCE, MENTIONS),
    FindingKind.FAILURE.value: (ATTRIBUTE_QUALITY, FAILURES),
}
ALLOWED: dict[str, dict[str, tuple[Any, ...]]] = {
    "people": {"corpus_kind": tuple(CorpusKind.values)},
    "responses": {"condition": tuple(Condition.values)},
    "runs": {"stage": tuple(Stage.values), "state": tuple(RunState.values)},
    "campaigns": {
        "instrument": INSTRUMENTS,
        "origin": tuple(Origin.values),
        "state": tuple(CampaignState.values),
    },
    "items": {"role": tuple(ItemRole.values)},
    "raters": {
        "kind": tuple(Origin.values),
        "state": tuple(RaterState.values),
        "outcome": tuple(RaterOutcome.values),
    },
    "exclusions": {"kind": (RaterState.WITHDRAWN.value, RaterState.EXCLUDED.value)},
    "closings": {"could_tell": (None, *CouldTell.values)},
    "assignments": {"side": _SIDES, "state": _ENDED},
    "judgments": {
        "instrument": INSTRUMENTS,
        "rater_kind": tuple(Origin.values),
        "role": tuple(ItemRole.values),
        "side": _SIDES,
        "assignment_state": tuple(AssignmentState.answered()),
        "reason": tuple(RejectReason.values),
    },
    "remarks": {"kind": tuple(RemarkKind.values)},
    "model_votes": {"instrument": INSTRUMENTS, "status": tuple(VoteStatus.values), "side": _SIDES},
    "findings": {"kind": tuple(FINDINGS), "status": tuple(VoteStatus.values)},
    "labels": {"instrument": INSTRUMENTS, "method": tuple(LabelMethod.values)},
}
TIMES = {
    name: tuple(c.name for c in table.columns if (c.name == "at" or c.name.endswith("_at")) and c.dtype == pl.String)
    for name, table in TABLES.items()
}
_WORDING = tuple(field.name for field in fields(Wording))
LETTERS = {ATTRIBUTE_QUALITY: "q", RELEVANCE: "r", PREFERENCE: "p"}


def broken_rules(table: str, row: Row) -> Iterator[Broken]:
    """Every rule that the row breaks; the value stands in the sentence."""
    outside = [
        (field, f"{row[field]!r} is none of {', '.join(map(repr, allowed))}")
        for field, allowed in ALLOWED.get(table, {}).items()
        if row[field] not in allowed
    ]
    yield from outside
    for field in TIMES[table]:
        if row[field] is not None and not is_time(row[field]):
            yield field, _no_time(row[field])
    if not outside and table in RULES:
        yield from RULES[table](row)


def is_time(text: str) -> bool:
    try:
        datetime.fromisoformat(text)
    except ValueError:
        return False
    return len(text) == 27 and text.endswith("Z")


def _no_time(text: str) -> str:
    return f"{text!r} is no UTC time such as '2026-01-31T09:30:00.000000Z'"


def _unit(row: Row) -> Iterator[Broken]:
    other = row["prompt"] if row["instrument"] == RELEVANCE else row["pair"]
    parts = [
        LETTERS[row["instrument"]],
        row["attribute"],
        *([] if row["instrument"] == ATTRIBUTE_QUALITY else [other]),
    ]
    if row["unit"] != ":".join(str(part) for part in parts):
        yield "unit", f"{row['unit']!r} does not name its own attribute, prompt and pair"
    if (row["prompt"] is None) == (row["instrument"] == RELEVANCE):
        yield "prompt", f"{row['prompt']!r} does not fit the instrument {row['instrument']}"
    if (row["pair"] is None) == (row["instrument"] == PREFERENCE):
        yield "pair", f"{row['pair']!r} does not fit the instrument {row['instrument']}"


def _answer(row: Row) -> Iterator[Broken]:
    """Value of the instrument; score of the value and the side."""
    value, instrument, side = row["value"], row["instrument"], row["side"]
    if value is not None and value not in VALUES[instrument]:
        yield "value", f"{value!r} is no answer of {instrument}; expected {', '.join(VALUES[instrument])}"
        return
    if (side in ("left", "right")) != (instrument == PREFERENCE):
        yield "side", f"{side!r} does not fit the instrument {instrument}"
        return
    score = None if value is None else score_of(instrument, value, side)
    if row["score"] != score:
        yield "score", f"{row['score']!r} is not what {value!r} scores, {score!r}"


def _judgment(row: Row) -> Iterator[Broken]:
    yield from _unit(row)
    yield from _answer(row)
    if (row["value"] is None) != (row["erased_at"] is not None):
        yield "erased_at", f"{row['erased_at']!r} with the value {row['value']!r}: null means erased, and only that"
    because = reason_not_counted(row["assignment_state"], row["role"], row["rater_kind"])
    if row["not_counted_because"] != because:
        yield "not_counted_because", f"{row['not_counted_because']!r}, but state, role and rater say {because!r}"
    if row["counted"] != (because == ""):
        yield "counted", f"{row['counted']} contradicts not_counted_because {because!r}"
    history = row["revisions"]
    if not history or [revision["number"] for revision in history] != list(range(1, len(history) + 1)):
        yield "revisions", "they are not numbered 1, 2, 3 ..."
    elif history[-1]["value"] != row["value"]:
        yield "revisions", f"the last value is {history[-1]['value']!r}, the judgment's is {row['value']!r}"
    for revision in history:
        if not is_time(revision["made_at"] or ""):
            yield "revisions", _no_time(revision["made_at"])


def _vote(row: Row) -> Iterator[Broken]:
    yield from _unit(row)
    yield from _answer(row)
    if (row["value"] is None) != (row["status"] == VoteStatus.UNPARSEABLE):
        yield "status", f"{row['status']!r} with the value {row['value']!r}: null means unparseable, and only that"


def _finding(row: Row) -> Iterator[Broken]:
    instrument, values = FINDINGS[row["kind"]]
    if row["instrument"] != instrument:
        yield "instrument", f"{row['instrument']!r}: a {row['kind']} is found about units of {instrument}"
        return
    yield from _unit(row)
    if row["value"] is not None and row["value"] not in values:
        yield "value", f"{row['value']!r} is no {row['kind']}; expected {', '.join(values)}"
    if (row["value"] is None) != (row["status"] == VoteStatus.UNPARSEABLE):
        yield "status", f"{row['status']!r} with the value {row['value']!r}: null means unparseable, and only that"


def _label(row: Row) -> Iterator[Broken]:
    yield from _unit(row)
    if row["value"] is not None and row["value"] not in VALUES[row["instrument"]]:
        yield "value", f"{row['value']!r} is no answer of {row['instrument']}"
    if not 0 <= row["share"] <= 1:
        yield "share", f"{row['share']} is not within 0 and 1"


def _remark(row: Row) -> Iterator[Broken]:
    if (row["text"] is None) != (row["erased_at"] is not None):
        yield "erased_at", f"{row['erased_at']!r} with the text {row['text']!r}: null means erased, and only that"


def _item(row: Row) -> Iterator[Broken]:
    for question in row["questions"]:
        letter, _, rest = question["unit"].partition(":")
        if letter not in LETTERS.values() or rest.partition(":")[0] != question["attribute"]:
            yield "questions", f"unit {question['unit']!r} does not name its attribute {question['attribute']!r}"
    for seat in row["seats"]:
        if seat["side"] not in _SIDES:
            yield "seats", f"side {seat['side']!r} is neither left, right nor empty"


def _conversation(row: Row) -> Iterator[Broken]:
    for number, turn in enumerate(row["turns"]):
        if turn["role"] is None or turn["content"] is None:
            yield "turns", f"turn {number} lacks its role or content"


def _response(row: Row) -> Iterator[Broken]:
    if (row["person"] is None) != (row["condition"] == Condition.GENERIC):
        yield "person", f"{row['person']!r} does not fit the condition {row['condition']}: generic ones have none"


def _rater(row: Row) -> Iterator[Broken]:
    if (row["outcome"] == "") != (row["outcome_at"] is None):
        yield "outcome_at", f"{row['outcome_at']!r} with the outcome {row['outcome']!r}: an end has a time"
    names = [told["field"] for told in row["demographics"]]
    if None in names or "" in names or names != sorted(set(names)):
        yield "demographics", f"the fields {names!r} are not in order, each once"
    if any(told["value"] == "" for told in row["demographics"]):
        yield "demographics", "a value is empty; what is not shown is null"


def _consent_form(row: Row) -> Iterator[Broken]:
    wording = Wording(**{name: row[name] for name in _WORDING})
    if wording.sha256 != row["consent_form"]:
        yield "consent_form", f"{row['consent_form']!r} is not the wording's sha256, {wording.sha256!r}"


def _consent(row: Row) -> Iterator[Broken]:
    if row["withdrawn_at"] is not None and not row["agreed"]:
        yield "withdrawn_at", f"{row['withdrawn_at']!r}: nothing was agreed to that could be withdrawn"


def _exclusion(row: Row) -> Iterator[Broken]:
    if row["undone_at"] is not None and row["kind"] != RaterState.EXCLUDED:
        yield "undone_at", f"{row['undone_at']!r}: who left of their own accord is not let in again"


def _closing(row: Row) -> Iterator[Broken]:
    erased = row["erased_at"] is not None
    for field in ("could_tell", "how"):
        if (row[field] is None) != erased:
            yield field, f"{row[field]!r} with erased_at {row['erased_at']!r}: null means erased, and only that"


def _parameters(row: Row) -> Iterator[Broken]:
    for field in ("parameters", "outcome"):
        if field in row:
            yield from _canonical(field, row[field])


def _canonical(field: str, text: str) -> Iterator[Broken]:
    try:
        canonical = canonical_json(json.loads(text))
    except ValueError as error:
        yield field, f"{text[:60]!r} is not JSON ({error})"
        return
    if canonical != text:
        yield field, f"{text[:60]!r} is not canonical JSON (sorted keys, no spaces)"


RULES: dict[str, Callable[[Row], Iterator[Broken]]] = {
    "conversations": _conversation,
    "responses": _response,
    "runs": _parameters,
    "campaigns": _parameters,
    "consent_forms": _consent_form,
    "consents": _consent,
    "exclusions": _exclusion,
    "closings": _closing,
    "raters": _rater,
    "items": _item,
    "judgments": _judgment,
    "remarks": _remark,
    "model_votes": _vote,
    "findings": _finding,
    "labels": _label,
}
