"""What a release covers: personal data in turns, and demographics that would single somebody out."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from annotation.enums import Origin
from annotation.models import Demographic, Participant
from annotation.releases.cells import shown_values
from annotation.releases.settings import ReleaseSettings
from annotation.releases.verify import verify_release
from annotation.releases.write import make_release
from tests.annotation.releases.rich_study import WEIRD, RichStudy
from tests.annotation.releases.test_verify import problems, rewrite
from tests.annotation.releases.test_write import rows


def masked_turn(folder: Path) -> str:
    chats: list[Any] = rows(folder, "conversations")
    return next(str(turn["content"]) for chat in chats for turn in chat["turns"] if "I run daily." in turn["content"])


def evidence_of(folder: Path, text: str) -> list[str]:
    chats: dict[Any, Any] = {chat["conversation"]: chat for chat in rows(folder, "conversations")}
    found: list[Any] = rows(folder, "attributes")
    places = [place for attribute in found if attribute["text"] == text for place in attribute["evidence"]]
    said = [(chats[place["conversation"]]["turns"][place["turn"]]["content"], place) for place in places]
    return [content[place["start"] : place["end"]] for content, place in said]


def test_turns_are_covered_and_evidence_stands_where_it_is_shown(release_folder: Path) -> None:
    covered = "[e-mail address]\u2060"
    assert masked_turn(release_folder) == f"Mail {covered}: I run daily."
    assert evidence_of(release_folder, "Mails others.") == ["Mail", f"{covered}: I run daily.", "I run daily."]
    manifest = json.loads((release_folder / "manifest.json").read_text())
    assert manifest["covered"] == {"email": 1, "name": 2}
    assert manifest["settings"]["masks"] is True


def test_prompts_and_responses_are_covered(release_folder: Path) -> None:
    assert [row["text"] for row in rows(release_folder, "responses")].count("[name] everybody.") == 1
    prompts = [row["text"] for row in rows(release_folder, "prompts")]
    assert [text for text in prompts if str(text).startswith("[name]")] == ["[name]" + WEIRD[3:]]


def test_a_release_without_masks_says_so(rich: RichStudy, tmp_path: Path) -> None:
    make_release(study=rich.study, out=tmp_path / "open", settings=ReleaseSettings(masks=False))
    assert "secret.mail@nowhere.example" in masked_turn(tmp_path / "open")
    assert len(evidence_of(tmp_path / "open", "Mails others.")) == 5
    assert "For everybody." in [row["text"] for row in rows(tmp_path / "open", "responses")]
    manifest = json.loads((tmp_path / "open" / "manifest.json").read_text())
    assert (manifest["settings"]["masks"], manifest["covered"]) == (False, {})


@pytest.mark.parametrize(
    ("counts", "shown"),
    [
        ({"a": 5, "b": 9}, {"a", "b"}),
        ({"a": 4, "b": 9}, set()),  # the last one goes along: 13 people less 9 would tell the 4
        ({"a": 4, "b": 9, "c": 7}, {"b"}),  # and of several the smallest
        ({"a": 4, "b": 3, "c": 7}, {"c"}),  # two hide each other: 7 people, which of them is not to be told
        ({"a": 1, "b": 1, "c": 7, "d": 8}, {"d"}),
        ({None: 6, "b": 9}, {"b"}),  # hidden in the release that was imported
        ({None: 4, "b": 9}, set()),
        ({}, set()),
    ],
)
def test_values_of_few_are_hidden_and_never_alone(counts: dict[str | None, int], shown: set[str]) -> None:
    assert shown_values(counts, 5) == shown


def test_a_cell_of_one_is_shown_where_the_setting_allows(rich: RichStudy) -> None:
    assert shown_values({"a": 1, "b": 9}, 1) == {"a", "b"}


def told_by_rater(folder: Path, kind: str = "human") -> dict[str, dict[str, str | None]]:
    found: list[Any] = rows(folder, "raters")
    return {
        row["rater"]: {told["field"]: told["value"] for told in row["demographics"]}
        for row in found
        if row["kind"] == kind
    }


def test_no_value_of_a_release_is_shared_by_few(rich: RichStudy, release_folder: Path) -> None:
    told = told_by_rater(release_folder)
    cells = Counter((field, value) for fields in told.values() for field, value in fields.items())
    assert {field for field, _ in cells} == {"sex", "country", "ty\u00f6"}
    assert all(n >= 5 for (_, value), n in cells.items() if value is not None)
    assert cells["sex", "male"] >= 5
    assert cells["ty\u00f6", None] == len(told)  # one profession of its own: the other one goes along


def test_kinds_of_raters_hide_no_people(rich: RichStudy, tmp_path: Path) -> None:
    """Simulated raters are as many as one likes: they make no cell of people larger."""
    for number, participant in enumerate(Participant.objects.filter(study=rich.study, kind=Origin.SIMULATED)):
        Demographic.objects.create(participant=participant, field="country", value=f"DE{number}")
    make_release(study=rich.study, out=tmp_path / "out")
    assert all("country" not in fields for fields in told_by_rater(tmp_path / "out", "simulated").values())


def _show_secret(found: list[dict[str, Any]]) -> None:
    told = next(told for row in found for told in row["demographics"] if told["field"] == "ty\u00f6")
    told["value"] = "secret-profession"


def _one_hidden(found: list[dict[str, Any]]) -> None:
    next(told for row in found for told in row["demographics"] if told["field"] == "sex")["value"] = None


def _unlike_itself(found: list[dict[str, Any]]) -> None:
    row = next(row for row in found if row["demographics"])
    found.insert(found.index(row) + 1, row | {"campaign": row["campaign"] + "0", "demographics": []})


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        (_show_secret, "demographics: 'secret-profession' is shared by 1 human raters as ty\u00f6, fewer than 5"),
        (_one_hidden, "demographics: sex is hidden for 1 human raters alone"),
        (_unlike_itself, "demographics: they are not those that the rater has in another campaign"),
    ],
)
def test_demographics_that_tell_too_much_are_found(release_folder: Path, change: Any, expected: str) -> None:
    assert verify_release(release_folder) == []
    rewrite(release_folder, "raters", change)
    assert expected in problems(release_folder)
