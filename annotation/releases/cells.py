"""Which demographics may be shown: what a release says of a person, all fields together, it says of enough people.

This is k-anonymity by hiding single values: whatever somebody knows of a person from elsewhere, no combination of shown
values leads to fewer than k people, and those of whom something is hidden are as many that look alike.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import NamedTuple, TypeVar

from django.db.models import Count, Exists, OuterRef, QuerySet

from annotation.models import Demographic, Rater
from annotation.releases.errors import ReleaseRefused
from studies.models import Study

Who = TypeVar("Who")
Values = tuple[str | None, ...]  # of one person, by field; None: not shown


class FieldCells(NamedTuple):
    """A field that ``told`` people answered, and what a release would have of it: the values of ``shown`` people. The
    field is ``left_out`` where too few told it."""

    field: str
    told: int
    shown: int
    left_out: bool

    @property
    def hidden(self) -> int:
        return self.told - self.shown


@dataclass(frozen=True)
class InNumbers:
    """What a release would have of some fields, each apart, and of how many people: those who told any of them, and
    those of whom something would be hidden."""

    fields: tuple[FieldCells, ...]
    people: int
    touched: int

    @property
    def told(self) -> int:
        return sum(field.told for field in self.fields)

    @property
    def hidden(self) -> int:
        return sum(field.hidden for field in self.fields)


@dataclass(frozen=True)
class Cells:
    """What is said of each participant, by key; one who is not in it told nothing that is released."""

    told: Mapping[int, Mapping[str, str | None]]

    def shown(self, participant: int) -> list[dict[str, str | None]]:
        """Fields and values, in order, as the release has them."""
        return [{"field": field, "value": value} for field, value in self.told.get(participant, {}).items()]


def cells_of(study: Study, min_cell: int, fields: Collection[str] | None = None) -> Cells:
    """Of the people who rate in any campaign of the study, each kind of rater apart, and of these fields alone (None:
    all). They are held in memory."""
    told = _told(study, fields)
    return Cells({who: shown for known in told.values() for who, shown in shown_together(known, min_cell).items()})


def told_fields(study: Study) -> list[tuple[str, int]]:
    """The fields that people who rate told, in order, each with how many of them told it."""
    told = _of_raters(study).filter(value__isnull=False).order_by("field")
    return sorted(told.values_list("field").annotate(n=Count("participant", distinct=True)))


def chosen_fields(study: Study, names: Collection[str]) -> tuple[str, ...]:
    """The fields, in order. Raises ReleaseRefused for one that nobody who rates told."""
    known = [field for field, _ in told_fields(study)]
    for name in names:
        if name not in known:
            remedy = (
                f"choose among {', '.join(map(repr, known))}" if known else "leave it out, nothing is known of raters"
            )
            raise ReleaseRefused([f"demographics: nobody in {study.slug} told {name!r}; {remedy}"])
    return tuple(sorted(set(names)))


def cells_in_numbers(study: Study, min_cell: int, fields: Collection[str]) -> InNumbers:
    """What a release that holds these fields would show and hide of each, in order."""
    told, shown, left = Counter[str](), Counter[str](), set(fields)
    people = touched = 0
    for known in _told(study, fields).values():
        together = shown_together(known, min_cell)
        for who, values in known.items():
            said = together.get(who, {})
            left -= said.keys()
            given = [field for field, value in values.items() if value is not None]
            kept = [field for field in given if said.get(field) is not None]
            told.update(given)
            shown.update(kept)
            people += bool(given)
            touched += len(kept) < len(given)
    rows = tuple(FieldCells(field, told[field], shown[field], field in left) for field in sorted(fields))
    return InNumbers(rows, people, touched)


def _told(study: Study, fields: Collection[str] | None) -> dict[str, dict[int, dict[str, str | None]]]:
    """By kind of rater and participant."""
    told: dict[str, dict[int, dict[str, str | None]]] = defaultdict(lambda: defaultdict(dict))
    rows = _of_raters(study) if fields is None else _of_raters(study).filter(field__in=fields)
    for kind, participant, field, value in rows.values_list("participant__kind", "participant", "field", "value"):
        told[kind][participant][field] = value
    return told


def _of_raters(study: Study) -> QuerySet[Demographic]:
    return Demographic.objects.filter(
        Exists(Rater.objects.filter(participant=OuterRef("participant"))), participant__study=study
    )


def shown_together(told: Mapping[Who, Mapping[str, str | None]], least: int) -> dict[Who, dict[str, str | None]]:
    """What may be shown of each person, by field in order. Of what is shown so already nothing more is hidden.

    ``told``: what each told, None where it was hidden before. A field that fewer than ``least`` people told is left
    out. All others stand with everybody who told any of them; None is what is hidden, or was not told. No two fewer
    than ``least`` people are said the same of. It depends on what was told alone, not on who they are.
    """
    having = Counter(field for known in told.values() for field in known)
    fields = sorted(field for field, n in having.items() if n >= least)
    people = {
        who: tuple(known.get(field) for field in fields)
        for who, known in told.items()
        if any(field in known for field in fields)
    }
    shown = _shown_of(Counter(people.values()), least)
    return {who: dict(zip(fields, shown[values], strict=True)) for who, values in people.items()}


def _shown_of(people: Counter[Values], least: int) -> dict[Values, Values]:
    """What is shown of those who told the same, for each combination that ``people`` told.

    First every value that too few told alone. Then, as long as the same is said of too few, one field more of all
    those few: the one that leaves the fewest of them. Where nothing is left to hide and they are still too few, all
    that is said of the fewest others goes too: people less those who can be told would tell them.
    """
    shown = _without_rare(people, least)
    while few := _few(people, shown, least):
        places = sorted({place for told in few for place, value in enumerate(shown[told]) if value is not None})
        if not places:
            shown |= dict.fromkeys(_fewest(people, shown), next(iter(few.values())))
            continue
        tried = {place: shown | {told: _less(values, place) for told, values in few.items()} for place in places}
        left = {place: sum(people[told] for told in _few(people, each, least)) for place, each in tried.items()}
        telling = {place: len({values[place] for values in few.values()}) for place in places}
        shown = tried[min(places, key=lambda place: (left[place], -telling[place], place))]
    return shown


def _without_rare(people: Counter[Values], least: int) -> dict[Values, Values]:
    having: Counter[tuple[int, str | None]] = Counter()
    for told, n in people.items():
        for cell in enumerate(told):
            having[cell] += n
    return {
        told: tuple(value if having[place, value] >= least else None for place, value in enumerate(told))
        for told in people
    }


def _few(people: Counter[Values], shown: Mapping[Values, Values], least: int) -> dict[Values, Values]:
    """Those of whom the same is said as of fewer than ``least``: what they told, and what is shown."""
    sizes = _sizes(people, shown)
    return {told: values for told, values in shown.items() if sizes[values] < least}


def _fewest(people: Counter[Values], shown: Mapping[Values, Values]) -> list[Values]:
    """What those told of whom something is shown, and the same of the fewest."""
    sizes = {values: n for values, n in _sizes(people, shown).items() if any(value is not None for value in values)}
    least = min(sizes, key=lambda values: (sizes[values], [value or "" for value in values]))
    return [told for told, values in shown.items() if values == least]


def _sizes(people: Counter[Values], shown: Mapping[Values, Values]) -> Counter[Values]:
    sizes: Counter[Values] = Counter()
    for told, values in shown.items():
        sizes[values] += people[told]
    return sizes


def _less(values: Values, place: int) -> Values:
    return (*values[:place], None, *values[place + 1 :])
