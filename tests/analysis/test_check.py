"""A release that was changed, cut or mixed up is named by file, field and remedy."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import polars as pl
import pytest

from analysis.check import release_problems
from analysis.release import REMEDY, ReleaseError, load_release, release_from_frames
from analysis.schema import TABLES
from analysis.tables import build_tables
from tests.analysis.synthetic import synthetic_frames, write_folder, write_sums


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return write_folder(tmp_path / "release", synthetic_frames())


def _rewrite(folder: Path, name: str, change: Callable[[pl.DataFrame], pl.DataFrame]) -> None:
    """Change a table in both its files and make the checksums fit again."""
    frame = change(pl.read_parquet(folder / "data" / f"{name}.parquet"))
    frame.write_parquet(folder / "data" / f"{name}.parquet")
    frame.write_ndjson(folder / "data" / f"{name}.jsonl")
    write_sums(folder)


def test_a_sound_release_has_no_problem(folder: Path) -> None:
    assert release_problems(folder) == []


def test_a_changed_byte_is_found(folder: Path) -> None:
    path = folder / "data" / "judgments.jsonl"
    path.write_bytes(path.read_bytes().replace(b"accepted", b"rejected", 1))
    problems = release_problems(folder)
    assert any("judgments.jsonl: sha256 is" in problem and REMEDY in problem for problem in problems)
    assert any("its rows differ from judgments.jsonl" in problem for problem in problems)


def test_a_missing_and_an_unlisted_file_are_found(folder: Path) -> None:
    (folder / "data" / "labels.jsonl").unlink()
    (folder / "data" / "extra.csv").write_text("a\n", encoding="utf-8")
    found = "\n".join(release_problems(folder))
    assert "labels.jsonl: listed in SHA256SUMS but not there" in found
    assert "extra.csv: not listed in SHA256SUMS" in found


def test_a_checksum_line_that_leaves_the_folder_is_refused(folder: Path) -> None:
    with (folder / "SHA256SUMS").open("a", encoding="utf-8") as sums:
        sums.write(f"{'0' * 64}  ../secret\nnonsense\n")
    problems = [problem for problem in release_problems(folder) if "is not '<sha256>" in problem]
    assert len(problems) == 2
    assert all("SHA256SUMS:" in problem for problem in problems)


def test_missing_checksums_are_found(folder: Path) -> None:
    (folder / "SHA256SUMS").unlink()
    assert release_problems(folder)[0].endswith(f"SHA256SUMS: no such file; {REMEDY}")


def test_a_wrong_column_a_null_and_a_repeated_key_are_found(folder: Path) -> None:
    _rewrite(folder, "runs", lambda frame: frame.rename({"stage": "step"}))
    _rewrite(folder, "raters", lambda frame: frame.with_columns(pl.lit(None, pl.String).alias("state")))
    _rewrite(folder, "people", lambda frame: pl.concat([frame, frame.head(1)]))
    found = "\n".join(release_problems(folder))
    assert "runs: columns are" in found
    assert "raters.state: 16 nulls where none may be" in found
    assert "people.person: 1 row with a key that must be unique" in found
    assert "manifest.json: tables.people says 3 rows, the table has 4" in found


def test_a_reference_to_nothing_is_found(folder: Path) -> None:
    _rewrite(folder, "judgments", lambda frame: frame.with_columns(pl.lit("gone").alias("item")))
    assert any("judgments.item: 1 value not in items.item, first 'gone'" in p for p in release_problems(folder))


@pytest.mark.parametrize(
    ("text", "message"),
    [("{", "manifest.json: not JSON"), ("[]", "holds list, expected an object"), ("{}", "schema_version is ''")],
)
def test_a_manifest_that_cannot_be_read_is_named(folder: Path, text: str, message: str) -> None:
    (folder / "manifest.json").write_text(text, encoding="utf-8")
    with pytest.raises(ReleaseError, match=message.replace("[", r"\[")):
        load_release(folder)
    assert any(message in problem for problem in release_problems(folder))


def test_a_release_without_parquet_gives_the_same_tables(folder: Path) -> None:
    whole = build_tables(load_release(folder))
    for path in (folder / "data").glob("*.parquet"):
        path.unlink()
    for (name, mine), (_, other) in zip(whole.items(), build_tables(load_release(folder)).items(), strict=True):
        assert mine.equals(other), name


def test_load_names_every_table_that_is_missing_or_broken(folder: Path) -> None:
    for kind in ("parquet", "jsonl"):
        (folder / "data" / f"labels.{kind}").unlink()
    (folder / "data" / "runs.parquet").write_bytes(b"not parquet")
    with pytest.raises(ReleaseError) as caught:
        load_release(folder)
    labels, runs = caught.value.problems
    assert "labels.parquet: no such file, nor .jsonl" in labels
    assert "runs.parquet: cannot be read as a table" in runs


def test_frames_in_memory_must_keep_the_schema() -> None:
    with pytest.raises(ReleaseError) as caught:
        release_from_frames({"people": pl.DataFrame({"person": ["p"]}), "nonsense": pl.DataFrame()})
    assert "nonsense: no table of a release" in caught.value.problems
    assert any("people: columns are" in problem for problem in caught.value.problems)


def test_a_release_has_every_table_of_the_schema_and_no_other() -> None:
    release = release_from_frames({})
    assert release.tables.keys() == TABLES.keys()
    assert all(frame.collect().is_empty() for frame in release.tables.values())


def test_the_manifest_may_hold_the_study_as_an_object(folder: Path) -> None:
    manifest = json.loads((folder / "manifest.json").read_text(encoding="utf-8"))
    manifest["study"] = {"slug": "s", "title": "Title"}
    (folder / "manifest.json").write_text(json.dumps(manifest), encoding="utf-8")
    found = load_release(folder).manifest
    assert (found.study, found.title) == ("s", "Title")
