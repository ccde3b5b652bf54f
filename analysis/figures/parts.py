"""What every picture has, and how raters and models are named and coloured in it."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass

from analysis.figures.svg import AGAINST, BASELINES, MODELS, PEOPLE, Drawing
from analysis.longform import BASELINE, MODEL
from analysis.markup import MINUS, UNDEFINED

LABEL_LIMIT = 30  # characters
HEAD, MARKED_HEAD = 6.0, 26.0  # units above the drawing, without and with a mark


@dataclass(frozen=True)
class Picture:
    """``svg`` in both forms with ``alt`` in each, ``caption`` as text. ``mark``: "" or SIMULATED, IMPORTED, MODELS ONLY
    (also drawn).
    """

    name: str
    svg: str
    alt: str
    caption: str
    mark: str


def mark_of(origin: str, judgments: int) -> str:
    """What must stand on every picture of a campaign: "" only where people's own answers are behind it."""
    if origin != "human":
        return origin.upper()
    return "" if judgments else "MODELS ONLY"


def head_of(mark: str) -> float:
    """Units above the drawing: room for the mark where there is one."""
    return MARKED_HEAD if mark else HEAD


def draw_mark(drawing: Drawing, mark: str) -> None:
    if mark:
        drawing.text((0, 10), mark, AGAINST, size=12, bold=True)


def colour_of(kind: str) -> str:
    return {MODEL: MODELS, BASELINE: BASELINES}.get(kind, PEOPLE)


def row_name(rater: str, kind: str) -> str:
    """A rater or model, its kind said unless it is a person or plain to see."""
    return shorten(f"{short_name(rater)}{'' if kind in ('human', MODEL) else f' ({kind})'}")


def short_name(model: str) -> str:
    """A model without the name of who publishes it; the tables have the whole."""
    return model.rpartition("/")[2]


def shorten(label: str, limit: int = LABEL_LIMIT) -> str:
    return label if len(label) <= limit else f"{label[: limit // 2 - 1]}…{label[-limit // 2 :]}"


def in_percent(share: float) -> str:
    return f"{100 * share:.1f} %" if math.isfinite(share) else UNDEFINED


def in_number(value: float, places: int = 2) -> str:
    """With a true minus, and no zero below zero."""
    return f"{round(value, places) + 0.0:.{places}f}".replace("-", MINUS) if math.isfinite(value) else UNDEFINED


def longest(texts: Iterable[str]) -> int:
    return max((len(text) for text in texts), default=0)
