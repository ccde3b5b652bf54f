"""The texts that personal data is looked for in: conversations of an import, prompts of a study, responses and
attributes of a run."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import reduce
from itertools import islice
from operator import or_
from typing import Any

from django.db.models import Exists, OuterRef, Q, QuerySet

from pipeline.enums import RunState
from pipeline.models import REASON, STATEMENT, Attribute, Conversation, Prompt, Response, Run, WorkUnit
from studies.models import Study

# As units' subjects name them.
CONVERSATIONS, PROMPTS, RESPONSES, ATTRIBUTES = "import", "prompts", "responses", "attributes"
BLOCKS = {CONVERSATIONS: 25, PROMPTS: 200, RESPONSES: 100, ATTRIBUTES: 500}  # rows of one unit
ENDED = (RunState.COMPLETE, RunState.INCOMPLETE)


@dataclass(frozen=True)
class Held:
    """A text, and where a Mask says that it is: ``conversation_id`` or ``attribute_id`` and ``turn``, ``prompt_id``, or
    ``response_id``."""

    text: str
    place: Mapping[str, int]


@dataclass(frozen=True)
class Kind:
    rows: Callable[[], QuerySet[Any]]
    owner: str  # the field that says whose the rows are
    texts: Callable[[Any], Iterator[Held]]

    def load(self, blocks: Sequence[tuple[int, int, int]]) -> list[list[Held]]:
        """The texts of each block of (owner, first key, last key), in one query."""
        found: list[list[Held]] = [[] for _ in blocks]
        if not blocks:
            return found
        order = sorted(range(len(blocks)), key=lambda number: blocks[number][1])
        firsts = [blocks[number][1] for number in order]
        inside = [Q(**{self.owner: owner}, pk__gte=first, pk__lte=last) for owner, first, last in blocks]
        for row in self.rows().filter(reduce(or_, inside)).order_by("pk"):
            found[order[bisect_right(firsts, row.pk) - 1]] += self.texts(row)
        return found


def _turns_of(row: Conversation) -> Iterator[Held]:
    return (Held(said["content"], {"conversation_id": row.pk, "turn": turn}) for turn, said in enumerate(row.turns))


def _prompt(row: Prompt) -> Iterator[Held]:
    yield Held(row.text, {"prompt_id": row.pk})


def _response(row: Response) -> Iterator[Held]:
    yield Held(row.text, {"response_id": row.pk})


def _attribute(row: Attribute) -> Iterator[Held]:
    for place, text in ((STATEMENT, row.text), (REASON, row.reason)):
        if text:
            yield Held(text, {"attribute_id": row.pk, "turn": place})


KINDS: dict[str, Kind] = {
    CONVERSATIONS: Kind(lambda: Conversation.objects.only("pk", "turns"), "run", _turns_of),
    PROMPTS: Kind(lambda: Prompt.objects.only("pk", "text"), "study", _prompt),
    RESPONSES: Kind(lambda: Response.objects.only("pk", "text"), "run", _response),
    ATTRIBUTES: Kind(lambda: Attribute.objects.only("pk", "text", "reason"), "run", _attribute),
}


@dataclass(frozen=True)
class Shelf:
    """Texts of one kind and owner that were made after ``seen`` (a key)."""

    kind: str
    owner: int
    seen: int = 0

    def rows(self) -> QuerySet[Any]:
        kind = KINDS[self.kind]
        return kind.rows().filter(**{kind.owner: self.owner}, pk__gt=self.seen).order_by("pk")

    def blocks(self) -> Iterator[list[tuple[int, str]]]:
        """Keys and public ids."""
        pairs = self.rows().values_list("pk", "public_id").iterator()
        while block := list(islice(pairs, BLOCKS[self.kind])):
            yield block


def unseen_shelves(study: Study, done: QuerySet[Run]) -> list[Shelf]:
    """The study's prompts, responses and attributes that none of the mask runs ``done`` has seen; of runs that have
    ended alone, since what one that goes on makes may be committed after some with a greater key."""
    seen: dict[tuple[str, int], int] = {}
    for subject in WorkUnit.objects.filter(run__in=done.filter(inputs__isnull=True)).values_list("subject", flat=True):
        for kind in (PROMPTS, RESPONSES, ATTRIBUTES):
            if kind in subject:
                own = (kind, subject[kind])
                seen[own] = max(seen.get(own, 0), subject["last"])
    owners = [(PROMPTS, study.pk)]
    for kind, made in ((RESPONSES, Response), (ATTRIBUTES, Attribute)):
        by = study.runs.filter(Exists(made.objects.filter(run=OuterRef("pk"))), state__in=ENDED).order_by("pk")
        owners += [(kind, pk) for pk in by.values_list("pk", flat=True)]
    return [Shelf(*own, seen.get(own, 0)) for own in owners]
