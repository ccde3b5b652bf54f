from __future__ import annotations

import json
import re
from pathlib import Path

import polars as pl
import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from analysis.schema import TABLES
from annotation.models import Judgment, Release
from annotation.releases import write
from annotation.releases.errors import ReleaseRefused
from annotation.releases.papers import PAPERS
from annotation.releases.tables import TABLE_FRAMES, TABLE_ROWS, judgments
from annotation.releases.tables.scope import Scope
from annotation.releases.verify import verify_release
from annotation.releases.write import make_release
from pipeline.models import Conversation
from studies.models import AuditEvent, Study
from tests import factories
from tests.annotation.releases.rich_study import NEVER_RELEASED, RichStudy


def data_bytes(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in sorted((folder / "data").iterdir())}


def rows(folder: Path, table: str) -> list[dict[str, object]]:
    return [json.loads(line) for line in (folder / "data" / f"{table}.jsonl").read_bytes().splitlines()]


def test_tables_are_those_of_the_contract() -> None:
    assert TABLE_ROWS.keys() | TABLE_FRAMES.keys() == TABLES.keys()
    assert not TABLE_ROWS.keys() & TABLE_FRAMES.keys()


def test_two_releases_of_the_same_rows_are_byte_identical(
    rich: RichStudy, release_folder: Path, tmp_path: Path
) -> None:
    second = make_release(study=rich.study, out=tmp_path / "second")
    assert data_bytes(tmp_path / "second") == data_bytes(release_folder)
    assert second.data_sha256 == Release.objects.get(version="0.1.0").data_sha256
    assert second.version == "0.1.1"


def test_release_is_recorded_with_its_manifest(rich: RichStudy, release_folder: Path) -> None:
    release = Release.objects.get()
    assert release.manifest == json.loads((release_folder / "manifest.json").read_text())
    assert AuditEvent.objects.get(verb="make_release").subject == f"release:{release.public_id}"


def test_judgments_count_only_where_they_should(rich: RichStudy, release_folder: Path) -> None:
    found = rows(release_folder, "judgments")
    reasons = {str(row["not_counted_because"]) for row in found}
    assert reasons == {"", "gold", "imported", "surplus", "withdrawn"}
    assert all(row["counted"] == (row["not_counted_because"] == "") for row in found)
    assert len(found) == Judgment.objects.count()
    edited = next(row for row in found if len(row["revisions"]) == 3)  # type: ignore[arg-type]
    assert [old["value"] for old in edited["revisions"]] == ["accepted", "uncertain", "accepted"]  # type: ignore[attr-defined]


def test_erased_answers_leave_tombstones_that_the_manifest_counts(sample_release: Path) -> None:
    erased = [row for row in rows(sample_release, "judgments") if row["value"] is None]
    manifest = json.loads((sample_release / "manifest.json").read_text())
    assert manifest["erased"] == {"judgments": len(erased), "remarks": 1} == {"judgments": 2, "remarks": 1}
    assert all(old["value"] is None for row in erased for old in row["revisions"])  # type: ignore[attr-defined]


def test_simulated_and_imported_answers_are_announced(sample_release: Path) -> None:
    manifest = json.loads((sample_release / "manifest.json").read_text())
    counts = [manifest["origins"][kind]["judgments"] for kind in ("simulated", "imported")]
    assert counts == [2, 5]
    assert manifest["notices"] == [
        "SIMULATED: 2 judgments in 1 campaign, given by programs. No answer of a person is among them.",
        "IMPORTED: 5 judgments in 1 campaign, collected elsewhere. None counts towards a K here.",
    ]
    assert {row["rater_kind"] for row in rows(sample_release, "judgments")} == {"human", "simulated", "imported"}


def test_the_papers_count_in_the_right_number(sample_release: Path) -> None:
    nouns = "rows|judgments|campaigns|values|remarks|labels|runs|people|minutes|participations|blanks"
    ones = rf"(?<![\d,.])1 (?:\w+ )?(?:{nouns})\b"
    found = [re.findall(ones, (sample_release / name).read_text()) for name in PAPERS]
    assert not any(found), found


@pytest.mark.parametrize("secret", NEVER_RELEASED)
def test_nothing_that_names_somebody_is_released(sample_release: Path, secret: str) -> None:
    files = [path for path in sample_release.rglob("*") if path.is_file()]
    assert [path.name for path in files if secret.encode() in path.read_bytes()] == []


