"""Pictures in both forms: on a phone nothing is cut, nothing is small, and no name is shortened that has room."""

from __future__ import annotations

import math
import re
from collections.abc import Callable

import pytest

from analysis.figures.dots import UNIT, Dot, dot_plot, heading
from analysis.figures.matrix import Cell, Strip, matrix, strips
from analysis.figures.plane import Curve, Mark, Side, plane
from analysis.figures.svg import NARROW, PEOPLE, SMALL, WIDE, text_width

LONG = "a reason why attributes are not accepted that is long"
SMALLEST = 11.0
AXIS = Side("recall", 0, 1, (0, 0.5, 1), str)
NAMES = [f"model-number-{number}-of-a-family" for number in range(6)]


def dots() -> str:
    rows = [
        Dot(LONG, 0.4, 0.3, 0.5, "40.0 %", "n = 18969, no interval", PEOPLE),
        Dot("b", 0.4, math.nan, 1.5, "0.4", "", PEOPLE),
    ]
    return dot_plot([heading(f"{LONG}, {LONG}"), *rows], UNIT, alt="dots", mark="SIMULATED")


def triangle() -> str:
    order = [(f"rater-{number:02}", "simulated") for number in range(16)]
    cells = [Cell(a, b, -0.25) for place, (b, _) in enumerate(order) for a, _ in order[:place]]
    return matrix(cells, order, alt="matrix", mark="SIMULATED")


def groups() -> str:
    return strips([Strip("raters with models", (0.1, -0.2), PEOPLE)], alt="strips", mark="SIMULATED")


def curves() -> str:
    found = [Curve(name, [(0.0, 1.0), (1.0, 0.3)], PEOPLE, number) for number, name in enumerate(NAMES)]
    return plane(AXIS, AXIS, alt="curves", mark="SIMULATED", curves=[*found, Curve("empty", [], PEOPLE)])


def points() -> str:
    marks = [Mark(name, 0.5, 0.5, PEOPLE) for name in NAMES]
    return plane(AXIS, AXIS, alt="points", mark="SIMULATED", marks=marks)


def forms(drawn: str) -> dict[str, str]:
    return {found[1]: found[0] for found in re.finditer(r'<svg[^>]* class="(\w+)".*?</svg>', drawn, re.DOTALL)}


@pytest.mark.parametrize("draw", [dots, triangle, groups, curves, points])
def test_narrow_form_is_read_on_a_phone(draw: Callable[[], str]) -> None:
    found = forms(draw())
    assert list(found) == ["wide", "narrow"]
    assert all(">SIMULATED</text>" in form for form in found.values())
    texts = re.findall(
        r'<text x="([-\d.]+)" y="[-\d.]+" text-anchor="(\w+)" font-size="([\d.]+)".*?>(.*?)</text>', found["narrow"]
    )
    assert len(texts) == found["narrow"].count("<text ")
    for x, anchor, size, text in texts:
        assert float(size) >= SMALLEST, text
        width = text_width(text, float(size)) * 0.9  # of most fonts
        left = float(x) - {"start": 0.0, "middle": width / 2, "end": width}[anchor]
        assert -4 <= left <= left + width <= NARROW.width + 4, text


def test_names_have_room_on_a_phone() -> None:
    found = forms(dots())
    lines = re.findall(r">([^<]+)</text>", found["narrow"])
    assert LONG in " ".join(lines)
    assert "…" not in found["narrow"]
    assert "…" in found["wide"]
    key = forms(curves())["narrow"]
    assert all(f">{name}</text>" in key for name in NAMES)
    assert WIDE.width > NARROW.width


def test_a_heading_longer_than_the_page_is_cut_in_its_middle() -> None:
    label = f"written by {'a-model-of-a-long-name-' * 6}instruct"
    drawn = dot_plot([heading(label), Dot("b", 0.4, 0.3, 0.5, "0.4", "", PEOPLE)], UNIT, alt=label, mark="")
    said = re.findall(r">(written by [^<]*)</text>", forms(drawn)["wide"])
    assert len(said) == 1
    assert text_width(said[0], SMALL) <= WIDE.width
    assert "…" in said[0]
    assert said[0].endswith("instruct")
