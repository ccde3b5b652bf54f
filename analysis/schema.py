"""The release is the contract: tables, columns, types and null rules, in one place.

A release is a folder with ``manifest.json``, ``SHA256SUMS`` and ``data/<table>.parquet`` and ``data/<table>.jsonl`` for
every table of ``TABLES``, beside papers for readers (README.md, DATASHEET.md, croissant.json, CITATION.cff,
CHANGES.md). ``annotation.releases`` writes it from the database, ``analysis`` reads it; neither knows a column that
does not stand in ``schema_material`` or ``schema_people``.

Rules that hold for every table
    * Ids (``person``, ``attribute``, ``unit`` ...) are public random tokens, never database keys. ``rater`` is a
      pseudonym keyed per study for people, and the model's name for models.
    * Times are UTC, ISO 8601 with microseconds and ``Z``, as strings: the same bytes in Parquet and JSONL.
    * Rows are sorted by ``sort_by``, by the bytes of the text, null first; the key is unique. JSONL keys stand in the
      order of ``columns``; null is written as null, never left out.
    * ``nullable=False`` columns never hold null. A null ``value`` of a judgment means erased (``erased_at`` then holds
      the time), and nothing else; the same holds for ``text`` of remarks and ``could_tell`` and ``how`` of closings.

Values
    ``value`` is what was answered, as given: ``accepted`` / ``uncertain`` / ``rejected`` (attribute_quality), ``yes`` /
    ``no`` (relevance), ``1`` .. ``5`` (preference, from left much better to right much better).
    ``score`` is the same on the instrument's numeric scale, towards what is measured: rejected 0, uncertain 1,
    accepted 2; no 0, yes 1; preference 1 .. 5 where 5 is always "personalized much better", whichever side it stood on
    (3 = no difference). It is null exactly where ``value`` is null.

Texts of conversations, prompts, responses, attributes, remarks and closings
    Where ``settings.masks`` of the manifest is true, places in them that hold personal data are covered by a word for
    what they hold ("[e-mail address]"). Evidence's ``start`` and ``end`` count code points of the text as it
    stands here. Two places of evidence that begin within one covered place are one.

Raters
    One row per person and campaign. ``state`` says whether they still take part. For each rater who does not,
    ``exclusions`` holds exactly one kind in force: of kind ``withdrawn``, or ``excluded`` and not undone. ``consents``
    holds each rater's answer to each wording; a wording's key is its own sha256, which can be computed again.
    ``demographics`` says what is known of the person, the same in all their rows. The same, all fields together, is
    said of at least ``settings.min_cell`` people of that kind (human, simulated, imported): values that would single
    out fewer are null, and where those of whom something is hidden are too few themselves, more is. Null is also what
    somebody did not tell. A field that fewer than ``min_cell`` people told is left out; who told none has none.
"""

from __future__ import annotations

from typing import Literal

import polars as pl

from analysis.schema_columns import Column, Table
from analysis.schema_material import MATERIAL
from analysis.schema_people import PEOPLE

__all__ = ["TABLES", "Column", "Table", "check_frame", "links_of", "score_of"]

SCHEMA_VERSION = "3"

ATTRIBUTE_QUALITY = "attribute_quality"
RELEVANCE = "relevance"
PREFERENCE = "preference"
INSTRUMENTS = (ATTRIBUTE_QUALITY, RELEVANCE, PREFERENCE)

VALUES: dict[str, tuple[str, ...]] = {
    ATTRIBUTE_QUALITY: ("rejected", "uncertain", "accepted"),
    RELEVANCE: ("no", "yes"),
    PREFERENCE: ("1", "2", "3", "4", "5"),
}

# What a model finds about a unit beside any vote. Failure categories are the raters' own reasons, see STUDY's.
MENTIONS = ("no", "yes")
FAILURES = ("overgeneralized", "no_evidence", "task_mistaken", "not_lasting", "other")

Level = Literal["nominal", "ordinal", "interval"]
LEVELS: dict[str, tuple[Level, ...]] = {
    ATTRIBUTE_QUALITY: ("nominal", "ordinal"),
    RELEVANCE: ("nominal",),
    PREFERENCE: ("ordinal", "interval"),
}


def score_of(instrument: str, value: str, side: str | None = None) -> float:
    """The numeric score of a value (scale: module docstring).

    ``side`` is where the personalized response stood, ``left`` or ``right``; it is needed for preference and ignored
    elsewhere. Raises ``ValueError`` for a value that is not of the instrument, or a preference without a side.
    """
    if value not in VALUES[instrument]:
        raise ValueError(f"{value!r} is no value of {instrument}; expected one of {', '.join(VALUES[instrument])}")
    if instrument != PREFERENCE:
        return float(VALUES[instrument].index(value))
    if side not in ("left", "right"):
        raise ValueError(f"a preference needs the side of the personalized response, left or right, not {side!r}")
    return float(value) if side == "right" else float(6 - int(value))


TABLES: dict[str, Table] = {table.name: table for table in (*MATERIAL, *PEOPLE)}


KEYS = {table.sort_by[0]: table.name for table in TABLES.values() if len(table.sort_by) == 1}
# Columns of another name than the key that they hold, and one of its name that may hold "" instead.
_NAMED_OTHERWISE = {"response_pairs": {"generic": "response", "personalized": "response"}}
_NO_LINKS = {("labels", "campaign")}


def links_of(name: str) -> dict[str, tuple[str, str]]:
    """Columns of a table that name one row of another: by column, the other table and the column that is its key.

    Null names nothing. Raters are named by ``campaign`` and ``rater`` together; lists and units name rows too. Those
    are not told here.
    """
    texts = {column.name: column.name for column in TABLES[name].columns if column.dtype == pl.String}
    return {
        column: (KEYS[key], key)
        for column, key in (texts | _NAMED_OTHERWISE.get(name, {})).items()
        if key in KEYS and KEYS[key] != name and (name, column) not in _NO_LINKS
    }


def check_frame(name: str, frame: pl.DataFrame) -> list[str]:
    """What is wrong with ``frame`` as table ``name``, one sentence each; empty when it keeps the contract."""
    table = TABLES[name]
    if tuple(frame.columns) != table.names:
        return [f"{name}: columns are {frame.columns}, expected {list(table.names)}"]
    types = frame.schema
    problems = [
        f"{name}.{column.name}: type is {types[column.name]}, expected {column.dtype}"
        for column in table.columns
        if types[column.name] != column.dtype
    ]
    problems += [
        f"{name}.{column.name}: {nulls} nulls where none may be"
        for column, nulls in zip(table.columns, frame.null_count().row(0), strict=True)
        if nulls and not column.nullable
    ]
    return problems
