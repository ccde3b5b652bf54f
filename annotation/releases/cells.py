"""Which demographics may be shown: what a release says of a person, all fields together, it says of enough people.

This is k-anonymity by hiding single values: whatever somebody knows of a person from elsewhere, no combination of shown
values leads to fewer than k people, and those of whom something is hidden are as many that look alike.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TypeVar

from annotation.models import Demographic
from studies.models import Study

Who = TypeVar("Who")
Values = tuple[str | None, ...]  # of one person, by field; None: not shown


@dataclass(frozen=True)
class Cells:
    """What is said of each participant, by key; one who is not in it told nothing that is released."""

    told: Mapping[int, Mapping[str, str | None]]

    def shown(self, participant: int) -> list[dict[str, str | None]]:
        """Fields and values, in order, as the release has them."""
        return [{"field": field, "value": value} for field, value in self.told.get(participant, {}).items()]


def cells_of(study: Study, min_cell: int) -> Cells:
    """Of the people who rate in any campaign of the study, each kind of rater apart. They are held in memory."""
    told: dict[str, dict[int, dict[str, str | None]]] = defaultdict(lambda: defaultdict(dict))
    people = Demographic.objects.filter(participant__study=study, participant__raters__isnull=False).distinct()
    for kind, participant, field, value in people.values_list("participant__kind", "participant", "field", "value"):
        told[kind][participant][field] = value
    return Cells({who: shown for known in told.values() for who, shown in shown_together(known, min_cell).items()})


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
