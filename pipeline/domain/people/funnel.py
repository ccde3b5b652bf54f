"""The filters, one after the other in one order, and what each took. Numbers in, numbers out: no database."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict, dataclass

import numpy as np
from numpy.typing import NDArray

from pipeline.domain.people.openings import groups_alike
from pipeline.domain.people.parameters import PeopleParameters
from pipeline.domain.people.reading import Conversations

Mask = NDArray[np.bool_]
Rows = NDArray[np.intp]


@dataclass(frozen=True)
class Step:
    """What one filter took of what the filters before it had left, and what it left. ``says``: what it asks for."""

    filter: str
    says: str
    conversations_taken: int
    people_taken: int
    conversations_left: int
    people_left: int

    def as_json(self) -> dict[str, str | int]:
        return asdict(self)


@dataclass(frozen=True)
class Filter:
    """``passes`` says of every row whether it may stay, given what is kept so far; a person's filter decides of all
    their rows alike. It is asked once, and its answer for rows that are gone already does not matter."""

    name: str
    says: Callable[[PeopleParameters], str]
    passes: Callable[[Conversations, Mask, PeopleParameters], Mask]


def run_funnel(table: Conversations, parameters: PeopleParameters) -> tuple[Mask, list[Step]]:
    """Which conversations are left, and one step for each filter in FILTERS, whether it took anything or not."""
    kept = np.ones(len(table), dtype=bool)
    steps: list[Step] = []
    for each in FILTERS:
        before = _counts(table, kept)
        kept &= each.passes(table, kept, parameters)
        after = _counts(table, kept)
        taken = (before[0] - after[0], before[1] - after[1])
        steps.append(Step(each.name, each.says(parameters), *taken, *after))
    return kept, steps


def per_person(table: Conversations, kept: Mask, weights: NDArray[np.int32] | None = None) -> NDArray[np.int64]:
    """Kept conversations of each person, or the sum of ``weights`` over them."""
    chosen = weights[kept] if weights is not None else None
    return np.bincount(table.person[kept], chosen, minlength=len(table.person_keys)).astype(np.int64)


def _counts(table: Conversations, kept: Mask) -> tuple[int, int]:
    return int(kept.sum()), int(np.count_nonzero(per_person(table, kept)))


def _in_language(table: Conversations, _kept: Mask, _parameters: PeopleParameters) -> Mask:
    return table.language


def _not_toxic(table: Conversations, _kept: Mask, _parameters: PeopleParameters) -> Mask:
    return ~table.toxic


def _not_redacted(table: Conversations, _kept: Mask, _parameters: PeopleParameters) -> Mask:
    return ~table.redacted


def _first_of_its_kind(table: Conversations, kept: Mask, _parameters: PeopleParameters) -> Mask:
    """Of conversations with the same turns the first by rank stays, whoever the others belong to."""
    rows = np.flatnonzero(kept)
    rows = rows[np.argsort(table.rank[rows])]
    _, first = np.unique(table.content[rows], return_index=True)
    return _marked(len(table), rows[first])


def _no_template(table: Conversations, kept: Mask, parameters: PeopleParameters) -> Mask:
    """Openings that ``template_people`` people or more share are not their own words."""
    rows, groups = _groups(table, kept, parameters)
    pairs = np.unique(_of_person(table, rows, groups))
    people = np.bincount(pairs // len(table.person_keys), minlength=len(rows))
    return ~_marked(len(table), rows[people[groups] >= parameters.template_people])


def _not_scripted(table: Conversations, kept: Mask, parameters: PeopleParameters) -> Mask:
    """A person is scripted when more than ``scripted_share`` of what is left of theirs opens like another of theirs."""
    rows, groups = _groups(table, kept, parameters)
    _, which, sizes = np.unique(_of_person(table, rows, groups), return_inverse=True, return_counts=True)
    alike = per_person(table, _marked(len(table), rows[sizes[which] > 1]))
    scripted = alike > parameters.scripted_share * per_person(table, kept)
    return ~scripted[table.person]


def _groups(table: Conversations, kept: Mask, parameters: PeopleParameters) -> tuple[Rows, NDArray[np.int32]]:
    """The kept rows that can be compared, and the group of openings that each belongs to."""
    rows = np.flatnonzero(kept & table.comparable)
    return rows, groups_alike(table.opening, rows, table.rank, parameters.similarity)


def _of_person(table: Conversations, rows: Rows, groups: NDArray[np.int32]) -> NDArray[np.int64]:
    """One number for each (group, person)."""
    return groups.astype(np.int64) * len(table.person_keys) + table.person[rows]


def _enough_conversations(table: Conversations, kept: Mask, parameters: PeopleParameters) -> Mask:
    return (per_person(table, kept) >= parameters.min_conversations)[table.person]


def _enough_turns(table: Conversations, kept: Mask, parameters: PeopleParameters) -> Mask:
    return (per_person(table, kept, table.turns) >= parameters.min_turns)[table.person]


def _marked(n: int, rows: Rows) -> Mask:
    marks = np.zeros(n, dtype=bool)
    marks[rows] = True
    return marks


def _turns_in_words(parameters: PeopleParameters) -> str:
    unit = "messages of the person and the assistant" if parameters.turns_counted == "messages" else "of the person"
    return f"at least {parameters.min_turns} turns ({unit})"


FILTERS = (
    Filter("language", lambda p: f"in {p.language}" if p.language else "in any language", _in_language),
    Filter("toxic", lambda p: "not marked as toxic", _not_toxic),
    Filter("redacted", lambda p: "not marked as redacted", _not_redacted),
    Filter("duplicate", lambda p: "not a copy of another conversation", _first_of_its_kind),
    Filter("template", lambda p: f"no opening that {p.template_people} people or more share", _no_template),
    Filter("scripted", lambda p: f"at most {p.scripted_share:.0%} of a person's openings alike", _not_scripted),
    Filter("conversations", lambda p: f"at least {p.min_conversations} conversations", _enough_conversations),
    Filter("turns", _turns_in_words, _enough_turns),
)
