"""Every source through the one import: what stands then, that it comes once, and that bad input changes nothing."""

from __future__ import annotations

import gzip
import json
import os
import threading
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.db import connections

from annotation.domain.importing import ImportRefused, import_corpus
from pipeline.models import Conversation, Corpus, Person, PersonPrompt, Prompt, Run
from pipeline.sources.base import ReadOptions
from studies.models import AuditEvent, Study
from tests.pipeline.sources.trying import jsonl

pytestmark = pytest.mark.django_db

HUMAN = ReadOptions({"": "human"})
# people, conversations, prompts, (person, prompt): counted from the files by other means in tests/pipeline/sources
SAMPLES = {
    "wildchat": ("wildchat", 20, 129, 0, 0),
    "sharegpt": ("sharegpt", 110, 110, 0, 0),
    "openai_messages": ("openai_messages", 80, 80, 0, 0),
    "oasst": ("oasst", 25, 25, 0, 0),
    "lima/lima_prompts.jsonl": ("prompts", 0, 0, 100, 0),
    "lima/study_prompts_even.jsonl": ("prompts", 0, 0, 22, 0),
    "lima/lima_alpaca_layout.json": ("prompts", 0, 0, 25, 0),
    "personalens": ("personalens", 2, 0, 111, 175),
}


def counts() -> tuple[int, int, int, int]:
    return Person.objects.count(), Conversation.objects.count(), Prompt.objects.count(), PersonPrompt.objects.count()


def row(name: str, person: str = "p1", text: str = "Hello", **changes: Any) -> dict[str, Any]:
    turns = [{"role": "user", "content": text}, {"role": "assistant", "content": "Hi"}]
    record = {
        "conversation_hash": name,
        "hashed_ip": person,
        "conversation": turns,
        "model": "m",
        "language": "English",
    }
    return record | {"timestamp": "2024-01-02T19:56:00+00:00", "toxic": False, "redacted": True} | changes


@pytest.mark.parametrize("name", SAMPLES)
def test_sample_is_recognised_imported_whole_and_once(study_data: Path, name: str) -> None:
    source, *wanted = SAMPLES[name]
    import_corpus(path=study_data / name, slug="figs", options=HUMAN)
    assert counts() == tuple(wanted)
    assert AuditEvent.objects.get(verb="import_corpus").detail["source"] == source
    assert import_corpus(path=study_data / name, slug="figs", options=HUMAN).adds_nothing
    assert counts() == tuple(wanted)


def test_prefeval_sample_has_people_dialogues_and_questions(study_data: Path) -> None:
    files = list((study_data / "prefeval").rglob("*.json"))
    raw = [row for file in files for row in json.loads(file.read_text())]
    import_corpus(path=study_data / "prefeval", slug="figs")
    personas = {row["persona"] for row in raw if "persona" in row}
    assert counts()[:3] == (len(personas) + 16, 32, len({row["question"] for row in raw}))
    before = counts()
    assert import_corpus(path=study_data / "prefeval", slug="figs").adds_nothing
    assert counts() == before


def test_study_prompts_are_those_that_the_study_numbers(study_data: Path) -> None:
    """The prompts of the study's items and its list of prompts are one set, under one numbering."""
    import_corpus(path=study_data / "study" / "extracted", slug="figs")
    before = Prompt.objects.count()
    report = import_corpus(path=study_data / "lima" / "study_prompts_even.jsonl", slug="figs")
    assert report.known["prompts"] == before
    assert Prompt.objects.count() == 22


def test_conversation_keeps_what_the_source_says(tmp_path: Path) -> None:
    rows = [row("h1"), row("h2", "p2", toxic=True), row("h3", text="Früchte 🍐")]
    import_corpus(path=jsonl(tmp_path / "chats.JSONL.gz", rows), slug="figs")
    found = Conversation.objects.order_by("person__source_id", "position")
    names = [(c.person.source_id, c.source_id, c.position, c.toxic, c.redacted) for c in found]
    assert names == [("p1", "h1", 0, False, True), ("p1", "h3", 1, False, True), ("p2", "h2", 0, True, True)]
    last = found[1]
    assert last.turns == rows[2]["conversation"]
    assert (last.model_name, last.language, last.n_turns) == ("m", "English", 2)
    assert last.started_at.isoformat() == "2024-01-02T19:56:00+00:00"
    assert Corpus.objects.get().licence == "ODC-BY 1.0"
    (file,) = Run.objects.get(stage="import").parameters["files"]
    assert file.startswith("chats.JSONL.gz ")
    assert len(file.split()[1]) == 64


