from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import orjson
import polars as pl
import pytest

from analysis.schema import TABLES
from annotation.enums import ReleaseChange
from annotation.models import Release
from annotation.releases.changes import TableChange, table_change_of
from annotation.releases.errors import ReleaseRefused
from annotation.releases.files import TableWriter, frames_of, jsonl_path, read_rows, sha256_of
from annotation.releases.versions import compare_manifests, compare_releases, next_version_after
from annotation.releases.write import make_release
from studies.models import Study
from tests import factories

LABEL = {
    "instrument": "relevance",
    "attribute": "a",
    "prompt": "p",
    "pair": None,
    "campaign": "c",
    "method": "majority",
    "value": "yes",
    "score": 1.0,
    "n": 3,
    "share": 1.0,
}
Rows = list[dict[str, Any]]


def labels(*units: str, **changed: Any) -> Rows:
    return [{**LABEL, "unit": unit, "run": "r", **changed} for unit in units]


@pytest.fixture
def folder_of(tmp_path: Path) -> Callable[..., Path]:
    """A release folder of the rows given, as far as a comparison looks."""

    def make(name: str, rows: Rows, version: str = "0.1.0") -> Path:
        folder = tmp_path / name
        (folder / "data").mkdir(parents=True)
        with TableWriter(folder, "labels") as writer:
            ordered = sorted(rows, key=lambda row: row["unit"])
            labels = [{column: row[column] for column in TABLES["labels"].names} for row in ordered]
            for frame in frames_of("labels", labels):
                writer.add(frame)
        manifest = {
            "version": version,
            "tables": {"labels": {"rows": len(rows)}},
            "files": {"data/labels.jsonl": {"sha256": sha256_of(jsonl_path(folder, "labels"))}},
        }
        (folder / "manifest.json").write_text(json.dumps(manifest))
        return folder

    return make


def test_comparison_counts_and_names_rows(folder_of: Callable[..., Path]) -> None:
    old = folder_of("old", labels("b", "c", "d", "e", "z"), "1.2.0")
    new = folder_of("new", [*labels("a", "b", "c", "f", "g", "h"), *labels("d", value="no")])
    changes = compare_releases(old, new)
    assert (changes.change, changes.previous) == (ReleaseChange.MAJOR, "1.2.0")
    named = (("a, r", "f, r", "g, r"), ("d, r",), ("e, r", "z, r"))
    assert changes.tables == (TableChange("labels", 4, 1, 2, *named),)
    assert [table_change_of(stored) for stored in json.loads(json.dumps(changes.as_json()))] == list(changes.tables)


@pytest.mark.parametrize(
    ("before", "after", "change"),
    [
        ("ab", "ab", ReleaseChange.PATCH),
        ("", "", ReleaseChange.PATCH),
        ("ab", "abc", ReleaseChange.MINOR),
        ("b", "ab", ReleaseChange.MINOR),
        ("", "a", ReleaseChange.MINOR),
        ("ab", "b", ReleaseChange.MAJOR),
        ("a", "", ReleaseChange.MAJOR),
        ("a", "b", ReleaseChange.MAJOR),
    ],
)
def test_size_follows_from_rows(folder_of: Callable[..., Path], before: str, after: str, change: ReleaseChange) -> None:
    assert compare_releases(folder_of("old", labels(*before)), folder_of("new", labels(*after))).change == change


def test_new_columns_are_minor_and_columns_gone_are_major(folder_of: Callable[..., Path]) -> None:
    full, less = folder_of("full", labels("a", "b")), folder_of("less", labels("a", "b"))
    frame = pl.read_parquet(less / "data" / "labels.parquet").drop("share")
    frame.write_parquet(less / "data" / "labels.parquet")
    lines = b"".join(orjson.dumps(row) + b"\n" for row in frame.to_dicts())
    jsonl_path(less, "labels").write_bytes(lines)
    manifest = json.loads((less / "manifest.json").read_text())
    manifest["files"]["data/labels.jsonl"]["sha256"] = "another"
    (less / "manifest.json").write_text(json.dumps(manifest))
    grown, shrunk = compare_releases(less, full), compare_releases(full, less)
    assert (grown.change, grown.tables[0].columns, grown.tables[0].changed) == (
        ReleaseChange.MINOR,
        "new columns: share",
        0,
    )
    assert (shrunk.change, shrunk.tables[0].columns) == (ReleaseChange.MAJOR, "gone columns: share")


def test_without_the_old_files_checksums_decide_and_it_is_said(folder_of: Callable[..., Path]) -> None:
    old, same, new = (folder_of(name, labels(*units)) for name, units in (("o", "a"), ("s", "a"), ("n", "ab")))
    before, unchanged, after = (json.loads((path / "manifest.json").read_text()) for path in (old, same, new))
    assert compare_manifests(before, unchanged).change == ReleaseChange.PATCH
    changes = compare_manifests(before, after)
    assert (changes.change, changes.tables[0].added) == (ReleaseChange.MAJOR, None)
    assert "not on this machine" in changes.note


@pytest.mark.parametrize(
    ("version", "change", "following"),
    [
        ("0.1.0", ReleaseChange.PATCH, "0.1.1"),
        ("0.1.4", ReleaseChange.MINOR, "0.2.0"),
        ("0.1.4", ReleaseChange.MAJOR, "0.2.0"),
        ("1.2.3", ReleaseChange.PATCH, "1.2.4"),
        ("1.2.3-rc.1", ReleaseChange.MINOR, "1.3.0"),
        ("1.2.3", ReleaseChange.MAJOR, "2.0.0"),
    ],
)
def test_version_says_what_changed(version: str, change: ReleaseChange, following: str) -> None:
    assert next_version_after(version, change) == following


def test_releases_are_numbered_by_what_changed_and_say_so(study: Study, tmp_path: Path) -> None:
    """The data of a second release only grow; then a row of the first changes."""
    campaign = factories.make_campaign(study)
    first = make_release(study=study, out=tmp_path / "1")
    assert (first.version, first.change, first.changes) == ("0.1.0", "first", [])
    factories.make_person(study.corpora.order_by("pk")[0])
    second = make_release(study=study, out=tmp_path / "2", against=tmp_path / "1")
    assert (second.version, second.change, second.previous) == ("0.2.0", "minor", first)
    assert [(table["table"], table["added"]) for table in second.changes] == [("people", 1)]
    assert "| people | 1 | 0 | 0 |" in (tmp_path / "2" / "CHANGES.md").read_text()
    campaign.title = "Another"
    campaign.save()
    with pytest.raises(ReleaseRefused, match=r"'0\.2\.1' says less .* write 0\.3\.0 or above"):
        make_release(study=study, out=tmp_path / "3", version="0.2.1", against=tmp_path / "2")
    with pytest.raises(ReleaseRefused, match=r"is not release 0\.2\.0, whose id is"):
        make_release(study=study, out=tmp_path / "3", against=tmp_path / "1")
    third = make_release(study=study, out=tmp_path / "3", version="1.0.0", against=tmp_path / "2")
    assert (third.change, third.changes[0]["changed"]) == ("major", 1)
    assert third.changes[0]["changed_rows"] == [row["campaign"] for _, row in read_rows(tmp_path / "3", "campaigns")]
    assert Release.objects.count() == 3
