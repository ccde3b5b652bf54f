"""Importing responses and the pairs that people compared.

A generic response is known by its run, prompt and text, a personalized one by its run, prompt and person.
"""

from __future__ import annotations

from collections.abc import Sequence

from pipeline.domain.importing import Importer
from pipeline.domain.importing_attributes import AttributeFinder, merge_run
from pipeline.enums import Condition, Stage
from pipeline.models import Attribute, GivenAttribute, Person, Prompt, Response, ResponsePair, Run
from pipeline.sources.base import Located, Place
from pipeline.sources.records import MERGED, PairRecord, ResponseRecord

PAIR_MODES = ("gt_attributes", "no_context")  # the two conditions of a generator's pairs share one run


def respond_run(importer: Importer, corpus: str, generator: str, mode: str) -> Run:
    """One run per generator for what pairs are made of, one more for each other mode."""
    name = f"responses {corpus}" if mode in PAIR_MODES else f"responses {corpus} {mode}"
    modes = sorted(PAIR_MODES) if mode in PAIR_MODES else [mode]
    return importer.run(Stage.RESPOND, name, generator, inputs=[merge_run(importer, corpus)], modes=modes)


class ResponseShelf:
    """The responses of some prompts, found or made."""

    def __init__(self, importer: Importer, prompts: Sequence[Prompt]) -> None:
        self._importer = importer
        self._generic: dict[tuple[int, int], list[Response]] = {}
        self._personalized: dict[tuple[int, int, int], Response] = {}
        for row in Response.objects.filter(prompt__in=prompts, run__backend="imported").order_by("position"):
            self._shelve(row)

    def _shelve(self, row: Response) -> None:
        if row.person_id is None:
            self._generic.setdefault((row.run_id, row.prompt_id), []).append(row)
        else:
            self._personalized[row.run_id, row.prompt_id, row.person_id] = row

    def generic(self, run: Run, prompt: Prompt, text: str) -> Response:
        standing = self._generic.get((run.pk, prompt.pk), [])
        same = next((row for row in standing if row.text == text), None)
        self._importer.report.count("responses", 0, int(same is not None))
        return same or self._make(run, prompt, None, text, len(standing))

    def personalized(self, at: Place, run: Run, prompt: Prompt, person: Person, text: str) -> Response | None:
        """None, and a Problem, where another text stands for the person."""
        standing = self._personalized.get((run.pk, prompt.pk, person.pk))
        if standing is None:
            return self._make(run, prompt, person, text, 0)
        if standing.text != text:
            what = f"{run.model_name} stands already with another response for {person.source_id!r}"
            self._importer.problem(at, "response", what, "keep one of the two", text)
            return None
        self._importer.report.count("responses", 0, 1)
        return standing

    def _make(self, run: Run, prompt: Prompt, person: Person | None, text: str, position: int) -> Response:
        row = Response.objects.create(
            run=run,
            prompt=prompt,
            person=person,
            generator=run.model_name,
            condition=Condition.PERSONALIZED if person else Condition.GENERIC,
            position=position,
            text=text,
        )
        self._shelve(row)
        self._importer.add_rows(run, 1)
        self._importer.report.count("responses", 1)
        return row


def write_responses(importer: Importer, entries: Sequence[Located[ResponseRecord]]) -> None:
    people = importer.people(entry.record.person for entry in entries)
    prompts = importer.prompts(entry.record.prompt for entry in entries)
    shelf = ResponseShelf(importer, list(prompts.values()))
    for entry in entries:
        record, prompt = entry.record, prompts.get(entry.record.prompt)
        if prompt is None:
            importer.prompt_missing(entry.at, record.prompt)
            continue
        run = respond_run(importer, record.person.corpus, record.generator, record.mode)
        if record.personalized:
            shelf.personalized(entry.at, run, prompt, people[record.person], record.text)
        else:
            shelf.generic(run, prompt, record.text)


def write_pairs(importer: Importer, entries: Sequence[Located[PairRecord]]) -> None:
    """Pairs with both responses, and what the personalized one was given."""
    people = importer.people(entry.record.person for entry in entries)
    prompts = importer.prompts(entry.record.prompt for entry in entries)
    finder = AttributeFinder(importer, people, {(entry.record.person.corpus, MERGED) for entry in entries})
    shelf = ResponseShelf(importer, list(prompts.values()))
    rows = ResponsePair.objects.filter(prompt__in=prompts.values())
    standing = set(rows.values_list("generic", "personalized"))
    for entry in entries:
        record, prompt = entry.record, prompts.get(entry.record.prompt)
        if prompt is None:
            importer.prompt_missing(entry.at, record.prompt)
            continue
        given = finder.by_texts(entry.at, record.person, MERGED, record.given)
        if given is None:
            continue
        pair = _write_pair(importer, entry, shelf, prompt, people[record.person], given)
        if pair is not None:
            is_new = (pair.generic_id, pair.personalized_id) not in standing
            if is_new:
                pair.save()
                standing.add((pair.generic_id, pair.personalized_id))
            importer.report.count("response pairs", int(is_new), int(not is_new))


def _write_pair(
    importer: Importer,
    entry: Located[PairRecord],
    shelf: ResponseShelf,
    prompt: Prompt,
    person: Person,
    given: list[Attribute],
) -> ResponsePair | None:
    """The pair, not saved yet, of responses that are; None after a Problem."""
    record = entry.record
    run = respond_run(importer, record.person.corpus, record.generator, record.personalized_mode)
    personalized = shelf.personalized(entry.at, run, prompt, person, record.personalized)
    if personalized is None or not _give(importer, entry, personalized, given):
        return None
    run = respond_run(importer, record.person.corpus, record.generator, record.generic_mode)
    generic = shelf.generic(run, prompt, record.generic)
    return ResponsePair(
        person=person, prompt=prompt, generator=record.generator, generic=generic, personalized=personalized
    )


def _give(importer: Importer, entry: Located[PairRecord], response: Response, given: list[Attribute]) -> bool:
    standing = list(response.given_rows.values_list("attribute", flat=True))
    wanted = [attribute.pk for attribute in given]
    if standing and standing != wanted:
        what = "the personalized response stands already with other attributes"
        importer.problem(entry.at, "attributes", what, "keep one of the two records")
        return False
    if not standing:
        GivenAttribute.objects.bulk_create(
            GivenAttribute(response=response, attribute=attribute, position=position)
            for position, attribute in enumerate(given)
        )
    return True
