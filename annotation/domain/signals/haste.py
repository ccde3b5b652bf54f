"""Who clicks through: pages sent in less time than they can be looked through, whatever the others do.

Held against the page and not against other raters: it says something of the first rater of a campaign of two, too.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

from annotation.enums import AssignmentState, ItemRole, RaterState
from annotation.models import Assignment, Campaign
from pipeline.enums import InstrumentName

WORDS_A_MINUTE = 1000  # nobody reads so fast; skimming is at half of it
SECONDS_A_QUESTION = 1.0
LEAST_PAGES = 3  # with fewer nothing is said
LATEST = 2000  # pages of the campaign that are looked at


def least_seconds(instrument: str, words: int, n_questions: int) -> float:
    """Below this nobody has read the page's texts and chosen. Conversations are searched, not read through, so where
    attributes are judged only the questions count: one second each."""
    read = 0.0 if instrument == InstrumentName.ATTRIBUTE_QUALITY else 60 * words / WORDS_A_MINUTE
    return max(read, SECONDS_A_QUESTION * n_questions)


def is_hasty(hits: int, n: int) -> bool:
    """Most of a rater's ``n`` pages were sent too fast, ``hits`` of them."""
    return n >= LEAST_PAGES and 2 * hits > n


def hasty_raters(campaign: Campaign) -> list[int]:
    """Keys of the raters who take part and sent most of their pages so, of the campaign's latest pages of work."""
    answered = Assignment.objects.filter(
        campaign=campaign,
        item__role=ItemRole.WORK,
        state__in=(AssignmentState.SUBMITTED, AssignmentState.SURPLUS),
        rater__state=RaterState.ACTIVE,
        seconds__gt=0,
    )
    latest = answered.order_by("-submitted_at").values_list("rater", "seconds", "item__words", "order")[:LATEST]
    return _hasty(campaign.instrument, latest)


def _hasty(instrument: str, pages: Iterable[tuple[int, float | None, int, list[int]]]) -> list[int]:
    sent, fast = Counter[int](), Counter[int]()
    for rater, seconds, words, order in pages:
        sent[rater] += 1
        fast[rater] += (seconds or 0.0) < least_seconds(instrument, words, len(order))
    return [rater for rater, n in sent.items() if is_hasty(fast[rater], n)]
