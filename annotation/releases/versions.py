"""What a new release changed against the one before, and the version that says so.

PATCH: the same data. MINOR: rows, columns or tables added. MAJOR: rows changed or gone, columns taken away or of
another type. Below 1.0.0, as SemVer has it, a MAJOR change need raise only the minor number.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any

import orjson
import polars as pl
import pyarrow.parquet as pq
from django.conf import settings

from analysis.schema import TABLES
from annotation.enums import ReleaseChange
from annotation.models import Release
from annotation.releases.changes import FIRST, NAMED, Changes, TableChange
from annotation.releases.errors import ReleaseRefused
from annotation.releases.files import jsonl_path, parquet_path
from annotation.releases.papers.facts import demographics_in
from annotation.releases.tables.rows import Row
from studies.models import Study

SEMVER = re.compile(r"^(0|[1-9]\d*)\.(0|[1-9]\d*)\.(0|[1-9]\d*)(-[0-9A-Za-z.-]+)?(\+[0-9A-Za-z.-]+)?$")
FIRST_VERSION = "0.1.0"
NOT_AT_HAND = "The files of {} are not on this machine: tables were compared by checksums, rows are not counted."
ADDED_TABLE, GONE_TABLE, NEW_COLUMNS = "a new table", "the table is gone", "new columns: "
GONE_FIELDS = "demographics gone: "
VERBS = ("added", "changed", "gone")
Key = tuple[Any, ...]
Manifest = dict[str, Any]


def compare_releases(old: Path, new: Path) -> Changes:
    """What ``new`` changed against ``old``, both whole release folders; memory holds a row of each.

    Tables whose checksums agree are not read. Else the sorted JSON lines of both are merged by the sort key of the
    table: equal lines are passed over, lines of one key that differ in columns that both have are changed rows.
    """
    return compare_folders(old, new, _manifest(new))


def compare_folders(old: Path, new: Path, after: Manifest) -> Changes:
    """The same for a folder whose manifest is not written yet."""
    before = _manifest(old)
    tables = [_table_change(name, old, new) for name in _names(before, after) if _differs(name, before, after)]
    return Changes(size_of(tables), previous=str(before["version"]), tables=tuple(tables))


def compare_manifests(before: Manifest, after: Manifest) -> Changes:
    """The same where the old files are gone: a table with another checksum counts as changed, for nobody can tell."""
    tables = [
        TableChange(name, added=None, changed=None, gone=None, columns=_table_came_or_went(name, before, after))
        for name in _names(before, after)
        if _differs(name, before, after)
    ]
    added_only = all(table.columns == ADDED_TABLE for table in tables)
    change = ReleaseChange.PATCH if not tables else ReleaseChange.MINOR if added_only else ReleaseChange.MAJOR
    note = NOT_AT_HAND.format(before["version"]) if tables else ""
    return Changes(change, previous=str(before["version"]), tables=tuple(tables), note=note)


def size_of(tables: list[TableChange]) -> ReleaseChange:
    """PATCH where no table changed, MINOR where all only grew, else MAJOR."""
    if not tables:
        return ReleaseChange.PATCH
    grew = all(not table.changed and not table.gone and _harmless(table.columns) for table in tables)
    return ReleaseChange.MINOR if grew else ReleaseChange.MAJOR


def _harmless(columns: str) -> bool:
    added = columns in ("", ADDED_TABLE) or columns.startswith(NEW_COLUMNS)
    return added and GONE_FIELDS not in columns


def next_version_after(version: str, change: ReleaseChange) -> str:
    """The least version that says ``change``: by MAJOR 1.4.1 becomes 2.0.0, but 0.4.1 becomes 0.5.0."""
    major, minor, patch = numbers_of(version)
    if change == ReleaseChange.PATCH:
        return f"{major}.{minor}.{patch + 1}"
    if change == ReleaseChange.MAJOR and major > 0:
        return f"{major + 1}.0.0"
    return f"{major}.{minor + 1}.0"


def changes_against(previous: Release | None, folder: Path, manifest: Manifest, against: Path | None = None) -> Changes:
    """What the release being written to ``folder`` changes. ``manifest`` is what is known of it: tables and files.

    ``against`` names a copy of the previous release's folder; left out, its own place in RELEASES_DIR is looked at.
    Raises ReleaseRefused where ``against`` is not that very release.
    """
    if previous is None:
        return FIRST
    folder_before = against or Path(settings.RELEASES_DIR, previous.public_id)
    if (folder_before / "manifest.json").is_file():
        if _manifest(folder_before)["release"] != previous.manifest["release"]:
            wanted = f"release {previous.version}, whose id is {previous.public_id}"
            raise ReleaseRefused([f"{folder_before}: is not {wanted}; name its folder or leave it out"])
        if (folder_before / "data").is_dir():
            return compare_folders(folder_before, folder, manifest)
    return compare_manifests(previous.manifest, manifest)


def previous_of(study: Study) -> Release | None:
    """The release that a new one follows: the last that was made, withdrawn or not, for its number is taken."""
    return study.releases.order_by("-pk").first()


def free_version(study: Study, version: str | None) -> str:
    """The version itself. Raises ReleaseRefused for one that is malformed or taken; "" and None are left to follow."""
    if version:
        numbers_of(version)
        if study.releases.filter(version=version).exists():
            raise ReleaseRefused([f"version {version!r} of {study.slug} exists already; name another, or none"])
    return version or ""


def version_for(wanted: str | None, previous: Release | None, changes: Changes) -> str:
    """``wanted`` where it says enough, or the least version that does. Raises ReleaseRefused for one that says less.

    Saying more is allowed: 1.0.0 after 0.4.0 says that the data are done.
    """
    if wanted is not None:
        numbers_of(wanted)
    if previous is None:
        return wanted or FIRST_VERSION
    least = next_version_after(previous.version, changes.change)
    if wanted is None:
        return least
    if numbers_of(wanted) < numbers_of(least):
        what = ReleaseChange(changes.change).label.lower()
        since = f"against {previous.version} this is a {what} change"
        raise ReleaseRefused([f"version {wanted!r} says less than what changed: {since}; write {least} or above"])
    return wanted


def numbers_of(version: str) -> tuple[int, int, int]:
    """Major, minor, patch. Raises ReleaseRefused for what is not semantic."""
    match = SEMVER.match(version)
    if match is None or len(version) > 32:
        remedy = f"write MAJOR.MINOR.PATCH, such as {FIRST_VERSION}"
        raise ReleaseRefused([f"version {version!r} is not semantic; {remedy}"])
    return int(match[1]), int(match[2]), int(match[3])


def _manifest(folder: Path) -> Manifest:
    found: Manifest = json.loads((folder / "manifest.json").read_text(encoding="utf-8"))
    return found


def _names(before: Manifest, after: Manifest) -> list[str]:
    gone = [name for name in before["tables"] if name not in after["tables"]]
    return [*after["tables"], *gone]


def _differs(name: str, before: Manifest, after: Manifest) -> bool:
    file = f"data/{name}.jsonl"
    sums = [manifest["files"].get(file, {}).get("sha256") for manifest in (before, after)]
    return bool(sums[0] != sums[1])


def _table_came_or_went(name: str, before: Manifest, after: Manifest) -> str:
    if name not in before["tables"]:
        return ADDED_TABLE
    return GONE_TABLE if name not in after["tables"] else ""


def _table_change(name: str, old: Path, new: Path) -> TableChange:
    here, there = jsonl_path(new, name).is_file(), jsonl_path(old, name).is_file()
    if not there:
        return TableChange(name, added=_count(new, name), columns=ADDED_TABLE)
    if not here:
        return TableChange(name, gone=_count(old, name), columns=GONE_TABLE)
    columns, common = _columns(name, old, new)
    if name == "raters":
        columns = "; ".join(filter(None, (columns, _fields(old, new))))
    merge = _Merge(name, common)
    merge.run(old, new)
    added, changed, gone = (merge.counts[verb] for verb in VERBS)
    added_rows, changed_rows, gone_rows = (tuple(merge.named[verb]) for verb in VERBS)
    return TableChange(name, added, changed, gone, added_rows, changed_rows, gone_rows, columns)


def _count(folder: Path, name: str) -> int:
    return int(pq.read_metadata(parquet_path(folder, name)).num_rows)


def _columns(name: str, old: Path, new: Path) -> tuple[str, list[str]]:
    """What happened to the columns, and those that both have with the same type."""
    before, after = (dict(pl.read_parquet_schema(parquet_path(folder, name))) for folder in (old, new))
    common = [column for column in before if before[column] == after.get(column)]
    lost = [column for column in before if column not in after]
    retyped = [column for column in before if column in after and before[column] != after[column]]
    added = [column for column in after if column not in before]
    parts = [("gone columns: ", lost), ("columns of another type: ", retyped), (NEW_COLUMNS, added)]
    return "; ".join(f"{what}{', '.join(names)}" for what, names in parts if names), common


def _fields(old: Path, new: Path) -> str:
    """Which fields of demographics came or went. One that is gone is a breaking change; a new one is that of the rows
    that changed by it, for it may hide what was said before."""
    before, after = (set(demographics_in(folder)) for folder in (old, new))
    parts = [(GONE_FIELDS, before - after), ("new demographics: ", after - before)]
    return "; ".join(f"{what}{', '.join(sorted(names))}" for what, names in parts if names)


@dataclass
class _Merge:
    """Two sorted tables side by side, a line of each in memory."""

    name: str
    common: list[str]
    counts: dict[str, int] = field(default_factory=lambda: dict.fromkeys(VERBS, 0))
    named: dict[str, list[str]] = field(default_factory=lambda: {verb: [] for verb in VERBS})

    def run(self, old: Path, new: Path) -> None:
        with jsonl_path(old, self.name).open("rb") as olds, jsonl_path(new, self.name).open("rb") as news:
            before, after = next(olds, b""), next(news, b"")
            while before or after:
                if before == after:
                    before, after = next(olds, b""), next(news, b"")
                    continue
                before, after = self._step(before, after, olds, news)

    def _step(self, before: bytes, after: bytes, olds: IO[bytes], news: IO[bytes]) -> tuple[bytes, bytes]:
        was = orjson.loads(before) if before else None
        now = orjson.loads(after) if after else None
        if was is None or (now is not None and self._key(now) < self._key(was)):
            self._count("added", now)
            return before, next(news, b"")
        if now is None or self._key(was) < self._key(now):
            self._count("gone", was)
            return next(olds, b""), after
        if any(was[column] != now[column] for column in self.common):
            self._count("changed", now)
        return next(olds, b""), next(news, b"")

    def _key(self, row: Row) -> Key:
        """Null first, as tables are sorted."""
        columns = TABLES[self.name].sort_by if self.name in TABLES else tuple(row)[:1]
        return tuple((row[column] is not None, row[column]) for column in columns)

    def _count(self, verb: str, row: Row | None) -> None:
        assert row is not None
        self.counts[verb] += 1
        if len(self.named[verb]) < NAMED:
            columns = TABLES[self.name].sort_by if self.name in TABLES else tuple(row)[:1]
            self.named[verb].append(", ".join(str(row[column]) for column in columns))
