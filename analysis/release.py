"""A release folder as lazy frames.

Nothing is read until a statistic asks for it, and then only the columns it names: a report never loads a conversation.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import polars as pl

from analysis.schema import SCHEMA_VERSION, TABLES, check_frame

REMEDY = "make the release again, or take an unchanged copy of it"


class ReleaseError(Exception):
    """A release that cannot be read. ``problems``: one sentence each, naming file, field and remedy."""

    def __init__(self, problems: Sequence[str]) -> None:
        super().__init__("\n".join(problems))
        self.problems = tuple(problems)


@dataclass(frozen=True)
class Manifest:
    """What ``manifest.json`` says that the numbers depend on; every other key is for people and is left alone.

    ``study`` (slug), ``title`` and ``version`` are "" where the manifest does not say; ``rows`` per table where given.
    """

    schema_version: str
    study: str = ""
    title: str = ""
    version: str = ""
    rows: Mapping[str, int] | None = None


@dataclass(frozen=True)
class Release:
    """Every table of ``analysis.schema`` by name, each a ``LazyFrame`` that keeps that table's columns and types."""

    manifest: Manifest
    tables: Mapping[str, pl.LazyFrame]

    @property
    def people(self) -> pl.LazyFrame:
        return self.tables["people"]

    @property
    def attributes(self) -> pl.LazyFrame:
        return self.tables["attributes"]

    @property
    def responses(self) -> pl.LazyFrame:
        return self.tables["responses"]

    @property
    def response_pairs(self) -> pl.LazyFrame:
        return self.tables["response_pairs"]

    @property
    def items(self) -> pl.LazyFrame:
        return self.tables["items"]

    @property
    def judgments(self) -> pl.LazyFrame:
        return self.tables["judgments"]

    @property
    def model_votes(self) -> pl.LazyFrame:
        return self.tables["model_votes"]

    @property
    def findings(self) -> pl.LazyFrame:
        return self.tables["findings"]

    @property
    def labels(self) -> pl.LazyFrame:
        return self.tables["labels"]

    @property
    def runs(self) -> pl.LazyFrame:
        return self.tables["runs"]

    @property
    def campaigns(self) -> pl.LazyFrame:
        return self.tables["campaigns"]

    @property
    def conversations(self) -> pl.LazyFrame:
        return self.tables["conversations"]

    @property
    def prompts(self) -> pl.LazyFrame:
        return self.tables["prompts"]

    @property
    def consent_forms(self) -> pl.LazyFrame:
        return self.tables["consent_forms"]

    @property
    def raters(self) -> pl.LazyFrame:
        return self.tables["raters"]

    @property
    def consents(self) -> pl.LazyFrame:
        return self.tables["consents"]

    @property
    def exclusions(self) -> pl.LazyFrame:
        return self.tables["exclusions"]

    @property
    def assignments(self) -> pl.LazyFrame:
        return self.tables["assignments"]

    @property
    def remarks(self) -> pl.LazyFrame:
        return self.tables["remarks"]

    @property
    def closings(self) -> pl.LazyFrame:
        return self.tables["closings"]


def release_from_frames(frames: Mapping[str, pl.DataFrame], manifest: Manifest | None = None) -> Release:
    """A release held in memory: the live state of a campaign, or a test. Tables not given are empty.

    Raises ``ReleaseError`` when a name is no table, or a frame breaks ``schema.check_frame``.
    """
    problems = [f"{name}: no table of a release" for name in frames if name not in TABLES]
    problems += [problem for name, frame in frames.items() if name in TABLES for problem in check_frame(name, frame)]
    if problems:
        raise ReleaseError(problems)
    lazy = {name: frames.get(name, pl.DataFrame(schema=TABLES[name].polars_schema)).lazy() for name in TABLES}
    return Release(manifest or Manifest(SCHEMA_VERSION), lazy)


def read_manifest(folder: Path) -> Manifest:
    """``manifest.json`` of a release; ``ReleaseError`` where it is missing, not JSON, or of another schema."""
    path = folder / "manifest.json"
    try:
        raw = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise ReleaseError([f"{path}: no such file; DIR must be a folder written by make_release"]) from None
    except (UnicodeDecodeError, json.JSONDecodeError) as error:
        raise ReleaseError([f"{path}: not JSON ({error}); {REMEDY}"]) from None
    if not isinstance(raw, dict):
        raise ReleaseError([f"{path}: holds {type(raw).__name__}, expected an object; {REMEDY}"])
    version = str(raw.get("schema_version", ""))
    if version != SCHEMA_VERSION:
        raise ReleaseError(
            [
                f"{path}: schema_version is {version!r}, this program reads {SCHEMA_VERSION!r}; "
                "use the program's version that wrote the release, or make the release again"
            ]
        )
    study = raw.get("study", "")
    title = raw.get("title", "")
    if isinstance(study, dict):
        study, title = study.get("slug", ""), study.get("title", title)
    return Manifest(version, str(study), str(title), str(raw.get("version", "")), _rows_of(raw.get("tables")))


def _rows_of(tables: object) -> Mapping[str, int] | None:
    """Rows per table, from ``{"judgments": 12}`` or ``{"judgments": {"rows": 12, ...}}``."""
    if not isinstance(tables, dict):
        return None
    counts = {name: entry.get("rows") if isinstance(entry, dict) else entry for name, entry in tables.items()}
    return {str(name): count for name, count in counts.items() if isinstance(count, int)}


def table_files(folder: Path, name: str) -> tuple[Path, ...]:
    """The files of one table that are there, Parquet first."""
    candidates = (folder / "data" / f"{name}.parquet", folder / "data" / f"{name}.jsonl")
    return tuple(path for path in candidates if path.is_file())


def scan_table(path: Path, name: str) -> pl.LazyFrame:
    """One table's file, lazily. An empty JSONL file is an empty table."""
    if path.suffix == ".parquet":
        return pl.scan_parquet(path)
    if path.stat().st_size == 0:
        return pl.LazyFrame(schema=TABLES[name].polars_schema)
    return pl.scan_ndjson(path, schema=TABLES[name].polars_schema)


def load_release(folder: Path) -> Release:
    """Open a release folder. Reads the manifest and the tables' headers, no rows.

    Raises ``ReleaseError`` naming every table that is missing or has other columns or types than the schema.
    ``python -m analysis check`` reads every row as well.
    """
    if not folder.is_dir():
        raise ReleaseError([f"{folder}: no such folder; give the folder written by make_release, a zip unpacked"])
    manifest = read_manifest(folder)
    problems: list[str] = []
    frames: dict[str, pl.LazyFrame] = {}
    for name in TABLES:
        paths = table_files(folder, name)
        if not paths:
            problems.append(f"{folder / 'data' / name}.parquet: no such file, nor .jsonl; {REMEDY}")
            continue
        frames[name] = scan_table(paths[0], name)
        problems += _header_problems(paths[0], name, frames[name])
    if problems:
        raise ReleaseError(problems)
    return Release(manifest, frames)


def _header_problems(path: Path, name: str, frame: pl.LazyFrame) -> list[str]:
    try:
        header = frame.collect_schema()
    except (pl.exceptions.PolarsError, OSError) as error:
        return [f"{path}: cannot be read as a table ({str(error).splitlines()[0]}); {REMEDY}"]
    return [f"{path}: {problem}; {REMEDY}" for problem in check_frame(name, pl.DataFrame(schema=header))]
