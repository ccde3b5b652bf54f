"""What an instrument is: how its items are planned from material, and what its page shows (material.py)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise
from typing import Protocol, TypeVar

from annotation.instruments.material import OwnTexts, PageMaterial
from annotation.models import Assignment, Question
from pipeline.models import Attribute, Prompt, ResponsePair, Run, SampledUnit
from pipeline.units import unit_key

T = TypeVar("T")


@dataclass(frozen=True)
class Material:
    """The runs that a campaign's items are built from.

    ``attribute_runs`` made the attributes to be judged; ``respond_runs`` the personalized responses of the pairs;
    ``label_runs`` say which attributes are relevant (empty: those that the personalized response was given);
    ``sample_runs`` drew the units to be judged (empty: all of them).
    """

    attribute_runs: tuple[Run, ...] = ()
    respond_runs: tuple[Run, ...] = ()
    label_runs: tuple[Run, ...] = ()
    sample_runs: tuple[Run, ...] = ()

    @cached_property
    def _sampled(self) -> frozenset[str]:
        units = SampledUnit.objects.filter(run__in=self.sample_runs)
        return frozenset(units.values_list("unit_key", flat=True))

    def wanted(
        self,
        instrument: str,
        attributes: Iterable[Attribute],
        prompt: Prompt | None = None,
        pair: ResponsePair | None = None,
    ) -> list[Attribute]:
        """Those whose unit was sampled; all of them where no sample run says otherwise."""
        if not self.sample_runs:
            return list(attributes)
        return [each for each in attributes if unit_key(instrument, each, prompt, pair) in self._sampled]


@dataclass(frozen=True)
class PlannedItem:
    """One page of work before it is stored; its questions are its attributes, in this order."""

    attributes: tuple[Attribute, ...]
    prompt: Prompt | None = None
    pair: ResponsePair | None = None


@dataclass(frozen=True)
class Choice:
    value: str
    label: str
    key: str  # the key that gives it, printed on the button


class Instrument(Protocol):
    """A kind of question put to raters. A new one is one file here, one line in INSTRUMENTS and one template."""

    name: str
    title: str
    question: str  # what is asked of every unit, in one sentence; pages translate it, and the labels of choices
    template: str
    choices: tuple[Choice, ...]
    has_sides: bool

    def plan_items(self, material: Material, questions_per_item: int, seed: str) -> Iterator[PlannedItem]:
        """Pages of at most ``questions_per_item`` questions, the same for the same material and seed."""

    def page(self, assignment: Assignment, questions: Sequence[Question]) -> PageMaterial:
        """What the page shows, questions in the order given."""

    def page_of_texts(self, texts: OwnTexts) -> PageMaterial | None:
        """The same from the item's own texts alone; None where the page shows more than those."""


def even_parts(things: Sequence[T], most: int) -> list[Sequence[T]]:
    """Cut into the fewest parts of at most ``most``, their sizes within one of each other, order kept."""
    if not things:
        return []
    n = -(-len(things) // most)
    size, larger = divmod(len(things), n)
    bounds = [0]
    for part in range(n):
        bounds.append(bounds[-1] + size + (part < larger))
    return [things[start:end] for start, end in pairwise(bounds)]
