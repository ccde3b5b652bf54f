"""Signals in words: what each is called, how its figures are written, and what is said of who stands out."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from annotation.domain.signals import RaterSignals, Standing
from annotation.enums import ReturnReason
from annotation.views.wording import number_of

Sentence = Callable[[RaterSignals, Standing, str], str]


@dataclass(frozen=True)
class SignalWords:
    title: str  # of a column
    about: str  # one sentence of what it is
    unit: Callable[[float], str]
    noun: str  # what is counted
    says: Sentence

    def figure(self, value: float) -> str:
        return "n/a" if math.isnan(value) else self.unit(value)

    def number(self, n: int) -> str:
        return number_of(n, self.noun)

    def sentence(self, signals: RaterSignals, standing: Standing, median: float) -> str:
        return self.says(signals, standing, self.figure(median))


def percent(share: float) -> str:
    return "n/a" if math.isnan(share) else f"{100 * share:.0f} %"


def seconds(value: float) -> str:
    if math.isnan(value):
        return "n/a"
    if value < 100:
        return f"{value:.1f} s"
    return f"{value / 60:.0f} min"


def _plain(value: float) -> str:
    return f"{value:.2f}"


WORDS: dict[str, SignalWords] = {
    "time": SignalWords(
        "Time a question",
        "Active seconds a question: the median over the pages. Pages differ in length, and practice makes quick.",
        seconds,
        "page",
        lambda s, at, m: f"Quicker than the others: {seconds(at.value)} a question, where the median is {m}.",
    ),
    "run": SignalWords(
        "Longest run",
        "The longest run of one and the same answer, as a share of all answers. Where most material deserves the same "
        "answer, long runs are right.",
        percent,
        "answer",
        lambda s, at, m: (
            f"A long run of the same answer: {s.sameness.longest:,} of {s.sameness.n:,} in a row, "
            f"{percent(at.value)}, where the median is {m}."
        ),
    ),
    "variety": SignalWords(
        "Variety in bits",
        "How evenly the answers spread over the values: 0 bits when all are the same, 1 for two in equal shares.",
        _plain,
        "answer",
        lambda s, at, m: (
            f"Little variety: {_plain(at.value)} bits, where the median is {m} and all others together have "
            f"{_plain(s.sameness.entropy_others)}."
        ),
    ),
    "majority": SignalWords(
        "With the majority",
        "The share of answers that are the majority of the others' on the same question. Somebody who sees what others "
        "miss also agrees less.",
        percent,
        "question",
        lambda s, at, m: f"Agrees less with others: {percent(at.value)} of {at.n:,} answers, where the median is {m}.",
    ),
    "difference": SignalWords(
        "Distance to others",
        "The mean distance to the mean of the others on the same question, on the scale of 1 to 5 towards the "
        "personalized response. Preferences may differ for good reasons.",
        _plain,
        "question",
        lambda s, at, m: f"Far from the others: {_plain(at.value)} points on average, where the median is {m}.",
    ),
    "gold": SignalWords(
        "Gold",
        "The share of answers to gold questions that are the expected ones.",
        percent,
        "answer",
        lambda s, at, m: f"Gold: {s.gold.hits:,} of {s.gold.n:,} as expected, where the median is {m}.",
    ),
    "left": SignalWords(
        "Prefers the left",
        "Of the preferences that chose a side, the share that chose the left response. Sides are balanced, so half is "
        "what taste alone would give.",
        percent,
        "choice",
        lambda s, at, m: f"Chose the left in {percent(at.value)} of {at.n:,} choices, where the median is {m}.",
    ),
    "hidden": SignalWords(
        "Out of sight",
        "The share of the time in which the page was open and another one was in front.",
        percent,
        "page",
        lambda s, at, m: f"The page was out of sight {percent(at.value)} of the time, where the median is {m}.",
    ),
}


def words_of(key: str) -> SignalWords:
    return WORDS[key]


def facts_of(signals: RaterSignals) -> list[str]:
    """What is counted and compared with nobody, where there is any."""
    facts = []
    if signals.hasty.hits:
        facts.append(f"{signals.hasty.hits:,} of {number_of(signals.hasty.n, 'page')} sent faster than it can be read")
    if signals.attention.hits:
        facts.append(f"{number_of(signals.attention.hits, 'attention item')} of {signals.attention.n:,} failed")
    if signals.pastes:
        facts.append(f"{number_of(signals.pastes, 'paste')} into text fields")
    facts += [skip_in_words(reason, n) for reason, n in signals.skips.items()]
    if signals.late:
        facts.append(f"{number_of(signals.late, 'item')} answered late")
    return facts


SKIPS = {
    ReturnReason.NONE: "without a reason",
    ReturnReason.DISTRESS: "because the content was hard to take",
    ReturnReason.BROKEN: "because the page was broken",
    ReturnReason.CANNOT_JUDGE: "because it could not be judged",
}


def skip_in_words(reason: str, n: int) -> str:
    return f"{number_of(n, 'item')} skipped {SKIPS[ReturnReason(reason)]}"


def skips_in_words(skips: Mapping[str, int]) -> str:
    """Of one item: how often it was handed back, and why."""
    return "; ".join(f"{number_of(n, 'time')} {SKIPS[ReturnReason(reason)]}" for reason, n in skips.items())


def speed_in_words(signals: RaterSignals) -> str:
    """The recruiter's rule: the submission as a whole, against the mean of all."""
    if math.isnan(signals.pace.whole):
        return "No page reported its time."
    words = f"The part as a whole took {seconds(signals.pace.whole)} a question"
    if math.isnan(signals.pace.sds_below):
        return f"{words}; there are too few raters to compare it with."
    away = abs(signals.pace.sds_below)
    side = "below" if signals.pace.sds_below >= 0 else "above"
    return f"{words}, {away:.1f} standard deviations {side} the mean of the campaign's raters."
