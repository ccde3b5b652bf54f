"""Checks from a lead's file and from published labels: all of it, or none with every problem named."""

from __future__ import annotations

from io import StringIO
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command

from annotation.domain.errors import AnnotationError
from annotation.domain.labelling import publish_labels
from annotation.domain.screening.files import ChecksRefused
from annotation.domain.screening.overview import checks_of, units_met
from annotation.domain.screening.taking import checks_from_file, gold_from_labels
from annotation.enums import ItemRole
from annotation.models import Campaign, Expected, Item, Question, QuizQuestion, Rater
from tests import factories
from tests.annotation.domain.screening.conftest import answer


def units(campaign: Campaign, position: int) -> list[str]:
    asked = Question.objects.filter(item__campaign=campaign, item__position=position, role=ItemRole.WORK)
    return list(asked.order_by("position").values_list("unit_key", flat=True))


def toml_for(pilot: Campaign) -> str:
    first, second = units(pilot, 0)
    return f"""
[[quiz]]
question = "What is judged?"
choices = ["The statement", "The person"]
correct = "The person"

[[check]]
role = "training"
unit = "{first}"
expected = "yes"
feedback = "Because."
from = "pilot"

[[check]]
role = "training"
unit = "{second}"
expected = ["no"]
from = "pilot"

[[check]]
role = "attention"
unit = "{units(pilot, 1)[0]}"
expected = "no"
text = "Please choose No."
from = "pilot"
"""


def test_toml_makes_quiz_and_items_page_by_page(campaign: Campaign, pilot: Campaign) -> None:
    taken = checks_from_file(campaign=campaign, content=toml_for(pilot).encode(), file="checks.toml")
    assert (taken.quiz, [item.role for item in taken.items]) == (1, ["training", "attention"])
    assert QuizQuestion.objects.get().correct == 1
    expected = Expected.objects.order_by("question__item", "question__position")
    assert list(expected.values_list("values", "feedback")) == [(["yes"], "Because."), (["no"], ""), (["no"], "")]
    assert taken.items[1].questions.get(position=0).text == "Please choose No."


def test_file_taken_twice_adds_nothing(campaign: Campaign, pilot: Campaign) -> None:
    content = toml_for(pilot).encode()
    checks_from_file(campaign=campaign, content=content, file="checks.toml")
    with pytest.raises(ChecksRefused, match="already; leave it out"):
        checks_from_file(campaign=campaign, content=content, file="checks.toml")
    assert (Item.objects.exclude(role=ItemRole.WORK).count(), QuizQuestion.objects.count()) == (2, 1)


def test_csv_makes_items(campaign: Campaign, pilot: Campaign) -> None:
    rows = ["role,unit,expected,feedback,attempt,text,from"]
    rows += [f"gold,{units(pilot, 0)[0]},yes,,,,pilot", f"qualification,{units(pilot, 1)[1]},no,,2,,pilot"]
    taken = checks_from_file(campaign=campaign, content="\n".join(rows).encode(), file="Checks.CSV")
    assert [(item.role, item.attempt) for item in taken.items] == [("gold", 1), ("qualification", 2)]


BAD_CSV = {
    "role": ("golden,{unit},yes,pilot", "checks.csv:2: role: 'golden' is no role of a check item; use gold, training"),
    "unit": ("gold,r:x:y,yes,pilot", "checks.csv:2: unit: 'r:x:y' is asked in no item of pilot; name the campaign"),
    "value": ("gold,{unit},maybe,pilot", "checks.csv:2: row: Question 1 expects 'maybe'; use no, yes"),
    "from": ("gold,{unit},yes,nowhere", "no campaign of the study is called 'nowhere'; there are"),
    "cells": ("gold,{unit},yes,pilot,more", "checks.csv:2: this line has more cells than the first"),
    "missing": ("gold,{unit},,pilot", "checks.csv:2: expected: is missing: give it a value"),
}


