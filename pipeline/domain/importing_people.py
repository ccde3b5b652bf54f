"""Importing who is there and what they said: corpora, people, conversations, prompts."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence

from pipeline.domain.importing import Importer
from pipeline.models import Conversation, Corpus, Person, PersonPrompt, Prompt
from pipeline.sources.base import Located
from pipeline.sources.records import ConversationRecord, CorpusRecord, PromptRecord, PromptRef


def write_corpora(importer: Importer, entries: Sequence[Located[CorpusRecord]]) -> None:
    for entry in entries:
        record = entry.record
        fields = {"title": record.title, "kind": record.kind, "source_format": record.source_format}
        fields |= {"licence": record.licence, "provenance": record.provenance}
        corpus, made = Corpus.objects.get_or_create(study=importer.study, slug=record.slug, defaults=fields)
        importer.report.count("corpora", int(made), int(not made))
        if corpus.kind != record.kind:
            remedy = "import it into another study, or give the kind that stands"
            importer.problem(entry.at, "", f"corpus {record.slug!r} stands as {corpus.kind}", remedy, record.kind)


def write_conversations(importer: Importer, entries: Sequence[Located[ConversationRecord]]) -> None:
    people = importer.people(entry.record.person for entry in entries)
    keys = [person.pk for person in people.values()]
    standing: dict[tuple[int, str], str] = {}
    places: dict[tuple[int, int], str] = {}
    rows = Conversation.objects.filter(person__in=keys).values_list("person", "source_id", "sha256", "position")
    for key, name, digest, position in rows:
        standing[key, name], places[key, position] = digest, name
    new: list[Conversation] = []
    for entry in entries:
        record, person = entry.record, people[entry.record.person]
        row = _conversation(record, person)
        if (person.pk, record.source_id) in standing:
            if standing[person.pk, record.source_id] != row.sha256:
                what = "a conversation of this id stands already with other content"
                remedy = "give it an id of its own, or import it into another study"
                importer.problem(entry.at, "conversation_hash", what, remedy, record.source_id)
            continue
        if other := places.get((person.pk, record.position)):
            what = f"{other!r} stands already as conversation {record.position} of {record.person.source_id!r}"
            importer.problem(entry.at, "conversation_hash", what, "keep the file's order", record.source_id)
            continue
        standing[person.pk, record.source_id], places[person.pk, record.position] = row.sha256, record.source_id
        new.append(row)
    if new:
        run = importer.import_run()
        for row in new:
            row.run = run
        Conversation.objects.bulk_create(new)
        importer.add_rows(run, len(new))
    importer.report.count("conversations", len(new), len(entries) - len(new))


def _conversation(record: ConversationRecord, person: Person) -> Conversation:
    turns = [{"role": turn.role, "content": turn.content} for turn in record.turns]
    digest = hashlib.sha256(json.dumps(turns, ensure_ascii=False, sort_keys=True).encode()).hexdigest()
    return Conversation(
        person=person,
        source_id=record.source_id,
        position=record.position,
        turns=turns,
        n_turns=len(turns),
        language=record.language,
        model_name=record.model_name,
        started_at=record.started_at,
        sha256=digest,
    )


def write_prompts(importer: Importer, entries: Sequence[Located[PromptRecord]]) -> None:
    """Prompts, and whom they are put to. One reference has one text."""
    standing = importer.prompts(entry.record.prompt for entry in entries)
    new: dict[PromptRef, Prompt] = {}
    good: list[PromptRecord] = []
    for entry in entries:
        ref, text = entry.record.prompt, entry.record.text
        row = standing.get(ref) or new.get(ref)
        if row is None:
            new[ref] = Prompt(study=importer.study, source=ref.source, source_id=ref.source_id, text=text)
        elif row.text != text:
            remedy = "one index names one prompt; correct the one that is wrong"
            importer.problem(entry.at, "prompt_text", f"prompt {ref.source_id} has another text", remedy, text)
            continue
        good.append(entry.record)
    Prompt.objects.bulk_create(new.values())
    importer.report.count("prompts", len(new), len(standing))
    _put_to(importer, good, standing | new)


def _put_to(importer: Importer, records: Sequence[PromptRecord], prompts: dict[PromptRef, Prompt]) -> None:
    people = importer.people(ref for record in records for ref in record.people)
    wanted = {(people[ref].pk, prompts[record.prompt].pk) for record in records for ref in record.people}
    rows = PersonPrompt.objects.filter(person__in={person.pk for person in people.values()})
    missing = sorted(wanted - set(rows.values_list("person", "prompt")))
    PersonPrompt.objects.bulk_create(PersonPrompt(person_id=person, prompt_id=prompt) for person, prompt in missing)
    importer.report.count("(person, prompt)", len(missing), len(wanted) - len(missing))
