from __future__ import annotations

import json
import shutil
from datetime import datetime
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import jsonschema
import mlcroissant
import pytest
import yaml
from huggingface_hub import DatasetCardData

from analysis.schema import TABLES
from annotation.domain.datasheet import ASKED, QUESTIONS
from annotation.domain.describing import Described
from annotation.releases.changes import FIRST
from annotation.releases.files import read_rows
from annotation.releases.papers import PAPERS, write_papers
from annotation.releases.papers.words import COLUMNS
from annotation.releases.papers.words import TABLES as TABLE_WORDS
from tests.annotation.releases.describing import COMPLETE

pytestmark = pytest.mark.django_db


def manifest_in(folder: Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((folder / "manifest.json").read_text())
    return found


def papers_of(folder: Path, described: Described, **changed: Any) -> dict[str, str]:
    write_papers(folder, described=described, manifest=manifest_in(folder) | changed, changes=FIRST)
    return {name: (folder / name).read_text() for name in PAPERS}


@pytest.fixture
def release_folder(sample_release: Path, tmp_path: Path) -> Path:
    return shutil.copytree(sample_release, tmp_path / "release")


@pytest.fixture
def papers(release_folder: Path) -> dict[str, str]:
    return papers_of(release_folder, COMPLETE)


def test_papers_are_a_function_of_data_description_and_day(release_folder: Path) -> None:
    first = papers_of(release_folder, COMPLETE, made_at="2026-01-02T03:04:05.000006Z")
    again = papers_of(release_folder, COMPLETE, made_at="2026-01-02T23:59:59.000000Z", made_by="Somebody", tools={})
    assert first == again
    assert not any("03:04" in text for text in first.values())


def test_every_table_and_column_is_put_into_words() -> None:
    assert set(TABLE_WORDS) == set(TABLES)
    assert {column.name for table in TABLES.values() for column in table.columns} == set(COLUMNS)


def test_card_opens_with_yaml_that_hugging_face_reads(papers: dict[str, str]) -> None:
    _, header, body = papers["README.md"].split("---\n", 2)
    data = yaml.safe_load(header)
    card = DatasetCardData(**data, ignore_metadata_errors=False)
    assert (card.license, card.language, card.pretty_name) == ("cc-by-4.0", ["en", "pt"], COMPLETE.title)
    assert [config["config_name"] for config in data["configs"]] == list(TABLES)
    assert data["size_categories"] == ["n<1K"]
    assert data["annotations_creators"] == ["crowdsourced", "found", "machine-generated"]
    assert "**SIMULATED: 2 judgments" in body
    assert "**IMPORTED: 5 judgments" in body


def test_datasheet_answers_every_question_or_says_that_it_is_blank(
    papers: dict[str, str], release_folder: Path
) -> None:
    assert "BLANK" not in papers["DATASHEET.md"]
    assert all(f"### {question.text}\n" in papers["DATASHEET.md"] for question in QUESTIONS)
    blank = papers_of(release_folder, Described(title="Figs"))["DATASHEET.md"]
    assert blank.count("**BLANK.**") == len(ASKED) + 3  # beside them creators, licence and contact
    assert f"{len(ASKED) + 4} blanks are left" in blank


def test_citation_keeps_its_schema(papers: dict[str, str], release_folder: Path) -> None:
    schema = json.loads(Path(_vendored("citation-file-format")).read_text())
    for text in (papers["CITATION.cff"], papers_of(release_folder, Described(title="Figs"))["CITATION.cff"]):
        jsonschema.validate(yaml.safe_load(text), schema)
    assert yaml.safe_load(papers["CITATION.cff"])["authors"] == [
        {
            "family-names": "Lovelace",
            "given-names": "Ada",
            "affiliation": "Analytical Society",
            "orcid": "https://orcid.org/0000-0002-1825-0097",
        },
        {"name": "The Fig Group"},
    ]


def test_croissant_validates_and_gives_the_very_rows(papers: dict[str, str], release_folder: Path) -> None:
    dataset = mlcroissant.Dataset(jsonld=str(release_folder / "croissant.json"))
    assert dataset.metadata.ctx.issues.errors == set()
    assert dataset.metadata.ctx.issues.warnings == set()
    assert dataset.metadata.data_annotation_platform == ["Fitting Room"]
    for name, table in TABLES.items():
        expected = [row for _, row in read_rows(release_folder, name)]
        found = [_plain(name, record) for record in dataset.records(name)]
        if name in ("judgments", "items"):
            assert found == [_comparable(row) for row in expected]
        keys = [[row[table.sort_by[0]] for row in rows] for rows in (found, expected)]
        assert keys[0] == keys[1], name


def test_croissant_names_the_row_that_a_column_names(papers: dict[str, str]) -> None:
    metadata = json.loads(papers["croissant.json"])
    references = {
        field["@id"]: (field["references"]["fileObject"]["@id"], field["references"]["extract"]["column"])
        for record_set in metadata["recordSet"]
        for field in record_set["field"]
        if "references" in field
    }
    assert references["judgments/item"] == ("data/items.parquet", "item")
    assert references["response_pairs/generic"] == ("data/responses.parquet", "response")
    assert {"model_votes/rater", "labels/campaign", "judgments/judgment"}.isdisjoint(references)
    keys = {record_set["@id"]: [key["@id"] for key in record_set["key"]] for record_set in metadata["recordSet"]}
    for path, column in references.values():
        table = path.removeprefix("data/").removesuffix(".parquet")
        assert keys[table] == [f"{table}/{column}"]


def _plain(name: str, record: dict[str, Any]) -> dict[str, Any]:
    return {key.removeprefix(f"{name}/"): _value(key, value) for key, value in record.items()}


def _value(key: str, value: Any) -> Any:
    if isinstance(value, list):
        return [_value(key, one) for one in value]
    if isinstance(value, dict):
        return {name.removeprefix(f"{key}/"): _value(name, one) for name, one in value.items()}
    if isinstance(value, bytes):
        return value.decode()
    return value.to_pydatetime() if hasattr(value, "to_pydatetime") else getattr(value, "item", lambda: value)()


def _comparable(row: Any, key: str = "") -> Any:
    if isinstance(row, dict):
        return {name: _comparable(value, name) for name, value in row.items()}
    if isinstance(row, list):
        return [_comparable(value) for value in row]
    return datetime.fromisoformat(row) if key.endswith("_at") and isinstance(row, str) else row


def _vendored(name: str) -> str:
    found = find_spec("check_jsonschema")
    assert found is not None
    assert found.origin is not None
    return str(next(Path(found.origin).parent.rglob(f"{name}.json")))
