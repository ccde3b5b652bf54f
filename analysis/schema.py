"""The release is the contract: tables, columns, types and null rules, in one place.

A release is a folder with ``manifest.json``, ``SHA256SUMS`` and ``data/<table>.parquet`` and ``data/<table>.jsonl`` for
every table below. ``annotation.releases`` writes it from the database, ``analysis`` reads it; neither knows a column
that does not stand here.

Rules that hold for every table
    * Ids (``person``, ``attribute``, ``unit`` ...) are public random tokens, never database keys. ``rater`` is a
      pseudonym keyed per study for people, and the model's name for models.
    * Times are UTC, ISO 8601 with microseconds and ``Z``, as strings: the same bytes in Parquet and JSONL.
    * Rows are sorted by ``sort_by``; JSONL keys stand in the order of ``columns``; null is written as null, never
      left out.
    * ``nullable=False`` columns never hold null. A null ``value`` means erased (``erased_at`` then holds the time), and
      nothing else.

Values
    ``value`` is what was answered, as given: ``accepted`` / ``uncertain`` / ``rejected`` (attribute_quality), ``yes`` /
    ``no`` (relevance), ``1`` .. ``5`` (preference, from left much better to right much better).
    ``score`` is the same on the instrument's numeric scale, towards what is measured: rejected 0, uncertain 1,
    accepted 2; no 0, yes 1; preference 1 .. 5 where 5 is always "personalized much better", whichever side it stood on
    (3 = no difference). It is null exactly where ``value`` is null.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

import polars as pl

SCHEMA_VERSION = "2"

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


@dataclass(frozen=True)
class Column:
    name: str
    dtype: Any  # a polars data type, class or instance
    nullable: bool = False


@dataclass(frozen=True)
class Table:
    name: str
    columns: tuple[Column, ...]
    sort_by: tuple[str, ...]

    @property
    def polars_schema(self) -> pl.Schema:
        return pl.Schema({column.name: column.dtype for column in self.columns})

    @property
    def names(self) -> tuple[str, ...]:
        return tuple(column.name for column in self.columns)


def _text(name: str, nullable: bool = False) -> Column:
    return Column(name, pl.String, nullable)


def _int(name: str, nullable: bool = False) -> Column:
    return Column(name, pl.Int64, nullable)


def _float(name: str, nullable: bool = False) -> Column:
    return Column(name, pl.Float64, nullable)


def _bool(name: str, nullable: bool = False) -> Column:
    return Column(name, pl.Boolean, nullable)


def _list(name: str, inner: Any = pl.String) -> Column:
    return Column(name, pl.List(inner))


_TURN = pl.Struct({"role": pl.String, "content": pl.String})
_EVIDENCE = pl.Struct({"conversation": pl.String, "turn": pl.Int64, "start": pl.Int64, "end": pl.Int64})
_QUESTION = pl.Struct({"position": pl.Int64, "unit": pl.String, "attribute": pl.String, "text": pl.String})
_SEAT = pl.Struct({"number": pl.Int64, "side": pl.String})
_REVISION = pl.Struct({"number": pl.Int64, "value": pl.String, "reason": pl.String, "made_at": pl.String})

# attribute always; prompt for relevance; pair for preference (see docs/decisions/001-data-model.md)
_UNIT = (_text("unit"), _text("instrument"), _text("attribute"), _text("prompt", True), _text("pair", True))

TABLES: dict[str, Table] = {
    table.name: table
    for table in (
        Table(
            "people",
            (
                _text("person"),
                _text("corpus"),  # slug of the corpus
                _text("corpus_title"),
                _text("corpus_kind"),  # human | synthetic
                _text("corpus_format"),  # the source that read it: study, wildchat ...
                _text("licence"),
                _text("provenance"),
                _list("selected_by"),  # people runs that drew the person; their funnel stands in runs.outcome
            ),
            ("person",),
        ),
        Table(
            "conversations",
            (
                _text("conversation"),
                _text("person"),
                _text("run"),  # the import that brought it in
                _int("position"),  # order among the person's conversations in the source, from 0
                _text("language"),  # "" where the source does not say
                _text("model"),  # the assistant's model, "" where the source does not say
                _text("started_at", True),
                _bool("toxic", True),  # as the source marks it; null where it does not say
                _bool("redacted", True),
                _list("turns", _TURN),
            ),
            ("conversation",),
        ),
        Table(
            "attributes",
            (
                _text("attribute"),
                _text("person"),
                _text("run"),
                _int("position"),  # order within (run, person)
                _text("text", True),  # null: the source does not give the text
                _text("reason"),
                _float("confidence", True),  # 0-1 as the model reported it; null where unknown
                _list("made_from"),  # attributes that it was merged or refined from
                _list("evidence", _EVIDENCE),  # turn from 0; start, end: code points of the turn, null = whole turn
            ),
            ("attribute",),
        ),
        Table(
            "prompts",
            (_text("prompt"), _text("source"), _text("text"), _list("people")),
            ("prompt",),
        ),
        Table(
            "responses",
            (
                _text("response"),
                _text("run"),
                _text("prompt"),
                _text("person", True),  # null: generic, shared by all people of the prompt
                _text("generator"),  # the model's name
                _text("condition"),  # generic | personalized
                _int("position"),  # tells several answers to the same request apart
                _text("text"),
                _list("given"),  # attributes that the generator was given
            ),
            ("response",),
        ),
        Table(
            "response_pairs",
            (
                _text("pair"),
                _text("person"),
                _text("prompt"),
                _text("generator"),
                _text("generic"),
                _text("personalized"),
            ),
            ("pair",),
        ),
        Table(
            "items",
            (
                _text("item"),
                _text("campaign"),
                _text("role"),  # work | gold | training | qualification | attention
                _int("position"),
                _int("sort_key"),  # seeded: its place in the ring in which items are handed out
                _int("priority"),
                _text("prompt", True),
                _text("pair", True),
                _list("people"),
                _list("questions", _QUESTION),
                _list("seats", _SEAT),  # side: where the personalized response stands, "" for other instruments
            ),
            ("item",),
        ),
        Table(  # every tenure of a seat that has ended; what is still held is left out, as drafts are
            "assignments",
            (
                _text("assignment"),
                _text("campaign"),
                _text("item"),
                _text("rater"),
                _int("seat", True),  # seat number; null for imported answers and items that are not work
                _text("side"),
                _text("state"),  # submitted | surplus | withdrawn | expired | returned
                _list("order", pl.Int64),  # the questions' positions in the order in which the page showed them
                _text("claimed_at", True),
                _text("submitted_at", True),
                _text("ended_at", True),
                _float("seconds", True),  # active seconds on the page, as the browser reported them; null unknown
            ),
            ("assignment",),
        ),
        Table(
            "judgments",
            (
                *_UNIT,
                _text("campaign"),
                _text("item"),
                _text("assignment"),
                _text("rater"),  # pseudonym, see raters
                _text("rater_kind"),  # human | simulated | imported
                _text("value", True),
                _float("score", True),
                _text("reason"),  # why an attribute was rejected, "" if not asked or not given
                _text("side"),  # where the personalized response stood: left | right, "" for other instruments
                _int("shown_at"),  # place of the question on the rater's page, from 0
                _text("role"),  # of the item
                _int("seat", True),  # seat number; null for imported answers and items that are not work
                _text("assignment_state"),  # submitted | surplus | withdrawn ...
                _bool("counted"),
                _text("not_counted_because"),  # "" | a role but work | imported | surplus | withdrawn
                _text("claimed_at", True),
                _text("submitted_at"),
                _float("seconds", True),  # active seconds on the page, as the browser reported them; null unknown
                _text("made_at"),  # as the judgment has it; each value's own time stands in revisions
                _list("revisions", _REVISION),  # every value it ever had, the first included
                _text("erased_at", True),
            ),
            ("unit", "campaign", "rater", "assignment"),
        ),
        Table(
            "remarks",
            (
                _text("campaign"),
                _text("item"),
                _text("assignment"),
                _text("rater"),
                _text("kind"),  # note | missing_attribute | flag
                _int("position"),
                _text("unit", True),
                _text("text", True),  # null: erased
                _text("made_at"),
                _text("erased_at", True),
            ),
            ("assignment", "kind", "position"),
        ),
        Table(
            "model_votes",
            (
                *_UNIT,
                _text("run"),
                _text("rater"),  # the model's name
                _text("status"),  # answered | unparseable
                _text("value", True),  # null exactly when unparseable
                _float("score", True),
                _float("raw_score", True),  # a baseline's own number (BM25, similarity), a model's probability
                _text("side"),  # where the personalized response stood in the request, "" for other instruments
                _text("reason"),  # why unparseable, or the model's own explanation
            ),
            ("unit", "run", "side"),
        ),
        Table(
            "findings",
            (
                *_UNIT,  # mention: of preference; failure: of attribute_quality
                _text("run"),
                _text("rater"),  # the model's name
                _text("kind"),  # mention: is the attribute openly mentioned; failure: how a rejected attribute fails
                _text("status"),  # answered | unparseable
                _text("value", True),  # of MENTIONS or FAILURES; null exactly when unparseable
                _text("reason"),  # why unparseable, or the model's own explanation
            ),
            ("unit", "kind", "run"),
        ),
        Table(
            "labels",
            (
                *_UNIT,
                _text("run"),
                _text("campaign"),
                _text("method"),  # majority ...
                _text("value", True),  # null: no decision (a tie)
                _float("score", True),  # null for preference pairs without a decision
                _int("n"),  # judgments it rests on
                _float("share"),  # share of them that gave ``value``; for a tie, of the largest
            ),
            ("unit", "run"),
        ),
        Table(
            "raters",
            (
                _text("rater"),
                _text("campaign"),
                _text("person", True),  # set where the rater is the very person whose attributes are judged
                _text("kind"),  # human | simulated | imported
                _text("group"),  # crowd, team ...; "" if none
                _text("state"),  # active | withdrawn | excluded
                _text("joined_at"),
            ),
            ("campaign", "rater"),
        ),
        Table(
            "runs",
            (
                _text("run"),
                _text("stage"),  # import, people, extract, merge, select, respond, judge, label ...
                _text("backend"),
                _text("model"),
                _text("model_revision"),
                _text("parameters"),  # canonical JSON
                _text("outcome"),  # canonical JSON: figures it ended with, a people run's funnel among them
                _text("template_sha256"),
                _text("code_version"),
                _text("state"),
                _int("n_units"),
                _int("n_done"),
                _int("n_failed"),
                _list("inputs"),  # runs whose material it read
                _text("created_at"),
                _text("started_at", True),
                _text("finished_at", True),
            ),
            ("run",),
        ),
        Table(
            "campaigns",
            (
                _text("campaign"),
                _text("slug"),
                _text("title"),
                _text("instrument"),
                _text("origin"),  # human | simulated | imported
                _text("state"),
                _int("k"),
                _int("questions_per_item"),
                _int("lease_seconds"),
                _text("seed"),
                _text("guideline"),
                _text("guideline_sha256"),
                _text("parameters"),  # canonical JSON: what it was built from
                _text("created_at"),
            ),
            ("campaign",),
        ),
    )
}


def check_frame(name: str, frame: pl.DataFrame) -> list[str]:
    """What is wrong with ``frame`` as table ``name``, one sentence each; empty when it keeps the contract."""
    table = TABLES[name]
    if tuple(frame.columns) != table.names:
        return [f"{name}: columns are {frame.columns}, expected {list(table.names)}"]
    problems = [
        f"{name}.{column.name}: type is {frame.schema[column.name]}, expected {column.dtype}"
        for column in table.columns
        if frame.schema[column.name] != column.dtype
    ]
    problems += [
        f"{name}.{column.name}: {frame[column.name].null_count()} nulls where none may be"
        for column in table.columns
        if not column.nullable and frame[column.name].null_count()
    ]
    return problems
