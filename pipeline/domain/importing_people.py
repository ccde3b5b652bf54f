"""Importing who is there and what they are asked: corpora, people, prompts."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from pipeline.domain.importing import Importer
from pipeline.domain.tallies import Tally
from pipeline.models import Corpus, PersonPrompt, Prompt
from pipeline.sources.base import Located
from pipeline.sources.records import CorpusRecord, PromptRecord, PromptRef


def write_corpora(importer: Importer, entries: Sequence[Located[CorpusRecord]]) -> None:
    for entry in entries:
        record = entry.record
        fields: dict[str, Any] = {"title": record.title, "kind": record.kind, "source_format": record.source_format}
        fields |= {"licence": record.licence, "provenance": record.provenance, "tally": Tally().as_json()}
        corpus, made = Corpus.objects.get_or_create(study=importer.study, slug=record.slug, defaults=fields)
        importer.report.count("corpora", int(made), int(not made))
        if made:
            importer.corpus_made(corpus)
        if corpus.kind != record.kind:
            remedy = "import it into another study, or give the kind that stands"
            importer.problem(entry.at, "", f"corpus {record.slug!r} stands as {corpus.kind}", remedy, record.kind)


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
