from __future__ import annotations

import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from django.core.management.color import no_style
from django.db import connection
from django.db.models import Count, F

from annotation.domain.describing import Described, describe_dataset, described_of
from annotation.domain.joining import join_campaign
from annotation.domain.remark_masks import look_through_remarks
from annotation.domain.withdrawing import comings_and_goings
from annotation.enums import RaterState
from annotation.models import (
    Assignment,
    Campaign,
    Closing,
    Consent,
    Demographic,
    Item,
    Participant,
    Rater,
    Revision,
)
from annotation.releases import load
from annotation.releases.errors import ReleaseRefused
from annotation.releases.files import sha256_of
from annotation.releases.load import import_release
from annotation.releases.write import make_release
from pipeline.models import Run
from studies.models import Study
from tests import factories
from tests.annotation.releases.describing import COMPLETE
from tests.annotation.releases.rich_study import WEIRD, RichStudy
from tests.annotation.releases.test_verify import _set, rewrite
from tests.annotation.releases.test_write import data_bytes
from tests.processes import own_environment

OF_A_STUDY = ("pipeline_", "annotation_")

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def emptied(release_copy: Path) -> Path:
    """A release, and a database that holds nothing of it any more."""
    return release_copy


def forget_everything() -> None:
    names = [name for name in connection.introspection.table_names() if name.startswith(OF_A_STUDY)]
    connection.ops.execute_sql_flush(connection.ops.sql_flush(no_style(), names, allow_cascade=True))


def test_release_of_an_imported_release_is_byte_identical(emptied: Path, tmp_path: Path) -> None:
    study = import_release(path=emptied, slug="copy")
    make_release(study=study, out=tmp_path / "again")
    again, before = data_bytes(tmp_path / "again"), data_bytes(emptied)
    assert [name for name in before if again[name] != before[name]] == []
    assert again.keys() == before.keys()
    assert study.title == "Rich — и всё"
    assert described_of(study) == Described(title=study.title)


def test_what_raters_wrote_is_looked_through_once(emptied: Path, tmp_path: Path) -> None:
    """What covers personal data may read like some: after "[phone number]" a number without a prefix is one."""
    rewrite(emptied, "remarks", _reads_like_a_number)
    study = import_release(path=emptied, slug="copy")
    assert look_through_remarks() == 0
    make_release(study=study, out=tmp_path / "again")
    assert data_bytes(tmp_path / "again")["remarks.jsonl"] == data_bytes(emptied)["remarks.jsonl"]


def _reads_like_a_number(found: list[dict[str, Any]]) -> None:
    next(row for row in found if row["text"] == "Sings.")["text"] = "[phone number], 212-736-5000"


def test_what_people_say_of_a_dataset_comes_back_with_it(study: Study, tmp_path: Path) -> None:
    """A title and an answer of several lines, a group among the authors, everything else that the page asks."""
    odd = replace(COMPLETE, answers=COMPLETE.answers | {"purpose": WEIRD})
    describe_dataset(study=study, actor=None, described=odd)
    make_release(study=study, out=tmp_path / "first", final=True)
    copy = import_release(path=tmp_path / "first", slug="copy")
    assert described_of(copy) == described_of(study)
    make_release(study=copy, out=tmp_path / "again", final=True)
    for paper in ("DATASHEET.md", "CITATION.cff"):
        texts = [(tmp_path / name / paper).read_text() for name in ("first", "again")]
        assert texts[0] == texts[1], paper


def test_description_of_the_study_itself_is_kept_and_a_forged_one_refused(study: Study, tmp_path: Path) -> None:
    make_release(study=factories.make_study("bare"), out=tmp_path / "bare")
    describe_dataset(study=study, actor=None, described=COMPLETE)
    import_release(path=tmp_path / "bare", slug=study.slug)
    assert described_of(study) == COMPLETE
    make_release(study=study, out=tmp_path / "described")
    manifest = tmp_path / "described" / "manifest.json"
    manifest.write_text(manifest.read_text().replace("0000-0002-1825-0097", "0000-0002-1825-0098"))
    sums = tmp_path / "described" / "SHA256SUMS"
    lines = [line for line in sums.read_text().splitlines() if "manifest" not in line]
    sums.write_text("\n".join([*lines, f"{sha256_of(manifest)}  manifest.json", ""]))
    with pytest.raises(ReleaseRefused, match=r"0098.*is no ORCID"):
        import_release(path=tmp_path / "described", slug="forged")
    assert not Study.objects.filter(slug="forged").exists()


def test_imported_participation_is_what_it_was(emptied: Path) -> None:
    """Who agreed, left and came back, told what of themselves: all of it in the tables that pages read."""
    study = import_release(path=emptied, slug="copy")
    assert Campaign.objects.get(study=study, slug="relevance").consent_form == study.consent_forms.get(version=2)
    assert Consent.objects.filter(agreed=True, withdrawn_at__isnull=False).count() == 1
    excluded = Rater.objects.get(campaign__slug="quality", state=RaterState.EXCLUDED)
    assert comings_and_goings(excluded)[0].detail["reason"] == "answers at random"
    back = Closing.objects.get(how=None).rater
    assert [event.verb for event in comings_and_goings(back)] == ["readmit_rater", "exclude_rater"]
    told = Demographic.objects.filter(participant=back.participant).values_list("field", "value")
    assert dict(told).keys() == {"sex", "country", "työ"}
    assert Demographic.objects.filter(participant__study=study, field="työ", value=None).exists()


