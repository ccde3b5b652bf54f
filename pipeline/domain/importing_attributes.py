"""Importing attributes: merged profiles with their originals, sets that a source only quotes, and evidence."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence

from pipeline.domain.importing import Importer
from pipeline.enums import Stage
from pipeline.models import Attribute, AttributeOrigin, Conversation, Evidence, Person, Run
from pipeline.sources.base import Located, Place
from pipeline.sources.records import (
    MERGED,
    AttributeSet,
    EvidenceRecord,
    Merged,
    Original,
    PersonRef,
    ProfileRecord,
)


def merge_run(importer: Importer, corpus: str, attributes: AttributeSet = MERGED) -> Run:
    """The imported run that an attribute set of a corpus belongs to."""
    if attributes.quoted:
        return importer.run(
            Stage.MERGE, f"{attributes.name} {corpus}", texts="as quoted by the source's answers and votes"
        )
    return importer.run(Stage.MERGE, f"merged {corpus}", inputs=[extract_run(importer, corpus)])


def extract_run(importer: Importer, corpus: str) -> Run:
    return importer.run(Stage.EXTRACT, f"originals {corpus}")


def write_profiles(importer: Importer, entries: Sequence[Located[ProfileRecord]]) -> None:
    """A person's attributes are written once. The same list again is nothing new; another list is a Problem."""
    people = importer.people(entry.record.person for entry in entries)
    standing = _profiles_of(importer, people)
    for entry in entries:
        ref, given = entry.record.person, entry.record.attributes
        if ref not in standing:
            _write_profile(importer, ref.corpus, people[ref], given)
            standing[ref] = given
        elif standing[ref] != given:
            what = f"{ref.source_id!r} stands already with other attributes"
            remedy = "attributes never change: import the new ones into another study"
            importer.problem(entry.at, "attributes", what, remedy)
        else:
            importer.report.count("attributes", 0, len(given))


def _profiles_of(importer: Importer, people: dict[PersonRef, Person]) -> dict[PersonRef, tuple[Merged, ...]]:
    """What stands of the people's merged attributes, in the form in which it was read."""
    refs = {person.pk: ref for ref, person in people.items()}
    corpora = {ref.corpus for ref in people}
    runs = [merge_run(importer, corpus) for corpus in corpora]
    rows = Attribute.objects.filter(run__in=runs, person__in=refs).order_by("person", "position")
    origins: dict[int, list[Original]] = defaultdict(list)
    for link in AttributeOrigin.objects.filter(attribute__in=rows.values("pk")).select_related("source"):
        source = link.source
        origins[link.attribute_id].append(Original(source.text or "", source.reason, source.confidence))
    found: dict[PersonRef, list[Merged]] = defaultdict(list)
    for row in rows:
        merged = Merged(row.text or "", row.reason, row.confidence, tuple(origins[row.pk]))
        found[refs[row.person_id]].append(merged)
    return {ref: tuple(profile) for ref, profile in found.items()}


def _write_profile(importer: Importer, corpus: str, person: Person, profile: tuple[Merged, ...]) -> None:
    extract, merge = extract_run(importer, corpus), merge_run(importer, corpus)
    first: list[Attribute] = []
    for merged in profile:
        for original in merged.originals:
            first.append(_attribute(extract, person, len(first), original))
    sources = iter(Attribute.objects.bulk_create(first))
    rows = Attribute.objects.bulk_create(
        [_attribute(merge, person, position, merged) for position, merged in enumerate(profile)]
    )
    AttributeOrigin.objects.bulk_create(
        AttributeOrigin(attribute=row, source=next(sources), position=position)
        for row, merged in zip(rows, profile, strict=True)
        for position in range(len(merged.originals))
    )
    importer.add_rows(extract, len(first))
    importer.add_rows(merge, len(rows))
    importer.report.count("attributes", len(rows))
    importer.report.count("originals of attributes", len(first))


def _attribute(run: Run, person: Person, position: int, source: Merged | Original) -> Attribute:
    return Attribute(
        run=run,
        person=person,
        position=position,
        text=source.text,
        reason=source.reason,
        confidence=source.confidence,
    )


