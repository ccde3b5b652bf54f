from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from analysis.schema import TABLES
from annotation.releases.files import TableWriter, frames_of
from annotation.releases.papers import PAPERS
from annotation.releases.verify import verify_release

Change = Callable[[list[dict[str, Any]]], object]


def rewrite(folder: Path, table: str, change: Change) -> None:
    """Change rows in both formats and seal the release again: what a careful forger would do."""
    rows = [json.loads(line) for line in (folder / "data" / f"{table}.jsonl").read_bytes().splitlines()]
    change(rows)
    with TableWriter(folder, table) as writer:
        for frame in frames_of(table, rows):
            writer.add(frame)
    seal(folder)


def seal(folder: Path) -> None:
    names = sorted(path for path in folder.rglob("*") if path.is_file() and path.name != "SHA256SUMS")
    sums = [f"{hashlib.sha256(path.read_bytes()).hexdigest()}  {path.relative_to(folder).as_posix()}" for path in names]
    (folder / "SHA256SUMS").write_text("\n".join(sums) + "\n")


def problems(folder: Path) -> str:
    return "\n".join(verify_release(folder))


def test_sound_release_has_no_problems(release_copy: Path) -> None:
    assert verify_release(release_copy) == []


def test_rewriting_nothing_keeps_it_sound(release_copy: Path) -> None:
    for table in TABLES:
        rewrite(release_copy, table, lambda rows: None)
    assert verify_release(release_copy) == []


def test_one_flipped_bit_in_any_file_is_named(release_copy: Path) -> None:
    files = sorted(path for path in release_copy.rglob("*") if path.is_file() and path.stat().st_size)
    assert len(files) == 2 * len(TABLES) + 2 + len(PAPERS)
    for path in files:
        sound = path.read_bytes()
        middle = len(sound) // 2
        path.write_bytes(sound[:middle] + bytes([sound[middle] ^ 0x80]) + sound[middle + 1 :])
        assert path.name in problems(release_copy), path.name
        path.write_bytes(sound)
    assert verify_release(release_copy) == []


def test_missing_and_foreign_files_are_named(release_copy: Path) -> None:
    (release_copy / "data" / "labels.parquet").unlink()
    (release_copy / "notes.txt").write_text("mine")
    found = problems(release_copy)
    assert "labels.parquet" in found
    assert "notes.txt: is no file of a release" in found


def test_folder_that_is_no_release_is_said_to_be_none(tmp_path: Path) -> None:
    assert "no such folder" in problems(tmp_path / "nowhere")
    assert "manifest.json" in problems(tmp_path)


def first(rows: list[dict[str, Any]], **fields: Any) -> dict[str, Any]:
    return next(row for row in rows if all(row[name] == value for name, value in fields.items()))


def _set(where: dict[str, Any], **fields: Any) -> Change:
    return lambda rows: first(rows, **where).update(fields)


def _drop(**where: Any) -> Change:
    return lambda rows: rows.remove(first(rows, **where))


