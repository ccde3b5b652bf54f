"""Is a release folder what it says it is: checksums, manifest, columns, nulls, keys, references."""

from __future__ import annotations

import hashlib
from pathlib import Path

import polars as pl

from analysis.markup import counted
from analysis.release import REMEDY, ReleaseError, read_manifest, scan_table, table_files
from analysis.schema import TABLES, check_frame

SUMS = "SHA256SUMS"

# (table, column, the table and column that must hold it)
REFERENCES = (
    ("conversations", "person", "people", "person"),
    ("attributes", "person", "people", "person"),
    ("attributes", "run", "runs", "run"),
    ("responses", "prompt", "prompts", "prompt"),
    ("response_pairs", "generic", "responses", "response"),
    ("response_pairs", "personalized", "responses", "response"),
    ("items", "campaign", "campaigns", "campaign"),
    ("judgments", "campaign", "campaigns", "campaign"),
    ("judgments", "item", "items", "item"),
    ("judgments", "attribute", "attributes", "attribute"),
    ("judgments", "pair", "response_pairs", "pair"),
    ("model_votes", "run", "runs", "run"),
    ("model_votes", "attribute", "attributes", "attribute"),
    ("model_votes", "pair", "response_pairs", "pair"),
    ("findings", "run", "runs", "run"),
    ("findings", "attribute", "attributes", "attribute"),
    ("findings", "pair", "response_pairs", "pair"),
    ("raters", "campaign", "campaigns", "campaign"),
    ("campaigns", "consent_form", "consent_forms", "consent_form"),
    ("consents", "consent_form", "consent_forms", "consent_form"),
    *((table, "campaign", "campaigns", "campaign") for table in ("consents", "exclusions", "closings", "assignments")),
    *((table, "rater", "raters", "rater") for table in ("judgments", "consents", "exclusions", "closings")),
)


def release_problems(folder: Path) -> list[str]:
    """Every problem of the release in ``folder``, one sentence each with file, field and remedy; empty when sound.

    Reads every byte once for the checksums and every table once, one table at a time.
    """
    if not folder.is_dir():
        return [f"{folder}: no such folder; give the folder written by make_release, a zip unpacked"]
    problems = checksum_problems(folder)
    try:
        rows = read_manifest(folder).rows or {}
    except ReleaseError as error:
        problems += error.problems
        rows = {}
    keys: dict[tuple[str, str], pl.Series] = {}
    wanted = {(table, column) for table, column, _, _ in REFERENCES} | {(t, c) for _, _, t, c in REFERENCES}
    for name in TABLES:
        frame, found = _read_table(folder, name)
        problems += found
        if frame is None:
            continue
        if name in rows and rows[name] != frame.height:
            said = counted(rows[name], "row")
            problems.append(f"manifest.json: tables.{name} says {said}, the table has {frame.height}; {REMEDY}")
        keys |= {(t, c): frame[c].drop_nulls().unique() for t, c in wanted if t == name and c in frame.columns}
    return problems + _broken_references(keys)


def checksum_problems(folder: Path) -> list[str]:
    """What SHA256SUMS and the folder disagree on: malformed lines, files changed, missing, or not listed."""
    path = folder / SUMS
    if not path.is_file():
        return [f"{path}: no such file; {REMEDY}"]
    problems: list[str] = []
    listed: set[str] = set()
    for number, line in enumerate(path.read_text(encoding="utf-8", errors="replace").splitlines(), start=1):
        digest, _, name = line.partition("  ")
        if len(digest) != 64 or not name or Path(name).is_absolute() or ".." in Path(name).parts:
            problems.append(f"{path}:{number}: {line!r} is not '<sha256>  <path inside the release>'; {REMEDY}")
            continue
        listed.add(Path(name).as_posix())
        problems += _sum_problem(folder / name, digest)
    there = {file.relative_to(folder).as_posix() for file in sorted((folder / "data").glob("**/*")) if file.is_file()}
    problems += [f"{folder / name}: not listed in {SUMS}; {REMEDY}" for name in sorted(there - listed)]
    return problems


def _sum_problem(path: Path, digest: str) -> list[str]:
    if not path.is_file():
        return [f"{path}: listed in {SUMS} but not there; {REMEDY}"]
    with path.open("rb") as stream:
        found = hashlib.file_digest(stream, "sha256").hexdigest()
    return (
        [] if found == digest else [f"{path}: sha256 is {found}, {SUMS} says {digest}: the file was changed; {REMEDY}"]
    )


def _read_table(folder: Path, name: str) -> tuple[pl.DataFrame | None, list[str]]:
    """The table's rows (Parquet where there) and what is wrong with its files; both files must hold the same rows."""
    paths = table_files(folder, name)
    if not paths:
        return None, [f"{folder / 'data' / name}.parquet: no such file, nor .jsonl; {REMEDY}"]
    frames: list[pl.DataFrame] = []
    problems: list[str] = []
    for path in paths:
        try:
            frame = scan_table(path, name).collect()
        except (pl.exceptions.PolarsError, OSError) as error:
            problems.append(f"{path}: cannot be read as a table ({str(error).splitlines()[0]}); {REMEDY}")
            continue
        found = [*check_frame(name, frame)] or _duplicate_keys(name, frame)
        problems += [f"{path}: {problem}; {REMEDY}" for problem in found]
        frames.append(frame)
    if len(frames) == 2 and not frames[0].equals(frames[1]):
        problems.append(f"{paths[0]}: its rows differ from {paths[1].name}; {REMEDY}")
    return (frames[0] if frames else None), problems


def _duplicate_keys(name: str, frame: pl.DataFrame) -> list[str]:
    key = list(TABLES[name].sort_by)
    repeated = frame.height - frame.select(key).n_unique() if frame.height else 0
    return (
        [f"{name}.{'+'.join(key)}: {counted(repeated, 'row')} with a key that must be unique and is not"]
        if repeated
        else []
    )


def _broken_references(keys: dict[tuple[str, str], pl.Series]) -> list[str]:
    problems = []
    for table, column, target, target_column in REFERENCES:
        if (table, column) not in keys or (target, target_column) not in keys:
            continue
        lost = keys[table, column].filter(~keys[table, column].is_in(keys[target, target_column].implode()))
        if len(lost):
            example = lost.sort()[0]
            problems.append(
                f"data/{table}: {table}.{column}: {counted(len(lost), 'value')} not in {target}.{target_column}, "
                f"first {example!r}; {REMEDY}"
            )
    return problems
