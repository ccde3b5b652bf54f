"""Which values of demographics may be shown: cells of enough people, and none that the others give away."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from django.db.models import Count

from annotation.models import Demographic
from studies.models import Study

Field = tuple[str, str]  # kind of rater, field


@dataclass(frozen=True)
class Cells:
    """``fields`` are released, with the values that may be shown; every other value of theirs is null."""

    fields: Mapping[Field, frozenset[str]]

    def shown(self, kind: str, known: Iterable[tuple[str, str | None]]) -> list[dict[str, str | None]]:
        """A person's fields and values, in order, as the release has them."""
        return [
            {"field": field, "value": value if value in self.fields[kind, field] else None}
            for field, value in sorted(known)
            if (kind, field) in self.fields
        ]


def cells_of(study: Study, min_cell: int) -> Cells:
    """Counted over the people who rate in any campaign of the study, each kind of rater apart."""
    people = Demographic.objects.filter(participant__study=study, participant__raters__isnull=False)
    counted = people.values_list("participant__kind", "field", "value").annotate(n=Count("participant", distinct=True))
    counts: dict[Field, dict[str | None, int]] = defaultdict(dict)
    for kind, field, value, n in counted.order_by():
        counts[kind, field][value] = n
    return Cells(
        {where: shown_values(values, min_cell) for where, values in counts.items() if sum(values.values()) >= min_cell}
    )


def shown_values(counts: Mapping[str | None, int], min_cell: int) -> frozenset[str]:
    """The values that at least ``min_cell`` people share, less the smallest where those hidden are fewer than that.

    Hidden on their own, few people could be told by subtracting what is shown from a total known from elsewhere.
    None counts those who were hidden before (an imported release).
    """
    visible = sorted((n, value) for value, n in counts.items() if value is not None and n >= min_cell)
    hidden = sum(counts.values()) - sum(n for n, _ in visible)
    while 0 < hidden < min_cell and visible:
        hidden += visible.pop(0)[0]
    return frozenset(value for _, value in visible)
