"""What a unit of work is about, in words: whose attribute, which prompt, which conversation."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from pipeline.domain.masking import shown_attributes, shown_prompts
from pipeline.models import Attribute, Conversation, Finding, Person, Prompt, ResponsePair, Vote, WorkUnit


@dataclass(frozen=True)
class Part:
    """One thing that a unit is about. ``conversation`` is the public id of the one to read, "" where there is none."""

    name: str
    text: str
    conversation: str = ""


Parts = tuple[Part, ...]


def subjects_in_words(units: Sequence[WorkUnit]) -> dict[int, Parts]:
    """The parts of each unit by its key, in the order of NAMED; a number of queries that does not grow with them.

    What has gone, or is of a kind unknown here, is left out: a unit may have no part, and its own key then names it.
    """
    wanted: dict[str, set[int]] = defaultdict(set)
    for unit in units:
        for name in NAMED.keys() & unit.subject.keys():
            wanted[name].add(int(unit.subject[name]))
    found = {name: NAMED[name](keys) for name, keys in wanted.items()}
    return {unit.pk: _parts(unit, found) for unit in units}


def units_in_words(rows: Sequence[Vote | Finding]) -> list[Parts]:
    """What votes or findings are about; attributes with people, prompts and pairs should be loaded with them."""
    prompts = {row.pk: prompt for row in rows if (prompt := row.pair.prompt if row.pair else row.prompt)}
    shown, stated = shown_prompts(prompts.values()), shown_attributes(row.attribute for row in rows)
    found = []
    for row in rows:
        about = [_person(row.attribute.person), Part("Attribute", stated[row.attribute_id])]
        about += [_prompt(shown[prompts[row.pk].pk])] if row.pk in prompts else []
        about += [Part("Responses of", row.pair.generator)] if row.pair else []
        found.append(tuple(about))
    return found


def _parts(unit: WorkUnit, found: dict[str, dict[int, Parts]]) -> Parts:
    parts: dict[str, Part] = {}
    for name in NAMED:
        for part in found.get(name, {}).get(int(unit.subject.get(name, 0)), ()):
            parts.setdefault(part.name, part)  # a pair and its attribute name the same person
    return tuple(parts.values())


def _people(keys: Iterable[int]) -> dict[int, Parts]:
    return {pk: (_person(person),) for pk, person in Person.objects.in_bulk(keys).items()}


def _conversations(keys: Iterable[int]) -> dict[int, Parts]:
    rows = Conversation.objects.select_related("person").defer("turns").in_bulk(keys)
    return {pk: (_person(row.person), Part("Conversation", row.source_id, row.public_id)) for pk, row in rows.items()}


def _prompts(keys: Iterable[int]) -> dict[int, Parts]:
    shown = shown_prompts(Prompt.objects.in_bulk(keys).values())
    return {pk: (_prompt(text),) for pk, text in shown.items()}


def _attributes(keys: Iterable[int]) -> dict[int, Parts]:
    rows = Attribute.objects.select_related("person").in_bulk(keys)
    stated = shown_attributes(rows.values())
    return {pk: (_person(row.person), Part("Attribute", stated[pk])) for pk, row in rows.items()}


def _pairs(keys: Iterable[int]) -> dict[int, Parts]:
    rows = ResponsePair.objects.select_related("person", "prompt").in_bulk(keys)
    shown = shown_prompts(row.prompt for row in rows.values())
    return {
        pk: (_person(row.person), _prompt(shown[row.prompt_id]), Part("Responses of", row.generator))
        for pk, row in rows.items()
    }


def _person(person: Person) -> Part:
    return Part("Person", person.source_id)


def _prompt(text: str) -> Part:
    return Part("Prompt", text)


# The names that stages give to what their units are about.
NAMED: dict[str, Callable[[Iterable[int]], dict[int, Parts]]] = {
    "person": _people,
    "conversation": _conversations,
    "attribute": _attributes,
    "prompt": _prompts,
    "pair": _pairs,
}
