from __future__ import annotations

import os
import stat
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from annotation.domain.describing import describe_dataset
from annotation.domain.errors import WrongState
from annotation.domain.releasing import withdraw_release
from annotation.models import Release
from annotation.releases.blanks import ReleaseUnfinished
from annotation.releases.errors import ReleaseRefused
from annotation.releases.files import sha256_of
from annotation.releases.finishing import finish_release
from annotation.releases.verify import verify_release
from annotation.releases.write import make_release
from studies.models import Study, User
from tests import factories
from tests.annotation.releases.describing import COMPLETE, describe
from tests.annotation.releases.rich_study import RichStudy
from tests.annotation.releases.test_write import data_bytes


@pytest.fixture(autouse=True)
def releases_dir(settings: Any, tmp_path: Path) -> Path:
    settings.RELEASES_DIR = tmp_path / "releases"
    return Path(settings.RELEASES_DIR)


def test_final_release_is_refused_with_every_blank_named(study: Study, releases_dir: Path) -> None:
    with pytest.raises(ReleaseUnfinished) as refused:
        make_release(study=study, final=True)
    for field in ("licence", "authors", "contact", "languages", "answers.purpose", "answers.contributions"):
        assert f"\n{field}: " in refused.value.message
    assert "describe_dataset" in refused.value.message
    assert not releases_dir.exists()
    assert not Release.objects.exists()


def test_one_blank_is_enough(study: Study, lead: User) -> None:
    answers = {key: text for key, text in COMPLETE.answers.items() if key != "ethics"}
    describe_dataset(study=study, actor=lead, described=replace(COMPLETE, answers=answers))
    with pytest.raises(ReleaseUnfinished) as refused:
        make_release(study=study, final=True)
    assert [blank.field for blank in refused.value.blanks] == ["answers.ethics"]


def test_final_release_is_sound_whole_and_read_only(rich: RichStudy, releases_dir: Path) -> None:
    describe(rich.study)
    release = make_release(study=rich.study, final=True, version="1.0.0")
    folder = releases_dir / release.public_id
    assert (release.state, release.manifest["state"]) == ("final", "final")
    assert verify_release(folder) == []
    assert "BLANK" not in (folder / "DATASHEET.md").read_text()
    assert "draft" not in (folder / "README.md").read_text()
    modes = {stat.S_IMODE(path.stat().st_mode) for path in folder.rglob("*") if path.is_file()}
    assert modes == {0o444}
    if os.geteuid():
        with pytest.raises(PermissionError):
            (folder / "README.md").write_text("changed")


def test_finishing_a_draft_makes_a_final_release_of_its_very_data(rich: RichStudy, releases_dir: Path) -> None:
    draft = make_release(study=rich.study)
    with pytest.raises(ReleaseUnfinished):
        finish_release(release=draft, actor=rich.lead)
    describe(rich.study)
    factories.make_corpus(rich.study, "later")
    factories.make_person(rich.study.corpora.get(slug="later"))
    final = finish_release(release=draft, actor=rich.lead, version="1.0.0")
    assert (final.state, final.change, final.previous, final.created_by) == ("final", "patch", draft, rich.lead)
    assert final.data_sha256 == draft.data_sha256
    assert data_bytes(releases_dir / final.public_id) == data_bytes(releases_dir / draft.public_id)
    assert verify_release(releases_dir / final.public_id) == []
    draft.refresh_from_db()
    assert draft.state == "draft"
    with pytest.raises(WrongState, match="only a draft"):
        finish_release(release=final, actor=rich.lead)


def test_draft_that_was_changed_or_taken_back_is_not_finished(study: Study, lead: User, releases_dir: Path) -> None:
    describe(study)
    draft = make_release(study=study)
    (releases_dir / draft.public_id / "data" / "people.jsonl").write_text("{}\n")
    with pytest.raises(ReleaseRefused, match=r"people\.jsonl"):
        finish_release(release=draft, actor=lead)
    another = make_release(study=study)
    folder = releases_dir / another.public_id
    manifest = folder / "manifest.json"
    before = sha256_of(manifest)
    manifest.write_text(manifest.read_text().replace('"made_by": ""', '"made_by": "X"'))
    sums = folder / "SHA256SUMS"
    sums.write_text(sums.read_text().replace(before, sha256_of(manifest)))
    assert verify_release(folder) == []
    with pytest.raises(ReleaseRefused, match="not what was recorded"):
        finish_release(release=another, actor=lead)
    withdraw_release(release=draft, because="Wrong people.", actor=lead)
    with pytest.raises(WrongState, match="withdrawn"):
        finish_release(release=draft, actor=lead)
    assert Release.objects.count() == 2
