from __future__ import annotations

from io import StringIO
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command

from studies.models import Study
from tests.annotation.releases.rich_study import RichStudy


def test_make_release_says_where_it_is_and_what_is_simulated(
    rich: RichStudy, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out, errors = StringIO(), StringIO()
    call_command("make_release", "rich", out=tmp_path / "r", stdout=out, stderr=errors)
    assert out.getvalue() == f"release 0.1.0 of rich is in {tmp_path / 'r'}\n"
    assert "SIMULATED" in errors.getvalue()
    assert "wrote judgments: 32 rows" in capsys.readouterr().err


def test_make_release_holds_what_was_chosen_until_it_is_chosen_anew(rich: RichStudy, tmp_path: Path) -> None:
    def held(name: str, *options: str) -> list[str] | None:
        call_command("make_release", "rich", "--out", str(tmp_path / name), *options, stdout=StringIO())
        release = rich.study.releases.latest("pk")
        fields: list[str] | None = release.manifest["settings"]["demographics"]
        return fields

    assert held("first") is None
    assert held("two", "--demographic", "sex", "--demographic", "country") == ["country", "sex"]
    assert held("as-before") == ["country", "sex"]
    assert held("none", "--no-demographics") == []
    assert held("all", "--all-demographics") is None
    with pytest.raises(CommandError, match=r"nobody in rich told 'age'; choose among 'country', 'sex'"):
        held("odd", "--demographic", "age")


def test_make_release_of_no_study_names_those_there_are(study: Study, tmp_path: Path) -> None:
    with pytest.raises(CommandError, match="no study 'nothing'; the studies are: figs"):
        call_command("make_release", "nothing", out=tmp_path / "r")


def test_make_release_over_a_folder_is_refused(study: Study, tmp_path: Path) -> None:
    with pytest.raises(CommandError, match="exists already"):
        call_command("make_release", "figs", out=tmp_path)


def test_verify_release_fails_where_anything_is_wrong(release_folder: Path) -> None:
    out = StringIO()
    call_command("verify_release", release_folder, stdout=out)
    assert out.getvalue().endswith("sound\n")
    (release_folder / "data" / "labels.jsonl").write_text("")
    with pytest.raises(CommandError, match="problem"):
        call_command("verify_release", release_folder, stdout=out)
    assert "labels.jsonl" in out.getvalue()


def test_import_release_says_why_it_refuses(release_folder: Path) -> None:
    with pytest.raises(CommandError, match=r"data/runs\.jsonl:1: run: .* is in this database already"):
        call_command("import_release", release_folder, study="copy")


def test_import_release_of_a_folder_that_is_none_is_refused(db: None, tmp_path: Path) -> None:
    with pytest.raises(CommandError, match="no such folder"):
        call_command("import_release", tmp_path / "nowhere", study="copy")
