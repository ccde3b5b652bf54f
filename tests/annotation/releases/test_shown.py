"""What a release covers: personal data in turns, and demographics that would single somebody out."""

from __future__ import annotations

import json
from collections import Counter
from itertools import chain, combinations
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from annotation.enums import Origin
from annotation.models import Closing, Demographic, Participant, Remark
from annotation.releases.cells import cells_in_numbers, shown_together, told_fields
from annotation.releases.errors import ReleaseRefused
from annotation.releases.settings import ReleaseSettings
from annotation.releases.tables import covering
from annotation.releases.verify import verify_release
from annotation.releases.write import make_release
from pipeline.backends.base import BackendUnusable
from pipeline.enums import MaskKind
from pipeline.masks import Span
from tests.annotation.releases.rich_study import MAIL, WEIRD, RichStudy
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
    assert manifest["covered"] == {"email": 4, "name": 2}
    assert manifest["settings"]["masks"] is True


def test_prompts_and_responses_are_covered(release_folder: Path) -> None:
    assert [row["text"] for row in rows(release_folder, "responses")].count("[name] everybody.") == 1
    prompts = [row["text"] for row in rows(release_folder, "prompts")]
    assert [text for text in prompts if str(text).startswith("[name]")] == ["[name]" + WEIRD[3:]]


def texts_of(folder: Path) -> list[str]:
    """All that may hold what _masked_words wrote: an attribute, a question, a remark."""
    said: list[Any] = [row["text"] for table in ("attributes", "remarks") for row in rows(folder, table)]
    said += [row["reason"] for row in rows(folder, "attributes")]
    items: list[Any] = list(rows(folder, "items"))
    return [*filter(None, said), *(asked["text"] for row in items for asked in row["questions"])]


def test_attributes_questions_and_remarks_are_covered(release_folder: Path) -> None:
    covered = [text.replace("\u2060", "") for text in texts_of(release_folder) if "[e-mail address]" in text]
    stated = "Writes from [e-mail address]."
    assert covered == [stated, "Ask [e-mail address]: odd.", "[e-mail address] wrote.", stated]


