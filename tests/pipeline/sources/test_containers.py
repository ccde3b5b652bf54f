from __future__ import annotations

import gzip
import io
import json
import tracemalloc
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pyarrow import parquet

from pipeline.sources import SOURCES, containers, json_text, opening
from pipeline.sources.base import InputFile, Located, NotImported, Place, Problem, ReadOptions
from pipeline.sources.containers import container_of, values

ROWS = [{"n": 1, "text": "Fig"}, {"n": 2, "text": "Früchte 🍐"}]
LINES = "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in ROWS).encode()


def read(path: Path, **options: Any) -> list[Any]:
    return list(values(InputFile(path, path.name), **options))


def problem(path: Path) -> str:
    (found,) = [str(item) for item in read(path) if isinstance(item, Problem)]
    return found


def _parquet() -> bytes:
    out = io.BytesIO()
    parquet.write_table(pa.Table.from_pylist(ROWS), out)
    return out.getvalue()


# By their names: packed data holds the second it was packed in, and pytest's processes must agree on what they collect.
FILES: list[tuple[str, bytes, list[int]]] = [
    ("a.jsonl", LINES, [1, 2]),
    ("A.JSONL", b"\xef\xbb\xbf\n" + LINES.replace(b"\n", b"\r\n\r\n"), [2, 4]),
    ("a.ndjson", LINES.rstrip(), [1, 2]),
    ("a.jsonl.gz", gzip.compress(LINES), [1, 2]),
    ("two members.JSONL.GZ", b"".join(gzip.compress(line) for line in LINES.splitlines(keepends=True)), [1, 2]),
    ("gzip without its name.jsonl", gzip.compress(LINES), [1, 2]),
    ("a.json", json.dumps(ROWS).encode(), [1, 1]),
    ("indented.json", json.dumps(ROWS, indent=1).encode(), [2, 6]),
    ("a.json.gz", gzip.compress(json.dumps(ROWS, indent=1).encode()), [2, 6]),
    ("lines.json", LINES, [1, 2]),
    ("a.parquet", _parquet(), [1, 2]),
    ("A.PARQUET", _parquet(), [1, 2]),
]


@pytest.mark.parametrize(("name", "data", "places"), FILES, ids=[name for name, _, _ in FILES])
def test_every_container_gives_the_same_records_and_their_lines(
    tmp_path: Path, name: str, data: bytes, places: list[int]
) -> None:
    (tmp_path / name).write_bytes(data)
    assert read(tmp_path / name) == [(Place(name, line), row) for line, row in zip(places, ROWS, strict=True)]


