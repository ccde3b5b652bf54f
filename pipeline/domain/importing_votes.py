"""Importing what was said about units: models' votes and published labels."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from analysis import schema
from pipeline.domain.importing import Importer
from pipeline.domain.importing_attributes import AttributeFinder, merge_run
from pipeline.enums import InstrumentName, LabelMethod, Stage, VoteStatus
from pipeline.models import Attribute, Label, Prompt, Run, Vote
from pipeline.sources.base import Located, Place
from pipeline.sources.records import LabelsRecord, VotesRecord
from pipeline.units import unit_key

NO_CAMPAIGN = ""
Standing = dict[tuple[int, str], list[Any]]  # what each (run, unit) says


def write_votes(importer: Importer, entries: Sequence[Located[VotesRecord]]) -> None:
    """One vote per (run, unit); the same vote again is nothing new, another one a Problem."""
    people = importer.people(entry.record.person for entry in entries)
    prompts = importer.prompts(entry.record.prompt for entry in entries)
    finder = AttributeFinder(importer, people, {(e.record.person.corpus, e.record.attributes) for e in entries})
    runs = {_vote_run_key(entry.record): _vote_run(importer, entry.record) for entry in entries}
    keys = {person.pk for person in people.values()}
    rows = Vote.objects.filter(run__in=runs.values(), attribute__person__in=keys)
    standing: Standing = {
        (run, unit): said for run, unit, *said in rows.values_list("run", "unit_key", "value", "reason")
    }
    for entry in entries:
        record, prompt = entry.record, prompts.get(entry.record.prompt)
        if prompt is None:
            importer.prompt_missing(entry.at, record.prompt)
            continue
        found = finder.by_texts(entry.at, record.person, record.attributes, [a.text for a in record.answers])
        if found is not None:
            _write_record_votes(importer, entry, runs[_vote_run_key(record)], prompt, found, standing)


def _vote_run_key(record: VotesRecord) -> tuple[str, str, str]:
    return record.group, record.model_name, record.person.corpus


def _vote_run(importer: Importer, record: VotesRecord) -> Run:
    source = merge_run(importer, record.person.corpus, record.attributes)
    return importer.run(Stage.SELECT, f"{record.group} {record.person.corpus}", record.model_name, inputs=[source])


def _write_record_votes(
    importer: Importer,
    entry: Located[VotesRecord],
    run: Run,
    prompt: Prompt,
    attributes: Sequence[Attribute],
    standing: Standing,
) -> None:
    rows = [
        Vote(
            run=run,
            instrument=InstrumentName.RELEVANCE,
            attribute=attribute,
            prompt=prompt,
            unit_key=unit_key(InstrumentName.RELEVANCE, attribute, prompt),
            status=VoteStatus.UNPARSEABLE if answer.value is None else VoteStatus.ANSWERED,
            value=answer.value,
            reason=answer.reason,
        )
        for answer, attribute in zip(entry.record.answers, attributes, strict=True)
    ]
    said: Standing = {(run.pk, row.unit_key): [row.value, row.reason] for row in rows}
    if not _agrees(importer, entry.at, f"{run.model_name} answered", said, standing):
        return
    new = Vote.objects.bulk_create([row for row in rows if (run.pk, row.unit_key) not in standing])
    standing.update(said)
    importer.add_rows(run, len(new))
    importer.report.count("model votes", len(new), len(rows) - len(new))


def _agrees(importer: Importer, at: Place, who: str, said: Standing, standing: Standing) -> bool:
    """Whether nothing in ``said`` contradicts what stands; a Problem where something does."""
    other = next((key for key, value in said.items() if standing.get(key, value) != value), None)
    if other is not None:
        what = f"{who} one of these attributes otherwise before ({standing[other][0]})"
        importer.problem(at, "items", what, "keep one of the two records", said[other][0])
    return other is None


def write_labels(importer: Importer, entries: Sequence[Located[LabelsRecord]]) -> None:
    """One label per (run, unit); a run for each split of a source's labels."""
    people = importer.people(entry.record.person for entry in entries)
    prompts = importer.prompts(entry.record.prompt for entry in entries)
    finder = AttributeFinder(importer, people, {(e.record.person.corpus, e.record.attributes) for e in entries})
    runs = {key: _label_run(importer, *key) for key in {(e.record.group, e.record.split) for e in entries}}
    keys = {person.pk for person in people.values()}
    rows = Label.objects.filter(run__in=runs.values(), attribute__person__in=keys)
    standing: Standing = {
        (run, unit): said for run, unit, *said in rows.values_list("run", "unit_key", "value", "n", "share")
    }
    for entry in entries:
        record, prompt = entry.record, prompts.get(entry.record.prompt)
        if prompt is None:
            importer.prompt_missing(entry.at, record.prompt)
            continue
        found = finder.by_texts(entry.at, record.person, record.attributes, [label.text for label in record.labels])
        if found is not None:
            _write_record_labels(importer, entry, runs[record.group, record.split], prompt, found, standing)


def _label_run(importer: Importer, group: str, split: str) -> Run:
    return importer.run(Stage.LABEL, f"labels {group} {split}".strip(), split=split)


def _write_record_labels(
    importer: Importer,
    entry: Located[LabelsRecord],
    run: Run,
    prompt: Prompt,
    attributes: Sequence[Attribute],
    standing: Standing,
) -> None:
    rows = [
        Label(
            run=run,
            campaign=NO_CAMPAIGN,
            method=LabelMethod.IMPORTED,
            instrument=InstrumentName.RELEVANCE,
            attribute=attribute,
            prompt=prompt,
            unit_key=unit_key(InstrumentName.RELEVANCE, attribute, prompt),
            value=label.value,
            score=schema.score_of(InstrumentName.RELEVANCE, label.value),
            n=label.n,
            share=label.share,
        )
        for label, attribute in zip(entry.record.labels, attributes, strict=True)
    ]
    said: Standing = {(run.pk, row.unit_key): [row.value, row.n, row.share] for row in rows}
    if not _agrees(importer, entry.at, "the labels gave", said, standing):
        return
    new = Label.objects.bulk_create([row for row in rows if (run.pk, row.unit_key) not in standing])
    standing.update(said)
    importer.add_rows(run, len(new))
    importer.report.count("labels", len(new), len(rows) - len(new))
