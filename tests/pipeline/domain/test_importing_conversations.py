from __future__ import annotations

import hashlib
import json
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest
from django.db import DatabaseError, connection, transaction
from hypothesis import given
from hypothesis import strategies as st

from pipeline.domain import importing, importing_keys
from pipeline.domain.bulk import BulkInserts
from pipeline.domain.importing import Importer
from pipeline.domain.importing_conversations import turns_json
from pipeline.domain.importing_writers import MATERIAL_WRITERS, write_records
from pipeline.domain.tallies import Tally, count_corpora, tally_of
from pipeline.models import Conversation, Corpus, Person
from pipeline.sources.base import Item, Located, Place
from pipeline.sources.records import ConversationRecord, CorpusRecord, PersonRef, Turn
from studies.models import Study
from tests import factories

pytestmark = pytest.mark.django_db

TURN = Turn("user", "a\tb\\n\r\n\u2028 \U0001f98a \\N \x7f\x01")
START = datetime(2024, 1, 2, 19, 56, tzinfo=UTC)


def chat(person: str, name: str, position: int, text: str = "", **fields: Any) -> ConversationRecord:
    turns = (Turn("user", text), Turn("assistant", "Hm.")) if text else (TURN,)
    return ConversationRecord(PersonRef("c", person), name, position, turns, **fields)


def load(study: Study, *records: ConversationRecord) -> Importer:
    importer = Importer(study, "test")
    write_records(importer, located(*records), MATERIAL_WRITERS)
    importer.save_counts()
    return importer


def located(*records: ConversationRecord) -> Iterator[Item]:
    yield Located(Place("f"), CorpusRecord("c", "C", "human", "test"))
    yield from (Located(Place("f", line), record) for line, record in enumerate(records, start=1))


@given(
    st.lists(st.builds(Turn, st.text(st.characters(codec="utf-8"), max_size=5), st.text(st.characters(codec="utf-8"))))
)
def test_turns_are_written_and_summed_as_they_always_were(turns: list[Turn]) -> None:
    """Older imports took their checksums of json.dumps: a second import must find them the same."""
    plain = [{"role": turn.role, "content": turn.content} for turn in turns]
    assert turns_json(turns) == json.dumps(plain, ensure_ascii=False, sort_keys=True).encode()


def test_what_is_copied_is_what_was_read(study: Study) -> None:
    load(study, chat("p", "x", 0, toxic=True, started_at=START, language="English", model_name="m"), chat("q", "y", 0))
    row, other = Conversation.objects.order_by("source_id")
    assert row.turns == [{"role": "user", "content": TURN.content}]
    assert row.sha256 == hashlib.sha256(turns_json([TURN])).hexdigest()
    assert (row.n_turns, row.toxic, row.redacted, row.language, row.model_name) == (1, True, None, "English", "m")
    assert (row.started_at, other.started_at, other.toxic) == (START, None, None)
    assert (row.person.source_id, row.run, len(row.public_id)) == ("p", other.run, 26)
    assert row.public_id != other.public_id


def test_clash_within_a_batch_and_between_batches_is_a_problem(study: Study, monkeypatch: pytest.MonkeyPatch) -> None:
    records = [chat("p", "a", 0, "One"), chat("p", "a", 0, "One"), chat("p", "a", 1, "Other"), chat("p", "b", 0, "Two")]
    whole = load(study, *records)
    monkeypatch.setattr(importing, "CONVERSATIONS", 1)
    single = load(factories.make_study(), *records)
    said = [[(problem.at.line, problem.what) for problem in each.report.problems] for each in (whole, single)]
    assert said[0] == said[1]
    assert [line for line, _ in said[0]] == [3, 4]
    assert whole.report.new == single.report.new
    assert (whole.report.new["conversations"], whole.report.known["conversations"]) == (1, 3)