def test_release_goes_from_one_database_to_another_and_back(
    release_folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The same bytes from a private SQLite, whatever database this round runs on."""
    there = tmp_path / "there"
    monkeypatch.setenv("DATABASE_URL", "")
    with own_environment(tmp_path / "data", migrated=True, DJANGO_SETTINGS_MODULE="config.settings") as environment:
        command = [sys.executable, "-c", ELSEWHERE, str(release_folder), str(there)]
        done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    again, before = data_bytes(there), data_bytes(release_folder)
    assert [name for name in before if name.endswith(".jsonl") and again[name] != before[name]] == []


ELSEWHERE = """
import sys
from pathlib import Path
import django
django.setup()
from annotation.releases.files import sha256_of
from annotation.releases.load import import_release
from annotation.releases.write import make_release
make_release(study=import_release(path=Path(sys.argv[1]), slug="copy"), out=Path(sys.argv[2]))
"""


def test_release_of_an_older_schema_is_refused_with_a_remedy(emptied: Path) -> None:
    path = emptied / "manifest.json"
    path.write_text(path.read_text().replace('"schema_version": "3"', '"schema_version": "2"'))
    with pytest.raises(ReleaseRefused) as refused:
        import_release(path=emptied, slug="copy")
    assert refused.value.problems == (
        f"{path}: schema_version is '2', this program reads '3'; use the program's version that wrote the release, or "
        "make the release again",
    )


def test_import_restores_counters_and_gives_nobody_a_login(emptied: Path) -> None:
    study = import_release(path=emptied, slug="copy")
    item = Item.objects.get(campaign__study=study, campaign__slug="left")
    assert item.open_seats == 2  # three seats, one stayer; the leaver's is open
    sides = Rater.objects.filter(campaign__slug="preference").values_list("n_left", "n_right")
    assert sorted(left + right for left, right in sides) == [0, 1, 1, 1]
    raters = Rater.objects.filter(campaign__study=study).exclude(kind="imported")
    submitted = raters.filter(assignments__submitted_at__isnull=False).annotate(n=Count("assignments"))
    given = raters.filter(assignments__item__role="work").annotate(n=Count("assignments"))
    assert submitted.exists()
    assert not submitted.exclude(n_submitted=F("n"), n_day__gte=1, day__isnull=False).exists()
    assert not given.exclude(n_given=F("n")).exists()
    assert not Participant.objects.exclude(user=None).exists()
    assert not Assignment.objects.filter(state="held").exists()
    assert Revision.objects.filter(judgment__n_revisions=3).count() == 3


def test_imported_campaign_goes_on_where_it_was(emptied: Path) -> None:
    study = import_release(path=emptied, slug="copy")
    campaign = Campaign.objects.get(study=study, slug="left")
    for _ in range(2):
        user = factories.make_member(study)
        factories.submit(factories.claim(join_campaign(user=user, campaign=campaign)))
    assert Item.objects.get(campaign=campaign).open_seats == 0


def test_import_beside_the_same_study_is_refused_with_file_and_line(rich: RichStudy, release_folder: Path) -> None:
    with pytest.raises(ReleaseRefused, match=r"data/runs\.jsonl:1: run: '.{26}' is in this database already"):
        import_release(path=release_folder, slug="copy")
    assert not Study.objects.filter(slug="copy").exists()


def test_import_into_a_study_that_holds_anything_is_refused(emptied: Path, other_study: Study) -> None:
    factories.make_run(other_study)
    with pytest.raises(ReleaseRefused, match="'other' holds runs already"):
        import_release(path=emptied, slug="other")


def test_import_into_an_empty_study_keeps_its_title(emptied: Path, other_study: Study) -> None:
    assert import_release(path=emptied, slug="other").title == "Another study"


@pytest.mark.parametrize("slug", ["no slug", "", "x" * 65])
def test_import_with_a_bad_slug_is_refused(emptied: Path, slug: str) -> None:
    with pytest.raises(ReleaseRefused, match="slug"):
        import_release(path=emptied, slug=slug)


def test_import_of_a_bad_row_changes_nothing(emptied: Path) -> None:
    rewrite(emptied, "judgments", _set({"instrument": "relevance", "counted": True}, value="maybe"))
    with pytest.raises(ReleaseRefused, match=r"data/judgments\.jsonl:\d+: value: 'maybe' is no answer of relevance"):
        import_release(path=emptied, slug="copy")
    assert not Study.objects.filter(slug="copy").exists()


def test_import_that_the_database_refuses_changes_nothing(emptied: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A rule that only the database knows, broken at the last step."""

    def broken(loading: object) -> None:
        Run.objects.create(study=Study.objects.get(slug="copy"), stage="nonsense", backend="x")

    monkeypatch.setattr(load, "STEPS", (*load.STEPS, ("labels", broken)))
    with pytest.raises(ReleaseRefused, match=r"data/labels\.jsonl:\d+: the database refuses"):
        import_release(path=emptied, slug="copy")
    assert not Study.objects.filter(slug="copy").exists()
    assert not Run.objects.exists()