def test_csv_rows_are_named_by_the_first_and_may_hold_line_breaks(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_bytes(b'\xef\xbb\xbfid,prompt\r\n1,"one, two\nthree"\r\n\r\n2,"""so"""\r\n')
    place, first = read(tmp_path / "a.csv")[0]
    assert (place.line, first) == (2, {"id": "1", "prompt": "one, two\nthree"})
    assert read(tmp_path / "a.csv")[1] == (Place("a.csv", 5), {"id": "2", "prompt": '"so"'})


def test_parquet_reads_the_columns_it_is_asked_for(tmp_path: Path) -> None:
    (tmp_path / "a.parquet").write_bytes(_parquet())
    assert [value for _, value in read(tmp_path / "a.parquet", columns=("n", "absent"))] == [{"n": 1}, {"n": 2}]


def test_text_is_a_value_a_line(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_bytes(b"\xef\xbb\xbf First \r\n\r\nSecond")
    assert [value for _, value in read(tmp_path / "a.txt")] == ["First", "Second"]


@pytest.mark.parametrize(
    ("name", "container"),
    [
        ("a.JSONL.GZ", ".jsonl"),
        ("a.b.Parquet", ".parquet"),
        ("a.parquet.gz", ""),
        ("a", ""),
        ("a.gz", ""),
        ("a.md", ""),
    ],
)
def test_container_is_told_by_the_name(name: str, container: str) -> None:
    assert container_of(Path(name)) == container


PACKED = gzip.compress(LINES)
BAD: dict[str, tuple[str, bytes, str]] = {
    "empty": ("a.jsonl", b"", "a.jsonl: the file is empty - leave it out"),
    "only blanks": ("a.jsonl", b" \n\n", "a.jsonl: the file is empty"),
    "empty list": ("a.json", b"[]", "a.json: the file is empty"),
    "truncated gzip": ("a.jsonl.gz", PACKED[:-9], "a.jsonl.gz: the gzip data ends in the middle - copy or download"),
    "damaged gzip": ("a.jsonl.gz", PACKED[:14] + b"\xff\xff\xff" + PACKED[17:], "a.jsonl.gz: damaged gzip data"),
    "gzip of another sum": (
        "a.jsonl.gz",
        PACKED[:-8] + b"\0" * 8,
        "a.jsonl.gz: the file cannot be read: CRC check failed",
    ),
    "no gzip": ("a.jsonl.gz", LINES, "a.jsonl.gz: named .gz, but it is not gzip - pack it"),
    "not UTF-8": ("a.jsonl", b'{"n": "\xff"}', r"a.jsonl:1: not UTF-8 at byte 8 of the line (b'\xff') - save the file"),
    "UTF-16": (
        "a.jsonl",
        LINES.decode().splitlines()[0].encode("utf-16"),
        "a.jsonl:1: not UTF-8 at byte 1 of the line",
    ),
    "NaN": ("a.jsonl", b'{"n": NaN}', "a.jsonl:1: a number that is none ('NaN') - write a number, or null"),
    "broken": ("a.jsonl", LINES + b'{"n": 3', "a.jsonl:3: broken JSON at character 8"),
    "deep": ("a.jsonl", b"[" * 100_000, "a.jsonl:1: JSON nested too deeply"),
    "many digits": ("a.jsonl", b"[" + b"9" * 5000, "a.jsonl:1: "),
    "broken list": ("a.json", b'[\n{"n": 1},\n{"n": }\n]', "a.json:3: broken JSON at character "),
    "broken further down": ("a.json", b'[\n{"n": 1,\n"m": }\n]', "a.json:3: broken JSON at character "),
    "list cut off": ("a.json", b'[\n{"n": 1},\n{"n": "', "a.json:3: broken JSON"),
    "list without its end": ("a.json", b'[\n{"n": 1}\n', "a.json:3: expected a comma or the end of the list"),
    "list and more": ("a.json", b'[{"n": 1}]\n[]', "a.json:2: something follows the end of the list ('[]') - keep one"),
    "NaN in a list": ("a.json", b'[{"n":\nNaN}]', "a.json:1: a number that is none ('NaN')"),
    "list not UTF-8": ("a.json", b'[{"n": 1},\n{"n": "\xff"}]', "a.json:2: not UTF-8"),
    "deep list": ("a.json", b"[" * 100_000, "a.json:1: JSON nested too deeply"),
    "ragged CSV": (
        "a.csv",
        b"id,prompt\n1,a,b\n",
        "a.csv:2: 3 cells, the first row names 2 (['1', 'a', 'b']) - put texts",
    ),
    "open quote": ("a.csv", b'id,prompt\n1,"a\n', "a.csv:2: broken CSV: unexpected end of data - put texts"),
    "CSV not UTF-8": ("a.csv", b"id,prompt\n1,a\n2,\xff\n", "a.csv:3: not UTF-8 at byte 3"),
    "no Parquet": ("a.parquet", LINES, "a.parquet: the Parquet data cannot be read: Parquet magic bytes not found"),
    "cut Parquet": ("a.parquet", _parquet()[:-20], "a.parquet: the Parquet data cannot be read"),
    "unknown": (
        "a.xlsx",
        b"PK",
        "a.xlsx: no known kind of file - name it by what it holds: .jsonl, .ndjson, .json, .csv",
    ),
}


@pytest.mark.parametrize("case", BAD)
def test_bad_file_is_one_problem_with_place_and_remedy(tmp_path: Path, case: str) -> None:
    name, data, message = BAD[case]
    (tmp_path / name).write_bytes(data)
    found = problem(tmp_path / name)
    assert found.startswith(message)
    assert " - " in found


def test_reading_goes_on_behind_a_bad_line(tmp_path: Path) -> None:
    (tmp_path / "a.jsonl").write_bytes(b'{"n": 1}\n{"n": \n{"n": 3}\n')
    assert [item for item in read(tmp_path / "a.jsonl") if not isinstance(item, Problem)] == [
        (Place("a.jsonl", 1), {"n": 1}),
        (Place("a.jsonl", 3), {"n": 3}),
    ]


def test_gzip_bomb_is_stopped_while_it_is_small(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(opening, "UNCHECKED", 2**20)
    bomb = gzip.compress((b'{"n": "' + b"0" * 1000 + b'"}\n') * 20_000)
    (tmp_path / "a.jsonl.gz").write_bytes(bomb)
    assert "unpacks to more than 200 times its size" in problem(tmp_path / "a.jsonl.gz")
    last = [item for item in read(tmp_path / "a.jsonl.gz") if not isinstance(item, Problem)][-1]
    assert last[0].line < 10_000


def test_parquet_bomb_is_not_unpacked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(opening, "UNCHECKED", 2**20)
    table = pa.table({"text": ["0" * 2**20 + str(i) for i in range(20)]})
    parquet.write_table(table, tmp_path / "a.parquet", compression="zstd", use_dictionary=False)
    assert "unpacks to more than 200 times its size" in problem(tmp_path / "a.parquet")


@pytest.mark.parametrize("name", ["a.jsonl", "a.json", "a.txt", "a.csv"])
def test_record_too_long_is_a_problem_in_bounded_memory(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    for module in (opening, json_text):
        monkeypatch.setattr(module, "LARGEST_RECORD", 2**20)
    (tmp_path / name).write_bytes(b'[{"n": "' + b"0" * 2**25)
    tracemalloc.start()
    found = problem(tmp_path / name)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert "longer than 1 MiB, which no conversation is" in found
    assert peak < 12 * 2**20


def test_list_is_streamed_whatever_its_size(tmp_path: Path) -> None:
    row = json.dumps({"text": "x" * 1000})
    (tmp_path / "a.json").write_text("[" + ",\n".join([row] * 20_000) + "]")
    tracemalloc.start()
    count = sum(1 for item in values(InputFile(tmp_path / "a.json", "a")) if not isinstance(item, Problem))
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert count == 20_000
    assert peak < 12 * 2**20


@pytest.mark.parametrize("chunk", range(1, 12))
def test_list_is_the_same_whatever_pieces_it_is_read_in(monkeypatch: pytest.MonkeyPatch, chunk: int) -> None:
    monkeypatch.setattr(json_text, "_CHUNK", chunk)
    wanted = [1234, {"a": 'Früchte 🍐 \\" ]'}, -1.5e10, "x, y", None, [[], {}], True]
    text = json.dumps(wanted, ensure_ascii=False, indent=1).encode()
    found = list(json_text.elements(io.BufferedReader(io.BytesIO(text))))
    assert [value for _, value in found] == wanted
    assert [line for line, _ in found] == [2, 3, 6, 7, 8, 9, 13]


def test_broken_list_is_given_up_where_it_breaks() -> None:
    stream = io.BufferedReader(io.BytesIO(b'[{"n": }' + b" " * 2**23))
    with pytest.raises(opening.BrokenAt):
        list(json_text.elements(stream))
    assert stream.tell() <= 2**20


def test_notice_says_how_far_it_is(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(containers, "NOTICE_EVERY", 2)
    monkeypatch.setattr(opening, "_BUFFER", 16)
    (tmp_path / "a.jsonl").write_bytes(b'{"n": 11}\n' * 4)
    heard: list[str] = []
    read(tmp_path / "a.jsonl", notice=heard.append)
    assert heard == ["a.jsonl: 2 records, 80% of the file", "a.jsonl: 4 records, 100% of the file"]
    heard.clear()
    (tmp_path / "a.parquet").write_bytes(_parquet())
    read(tmp_path / "a.parquet", notice=heard.append)
    assert heard == ["a.parquet: 2 records, 100% of the file"]


def test_file_that_may_not_be_read_is_a_problem(tmp_path: Path) -> None:
    (tmp_path / "a.jsonl").mkdir()
    assert problem(tmp_path / "a.jsonl").startswith("a.jsonl: the file cannot be read: Is a directory - check")


_TEXTS = st.text(alphabet=st.characters(codec="utf-8"), max_size=8) | st.just("\ud800") | st.just("a\x00b")
_WORDS = """conversation conversations messages role content from value prompt replies rank turn conversation_hash text
persona conversation_id hashed_ip user_id message_tree_id message_id parent_id conversation_history preference question
prior_interactions chosen current_request demographics persona_id dialogue history if_chosen timestamp openai_moderation
0"""
_NAMES = st.sampled_from([*_WORDS.split(), "User Intent", "Task Number"])
_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | _TEXTS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(_NAMES, inner, max_size=6),
    max_leaves=12,
)


@settings(max_examples=60, deadline=None)
@given(st.lists(_JSON, min_size=1, max_size=3), st.sampled_from([".jsonl", ".json"]))
def test_no_json_makes_a_source_raise(tmp_path_factory: pytest.TempPathFactory, rows: list[Any], suffix: str) -> None:
    lines = "\n".join(json.dumps(row) for row in rows)
    path = tmp_path_factory.mktemp("fuzz") / f"a{suffix}"
    path.write_text(lines if suffix == ".jsonl" else f"[{lines.replace(chr(10), ',')}]")
    _read_by_all(path)


@settings(max_examples=60, deadline=None)
@given(st.binary(max_size=200), st.sampled_from([".jsonl", ".json", ".jsonl.gz", ".csv", ".txt", ".parquet", ".xyz"]))
def test_no_bytes_make_a_source_raise(tmp_path_factory: pytest.TempPathFactory, data: bytes, suffix: str) -> None:
    path = tmp_path_factory.mktemp("fuzz") / f"a{suffix}"
    path.write_bytes(data)
    _read_by_all(path)


def _read_by_all(path: Path) -> None:
    for source in SOURCES.values():
        for item in source.read(path, ReadOptions({"": "human"})):
            assert isinstance(item, Located | Problem | NotImported)
            str(item).encode()  # every message can be printed