def test_database_keys_and_page_tokens_are_not_released(rich: RichStudy, release_folder: Path) -> None:
    text = b"".join(path.read_bytes() for path in (release_folder / "data").glob("*.jsonl"))
    tokens = list(rich.quality.assignments.values_list("token", flat=True))
    assert tokens
    assert [token for token in tokens if token.encode() in text] == []


def test_existing_folder_is_never_written_over(study: Study, tmp_path: Path) -> None:
    (tmp_path / "out").mkdir()
    with pytest.raises(ReleaseRefused, match="exists already"):
        make_release(study=study, out=tmp_path / "out")
    assert list((tmp_path / "out").iterdir()) == []


def test_study_without_anything_makes_an_empty_release(study: Study, tmp_path: Path) -> None:
    make_release(study=study, out=tmp_path / "out")
    assert verify_release(tmp_path / "out") == []


def test_release_that_does_not_verify_leaves_nothing(
    rich: RichStudy, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(write, "verify_release", lambda path, stop=None: ["broken"])
    with pytest.raises(ReleaseRefused, match="broken"):
        make_release(study=rich.study, out=tmp_path / "out")
    assert list(tmp_path.iterdir()) == []
    assert not Release.objects.exists()


def test_failed_move_leaves_neither_row_nor_folder(
    study: Study, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*args: object) -> None:
        raise OSError("disk full")

    monkeypatch.setattr(Path, "rename", fail)
    with pytest.raises(OSError, match="disk full"):
        make_release(study=study, out=tmp_path / "out")
    assert list(tmp_path.iterdir()) == []
    assert not Release.objects.exists()
    assert not AuditEvent.objects.filter(verb="make_release").exists()


def test_turn_that_is_no_text_is_refused_with_its_row(rich: RichStudy, tmp_path: Path) -> None:
    chat = Conversation.objects.first()
    assert chat is not None
    chat.turns = [{"role": "user", "content": 5}]
    chat.save()
    with pytest.raises(ReleaseRefused, match=rf"conversations: '{chat.public_id}': turns: .*5"):
        make_release(study=rich.study, out=tmp_path / "out")


@pytest.mark.parametrize("version", ["1", "v1.0.0", "1.0", "01.0.0", "1.0.0 "])
def test_version_that_is_not_semantic_is_refused(study: Study, tmp_path: Path, version: str) -> None:
    with pytest.raises(ReleaseRefused, match=r"MAJOR\.MINOR\.PATCH"):
        make_release(study=study, out=tmp_path / "out", version=version)


def test_version_follows_the_last_and_is_never_taken_twice(study: Study, tmp_path: Path) -> None:
    make_release(study=study, out=tmp_path / "a", version="1.9.3")
    assert make_release(study=study, out=tmp_path / "next").version == "1.9.4"
    with pytest.raises(ReleaseRefused, match=r"'1\.9\.3' of figs exists already"):
        make_release(study=study, out=tmp_path / "b", version="1.9.3")


def test_query_count_does_not_depend_on_rows(study: Study, tmp_path: Path) -> None:
    def queries(out: str) -> int:
        with CaptureQueriesContext(
            connection,
        ) as captured:
            make_release(study=study, out=tmp_path / out)
        return len(captured)

    factories.submit(factories.claim(factories.make_rater(factories.make_campaign(study, n_items=1, n_questions=1))))
    few = queries("few")
    for _ in range(3):
        campaign = factories.make_campaign(study, n_items=3, n_questions=3)
        factories.submit(factories.claim(factories.make_rater(campaign)))
    assert queries("many") == few


def test_revisions_stay_together_wherever_reading_is_cut(rich: RichStudy, monkeypatch: pytest.MonkeyPatch) -> None:
    def rows(at_once: int) -> pl.DataFrame:
        monkeypatch.setattr(judgments, "ROWS", at_once)
        return pl.concat(judgments.judgments(Scope(rich.study)))

    whole = rows(10_000)
    assert whole["revisions"].list.len().max() == 3
    assert all(rows(at_once).equals(whole) for at_once in (1, 2, 3))


def test_other_studies_stay_out(rich: RichStudy, other_study: Study, tmp_path: Path) -> None:
    factories.submit(factories.claim(factories.make_rater(factories.make_campaign(other_study, n_items=1))))
    make_release(study=other_study, out=tmp_path / "out")
    assert [row["slug"] for row in rows(tmp_path / "out", "campaigns")] == [
        campaign.slug for campaign in other_study.campaigns.all()
    ]
