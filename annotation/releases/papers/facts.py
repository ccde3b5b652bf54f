"""What a release's tables say that its papers repeat. Reads small tables whole, of large ones a column."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import polars as pl

from annotation.enums import Origin
from annotation.releases.files import jsonl_path, parquet_path, read_rows
from annotation.releases.tables.rows import Row


@dataclass(frozen=True)
class Corpus:
    slug: str
    title: str
    kind: str
    licence: str
    provenance: str
    people: int


@dataclass(frozen=True)
class Facts:
    campaigns: tuple[Row, ...]
    corpora: tuple[Corpus, ...]
    models: dict[str, tuple[str, ...]]  # by stage
    languages: tuple[tuple[str, int], ...]  # of conversations, the most frequent first; "" where no source says
    first: str | None  # of the answers that were given here; imported ones have the times of their import
    last: str | None
    groups: dict[tuple[str, str], int]  # raters by kind and group
    demographics: tuple[str, ...]  # fields
    consent_forms: tuple[Row, ...]
    exclusions: dict[str, int]  # by kind
    selections: int  # runs that drew people

    def origins(self) -> set[str]:
        return {campaign["origin"] for campaign in self.campaigns}


def facts_of(folder: Path) -> Facts:
    """Of a folder whose data/ is written. Memory holds campaigns, runs and corpora, not people, chats or answers."""
    first, last = _timeframe(folder)
    return Facts(
        campaigns=tuple(_rows(folder, "campaigns")),
        corpora=_corpora(folder),
        models=_models(folder),
        languages=_languages(folder),
        first=first,
        last=last,
        groups=_groups(folder),
        demographics=demographics_in(folder),
        consent_forms=tuple(_rows(folder, "consent_forms")),
        exclusions=dict(sorted(Counter(row["kind"] for row in _rows(folder, "exclusions")).items())),
        selections=sum(row["stage"] == "people" for row in _rows(folder, "runs")),
    )


def _rows(folder: Path, table: str) -> list[Row]:
    return [row for _, row in read_rows(folder, table)] if jsonl_path(folder, table).is_file() else []


def _grouped(folder: Path, table: str, columns: list[str]) -> list[dict[str, Any]]:
    frame = pl.scan_parquet(parquet_path(folder, table)).group_by(columns).len().sort(columns)
    return frame.collect(engine="streaming").to_dicts()


def _corpora(folder: Path) -> tuple[Corpus, ...]:
    columns = ["corpus", "corpus_title", "corpus_kind", "licence", "provenance"]
    rows = _grouped(folder, "people", columns)
    return tuple(Corpus(*(row[column] for column in (*columns, "len"))) for row in rows)


def _models(folder: Path) -> dict[str, tuple[str, ...]]:
    found: dict[str, set[str]] = {}
    for row in _rows(folder, "runs"):
        if row["model"]:
            found.setdefault(row["stage"], set()).add(row["model"])
    return {stage: tuple(sorted(names)) for stage, names in sorted(found.items())}


def _languages(folder: Path) -> tuple[tuple[str, int], ...]:
    rows = _grouped(folder, "conversations", ["language"])
    return tuple(sorted(((row["language"], row["len"]) for row in rows), key=lambda pair: (-pair[1], pair[0])))


def _timeframe(folder: Path) -> tuple[str | None, str | None]:
    given_here = pl.scan_parquet(parquet_path(folder, "judgments")).filter(pl.col("rater_kind") != Origin.IMPORTED)
    moments = given_here.select(first=pl.col("submitted_at").min(), last=pl.col("submitted_at").max())
    return moments.collect(engine="streaming").row(0)


def _groups(folder: Path) -> dict[tuple[str, str], int]:
    return {(row["kind"], row["group"]): row["len"] for row in _grouped(folder, "raters", ["kind", "group"])}


def demographics_in(folder: Path) -> tuple[str, ...]:
    """The fields that it holds of any rater, in order."""
    raters = pl.scan_parquet(parquet_path(folder, "raters"))
    if "demographics" not in raters.collect_schema().names():
        return ()
    names = raters.select(pl.col("demographics").explode().struct.field("field")).drop_nulls().unique()
    return tuple(sorted(names.collect(engine="streaming")["field"]))
