"""The analysis' figures by the libraries alone, as somebody would call them who has the answers as arrays."""

from __future__ import annotations

import warnings
from itertools import combinations

import krippendorff
import numpy as np
import numpy.typing as npt
import pandas as pd
import polars as pl
from crowdkit.aggregation import GLAD, DawidSkene
from scipy.stats import spearmanr
from sklearn.metrics import cohen_kappa_score
from statsmodels.stats.inter_rater import fleiss_kappa

from analysis.agreement_codes import ALL, MODELS, PEOPLE, Coded, coded_campaigns
from analysis.longform import PEOPLE_KINDS

Matrix = npt.NDArray[np.float64]
CROWD_KIT = {"unit": "task", "rater": "worker", "value": "label"}


def matrices(long: pl.DataFrame) -> list[tuple[Coded, Matrix]]:
    """Each campaign's answers as raters by units, places of values, NaN where there is none: what libraries take."""
    found = []
    for coded in coded_campaigns(long):
        matrix = np.full((len(coded.raters), coded.n_units), np.nan)
        matrix[coded.rater, coded.unit] = coded.value
        found.append((coded, matrix))
    return found


def agreement_by_libraries(campaigns: list[tuple[Coded, Matrix]]) -> int:
    """Kappas and Spearman of every pair (scikit-learn, scipy), alphas (krippendorff), Fleiss (statsmodels)."""
    made = 0
    for coded, matrix in campaigns:
        labels = list(range(len(coded.values)))
        ordered = "ordinal" in coded.levels
        for first, second in combinations(matrix, 2):
            both = ~np.isnan(first) & ~np.isnan(second)
            if both.any():
                made += _pair(first[both], second[both], labels, ordered)
        for group in (PEOPLE, MODELS, ALL):
            made += _group(coded, matrix[coded.members(group)])
    return made


def _pair(first: Matrix, second: Matrix, labels: list[int], ordered: bool) -> int:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of pairs without variation
        for weights in (None, "linear", "quadratic") if ordered else (None,):
            cohen_kappa_score(first, second, labels=labels, weights=weights)
        if ordered and len(first) > 1:
            spearmanr(first, second)
    return 5 if ordered else 1


def _group(coded: Coded, matrix: Matrix) -> int:
    several = matrix[:, (~np.isnan(matrix)).sum(axis=0) > 1]
    if len(np.unique(several[~np.isnan(several)])) < 2:
        return 0
    for level in coded.levels:
        krippendorff.alpha(several, level_of_measurement=level)
    sizes = (~np.isnan(several)).sum(axis=0)
    equal = several[:, sizes == np.bincount(sizes).argmax()]  # statsmodels wants equal numbers
    fleiss_kappa(np.stack([(equal == place).sum(axis=0) for place in range(len(coded.values))], axis=1))
    return len(coded.levels) + 1


def raters_by_crowd_kit(long: pl.DataFrame) -> int:
    """Dawid and Skene's and GLAD's models of the raters of every campaign (crowd-kit)."""
    people = long.filter(pl.col("kind").is_in(PEOPLE_KINDS)).sort("unit", "rater")
    made = 0
    for _, answers in people.group_by("campaign", maintain_order=True):
        tasks = pd.DataFrame({new: answers[old].to_list() for old, new in CROWD_KIT.items()})
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # its words to pandas
            for model in (DawidSkene(n_iter=100), GLAD(n_iter=100)):
                model.fit(tasks)
                made += 1
    return made