FORGERIES: list[tuple[str, Change, str]] = [
    ("judgments", _set({"instrument": "relevance", "counted": True}, value="maybe"), "value: 'maybe' is no answer"),
    ("judgments", _set({"instrument": "preference"}, score=9.0), "score: 9.0 is not what"),
    ("judgments", _set({"not_counted_because": "surplus"}, counted=True), "counted: True contradicts"),
    ("judgments", _set({"not_counted_because": "surplus"}, not_counted_because="gold"), "not_counted_because: 'gold'"),
    ("judgments", _set({"value": None}, erased_at=None), "null means erased"),
    ("judgments", _set({"rater_kind": "simulated"}, rater_kind="human"), "'human' in a campaign of simulated raters"),
    ("judgments", _set({"counted": True}, seat=2**20), "assignment: there is no assignment"),
    ("judgments", _set({"counted": True}, submitted_at="yesterday"), "submitted_at: 'yesterday' is no UTC time"),
    ("judgments", _set({"counted": True}, revisions=[]), "revisions: they are not numbered"),
    ("judgments", _drop(counted=True), "manifest.json: tables"),
    ("people", lambda rows: rows.pop(), "there is no person"),
    ("attributes", lambda rows: rows.reverse(), "is out of order"),
    ("attributes", lambda rows: rows.insert(1, rows[0]), "repeats the row before"),
    ("campaigns", _set({"slug": "relevance"}, k=1), "2 judgments of unit"),
    ("campaigns", _set({"slug": "simulated"}, origin="human"), "'simulated' in a campaign of human raters"),
    ("raters", _set({"kind": "simulated"}, kind="human"), "kind: 'human'"),
    ("model_votes", _set({"status": "unparseable"}, value="yes", score=1.0), "null means unparseable"),
    ("model_votes", _set({"rater": "bm25"}, rater="model-b"), "there is no run of a model"),
    ("findings", _set({"kind": "mention"}, value="often"), "value: 'often' is no mention"),
    ("findings", _set({"kind": "failure"}, kind="mention"), "a mention is found about units of preference"),
    ("findings", _set({"status": "unparseable"}, status="answered"), "null means unparseable"),
    ("people", _set({}, selected_by=["nobody"]), "there is no run 'nobody'"),
    ("responses", _set({"condition": "generic"}, condition="blue"), "condition: 'blue' is none of"),
    ("runs", _set({"stage": "people"}, outcome='{"b":1, "a":2}'), "outcome: "),
    ("runs", _set({"stage": "merge"}, parameters="{'a': 1}"), "is not JSON"),
]


@pytest.mark.parametrize(("table", "change", "expected"), FORGERIES, ids=[f"{f[0]}-{f[2]}"[:50] for f in FORGERIES])
def test_forged_rows_are_found_behind_sound_checksums(
    release_copy: Path, table: str, change: Change, expected: str
) -> None:
    rewrite(release_copy, table, change)
    found = problems(release_copy)
    assert expected in found
    if not expected.startswith("manifest"):
        assert f"data/{table}.jsonl:" in found or "data/" in found


def test_rater_who_judged_a_unit_twice_is_found(release_copy: Path) -> None:
    def repeat(rows: list[dict[str, Any]]) -> None:
        row = first(rows, counted=True, instrument="relevance")
        rows.insert(rows.index(row) + 1, row | {"assignment": "z" * 26})

    rewrite(release_copy, "judgments", repeat)
    assert "twice in the campaign" in problems(release_copy)


def test_formats_that_differ_are_found(release_copy: Path) -> None:
    path = release_copy / "data" / "remarks.jsonl"
    path.write_text(path.read_text().replace("Sings.", "Rings."))
    seal(release_copy)
    assert "text: is 'Rings.', the Parquet file has 'Sings.'" in problems(release_copy)


def test_mark_of_simulated_answers_cannot_be_taken_off(release_copy: Path) -> None:
    path = release_copy / "manifest.json"
    manifest = json.loads(path.read_text())
    manifest["notices"], manifest["origins"] = [], {"human": manifest["origins"]["human"]}
    path.write_text(json.dumps(manifest))
    seal(release_copy)
    assert "manifest.json: notices" in problems(release_copy)
    assert "manifest.json: origins" in problems(release_copy)


def test_a_release_with_notices_in_earlier_words_stays_sound(release_copy: Path) -> None:
    path = release_copy / "manifest.json"
    manifest = json.loads(path.read_text())
    origins = manifest["origins"]
    simulated, imported = (f"{origins[kind]['judgments']} judgments" for kind in ("simulated", "imported"))
    earlier = [
        f"SIMULATED: {simulated} in 1 campaigns were made by programs. They are not answers of people.",
        f"IMPORTED: {imported} in 1 campaigns were collected elsewhere and count towards no K here.",
    ]
    assert manifest["notices"] != earlier
    for notices, sound in ((earlier, True), (earlier[:1], False), ([*earlier[:1], manifest["notices"][1]], False)):
        path.write_text(json.dumps(manifest | {"notices": notices}))
        seal(release_copy)
        assert (verify_release(release_copy) == []) == sound
