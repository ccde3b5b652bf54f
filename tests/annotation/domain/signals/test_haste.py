"""Who clicks through."""

from __future__ import annotations

import pytest

from annotation.domain.signals.haste import hasty_raters, least_seconds
from annotation.domain.signals.measures import (
    Share,
)
from annotation.enums import RaterState
from annotation.models import Assignment, Item, Rater
from tests import factories
from tests.annotation.domain.signals.answering import answered, by_rater


@pytest.mark.parametrize(
    ("instrument", "words", "questions", "expected"),
    [
        ("preference", 500, 1, 30.0),  # 500 words at 1,000 a minute
        ("relevance", 10, 6, 6.0),  # a second a question is more than ten words
        ("attribute_quality", 6000, 24, 24.0),  # conversations are searched
    ],
)
def test_least_seconds_are_those_of_reading_or_of_answering(instrument, words, questions, expected):
    assert least_seconds(instrument, words, questions) == expected


def test_who_clicks_through_is_told_even_where_there_is_nobody_to_compare_with(study):
    campaign = factories.make_campaign(study, n_items=4, n_questions=1)
    Item.objects.update(words=100)  # six seconds
    clicking, reading, excluded = (factories.make_rater(campaign) for _ in range(3))
    for number, item in enumerate(campaign.items.order_by("pk")):
        answered(clicking, item, "yes", seconds=2 if number else 40, minute=number)
        answered(reading, item, "yes", seconds=60 if number else 2, minute=number)
        answered(excluded, item, "yes", seconds=1, minute=number)
    Rater.objects.filter(pk=excluded.pk).update(state=RaterState.EXCLUDED)
    found = by_rater(campaign)
    assert (found[clicking.pk].hasty, found[reading.pk].hasty) == (Share(3, 4), Share(1, 4))
    assert hasty_raters(campaign) == [clicking.pk]
    Assignment.objects.filter(rater=clicking, seconds=2).update(seconds=None)
    assert hasty_raters(campaign) == [], "no time was told, or of too few pages"
