"""What each table makes known and what it refers to, as columns of a row group.

A key of several parts is checked as a whole: a judgment must agree with its assignment on the rater, the seat, the side
and the times, not only name it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import cache
from itertools import groupby
from typing import NamedTuple

import polars as pl

from annotation.enums import RaterState
from annotation.releases.index import Hashes, Reference
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

    @property
    def text(self) -> pl.Expr:
        """Null where there is no key. A key of one part is null where that is; of several, nulls read as empty."""
        parts = [_part(part) for part in self.parts]
        one = parts[0]
        if len(parts) > 1:
            one = pl.concat_str([part.cast(pl.String).fill_null("") for part in parts], separator=SEPARATOR)
        return one if self.where is None else pl.when(self.where).then(one)

    @property
    def hash(self) -> pl.Expr:
        """Of kind and text; null where the text is."""
        return pl.when(self.text.is_not_null()).then(self.text.hash(_SEEDS[self.kind]))


class Asked(NamedTuple):
    """Keys of the elements of one list, or of the rows themselves where ``each`` is empty: looked up together."""

    each: str
    columns: tuple[str, ...]
    hashes: tuple[pl.Expr, ...]


def known_in(table: str, frame: pl.DataFrame) -> Iterator[Hashes]:
    """Hashes of all that the group makes known."""
    return _hashes(frame, _known(table))


def wanted_by(table: str, frame: pl.DataFrame) -> Iterator[Hashes]:
    """Hashes of all that the group refers to; nulls refer to nothing."""
    return _hashes(frame, _wanted(table))


def references_to(
    missing: Iterable[int], table: str, frame: pl.DataFrame, jsonl: str, first_line: int
) -> Iterator[tuple[int, Reference]]:
    """What the group refers to among ``missing``, by its hash, each with the first line that says so."""
    lost = pl.Series(list(missing), dtype=pl.UInt64).implode()
    for key in WANTED.get(table, ()):
        rows = _exploded(frame.with_row_index(PLACE), key.each)
        found = rows.select(key.text.alias("key"), PLACE, hash=key.hash).filter(pl.col("hash").is_in(lost))
        for text, place, number in found.unique("key", keep="first", maintain_order=True).iter_rows():
            yield number, Reference(key.kind, text, f"{jsonl}:{first_line + place}: {key.field}")


def _hashes(frame: pl.DataFrame, asked: tuple[Asked, ...]) -> Iterator[Hashes]:
    for each, columns, hashes in asked:
        rows = _exploded(frame.select(columns), each)
        for column in rows.select(hashes):
            yield column.drop_nulls().unique().to_numpy()


def _exploded(frame: pl.DataFrame, each: str) -> pl.DataFrame:
    if each == "turns":  # a turn is named by its position
        frame = frame.with_columns(turns=pl.int_ranges(pl.col("turns").list.len()))
    return frame.explode(each, empty_as_null=False, keep_nulls=False) if each else frame


@cache
def _known(table: str) -> tuple[Asked, ...]:
    return _together(KNOWN.get(table, ()))


@cache
def _wanted(table: str) -> tuple[Asked, ...]:
    return _together(WANTED.get(table, ()))


def _together(keys: Iterable[Key]) -> tuple[Asked, ...]:
    lists = groupby(sorted(keys, key=lambda key: key.each), key=lambda key: key.each)
    return tuple(_asked(each, list(group)) for each, group in lists)


def _asked(each: str, keys: list[Key]) -> Asked:
    used = {name for key in keys for name in key.hash.meta.root_names()}
    return Asked(each, tuple(sorted(used)), tuple(key.hash.alias(str(n)) for n, key in enumerate(keys)))


def _part(part: str | pl.Expr) -> pl.Expr:
    if isinstance(part, pl.Expr):
        return part
    name, _, field = part.partition(".")
    return pl.col(name).struct.field(field) if field else pl.col(name)


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
_SEEDS = {
    kind: seed
    for seed, kind in enumerate(dict.fromkeys(key.kind for keys in (*KNOWN.values(), *WANTED.values()) for key in keys))
}