def test_file_that_has_grown_adds_what_is_new(tmp_path: Path) -> None:
    import_corpus(path=jsonl(tmp_path / "a.jsonl", [row("h1")]), slug="figs")
    report = import_corpus(path=jsonl(tmp_path / "a.jsonl", [row("h1"), row("h2"), row("h3", "p2")]), slug="figs")
    assert (report.new["conversations"], report.known["conversations"]) == (2, 1)


def test_options_name_corpus_kind_and_licence(tmp_path: Path) -> None:
    options = ReadOptions({"": "synthetic"}, corpus="ours", licence="CC0")
    import_corpus(path=jsonl(tmp_path / "a.jsonl", [row("h1")]), slug="figs", options=options)
    corpus = Corpus.objects.get()
    assert (corpus.slug, corpus.kind, corpus.licence, corpus.source_format) == ("ours", "synthetic", "CC0", "wildchat")
    with pytest.raises(ImportRefused) as refused:
        import_corpus(path=tmp_path, slug="figs", options=ReadOptions(corpus="Our Own"))
    assert str(refused.value.report.problems[0]).startswith("--corpus: no name for a corpus ('Our Own') - use small")


def line(name: str, **changes: Any) -> bytes:
    return json.dumps(row(name, **changes)).encode() + b"\n"


GOOD = line("h0")
BAD: dict[str, tuple[str, bytes, str]] = {
    "truncated gzip": ("a.jsonl.gz", gzip.compress(GOOD * 9)[:-9], "a.jsonl.gz: the gzip data ends in the middle"),
    "NUL": ("a.jsonl", GOOD + line("h1", text="a\x00"), "a.jsonl:2: conversation[0].content: holds a NUL character"),
    "half a character": ("a.jsonl", GOOD + line("\ud800"), "a.jsonl:2: conversation_hash: holds half a character"),
    "NaN": ("a.jsonl", GOOD + b'{"n": NaN}', "a.jsonl:2: a number that is none ('NaN')"),
    "ids that clash": ("a.jsonl", GOOD + line("h0", text="Other"), "a.jsonl:2: conversation_hash: a conversation of"),
    "wrong layout": ("a.jsonl", b'{"x": 1}', "no known format: there is a.jsonl (fields x)"),
    "empty": ("a.jsonl", b"", "a.jsonl: the file is empty"),
}


@pytest.mark.parametrize("case", BAD)
def test_bad_input_is_said_and_changes_nothing(tmp_path: Path, case: str) -> None:
    name, data, message = BAD[case]
    (tmp_path / name).write_bytes(data)
    with pytest.raises(ImportRefused) as refused:
        import_corpus(path=tmp_path / name, slug="figs")
    (problem,) = map(str, refused.value.report.problems)
    assert message in problem
    assert " - " in problem
    assert not Study.objects.exists()


NASTY: list[Any] = [
    *(
        "a\x00b",
        "\ud800",
        "\u202e\x1f",
        "x" * 201,
        "x" * 70_000,
        "",
        " ",
        None,
        True,
        [],
        {},
        [[]],
        [{}],
        {"a": "\x00"},
    ),
    *(-1, 2**63, 2**70, 1e308, -1e20, float("nan"), 253402300800000),
    *("0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-14:00"),
]


def test_whatever_a_source_lets_through_the_database_takes(tmp_path: Path) -> None:
    """Every field of a record, and of a turn, with every value that may break something further down."""
    rows = [row(f"{field} {i}") | {field: value} for field in row("") for i, value in enumerate(NASTY)]
    for i, value in enumerate(NASTY):
        rows += [row(f"role {i}", conversation=[{"role": value, "content": "a"}])]
        rows += [row(f"content {i}", conversation=[{"role": "user", "content": value}])]
    report = import_corpus(path=jsonl(tmp_path / "a.jsonl", rows), slug="figs", skip_bad=True)
    left_out = sum(report.left_out.values())
    taken = report.new["conversations"] + report.known["conversations"]
    assert taken + left_out + len(report.problems) >= len(rows)
    assert taken == Conversation.objects.count() > 30