@pytest.mark.parametrize("name", BAD_CSV)
def test_csv_is_refused_with_line_field_value_and_remedy(campaign: Campaign, pilot: Campaign, name: str) -> None:
    row, message = BAD_CSV[name]
    good = f"gold,{units(pilot, 1)[0]},yes,pilot"
    content = "\n".join(["role,unit,expected,from", row.format(unit=units(pilot, 0)[0]), good])
    with pytest.raises(ChecksRefused) as refused:
        checks_from_file(campaign=campaign, content=content.encode(), file="checks.csv")
    assert message in refused.value.message
    assert len(refused.value.problems) == 1
    assert not Item.objects.exclude(role=ItemRole.WORK).exists()


BAD_TOML = {
    "no_toml": (b"[[check", "checks.toml: no TOML"),
    "no_utf8": (b"\xff\xfe", "no UTF-8"),
    "empty": (b"", "nothing stands in it"),
    "table": (b"[[checks]]\nrole = 'gold'\n", "checks: no such table; use [[check]] and [[quiz]]"),
    "field": (b"[[quiz]]\nquestion='?'\nchoices=['a','b']\ncorrect='a'\nhint='x'\n", "checks.toml:5: quiz.0.hint"),
    "correct": (b"[[quiz]]\nquestion='?'\nchoices=['a','b']\ncorrect='c'\n", "checks.toml:4: quiz.0.correct: 'c' is"),
    "one": (b"[check]\nrole='gold'\n", "write [[check]], one table each"),
}


@pytest.mark.parametrize("name", BAD_TOML)
def test_toml_is_refused_with_its_place(campaign: Campaign, name: str) -> None:
    content, message = BAD_TOML[name]
    with pytest.raises(ChecksRefused) as refused:
        checks_from_file(campaign=campaign, content=content, file="checks.toml")
    assert message in refused.value.message
    assert not QuizQuestion.objects.exists()


def test_make_checks_says_what_it_added(campaign: Campaign, pilot: Campaign, tmp_path: Path) -> None:
    file = tmp_path / "checks.toml"
    file.write_text(toml_for(pilot), encoding="utf-8")
    said = StringIO()
    call_command("make_checks", "main", file, study=campaign.study.slug, stdout=said)
    assert said.getvalue() == "main: added 1 attention, 1 training, 1 quiz question.\n"
    with pytest.raises(CommandError, match="Nothing was changed"):
        call_command("make_checks", "main", file, study=campaign.study.slug)
    with pytest.raises(CommandError, match="has no campaign 'other'"):
        call_command("make_checks", "other", file, study=campaign.study.slug)


@pytest.fixture
def labelled(pilot: Campaign) -> Campaign:
    """Three raters agree on two pages and are of two minds on the others."""
    agreed = set(pilot.items.order_by("position").values_list("pk", flat=True)[:2])
    for number in range(3):
        rater = factories.make_rater(pilot)
        for _ in range(6):
            held = factories.claim(rater)
            answer(held, "yes" if held.item_id in agreed or number else "no")
    return pilot


def test_gold_comes_from_labels_that_raters_agree_on(labelled: Campaign, campaign: Campaign) -> None:
    run = publish_labels(campaign=labelled)
    made = gold_from_labels(campaign=campaign, run=run, n=2)
    assert {item.questions.get(position=0).unit_key for item in made} == {units(labelled, 0)[0], units(labelled, 1)[0]}
    assert set(Expected.objects.values_list("question__item", flat=True)) == {item.pk for item in made}
    assert {tuple(values) for values in Expected.objects.values_list("values", flat=True)} == {("yes",)}
    with pytest.raises(AnnotationError, match="0 pages have a label on which 100% of 3 or more raters agreed, and 1"):
        gold_from_labels(campaign=campaign, run=run, n=1)
    assert len(gold_from_labels(campaign=campaign, run=run, n=4, share=0.6)) == 4


def test_overview_counts_answers_and_marks_what_most_miss(check, campaign: Campaign) -> None:
    item = check()
    for value in ("yes", "no", "no"):
        answer(factories.make_given(item, factories.make_rater(campaign)), value)
    [found] = checks_of(campaign)["gold"]
    assert (found.n_given, found.lines[0].tally.n, found.lines[0].tally.right) == (3, 3, 1)
    assert found.is_suspicious
    assert found.lines[0].expected == ("Yes",)
    assert not units_met(campaign, [item])
    assert not Rater.objects.exclude(state="active").exists()
