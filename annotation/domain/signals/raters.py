"""The signals of each rater of a campaign, from what was read once."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from analysis.schema import VALUES
from annotation.domain.signals.haste import least_seconds
from annotation.domain.signals.material import Answers, Marked, Material, Page, read_material, skips_by_reason
from annotation.domain.signals.measures import (
    Agreement,
    Floats,
    Hidden,
    Pace,
    Sameness,
    Share,
    agreement_by_difference,
    agreement_by_majority,
    hidden_of,
    left_preferred,
    pace_of,
    sameness_of,
    sds_below_mean,
)
from annotation.enums import AssignmentState, ItemRole
from annotation.models import Campaign, Rater
from pipeline.enums import InstrumentName


@dataclass(frozen=True)
class RaterSignals:
    """What is seen of one rater. Shown, and never acted on by itself (docs/signals.md).

    Times, straight-lining, agreement and sides are of work items; hidden time and pastes of all pages. ``gold`` counts
    answers, ``attention`` the attention items that were failed of those answered; ``pastes`` is None where no page
    reported any number. ``late`` items were answered after their seat had gone to somebody else. ``hasty`` counts the
    pages of work that were sent faster than they can be read (haste.py).
    """

    rater: Rater
    pace: Pace
    sameness: Sameness
    agreement: Agreement
    gold: Share
    attention: Share
    left: Share
    hidden: Hidden
    pastes: int | None
    skips: Mapping[str, int]
    late: int
    hasty: Share


def signals_of(campaign: Campaign, of: Rater | None = None) -> list[RaterSignals]:
    """One for each rater of the campaign, in the order in which they joined; those without answers included. With
    ``of`` the others' are there to be compared with: their intervals of agreement on a scale are left out.

    Five queries, then arrays: a few seconds for a million judgments (benchmarks/bench_lead_pages.py).
    """
    room = _Room(campaign, read_material(campaign))
    raters = room.material.raters
    found = [room.signals_of(place, with_interval=of in (None, rater)) for place, rater in enumerate(raters)]
    below = sds_below_mean([one.pace.whole for one in found])
    return [replace(one, pace=replace(one.pace, sds_below=sds)) for one, sds in zip(found, below, strict=True)]


class _Room:
    """A campaign's material with what every rater is held against."""

    def __init__(self, campaign: Campaign, material: Material) -> None:
        self.material = material
        self.answers = answers = material.answers
        self.instrument = campaign.instrument
        self.is_scale = campaign.instrument == InstrumentName.PREFERENCE
        self.n_values = len(VALUES[campaign.instrument])
        self.counts = answers.counts.sum(axis=0)
        keys, asked = np.unique(answers.page, return_counts=True)
        self.n_questions = dict(zip(keys.tolist(), asked.tolist(), strict=True))
        self.pages: dict[int, list[tuple[int, Page]]] = defaultdict(list)
        for key, page in material.pages.items():
            self.pages[page.rater].append((key, page))
        if self.is_scale:
            self.scores, self.means = _scores_and_means(answers)

    def signals_of(self, place: int, *, with_interval: bool) -> RaterSignals:
        rater = self.material.raters[place]
        pages = [page for _, page in self.pages[rater.pk]]
        own = slice(*np.searchsorted(self.answers.rater, [place, place + 1]).tolist())
        nothing = Marked(0, 0)
        gold = self.material.gold.get(rater.pk, nothing)
        attention = self.material.attention.get(rater.pk, nothing)
        pastes = [page.pastes for page in pages if page.pastes is not None]
        left = (self.answers.code[own] + 1).tolist() if self.is_scale else []
        return RaterSignals(
            rater=rater,
            pace=self._pace(rater),
            sameness=self._sameness(own),
            agreement=self._agreement(own, with_interval=with_interval),
            gold=Share(gold.right, gold.n),
            attention=Share(attention.n - attention.right, attention.n),
            left=left_preferred(left),
            hidden=_hidden(pages),
            pastes=sum(pastes) if pastes else None,
            skips=skips_by_reason(pages),
            late=sum(page.state == AssignmentState.SURPLUS for page in pages),
            hasty=self._hasty(pages),
        )

    def _hasty(self, pages: Sequence[Page]) -> Share:
        timed = [page for page in pages if page.role == ItemRole.WORK and page.seconds]
        fast = [(page.seconds or 0.0) < least_seconds(self.instrument, page.words, len(page.order)) for page in timed]
        return Share(sum(fast), len(fast))

    def _pace(self, rater: Rater) -> Pace:
        timed = [
            (page.seconds, self.n_questions[key])
            for key, page in self.pages[rater.pk]
            if page.role == ItemRole.WORK and page.seconds and key in self.n_questions
        ]
        return pace_of([seconds for seconds, _ in timed], [asked for _, asked in timed])

    def _sameness(self, own: slice) -> Sameness:
        codes = self.answers.code[own]
        counts = np.bincount(codes, minlength=self.n_values)
        standing = np.bincount(codes[self.answers.stands[own]], minlength=self.n_values)
        return sameness_of(codes, counts, self.counts - standing)

    def _agreement(self, own: slice, *, with_interval: bool) -> Agreement:
        answers = self.answers
        if self.is_scale:
            pages = answers.page[own]
            return agreement_by_difference(self.scores[own], self.means[own], pages, with_interval=with_interval)
        codes, others = answers.code[own], answers.counts[answers.question[own]]
        others[np.arange(len(codes)), codes] -= answers.stands[own]
        return agreement_by_majority(codes, others)


def _scores_and_means(answers: Answers) -> tuple[Floats, Floats]:
    """Each answer towards personalized, 1 to 5, and the mean of what the others gave there, NaN without others."""
    scores = np.where(answers.left, 5 - answers.code, answers.code + 1).astype(np.float64)
    n_questions, stands = len(answers.counts), answers.stands
    sums = np.bincount(answers.question[stands], weights=scores[stands], minlength=n_questions)[answers.question]
    number = answers.counts.sum(axis=1)[answers.question] - stands
    means = np.full(len(scores), np.nan)
    return scores, np.divide(sums - np.where(stands, scores, 0), number, out=means, where=number > 0)


def _hidden(pages: Sequence[Page]) -> Hidden:
    told = [(page.hidden, page.seconds or 0.0) for page in pages if page.hidden is not None]
    return hidden_of([hidden for hidden, _ in told], [active for _, active in told])
