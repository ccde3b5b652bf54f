"""Small pieces of HTML, Markdown and CSV, escaped. Nothing here knows a statistic."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from html import escape

import polars as pl

ROWS_SHOWN = 100
MINUS, UNDEFINED = "\u2212", "\u2013"  # a true minus; an en dash for what is not defined
_EXECUTED = ("=", "+", "-", "@", "\t", "\r", "\n")


@dataclass(frozen=True)
class Col:
    """One column of an HTML table: the frame's column, its heading, how a value is written."""

    name: str
    heading: str
    write: Callable[[object], str] = str
    to: str = ""  # a second column: the cell reads "a to b", an interval

    @property
    def numeric(self) -> bool:
        return self.write is not str


def number(places: int) -> Callable[[object], str]:
    """Fixed places with a true minus; ``UNDEFINED`` for NaN and null."""

    def write(value: object) -> str:
        if not isinstance(value, (int, float)) or math.isnan(value):
            return UNDEFINED
        return f"{round(value, places) + 0.0:.{places}f}".replace("-", MINUS)

    return write


def percent(value: object) -> str:
    """A share in [0, 1] as per cent with one place; ``UNDEFINED`` for NaN and null."""
    if not isinstance(value, (int, float)) or math.isnan(value):
        return UNDEFINED
    return f"{100 * value:.1f} %".replace("-", MINUS)


def bare_percent(value: object) -> str:
    """As ``percent`` without the sign, for intervals."""
    return percent(value).removesuffix(" %")


def counted(n: object, noun: str) -> str:
    """``1 model``, ``3 models``, ``no models``."""
    return f"{whole(n) if n else 'no'} {noun}{'' if n == 1 else 's'}"


def whole(value: object) -> str:
    """A count with thin spaces between thousands."""
    return f"{value:,}".replace(",", "\u202f") if isinstance(value, int) else UNDEFINED


def table(frame: pl.DataFrame, columns: Sequence[Col], *, csv: str = "") -> str:
    """An HTML table of ``columns``; beyond ``ROWS_SHOWN`` rows it says where the others are."""
    first = f'<th scope="col">{escape(columns[0].heading)}</th>'
    head = first + "".join(f'<th scope="col"{_class(col)}>{escape(col.heading)}</th>' for col in columns[1:])
    body = "\n".join(_row(row, columns) for row in frame.head(ROWS_SHOWN).iter_rows(named=True))
    cut = frame.height - ROWS_SHOWN
    rest = f'<p class="note">{counted(cut, "more row")} in <code>{escape(csv)}</code>.</p>' if cut > 0 else ""
    inner = f"<table><thead><tr>{head}</tr></thead>\n<tbody>\n{body}\n</tbody></table>"
    return f"{scrolled(inner)}{rest}\n"


def _row(row: Mapping[str, object], columns: Sequence[Col]) -> str:
    cells = [escape(_cell(row, col)) for col in columns]
    first = f'<th scope="row">{cells[0]}</th>'
    others = "".join(f"<td{_class(col)}>{cell}</td>" for col, cell in zip(columns[1:], cells[1:], strict=True))
    return f"<tr>{first}{others}</tr>"


def _cell(row: Mapping[str, object], col: Col) -> str:
    """One cell's text; an interval without ends is one ``UNDEFINED``."""
    first = col.write(row[col.name])
    return f"{first} to {col.write(row[col.to])}" if col.to and first != UNDEFINED else first


def _class(col: Col) -> str:
    return ' class="n"' if col.numeric else ""


def scrolled(content: str) -> str:
    """``content`` that may be wider than the screen, to be scrolled by touch, mouse or keyboard."""
    return f'<div class="scroll" tabindex="0">{content}</div>'


def details(summary: str, content: str) -> str:
    return f"<details><summary>{escape(summary)}</summary>\n{content}</details>\n"


def markdown_text(frame: pl.DataFrame) -> str:
    """``frame`` as a Markdown table for reading: numbers to four places, text that starts no markup of its own."""
    head = f"| {' | '.join(frame.columns)} |\n|{'|'.join(' --- ' for _ in frame.columns)}|\n"
    return head + "".join(f"| {' | '.join(map(_markdown_cell, row))} |\n" for row in frame.iter_rows())


def _markdown_cell(value: object) -> str:
    if isinstance(value, float):
        return "NaN" if math.isnan(value) else f"{value:.4f}".rstrip("0").rstrip(".")
    return "" if value is None else markdown_words(" ".join(str(value).split()))


def markdown_words(text: str) -> str:
    """``text`` in which nothing starts markup."""
    return re.sub(r"([\\|`*_<>\[\]#])", r"\\\1", text)


def csv_text(frame: pl.DataFrame) -> str:
    """``frame`` as CSV with full precision. NaN is ``NaN``, null is empty.

    A text cell that a spreadsheet would run as a formula (it starts with = + - @, a tab or a line break) gets a
    leading quote; numbers, negative ones too, are left as they are.
    """
    safe = [_escaped(name) for name, dtype in frame.schema.items() if dtype == pl.String]
    return frame.with_columns(safe).write_csv()


def _escaped(name: str) -> pl.Expr:
    text = pl.col(name)
    executed = pl.any_horizontal([text.str.starts_with(start) for start in _EXECUTED])
    return pl.when(executed).then(pl.lit("'") + text).otherwise(text).alias(name)
