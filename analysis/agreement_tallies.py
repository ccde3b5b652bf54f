"""Agreement of any number of raters, each unit with its own number of answers, from weighted sums over units.

Every figure here follows from five sums over units (``Tally``), which are linear in the weights of the units: so that
the figure itself, its bootstrap over units, its bootstrap over raters, and what is said of a million answers from
rolled-up counts are one and the same computation.

Scales: 1 = perfect, 0 = as by chance, negative = worse than chance; percent is in [0, 1]. NaN where a figure is not
defined, as said at each.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np

from analysis.agreement_codes import Floats
from analysis.agreement_pairwise import distances
from analysis.bootstrap import summed
from analysis.schema import Level

TINY = 1e-12  # of numbers that are of the order of 1
FIGURES_AT: Mapping[Level, tuple[str, ...]] = {
    "nominal": ("fleiss", "alpha_nominal", "ac1"),
    "ordinal": ("alpha_ordinal", "ac2_linear", "ac2_quadratic"),
    "interval": ("alpha_interval",),
}


class Tally(NamedTuple):
    """Sums over units, the first axis replicates (1 for the figure itself). r_u answers to unit u, r_uk of value k.

    ``units``      units with at least one answer
    ``pairable``   units with at least two, by different raters
    ``shares``     sum over ``units`` of r_uk / r_u: shape (replicates, values)
    ``agreed``     sum over ``pairable`` of the share of ordered pairs of answers with values (k, l):
                   shape (replicates, values, values)
    ``coincided``  the same, each unit times its r_u: Krippendorff's coincidences
    """

    units: Floats
    pairable: Floats
    shares: Floats
    agreed: Floats
    coincided: Floats


def unit_tallies(counts: Floats) -> Tally:
    """What each unit (or each pattern of counts) adds to the sums: units stand where replicates will.

    ``counts``: answers by value, shape (units, values).
    """
    n = counts.sum(axis=1)
    pairs = np.where(n > 1, n * (n - 1), 1.0)
    couples = counts[:, :, None] * counts[:, None, :]
    couples -= counts[:, :, None] * np.eye(counts.shape[1])
    agreed = couples / pairs[:, None, None]
    shares = counts / np.maximum(n, 1.0)[:, None]
    return Tally((n > 0).astype(np.float64), (n > 1).astype(np.float64), shares, agreed, agreed * n[:, None, None])


def weighted_tally(units: Tally, weights: Floats) -> Tally:
    """The sums over units with ``weights`` of shape (units, replicates)."""
    return Tally(*(summed(part, weights) for part in units))


def count_figures(tally: Tally, scores: Sequence[float] | Floats, levels: Sequence[Level]) -> dict[str, Floats]:
    """percent and the figures of ``levels`` (``FIGURES_AT``), each of shape (replicates,)."""
    found = {"percent": weighted_percent(tally, 1.0 - distances(scores, 0))}
    if "nominal" in levels:
        found["fleiss"] = fleiss_kappa(tally)
        found["alpha_nominal"] = alpha(tally, distances(scores, 0))
        found["ac1"] = gwet(tally, 1.0 - distances(scores, 0))
    if "ordinal" in levels:
        found["alpha_ordinal"] = alpha(tally, ordinal_distances(tally))
        found["ac2_linear"] = gwet(tally, similarities(scores, 1))
        found["ac2_quadratic"] = gwet(tally, similarities(scores, 2))
    if "interval" in levels:
        found["alpha_interval"] = alpha(tally, distances(scores, 2))
    return found


def weighted_percent(tally: Tally, similarity: Floats) -> Floats:
    """Mean over units of the share of pairs of answers that agree (partly, by ``similarity``), in [0, 1].

    Each unit with at least two answers has the same weight. NaN without such a unit.
    """
    return _divided(np.einsum("rkl,kl->r", tally.agreed, similarity), tally.pairable)


def similarities(scores: Sequence[float] | Floats, power: int) -> Floats:
    """Weights of agreement, 1 for one value, 0 for the ends of the scale: linear (1) or quadratic (2) in the scores."""
    far = distances(scores, power)
    return 1.0 - far / far.max() if far.max(initial=0.0) > 0 else np.ones_like(far)


def fleiss_kappa(tally: Tally) -> Floats:
    """Fleiss' kappa, for units with unequal numbers of answers as generalised by Gwet.

    ``(p_a - p_e) / (1 - p_e)``: p_a as in ``weighted_percent``, p_e the sum over values of the squared mean share of
    the value (mean over all units with an answer, each with the same weight). With equal numbers it is Fleiss' own.
    It may be less than -1 where units with one answer lean otherwise than the others.
    NaN where everybody gave one value throughout (p_e = 1) and without a unit with two answers.
    Sources: J. L. Fleiss (1971), Psychol. Bull. 76, 378-382; K. L. Gwet (2014), Handbook of Inter-Rater Reliability,
    4th ed., ch. 2.
    """
    seen = np.einsum("rkk->r", tally.agreed)
    chance = (_divided(tally.shares, tally.units[:, None]) ** 2).sum(axis=1)
    return _beyond_chance(_divided(seen, tally.pairable), chance)


def gwet(tally: Tally, similarity: Floats) -> Floats:
    """Gwet's AC1 (``similarity`` the identity) or AC2 (``similarities``).

    ``(p_a - p_e) / (1 - p_e)``: p_a as in ``weighted_percent``; p_e = T / (q (q - 1)) times the sum over the q values
    of the scale of s (1 - s), s the value's mean share and T the sum of all weights. q is of the scale, whether or not
    all of it was used. Where everybody gave one value it is 1, unlike kappa and alpha: chance agreement is taken to
    come from hesitation between values, and there was none. NaN for a scale of one value and without a unit with two
    answers.
    Sources: K. L. Gwet (2008), Br. J. Math. Stat. Psychol. 61, 29-48; (2014) Handbook of Inter-Rater Reliability, 4th
    ed., ch. 3.
    """
    values = len(similarity)
    if values < 2:
        return np.full(len(tally.units), np.nan)
    share = _divided(tally.shares, tally.units[:, None])
    chance = similarity.sum() / (values * (values - 1)) * (share * (1.0 - share)).sum(axis=1)
    return _beyond_chance(weighted_percent(tally, similarity), chance)


def alpha(tally: Tally, distance: Floats) -> Floats:
    """Krippendorff's alpha with squared differences ``distance``: (values, values), or one such for each replicate.

    ``1 - D_o / D_e``: the mean distance of answers to one unit by that of any two answers. Units with one answer say
    nothing and are left out. NaN when fewer than two answers can be paired, or when all of them are one value: without
    variation neither agreement nor its absence can be seen.
    Source: K. Krippendorff (2011), Computing Krippendorff's Alpha-Reliability.
    """
    margin = tally.coincided.sum(axis=2)
    n = margin.sum(axis=1)
    far = np.broadcast_to(distance, tally.coincided.shape)
    seen = (tally.coincided * far).sum(axis=(1, 2))
    chance = np.einsum("rk,rkl,rl->r", margin, far, margin, optimize=True)
    defined = (chance > TINY * n * n) & (n > 1)
    return 1.0 - _divided(np.where(defined, (n - 1) * seen, 0.0), np.where(defined, chance, 0.0))


def ordinal_distances(tally: Tally) -> Floats:
    """Krippendorff's squared difference of ordered values, shape (replicates, values, values).

    Of values k < l: the number of answers from k to l, the ends counted half, squared.
    """
    margin = tally.coincided.sum(axis=2)
    rank = np.cumsum(margin, axis=1) - margin / 2
    return np.asarray((rank[:, :, None] - rank[:, None, :]) ** 2)


def _beyond_chance(seen: Floats, chance: Floats) -> Floats:
    room = 1.0 - chance
    return _divided(seen - chance, np.where(room > TINY, room, 0.0))


def _divided(above: Floats, below: Floats) -> Floats:
    above, below = np.broadcast_arrays(above, below)
    return np.asarray(np.divide(above, below, out=np.full(above.shape, np.nan), where=below > 0))
