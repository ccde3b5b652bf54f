"""Drawing the units to be judged: seeded, exact in number, on record as a Run of stage ``sample``."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from django.db import transaction
from django.db.models.functions import Now

from annotation.domain.errors import AnnotationError
from annotation.domain.seeding import shuffled
from annotation.instruments import INSTRUMENTS, Material
from annotation.instruments.base import PlannedItem
from pipeline.enums import RunState, Stage
from pipeline.models import Attribute, Run, RunInput, SampledUnit
from pipeline.units import unit_key
from studies.models import Study, User

ALL = 1_000_000  # questions on a page: one page holds everything that belongs together


class Drawn(NamedTuple):
    """What was drawn of one page's worth of material."""

    plan: PlannedItem
    attributes: list[Attribute]


@transaction.atomic
def sample_units(
    *,
    study: Study,
    instrument: str,
    material: Material,
    n: int,
    seed: str,
    n_pages: int | None = None,
    actor: User | None = None,
) -> Run:
    """Draw ``n`` of the units that a campaign of this material would ask, as a Run to put into Material.sample_runs.

    ``n_pages`` also fixes over how many people, prompts or pairs (whatever a page of the instrument is about) they are
    spread, each with at least one. The same material in the same order, numbers and seed draw the same.
    Raises AnnotationError where there are too few to draw from; the message says how many there are.
    """
    plans = list(INSTRUMENTS[instrument].plan_items(material, ALL, seed))
    drawn = _draw_units(plans, n, seed) if n_pages is None else _draw_pages(plans, n_pages, n, seed)
    run = Run.objects.create(
        study=study,
        stage=Stage.SAMPLE,
        backend="seeded",
        parameters={"instrument": instrument, "n": n, "n_pages": n_pages, "seed": seed},
        state=RunState.COMPLETE,
        n_units=n,
        n_done=n,
        created_by=actor,
        started_at=Now(),
        finished_at=Now(),
    )
    sources = {*material.attribute_runs, *material.respond_runs, *material.label_runs}
    RunInput.objects.bulk_create(RunInput(run=run, source=source) for source in sorted(sources, key=lambda r: r.pk))
    SampledUnit.objects.bulk_create(_rows(run, instrument, drawn), batch_size=1000)
    run.refresh_from_db()
    return run


def _draw_units(plans: Sequence[PlannedItem], n: int, seed: str) -> list[Drawn]:
    units = [(page, place) for page, plan in enumerate(plans) for place in range(len(plan.attributes))]
    if len(units) < n:
        raise AnnotationError(f"{n} units are wanted and there are {len(units)}; make more material or ask for fewer.")
    chosen: dict[int, list[int]] = {}
    for page, place in sorted(shuffled(units, seed, "units")[:n]):
        chosen.setdefault(page, []).append(place)
    return [Drawn(plans[page], [plans[page].attributes[place] for place in places]) for page, places in chosen.items()]


def _draw_pages(plans: Sequence[PlannedItem], n_pages: int, n: int, seed: str) -> list[Drawn]:
    """Pages at random; the smallest of them give way to larger ones only where they hold too few units together."""
    if len(plans) < n_pages or n < n_pages:
        raise AnnotationError(f"{n_pages} pages of {n} units are wanted and there are {len(plans)} pages.")
    order = shuffled(plans, seed, "pages")
    chosen, others = order[:n_pages], sorted(order[n_pages:], key=_size, reverse=True)
    while sum(map(_size, chosen)) < n and others and _size(others[0]) > min(map(_size, chosen)):
        chosen[chosen.index(min(chosen, key=_size))] = others.pop(0)
    if sum(map(_size, chosen)) < n:
        raise AnnotationError(f"{n} units are wanted, and {n_pages} pages hold {sum(map(_size, chosen))} at most.")
    return _spread_over(chosen, n, seed)


def _size(plan: PlannedItem) -> int:
    return len(plan.attributes)


def _spread_over(pages: list[PlannedItem], n: int, seed: str) -> list[Drawn]:
    """One unit of each page, then further ones at random, ``n`` together."""
    mixed = [shuffled(range(_size(plan)), seed, "page", number) for number, plan in enumerate(pages)]
    further = [(number, place) for number, places in enumerate(mixed) for place in places[1:]]
    kept = [[places[0]] for places in mixed]
    for number, place in shuffled(further, seed, "further")[: n - len(pages)]:
        kept[number].append(place)
    return [
        Drawn(plan, [plan.attributes[place] for place in sorted(places)])
        for plan, places in zip(pages, kept, strict=True)
    ]


def _rows(run: Run, instrument: str, drawn: list[Drawn]) -> list[SampledUnit]:
    return [
        SampledUnit(
            run=run,
            instrument=instrument,
            attribute=attribute,
            prompt=plan.prompt,
            pair=plan.pair,
            unit_key=unit_key(instrument, attribute, plan.prompt, plan.pair),
        )
        for plan, attributes in drawn
        for attribute in attributes
    ]
