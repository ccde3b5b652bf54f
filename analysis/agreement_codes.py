"""One campaign's answers as whole numbers: what every figure of agreement is computed from."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt
import polars as pl
from scipy.sparse import csr_matrix

from analysis.jackknife import Way, ways_of
from analysis.longform import MODEL, PEOPLE_KINDS, names_and_codes
from analysis.schema import LEVELS, PREFERENCE, VALUES, Level

Codes = npt.NDArray[np.int32]
Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]
Mask = npt.NDArray[np.bool_]

PEOPLE, MODELS, ALL = "raters", "models", "all"
MATERIAL = ("person", "prompt", "corpus")  # of each unit, as far as it is known
MEMBERS = {PEOPLE: PEOPLE_KINDS, MODELS: (MODEL,), ALL: (*PEOPLE_KINDS, MODEL)}


@dataclass(frozen=True)
class Coded:
    """Answers of one campaign, one entry an answer, sorted by unit and rater.

    ``unit``, ``rater``, ``value``: places in the units (sorted by key), ``raters`` and ``values``. ``values`` holds the
    scale of the instrument and whatever else was answered (3.5: a model's mean over both orders), by score; ``scores``
    stands beside it. ``kinds`` stands beside ``raters``, which are sorted.
    """

    campaign: str
    instrument: str
    raters: tuple[str, ...]
    kinds: tuple[str, ...]
    values: tuple[str, ...]
    scores: Floats
    n_units: int
    unit: Codes
    rater: Codes
    value: Codes
    person: Codes  # of each unit, shape (n_units,): whose it is, or the unit itself where that is not known
    prompt: Codes  # of each unit: what it was asked on, or the unit itself where it was asked on none
    corpus: Codes  # of each unit: what its person is of

    @property
    def levels(self) -> tuple[Level, ...]:
        return LEVELS[self.instrument]

    @cached_property
    def ways(self) -> list[Way]:
        """In what ways units hang together (``jackknife.ways_of``)."""
        return ways_of(self.person, self.prompt, self.corpus)

    @cached_property
    def starts(self) -> Ints:
        """Where each unit's answers begin, and where the last one's end: shape (n_units + 1,)."""
        return np.concatenate([[0], np.cumsum(np.bincount(self.unit, minlength=self.n_units))])

    def members(self, group: str) -> Mask:
        """Which of ``raters`` are of the group ``raters`` (people), ``models`` or ``all`` (baselines are of none)."""
        return np.array([kind in MEMBERS[group] for kind in self.kinds], dtype=bool)

    def of(self, members: Mask) -> Coded:
        """The same units with the answers of ``members`` alone; places of raters and units stay."""
        taken = members[self.rater]
        rest = (self.n_units, self.unit[taken], self.rater[taken], self.value[taken])
        head = (self.campaign, self.instrument, self.raters, self.kinds, self.values, self.scores)
        return Coded(*head, *rest, self.person, self.prompt, self.corpus)

    def counts(self) -> Ints:
        """How many gave each value to each unit: shape (n_units, values)."""
        cells = self.unit.astype(np.int64) * len(self.values) + self.value
        return np.bincount(cells, minlength=self.n_units * len(self.values)).reshape(self.n_units, -1)

    def cells(self, inside: Mask | None = None) -> csr_matrix:
        """Sparse (raters x values, units): 1 where the rater gave the value to the unit, for units ``inside`` alone."""
        row = self.rater.astype(np.int64) * len(self.values) + self.value
        kept = np.ones(len(row), dtype=bool) if inside is None else inside[self.unit]
        ones = np.ones(int(kept.sum()), dtype=np.float32)
        shape = (len(self.raters) * len(self.values), self.n_units)
        return csr_matrix((ones, (row[kept], self.unit[kept])), shape=shape)

    def couples(self) -> Iterator[tuple[Ints, Ints]]:
        """Every two answers to one unit, as places (first, second) with rater[first] < rater[second], in batches."""
        sizes = np.diff(self.starts)
        for second in range(1, int(sizes.max(initial=0))):
            begin = self.starts[:-1][sizes > second]
            for first in range(second):
                yield begin + first, begin + second


def coded_campaigns(long: pl.DataFrame) -> Iterator[Coded]:
    """Each campaign of the long form in codes, in the order of their first rows."""
    names = ("unit", "rater", "kind", "value", "score", *MATERIAL)
    known = [name for name in names if name in long.columns]
    for campaign, instrument in long.select("campaign", "instrument").unique(maintain_order=True).iter_rows():
        own = (long["campaign"] == campaign) & (long["instrument"] == instrument)
        yield coded(_rows(long.select(known), own), campaign, instrument)


def _rows(frame: pl.DataFrame, own: pl.Series) -> pl.DataFrame:
    """The rows of ``frame`` where ``own`` is true; no copy where they stand together, as in ``longform.long_form``."""
    at = own.arg_true()
    together = at[-1] - at[0] + 1 == len(at)
    return frame.slice(at[0], len(at)) if together else frame.filter(own)


def coded(answers: pl.DataFrame, campaign: str = "", instrument: str = PREFERENCE) -> Coded:
    """``answers`` (unit, rater, kind, value, score; of one campaign, each rater at most once a unit) in codes.

    Columns of ``MATERIAL`` say whose each unit is, what it was asked on, and what the person is of
    (``longform.with_material``). One column after the other is coded, and the codes are sorted: to sort millions of
    rows of text takes several times their memory.
    """
    people = answers.lazy().select("rater", "kind").unique().collect(engine="streaming").sort("rater")
    values, scores = _scale(answers, instrument)
    raters = people["rater"].to_list()
    units, unit = names_and_codes(answers["unit"])
    material = [_material(answers, name, units, unit) for name in MATERIAL]
    rater, value = (
        answers[name].cast(pl.Enum(of)).to_physical() for name, of in (("rater", raters), ("value", values))
    )
    place = unit.cast(pl.Int64) * len(raters) + rater.cast(pl.Int64)
    if not place.is_sorted():
        order = place.arg_sort()
        unit, rater, value = (code.gather(order) for code in (unit, rater, value))
    codes = [code.to_numpy().astype(np.int32) for code in (unit, rater, value)]
    head = (campaign, instrument, tuple(raters), tuple(people["kind"]), tuple(values), scores)
    return Coded(*head, len(units), codes[0], codes[1], codes[2], *material)


def _material(answers: pl.DataFrame, name: str, units: pl.Series, unit: pl.Series) -> Codes:
    """The column ``name`` of each of ``units``, of which ``unit`` is each answer's. A unit of nobody known, or asked on
    no prompt, stands alone; people of no known corpus are of one.
    """
    if name not in answers.columns:
        return np.arange(len(units), dtype=np.int32) * (name != "corpus")
    at = np.zeros(len(units), dtype=np.int64)
    at[unit.to_numpy()] = np.arange(len(unit))  # one answer of each unit: it is the same for all
    of = pl.DataFrame({"unit": units, "of": answers[name].gather(at).cast(pl.String)})
    alone = pl.lit("") if name == "corpus" else pl.concat_str(pl.lit("unit "), "unit")
    whose = pl.when(pl.col("of").fill_null("") == "").then(alone).otherwise(pl.concat_str(pl.lit("of "), "of"))
    return (of.select(whose.rank("dense")).to_series().to_numpy() - 1).astype(np.int32)


def _scale(answers: pl.DataFrame, instrument: str) -> tuple[list[str], Floats]:
    """Values and their scores: the instrument's whole scale and every answer beside it, by score, then by name."""
    first = 1 if instrument == PREFERENCE else 0
    known = {value: float(place) for place, value in enumerate(VALUES[instrument], first)}
    seen = answers.group_by("value").agg(pl.col("score").min())
    scale = dict(seen.iter_rows())
    if scale.keys() & known.keys():  # of another scale altogether: what was answered is all that is known of it
        scale = known | scale
    ordered = sorted(scale, key=lambda value: (scale[value], value))
    return ordered, np.array([scale[value] for value in ordered], dtype=np.float64)


def row_codes(columns: Sequence[npt.NDArray[np.integer]]) -> tuple[Ints, Ints]:
    """Distinct rows of a table of whole numbers >= 0, given by columns: (place of one of each, number of each row's).

    Exact: columns are folded into one number, which is made small again before it could overflow.
    """
    folded = np.zeros(len(columns[0]), dtype=np.int64)
    room = 1
    for column in columns:
        base = int(column.max(initial=0)) + 1
        if room * base >= 2**62:
            folded = np.unique(folded, return_inverse=True)[1].astype(np.int64)
            room = int(folded.max(initial=0)) + 1
        folded = folded * base + column
        room *= base
    _, first, number = np.unique(folded, return_index=True, return_inverse=True)
    return first, number.astype(np.int64)