def test_batches_end_with_their_letters(study: Study, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(importing, "LETTERS", 100)
    report = importing.ImportReport()
    records = [chat("p", str(number), number, "x" * 40) for number in range(5)]
    sizes = [len(batch) for batch in importing.batches(located(*records), tuple(MATERIAL_WRITERS), report)]
    assert sizes == [1, 3, 2]


def test_look_ups_do_not_grow_with_a_persons_conversations(study: Study, django_assert_num_queries: Any) -> None:
    records = [chat("p", str(number), number, "Hello") for number in range(50)]
    load(study, *records)
    with django_assert_num_queries(4):
        assert load(study, *records).report.adds_nothing
    with django_assert_num_queries(4):
        assert load(study, *records[:3]).report.adds_nothing


@pytest.mark.parametrize("remembered", [0, 2, 100])
def test_people_are_made_once_however_few_are_remembered(
    study: Study, monkeypatch: pytest.MonkeyPatch, remembered: int
) -> None:
    monkeypatch.setattr(importing_keys, "REMEMBERED", remembered)
    monkeypatch.setattr(importing, "CONVERSATIONS", 2)
    records = [chat(str(number % 7), str(number), number, "Hello") for number in range(20)]
    first, others = load(study, *records[:15]), load(study, *records, chat("new", "x", 0))
    assert (first.report.new["people"], others.report.new["people"]) == (7, 1)
    assert (first.report.new["conversations"], others.report.new["conversations"]) == (15, 6)
    found = Conversation.objects.exclude(source_id="x").values_list("person__source_id", "source_id")
    assert set(found) == {(record.person.source_id, record.source_id) for record in records}
    made = factories.make_person(Person.objects.first().corpus)  # type: ignore[union-attr]
    assert made.pk > max(Person.objects.exclude(pk=made.pk).values_list("pk", flat=True))


def test_nobody_asks_who_stands_in_a_corpus_that_the_import_made(
    study: Study, monkeypatch: pytest.MonkeyPatch, django_assert_max_num_queries: Any
) -> None:
    """On PostgreSQL, where a question waits for what is on its way; SQLite has to ask for the keys that it gave."""
    monkeypatch.setattr(importing, "CONVERSATIONS", 2)
    with django_assert_max_num_queries(100) as asked:
        load(study, *(chat(str(number), "x", 0, "Hello") for number in range(20)))
    of_people = [query for query in asked.captured_queries if 'FROM "pipeline_person"' in query["sql"]]
    assert len(of_people) == (0 if connection.vendor == "postgresql" else 10)


def test_copy_that_fails_is_raised_when_it_is_settled(study: Study) -> None:
    person = factories.make_person(factories.make_corpus(study))
    rows = [(person.corpus_id, "token", person.source_id)]
    with pytest.raises(DatabaseError, match=r"(?i)unique"), transaction.atomic(), BulkInserts() as inserts:  # noqa: PT012
        inserts.insert(Person, ("corpus_id", "public_id", "source_id"), rows)
        inserts.settle()
    assert Person.objects.count() == 1
    assert connection.is_usable()


def corpus_first(corpus: Corpus) -> str:
    return Conversation.objects.filter(person__corpus=corpus).order_by("pk")[0].public_id


def test_tally_is_what_a_count_would_find(study: Study) -> None:
    """Of a corpus that two imports add to; a record that says nothing, one that stands, and one that is refused."""
    load(study, chat("p", "a", 0, "One", language="English"), chat("p", "b", 1, "Two"))
    corpus = Corpus.objects.get()
    assert tally_of(corpus) == count_corpora([corpus])[corpus.pk]
    assert tally_of(corpus) == Tally(2, 4, None, None, Counter({"English": 1, "": 1}), corpus_first(corpus))
    load(study, chat("p", "a", 0, "One"), chat("q", "c", 0, "Three", toxic=False), chat("p", "d", 1, "Place taken"))
    corpus.refresh_from_db()
    assert tally_of(corpus) == count_corpora([corpus])[corpus.pk]
    assert tally_of(corpus) == Tally(3, 6, 0, None, Counter({"English": 1, "": 2}), corpus_first(corpus))
    Corpus.objects.update(tally=None)
    load(study, chat("r", "e", 0, "Four", toxic=True))
    corpus.refresh_from_db()
    assert tally_of(corpus) == Tally(4, 8, 1, None, Counter({"English": 1, "": 3}), corpus_first(corpus))
