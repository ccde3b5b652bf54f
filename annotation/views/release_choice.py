"""Which of what raters told a release is to hold, as the page that asks for one shows it: the fields, and what of them
would be hidden."""

from __future__ import annotations

from dataclasses import dataclass

from django.http import QueryDict

from annotation.domain.releasing import demographics_of_last
from annotation.releases.cells import InNumbers, cells_in_numbers, chosen_fields, told_fields
from annotation.releases.settings import DEFAULTS
from studies.models import Study


@dataclass(frozen=True)
class Field:
    """``told``: how many raters told it."""

    name: str
    told: int
    chosen: bool


@dataclass(frozen=True)
class Choice:
    """``numbers`` are those of the chosen fields; ``least``: of how many people the same is said at least."""

    fields: tuple[Field, ...]
    numbers: InNumbers
    least: int = DEFAULTS.min_cell


def choice_of(study: Study, given: QueryDict) -> Choice | None:
    """By what the page's form says, else by the last release; the first one holds all. None where nobody told any."""
    told = told_fields(study)
    if not told:
        return None
    wanted = given.getlist("field") if "chosen" in given else demographics_of_last(study)
    fields = tuple(Field(name, n, wanted is None or name in wanted) for name, n in told)
    chosen = [field.name for field in fields if field.chosen]
    return Choice(fields, cells_in_numbers(study, DEFAULTS.min_cell, chosen))


def chosen_in(study: Study, given: QueryDict) -> tuple[str, ...] | None:
    """What a release asked for by this form holds; where the form does not say, the same as the last one. Raises
    ReleaseRefused for a field that nobody told."""
    return chosen_fields(study, given.getlist("field")) if "chosen" in given else demographics_of_last(study)