class AttributeFinder:
    """Finds the attributes that records name by text or position; quoted sets are made as they are named."""

    def __init__(
        self, importer: Importer, people: dict[PersonRef, Person], sets: Iterable[tuple[str, AttributeSet]]
    ) -> None:
        self._importer, self._people = importer, people
        self._runs = {key: merge_run(importer, *key) for key in set(sets)}
        self._rows: dict[tuple[int, int], list[Attribute]] = defaultdict(list)
        for row in Attribute.objects.filter(
            run__in=self._runs.values(), person__in={person.pk for person in people.values()}
        ).order_by("position"):
            self._rows[row.run_id, row.person_id].append(row)

    def by_texts(
        self, at: Place, ref: PersonRef, attributes: AttributeSet, texts: Sequence[str]
    ) -> list[Attribute] | None:
        """One attribute for each text, in order. None, and a Problem, where one is unknown, doubtful or named twice."""
        if len(set(texts)) != len(texts):
            twice = next(text for i, text in enumerate(texts) if text in texts[:i])
            self._importer.problem(at, "attribute", "named twice in one record", "name it once", twice)
            return None
        run, rows = self._place(ref, attributes)
        if attributes.quoted:
            self._make(run, ref, [text for text in texts if text not in {row.text for row in rows}])
        by_text: dict[str | None, list[Attribute]] = defaultdict(list)
        for row in rows:
            by_text[row.text].append(row)
        wrong = next((text for text in texts if len(by_text[text]) != 1), None)
        if wrong is not None:
            self._explain(at, ref, wrong, len(by_text[wrong]), known=bool(rows))
            return None
        return [by_text[text][0] for text in texts]

    def by_positions(self, ref: PersonRef, attributes: AttributeSet, count: int) -> list[Attribute]:
        """The first ``count`` attributes of a set that only counts them; their texts are unknown."""
        run, rows = self._place(ref, attributes)
        self._make(run, ref, [None] * (count - len(rows)))
        return rows[:count]

    def _place(self, ref: PersonRef, attributes: AttributeSet) -> tuple[Run, list[Attribute]]:
        run = self._runs[ref.corpus, attributes]
        return run, self._rows[run.pk, self._people[ref].pk]

    def _make(self, run: Run, ref: PersonRef, texts: Sequence[str | None]) -> None:
        person = self._people[ref]
        rows = self._rows[run.pk, person.pk]
        made = [Attribute(run=run, person=person, position=len(rows) + i, text=text) for i, text in enumerate(texts)]
        rows.extend(Attribute.objects.bulk_create(made))
        self._importer.add_rows(run, len(made))
        self._importer.report.count("attributes", len(made))

    def _explain(self, at: Place, ref: PersonRef, text: str, count: int, known: bool) -> None:
        who = f"{ref.source_id!r} of {ref.corpus}"
        if count:
            what, remedy = f"stands {count} times among the attributes of {who}", "the text alone cannot say which"
        elif known:
            what, remedy = f"is no attribute of {who}", "check the person's id and the wording"
        else:
            what, remedy = f"{who} has no attributes", "import task5_items.jsonl with it or before it"
        self._importer.problem(at, "attribute", what, remedy, text)


def write_evidence(importer: Importer, entries: Sequence[Located[EvidenceRecord]]) -> None:
    """Whole turns as evidence of merged attributes; all of a record or, where it points outside, none of it."""
    people = importer.known_people(entry.record.person for entry in entries)
    keys = {person.pk for person in people.values()}
    runs = [merge_run(importer, corpus) for corpus in {ref.corpus for ref in people}]
    attributes: dict[int, list[Attribute]] = defaultdict(list)
    for row in Attribute.objects.filter(run__in=runs, person__in=keys).order_by("position"):
        attributes[row.person_id].append(row)
    chats = {
        (person, position): (key, len(turns))
        for key, person, position, turns in Conversation.objects.filter(person__in=keys).values_list(
            "pk", "person", "position", "turns"
        )
    }
    standing: dict[int, set[tuple[int, int]]] = defaultdict(set)
    for attribute, chat, turn in Evidence.objects.filter(
        attribute__run__in=runs, attribute__person__in=keys
    ).values_list("attribute", "conversation", "turn"):
        standing[attribute].add((chat, turn))
    new: list[Evidence] = []
    for entry in entries:
        person = people.get(entry.record.person)
        places = _evidence_places(importer, entry, person, attributes[person.pk] if person else [], chats)
        new += _new_evidence(importer, entry, places, standing)
    Evidence.objects.bulk_create(new)
    importer.report.count("evidence turns", len(new))


def _evidence_places(
    importer: Importer,
    entry: Located[EvidenceRecord],
    person: Person | None,
    attributes: Sequence[Attribute],
    chats: dict[tuple[int, int], tuple[int, int]],
) -> list[tuple[Attribute, set[tuple[int, int]]]]:
    """(conversation, turn) by attribute; empty after a Problem."""
    places, who = entry.record.places, entry.record.person
    if person is None or len(places) != len(attributes):
        what = f"{len(places)} entries for {len(attributes)} attributes of {who.source_id!r} of {who.corpus}"
        importer.problem(entry.at, "evidence", what, "give one entry per merged attribute, and import those with it")
        return []
    found = []
    for i, (attribute, place) in enumerate(zip(attributes, places, strict=True)):
        if place is None:
            continue
        chat, n_turns = chats.get((person.pk, place.conversation), (0, 0))
        if not chat:
            what = f"{who.source_id!r} has no conversation {place.conversation}"
            importer.problem(
                entry.at, f"evidence[{i}].conv_idx", what, "count from 0, in the file's order", place.conversation
            )
            return []
        if outside := [turn for turn in place.turns if turn >= n_turns]:
            what = f"conversation {place.conversation} has only {n_turns} turns"
            importer.problem(entry.at, f"evidence[{i}].turn_idxs", what, "count turns from 0", outside)
            return []
        found.append((attribute, {(chat, turn) for turn in place.turns}))
    return found


def _new_evidence(
    importer: Importer,
    entry: Located[EvidenceRecord],
    places: list[tuple[Attribute, set[tuple[int, int]]]],
    standing: dict[int, set[tuple[int, int]]],
) -> list[Evidence]:
    rows = []
    for attribute, wanted in places:
        if standing[attribute.pk] and standing[attribute.pk] != wanted:
            who = entry.record.person.source_id
            what = f"attribute {attribute.position} of {who!r} stands already with other evidence"
            importer.problem(entry.at, "evidence", what, "evidence never changes: import it into another study")
            return []
        if not standing[attribute.pk]:
            standing[attribute.pk] = wanted
            rows += [Evidence(attribute=attribute, conversation_id=chat, turn=turn) for chat, turn in sorted(wanted)]
    return rows
