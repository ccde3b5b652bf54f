"""Models of raters by the package crowd-kit: Dawid and Skene's, and GLAD, of answers as codes.

Where their steps end is part of what they say: Dawid and Skene's is far from its most likely values when crowd-kit
stops, which is to its good, since with some tens of answers a rater these are far off (docs/results.md).
"""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import numpy.typing as npt
import polars as pl

if TYPE_CHECKING:
    import pandas as pd

Floats = npt.NDArray[np.float64]
Codes = npt.NDArray[np.int64]

STEPS = 100


@dataclass(frozen=True)
class Answers:
    """``unit[i]``, ``rater[i]`` and ``value[i]`` of each answer, as places in the sorted names."""

    units: pl.Series
    raters: pl.Series
    values: pl.Series
    unit: Codes
    rater: Codes
    value: Codes


class Confusions(NamedTuple):
    """``probabilities`` (units, values); ``errors`` (raters, answered, true), each column of a rater adding up to 1;
    ``shares`` (values) of the true ones.
    """

    probabilities: Floats
    errors: Floats
    shares: Floats


def coded(answers: pl.DataFrame) -> Answers:
    """The columns unit, rater and value, in an order that the rows' own does not change: sums of floats depend on it.

    One row for each unit and rater.
    """
    units, raters, values = (answers[name].unique().sort() for name in ("unit", "rater", "value"))
    unit, rater, value = (
        names.search_sorted(answers[name]).to_numpy().astype(np.int64)
        for name, names in (("unit", units), ("rater", raters), ("value", values))
    )
    order = np.lexsort((rater, unit))
    return Answers(units, raters, values, unit[order], rater[order], value[order])


def dawid_skene(answers: Answers) -> Confusions:
    """Every rater has a confusion matrix, estimated together with the values by EM, starting from the shares of each
    unit's answers. At most ``STEPS`` steps.
    """
    import pandas as pd
    from crowdkit.aggregation import DawidSkene

    fitted = _fit(DawidSkene(n_iter=STEPS), answers)
    raters, values = range(len(answers.raters)), range(len(answers.values))
    every = pd.MultiIndex.from_product([raters, values])
    errors = fitted.errors_.reindex(index=every, columns=values, fill_value=0.0).to_numpy(dtype=np.float64)
    shares = fitted.priors_.reindex(values, fill_value=0.0).to_numpy(dtype=np.float64)
    return Confusions(_probabilities(fitted, answers), errors.reshape(len(raters), len(values), -1), shares)


def glad(answers: Answers) -> Floats:
    """Every rater has an ability and every unit a difficulty, estimated by EM. Probabilities of shape (units, values).

    At most ``STEPS`` steps. One value: probability 1, for the package would divide by the number of the others.
    """
    from crowdkit.aggregation import GLAD

    if len(answers.values) < 2:
        return np.ones((len(answers.units), 1))
    return _probabilities(_fit(GLAD(n_iter=STEPS), answers), answers)


def _fit(model: Any, answers: Answers) -> Any:
    with warnings.catch_warnings():  # crowd-kit's words to pandas are about pandas 4, and tell a reader nothing
        warnings.simplefilter("ignore")
        return model.fit(_tasks(answers))


def _tasks(answers: Answers) -> pd.DataFrame:
    import pandas as pd

    return pd.DataFrame({"task": answers.unit, "worker": answers.rater, "label": answers.value})


def _probabilities(fitted: Any, answers: Answers) -> Floats:
    units, values = range(len(answers.units)), range(len(answers.values))
    wide = fitted.probas_.reindex(index=units, columns=values, fill_value=0.0)
    found: Floats = wide.to_numpy(dtype=np.float64)
    return found
