from __future__ import annotations

import csv
import io
import re

from hypothesis import example, given
from hypothesis import strategies as st

from annotation.releases.exports.spreadsheet import cell_of, csv_pieces, decoded, encoded

DANGEROUS = "=+-@\t\r\n\0＝＋－＠"  # noqa: RUF001 - full-width forms are formulas in some languages
TEXTS = st.text(alphabet=st.one_of(st.sampled_from(DANGEROUS + "'\u2400,;|\"0ab "), st.characters(codec="utf-8")))


@given(TEXTS)
@example("=cmd|'/C calc'!A0")
@example("'=1+1")
@example("\0\u24000")
@example("x;=1+1\n-2\t@a,+3")
def test_no_cell_begins_as_a_formula_whatever_the_separator_and_the_text_comes_back(text: str) -> None:
    cell = encoded(text)
    for separators in ("", ",", ";", "\t", "|", ",;|\t"):
        for part in re.split(f"[\r\n{separators}]", cell):
            assert not part.startswith(tuple(DANGEROUS))
    assert "\0" not in cell
    assert decoded(cell) == text


@given(st.lists(st.tuples(TEXTS, st.one_of(st.none(), st.integers(), st.floats(allow_nan=False))), max_size=4))
def test_rows_are_read_back_by_the_csv_reader(rows: list[tuple[str, float | None]]) -> None:
    data = b"".join(csv_pieces(("text", "number"), rows)).decode()
    read = list(csv.reader(io.StringIO(data, newline="")))
    assert read[0] == ["text", "number"]
    assert [(decoded(text), float(number) if number else None) for text, number in read[1:]] == [
        (text, None if number is None else float(number)) for text, number in rows
    ]


def test_lists_and_truth_values_are_written_as_json_has_them() -> None:
    assert cell_of([{"value": "=1", "side": None}]) == '[{"value":"=1","side":null}]'
    assert [cell_of(value) for value in (True, False, None, -0.5, "-0.5")] == ["true", "false", None, -0.5, "'-0.5"]