def test_mended_file_adds_what_was_skipped(tmp_path: Path) -> None:
    rows = [row("h0"), row("h1", text="a\x00"), row("h2")]
    import_corpus(path=jsonl(tmp_path / "a.jsonl", rows), slug="figs", skip_bad=True)
    rows[1] = row("h1", text="a")
    assert import_corpus(path=jsonl(tmp_path / "a.jsonl", rows), slug="figs").new["conversations"] == 1
    assert list(Conversation.objects.order_by("position").values_list("source_id", flat=True)) == ["h0", "h1", "h2"]


def test_clash_names_the_field_that_the_source_has(tmp_path: Path) -> None:
    rows = [{"id": "a", "conversations": [{"from": "human", "value": text}]} for text in ("Hello", "Bye")]
    with pytest.raises(ImportRefused) as refused:
        import_corpus(path=jsonl(tmp_path / "a.jsonl", rows), slug="figs", options=HUMAN)
    assert str(refused.value.report.problems[0]).startswith("a.jsonl:2: id: a conversation of this id stands already")


def test_file_whose_name_is_no_text_is_refused(tmp_path: Path) -> None:
    (Path(os.fsdecode(os.fsencode(tmp_path) + b"/a\xff.jsonl"))).write_bytes(GOOD)
    with pytest.raises(ImportRefused) as refused:
        import_corpus(path=tmp_path, slug="figs")
    assert str(refused.value.report.problems[0]) == r"'a\udcff.jsonl': a name that is not UTF-8 - rename the file"


def test_skip_bad_keeps_the_good_records_of_a_file_cut_short(tmp_path: Path) -> None:
    data = gzip.compress(b"".join(json.dumps(row(f"h{i}", text="x" * i)).encode() + b"\n" for i in range(3000)))
    (tmp_path / "a.jsonl.gz").write_bytes(data[: len(data) // 2])
    report = import_corpus(path=tmp_path / "a.jsonl.gz", slug="figs", skip_bad=True)
    assert report.skipped == 1
    assert 0 < Conversation.objects.count() < 3000


@pytest.mark.django_db(transaction=True)
def test_two_imports_at_once_do_not_double(tmp_path: Path) -> None:
    path = jsonl(tmp_path / "a.jsonl", [row(f"h{i}", f"p{i % 7}") for i in range(50)])
    failures: list[BaseException] = []
    start = threading.Barrier(2)

    def one() -> None:
        try:
            start.wait()
            import_corpus(path=path, slug="figs")
        except BaseException as error:
            failures.append(error)
        finally:
            connections.close_all()

    threads = [threading.Thread(target=one) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []
    assert (Study.objects.count(), *counts()) == (1, 7, 50, 0, 0)


def command(*words: str) -> tuple[str, str]:
    out, err = StringIO(), StringIO()
    call_command("import_corpus", *words, stdout=out, stderr=err)
    return out.getvalue(), err.getvalue()


def test_command_says_the_format_and_that_nobody_is_known(tmp_path: Path) -> None:
    turns = [{"from": "human", "value": "Hello"}]
    path = jsonl(tmp_path / "chats.jsonl", [{"id": i, "conversations": turns} for i in range(3)])
    out, err = command(str(path), "--study", "figs", "--kind", "chats=human")
    assert f"reading {path} as sharegpt: each record has conversations of from and value" in err
    assert "not imported: 3 ids of people (this source knows none: each conversation became a person of its own)" in out
    assert Person.objects.count() == 3


def test_command_takes_another_format_and_refuses_an_unknown_one(tmp_path: Path) -> None:
    path = jsonl(tmp_path / "a.jsonl", [row("h1")])
    with pytest.raises(CommandError, match="1 problem; nothing was imported"):
        command(str(path), "--study", "figs", "--format", "sharegpt")
    with pytest.raises(CommandError, match="invalid choice: 'excel'"):
        command(str(path), "--study", "figs", "--format", "excel")
    command(str(path), "--study", "figs", "--format", "cupid", "--kind", "synthetic")
    assert Corpus.objects.get().kind == "synthetic"
