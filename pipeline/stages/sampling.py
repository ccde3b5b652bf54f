"""What a sample run among a stage's inputs leaves of its units: votes are asked for just what is put to raters."""

from __future__ import annotations

from collections.abc import Sequence

from pipeline.enums import Stage as StageName
from pipeline.models import Attribute, Prompt, ResponsePair, Run, SampledUnit
from pipeline.units import unit_key


class Sample:
    """The units that the sample runs among ``runs`` drew; without such a run, every unit there is."""

    def __init__(self, runs: Sequence[Run], instrument: str) -> None:
        self.instrument = instrument
        drawn = [run for run in runs if run.stage == StageName.SAMPLE]
        units = SampledUnit.objects.filter(run__in=drawn, instrument=instrument)
        self.keys = frozenset(units.values_list("unit_key", flat=True)) if drawn else None

    def holds(self, attribute: Attribute, prompt: Prompt | None = None, pair: ResponsePair | None = None) -> bool:
        return self.keys is None or unit_key(self.instrument, attribute, prompt, pair) in self.keys
