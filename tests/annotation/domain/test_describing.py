from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from annotation.domain.datasheet import ASKED, QUESTIONS
from annotation.domain.describing import (
    Author,
    Described,
    DescriptionInvalid,
    blanks_of,
    describe_dataset,
    described_of,
    is_orcid,
)
from annotation.models import DatasetDescription
from studies.models import Study, User
from tests.annotation.releases.describing import COMPLETE


def test_description_is_kept_as_given_and_audited_once(study: Study, lead: User) -> None:
    assert described_of(study) == Described(title=study.title)
    for _ in range(2):
        describe_dataset(study=study, actor=lead, described=COMPLETE)
    assert described_of(study) == COMPLETE
    assert blanks_of(described_of(study)) == []
    event = study.audit_events.get(verb="describe_dataset")
    assert (event.actor, event.detail["blanks"]) == (lead, 0)


def test_blanks_are_all_that_is_asked_but_the_doi() -> None:
    blanks = [blank.field for blank in blanks_of(Described(title="Figs"))]
    assert blanks == ["licence", "authors", "contact", "languages", *(f"answers.{key}" for key in ASKED)]
    assert len({question.key for question in QUESTIONS}) == len(QUESTIONS)


@pytest.mark.parametrize(
    ("wrong", "field", "said"),
    [
        ({"licence": "CC-BY"}, "licence", "'CC-BY' is not known"),
        ({"languages": ("english",)}, "languages", "'english' is no language tag"),
        ({"doi": "https://doi.org/10.1/x"}, "doi", "is no DOI"),
        ({"authors": (Author(" "),)}, "authors", "has no name"),
        ({"authors": (Author("Lovelace, Ada", orcid="0000-0002-1825-0098"),)}, "authors", "is no ORCID"),
        ({"answers": {"purposes": "x"}}, "answers.purposes", "is no question"),
        ({"title": "x" * 201}, "title", "longer than 200"),
    ],
)
def test_wrong_fields_are_named_and_nothing_is_changed(
    study: Study, lead: User, wrong: dict[str, Any], field: str, said: str
) -> None:
    with pytest.raises(DescriptionInvalid) as refused:
        describe_dataset(study=study, actor=lead, described=replace(COMPLETE, **wrong))
    assert [name for name, _ in refused.value.problems] == [field]
    assert said in refused.value.message
    assert not DatasetDescription.objects.exists()


def test_licence_of_ones_own_has_spdx_form(study: Study, lead: User) -> None:
    describe_dataset(study=study, actor=lead, described=replace(COMPLETE, licence="LicenseRef-hospital-1"))
    assert described_of(study).licence == "LicenseRef-hospital-1"


def test_orcid_is_checked_by_its_last_digit() -> None:
    assert is_orcid("0000-0002-1694-233X")
    assert not is_orcid("0000-0002-1694-2330")
    assert not is_orcid("0000000216942330")


def test_file_describes_as_the_page_does(study: Study, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "dataset.toml"
    path.write_text(
        'licence = "MIT"\nlanguages = ["en"]\ncontact = "x"\n'
        '[[authors]]\nname = "Lovelace, Ada"\n[answers]\npurpose = "To see."\n'
    )
    call_command("describe_dataset", "figs", path)
    described = described_of(study)
    assert (described.licence, described.authors, dict(described.answers)) == (
        "MIT",
        (Author("Lovelace, Ada"),),
        {"purpose": "To see."},
    )
    out = capsys.readouterr().out
    assert "blank: answers.funding" in out
    assert f"{len(ASKED) - 1} blanks are left" in out


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("licence = \nx", r"dataset\.toml: not TOML \(.*line 1"),
        ('license = "MIT"', r"dataset\.toml: license: is no field; the fields are title, licence"),
        ("languages = [1]", r"languages: 1 is no text"),
        ('[[authors]]\nmail = "x"', r"authors: 'mail' is no field of an author"),
        ('licence = "nope"', r"dataset\.toml: licence: 'nope' is not known"),
        ("[answers]\npurpose = 1", r"answers\.purpose: 1 is no text"),
    ],
)
def test_file_that_is_wrong_is_refused_by_field(study: Study, tmp_path: Path, text: str, said: str) -> None:
    path = tmp_path / "dataset.toml"
    path.write_text(text)
    with pytest.raises(CommandError, match=said):
        call_command("describe_dataset", "figs", path)
    assert not DatasetDescription.objects.exists()
