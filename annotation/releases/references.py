"""What each table makes known and what it refers to, as columns of a row group.

A key of several parts is checked as a whole: a judgment must agree with its assignment on the rater, the seat, the side
and the times, not only name it.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

import polars as pl

from annotation.enums import RaterState
from annotation.releases.index import Reference
from pipeline.enums import Condition

SEPARATOR = "\x1f"
PLACE = "_place"  # of the row in its group, from 0


class Key(NamedTuple):
    """Keys of ``kind``: of each row where ``where`` holds, or of each element of its list ``each``. ``parts`` are
    columns, ``column.field`` of a struct, or expressions. ``field`` is named where the key leads nowhere."""

    kind: str
    parts: tuple[str | pl.Expr, ...]
    field: str = ""
    each: str = ""
    where: pl.Expr | None = None


def keys_in(frame: pl.DataFrame, key: Key) -> pl.DataFrame:
    """``key`` and ``place`` of the first row that has it, for every key in the frame but those that are null."""
    parts = [_part(part) for part in key.parts]
    used = {name for part in (*parts, key.where) if part is not None for name in part.meta.root_names()}
    rows = frame.select(*used).with_row_index(PLACE)
    if key.where is not None:
        rows = rows.filter(key.where)
    if key.each == "turns":  # a turn is named by its position
        rows = rows.with_columns(turns=pl.int_ranges(pl.col("turns").list.len()))
    if key.each:
        rows = rows.explode(key.each, empty_as_null=False, keep_nulls=False)
    found = rows.select(_joined(parts).alias("key"), PLACE)
    return found.drop_nulls().unique("key", keep="first", maintain_order=True)


def _joined(parts: list[pl.Expr]) -> pl.Expr:
    """A key of one part is null where that is; of several, nulls read as empty."""
    if len(parts) == 1:
        return parts[0]
    return pl.concat_str([part.cast(pl.String).fill_null("") for part in parts], separator=SEPARATOR)


def _part(part: str | pl.Expr) -> pl.Expr:
    if isinstance(part, pl.Expr):
        return part
    name, _, field = part.partition(".")
    return pl.col(name).struct.field(field) if field else pl.col(name)


def known_in(table: str, frame: pl.DataFrame) -> Iterator[tuple[str, str]]:
    for key in KNOWN.get(table, ()):
        for text in keys_in(frame, key)["key"]:
            yield key.kind, text


def wanted_by(table: str, frame: pl.DataFrame, jsonl: str, first_line: int) -> Iterator[Reference]:
    """What the group refers to, each with the first line that says so; nulls refer to nothing."""
    for key in WANTED.get(table, ()):
        for text, place in keys_in(frame, key).iter_rows():
            yield Reference(key.kind, text, f"{jsonl}:{first_line + place}: {key.field}")


_WHO = ("assignment", "campaign", "item", "rater")
_TIMES = ("claimed_at", "submitted_at", "seconds")
KNOWN: dict[str, tuple[Key, ...]] = {
    "people": (Key("person", ("person",)),),
    "conversations": (
        Key("conversation", ("conversation",)),
        Key("turn", ("conversation", "turns"), each="turns"),
    ),
    "attributes": (Key("attribute", ("attribute",)),),
    "prompts": (Key("prompt", ("prompt",)),),
    "responses": (Key("response", ("response",)), Key("response of a condition", ("response", "condition"))),
    "response_pairs": (Key("pair", ("pair",)),),
    "runs": (Key("run", ("run",)), Key("run of a model", ("run", "model"))),
    "campaigns": (Key("campaign", ("campaign",)),),
    "consent_forms": (Key("consent form", ("consent_form",)),),
    "items": (
        Key("item", ("item",)),
        Key("item of a campaign", ("item", "campaign", "role")),
        Key("question", ("item", "questions.unit"), each="questions"),
        Key("seat", ("item", "seats.number"), each="seats"),
    ),
    "raters": (Key("rater", ("campaign", "rater", "kind")), Key("rater of a campaign", ("campaign", "rater"))),
    "exclusions": (Key("exclusion in force", ("campaign", "rater", "kind"), where=pl.col("undone_at").is_null()),),
    "assignments": (
        Key("assignment", (*_WHO, "seat", "side", "state", *_TIMES)),
        Key("assignment of a rater", _WHO),
    ),
}


def _plain(kind: str, column: str = "") -> Key:
    return Key(kind, (column or kind,), column or kind)


def _each(kind: str, column: str) -> Key:
    return Key(kind, (column,), column, each=column)


_UNIT = (_plain("attribute"), _plain("prompt"), _plain("pair"))
_RATER = Key("rater of a campaign", ("campaign", "rater"), "rater")
_MODEL = Key("run of a model", ("run", "rater"), "rater")
_QUESTION = Key("question", ("item", "unit"), "unit", where=pl.col("unit").is_not_null())
_ASKED = pl.col("questions").struct.field("unit")
_OTHER = _ASKED.str.splitn(":", 3).struct.field("field_2")
WANTED: dict[str, tuple[Key, ...]] = {
    "people": (_each("run", "selected_by"),),
    "conversations": (_plain("person"), _plain("run")),
    "attributes": (
        _plain("person"),
        _plain("run"),
        _each("attribute", "made_from"),
        Key("turn", ("evidence.conversation", "evidence.turn"), "evidence", each="evidence"),
    ),
    "prompts": (_each("person", "people"),),
    "responses": (_plain("run"), _plain("prompt"), _plain("person"), _each("attribute", "given")),
    "response_pairs": (
        _plain("person"),
        _plain("prompt"),
        *(Key("response of a condition", (word, pl.lit(word)), word) for word in map(str, Condition.values)),
    ),
    "runs": (_each("run", "inputs"),),
    "campaigns": (_plain("consent form", "consent_form"),),
    "items": (
        _plain("campaign"),
        _plain("prompt"),
        _plain("pair"),
        _each("person", "people"),
        Key("attribute", ("questions.attribute",), "questions", each="questions"),
        Key("pair", (pl.when(_ASKED.str.starts_with("p:")).then(_OTHER),), "questions", each="questions"),
        Key("prompt", (pl.when(~_ASKED.str.starts_with("p:")).then(_OTHER),), "questions", each="questions"),
    ),
    "raters": (
        _plain("campaign"),
        _plain("person"),
        Key(
            "exclusion in force",
            ("campaign", "rater", "state"),
            "state",
            where=pl.col("state") != RaterState.ACTIVE.value,
        ),
    ),
    "consents": (_plain("consent form", "consent_form"), _RATER),
    "exclusions": (_RATER,),
    "closings": (_RATER,),
    "assignments": (
        _RATER,
        Key("seat", ("item", "seat"), "seat", where=pl.col("seat").is_not_null()),
        _plain("item"),
    ),
    "judgments": (
        *_UNIT,
        Key("rater", ("campaign", "rater", "rater_kind"), "rater"),
        Key("item of a campaign", ("item", "campaign", "role"), "item"),
        _QUESTION,
        Key("assignment", (*_WHO, "seat", "side", "assignment_state", *_TIMES), "assignment"),
    ),
    "remarks": (Key("assignment of a rater", _WHO, "assignment"), _QUESTION),
    "model_votes": (*_UNIT, _MODEL),
    "findings": (*_UNIT, _MODEL),
    "labels": (*_UNIT, _plain("run"), Key("campaign", ("campaign",), "campaign", where=pl.col("campaign") != "")),
}