def test_words_that_nobody_has_looked_at_are_looked_through_while_they_are_written(
    rich: RichStudy, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Some hundreds at a time, those of one block together; a release without masks looks at nothing."""
    seen: list[list[str]] = []

    def found(texts: list[str]) -> list[list[Span]]:
        seen.append(texts)
        return [[Span(0, 2, MaskKind.NAME)] for _ in texts]

    monkeypatch.setattr(covering, "spans_in", found)
    Remark.objects.filter(text__in=("Sings.", "Cooks.")).update(looked_with="")
    Closing.objects.update(looked_with="")
    make_release(study=rich.study, out=tmp_path / "out")
    assert sorted(map(sorted, seen)) == [["Cooks.", "Sings."], [WEIRD]]
    remarks = [row["text"] for row in rows(tmp_path / "out", "remarks")]
    assert {"[name]ngs.", "[name]oks."} <= set(remarks)
    assert [row["how"] for row in rows(tmp_path / "out", "closings") if row["how"]] == ["[name]" + WEIRD[2:]]
    assert Remark.objects.filter(looked_with="").count() == 2, "that is the worker's to write"
    make_release(study=rich.study, out=tmp_path / "open", settings=ReleaseSettings(masks=False))
    assert len(seen) == 2
    monkeypatch.setattr(covering, "spans_in", _unusable)
    with pytest.raises(ReleaseRefused, match="cannot be looked through for personal data: no model"):
        make_release(study=rich.study, out=tmp_path / "refused")


def _unusable(texts: list[str]) -> list[list[Span]]:
    raise BackendUnusable("no model")


def test_a_release_without_masks_says_so(rich: RichStudy, tmp_path: Path) -> None:
    make_release(study=rich.study, out=tmp_path / "open", settings=ReleaseSettings(masks=False))
    assert "secret.mail@nowhere.example" in masked_turn(tmp_path / "open")
    assert len(evidence_of(tmp_path / "open", "Mails others.")) == 5
    assert "For everybody." in [row["text"] for row in rows(tmp_path / "open", "responses")]
    assert sum(MAIL in text for text in texts_of(tmp_path / "open")) == 4
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
    people = [value for value, n in counts.items() for _ in range(n)]
    told = shown_together({number: {"field": value} for number, value in enumerate(people)}, 5)
    assert {fields["field"] for fields in told.values()} - {None} == shown


PEOPLE = st.lists(
    st.dictionaries(st.sampled_from(("age", "country", "sex")), st.sampled_from((None, "a", "b", "c")), max_size=3),
    max_size=24,
).map(lambda people: dict(enumerate(people)))


@settings(max_examples=150)
@given(told=PEOPLE, least=st.integers(1, 5))
def test_nothing_that_is_shown_together_is_held_by_few(told: dict[int, dict[str, str | None]], least: int) -> None:
    shown = shown_together(told, least)
    said = [{cell for cell in fields.items() if cell[1] is not None} for fields in shown.values()]
    for cells in said:
        for few in chain.from_iterable(combinations(sorted(cells), n + 1) for n in range(len(cells))):
            assert sum(others >= set(few) for others in said) >= least
    alike = Counter(tuple(fields.items()) for fields in shown.values())
    assert all(n >= least for n in alike.values())
    assert all(
        value in (None, told[who].get(field)) for who, fields in shown.items() for field, value in fields.items()
    )
    assert shown_together(shown, least) == shown
    assert shown_together(dict(reversed(told.items())), least) == shown


def test_a_combination_of_frequent_values_is_hidden_where_it_is_rare() -> None:
    kinds = {("f", "DE"): 6, ("f", "UK"): 6, ("m", "DE"): 6, ("m", "UK"): 1}
    people = [{"sex": sex, "country": country} for (sex, country), n in kinds.items() for _ in range(n)]
    shown = shown_together(dict(enumerate(people)), 5)
    assert Counter(tuple(fields.values()) for fields in shown.values()) == {
        ("DE", "m"): 6,
        ("UK", "f"): 6,
        (None, None): 7,  # the one, and the fewest others, without whom the one could be told
    }


def test_what_is_told_by_few_hides_what_others_told() -> None:
    """And nothing at all is hidden where one is enough."""
    people: dict[str, dict[str, str | None]] = {"x": {"sex": "f", "born": "Oslo"}, "y": {"sex": "f"}}
    assert shown_together(people, 2) == {"x": {"sex": "f"}, "y": {"sex": "f"}}
    assert shown_together(people, 1) == {"x": {"born": "Oslo", "sex": "f"}, "y": {"born": None, "sex": "f"}}


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
    assert all(n >= 5 for n in cells.values())
    together = Counter(tuple(fields.items()) for fields in told.values())
    assert min(together.values()) >= 5
    assert len(together) > 1
    assert {value for field, value in cells if field == "ty\u00f6"} == {None, WEIRD}


def test_chosen_fields_alone_are_held_and_counted_together(rich: RichStudy, tmp_path: Path) -> None:
    """Without the field that is told in one way by one person, nothing of the others is hidden."""
    of = rich.study
    assert [field for field, _ in told_fields(of)] == ["country", "sex", "ty\u00f6"]
    every, two = (cells_in_numbers(of, 5, fields) for fields in (("country", "sex", "ty\u00f6"), ("sex", "ty\u00f6")))
    assert every.hidden > two.hidden > 0
    settings = ReleaseSettings(demographics=("sex",))
    make_release(study=of, out=tmp_path / "one", settings=settings)
    told = told_by_rater(tmp_path / "one")
    assert {field for fields in told.values() for field in fields} == {"sex"}
    one = cells_in_numbers(of, 5, ("sex",))
    assert (one.hidden, one.touched, one.fields[0].left_out) == (0, 0, False)
    assert sum(fields.get("sex") is not None for fields in told.values()) == one.told == one.people
    manifest = json.loads((tmp_path / "one" / "manifest.json").read_text())
    assert manifest["settings"]["demographics"] == ["sex"]
    assert "Which fields it holds was chosen" in (tmp_path / "one" / "DATASHEET.md").read_text()
    assert "Which fields it holds was chosen" in (tmp_path / "one" / "croissant.json").read_text()
    rewrite(tmp_path / "one", "raters", _one_field_more)
    assert "'born' is none of the fields that the manifest says were chosen" in problems(tmp_path / "one")


def _one_field_more(found: list[dict[str, Any]]) -> None:
    for row in found:
        row["demographics"] = [{"field": "born", "value": "UK"}, *row["demographics"]]


def test_numbers_are_those_of_the_release(rich: RichStudy, release_folder: Path) -> None:
    told = told_by_rater(release_folder)
    numbers = cells_in_numbers(rich.study, 5, ("country", "sex", "ty\u00f6"))
    for row in numbers.fields:
        assert sum(fields.get(row.field) is not None for fields in told.values()) == row.shown
    assert numbers.people == len([fields for fields in told.values() if fields])


@pytest.mark.parametrize("fields", [("sex", "country"), ()])
def test_a_field_that_is_dropped_is_a_breaking_change(rich: RichStudy, tmp_path: Path, fields: tuple[str, ...]) -> None:
    first = make_release(study=rich.study, out=tmp_path / "first", version="1.0.0")
    settings = ReleaseSettings(demographics=fields)
    release = make_release(study=rich.study, out=tmp_path / "next", settings=settings, against=tmp_path / "first")
    assert (release.version, release.change, release.previous) == ("2.0.0", "major", first)
    [raters] = release.changes
    gone = sorted({"country", "sex", "ty\u00f6"} - set(fields))
    assert raters["columns"] == f"demographics gone: {', '.join(gone)}"
    assert raters["columns"] in (tmp_path / "next" / "CHANGES.md").read_text()
    back = make_release(study=rich.study, out=tmp_path / "back", against=tmp_path / "next")
    assert (back.version, back.changes[0]["columns"]) == ("3.0.0", f"new demographics: {', '.join(gone)}")


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
    next(told for row in found for told in row["demographics"] if told["value"] is not None)["value"] = None


def _all_of_one_field_but_one(found: list[dict[str, Any]]) -> None:
    people = sorted({row["rater"] for row in found if row["demographics"]})
    for row in found:
        hidden = None if row["rater"] == people[0] else "male"
        row["demographics"] = [{"field": "sex", "value": hidden}] if row["rater"] in people else []


def _unlike_itself(found: list[dict[str, Any]]) -> None:
    row = next(row for row in found if row["demographics"])
    found.insert(found.index(row) + 1, row | {"campaign": row["campaign"] + "0", "demographics": []})


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        (_show_secret, "demographics: 'secret-profession' is shared by 1 human rater as ty\u00f6, fewer than 5"),
        (_one_hidden, "demographics: what is said together ("),
        (_all_of_one_field_but_one, "demographics: sex is hidden for 1 human rater alone"),
        (_unlike_itself, "demographics: they are not those that the rater has in another campaign"),
    ],
)
def test_demographics_that_tell_too_much_are_found(release_folder: Path, change: Any, expected: str) -> None:
    assert verify_release(release_folder) == []
    rewrite(release_folder, "raters", change)
    assert expected in problems(release_folder)
