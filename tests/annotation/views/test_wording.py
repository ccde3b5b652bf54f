from __future__ import annotations

import pytest

from annotation.domain.progress import Progress
from annotation.enums import CampaignState as S
from annotation.enums import Origin
from annotation.models import Campaign
from annotation.views.wording import pace_in_words


@pytest.mark.parametrize(
    ("state", "progress", "words"),
    [
        (S.DRAFT, Progress(wanted=1), "Not started. 1 judgment wanted."),
        (S.DRAFT, Progress(wanted=1200), "Not started. 1,200 judgments wanted."),
        (S.COLLECTING, Progress(wanted=9), "Open; nobody has begun yet."),
        (S.COLLECTING, Progress(wanted=9, raters=1), "Open; nothing is submitted yet."),
        (S.COLLECTING, Progress(wanted=9, counted=3), "Nothing came in during the last 24 hours."),
        (
            S.COLLECTING,
            Progress(wanted=9, counted=8, recent=2),
            "2 judgments in the last 24 hours; at this pace less than a day to go.",
        ),
        (
            S.COLLECTING,
            Progress(wanted=9, counted=5, recent=4),
            "4 judgments in the last 24 hours; at this pace about a day to go.",
        ),
        (
            S.COLLECTING,
            Progress(wanted=5000, counted=1, recent=1),
            "1 judgment in the last 24 hours; at this pace about 4,999 days to go.",
        ),
        (S.COLLECTING, Progress(wanted=9, counted=9, recent=9), "All judgments are in."),
        (S.COMPLETE, Progress(wanted=9, counted=9), "All judgments are in."),
        (
            S.COMPLETE,
            Progress(wanted=9, counted=8),
            "Was complete; answers were withdrawn since. Start it again to fill their places.",
        ),
        (S.PAUSED, Progress(wanted=9, counted=3, recent=3), "Paused: nobody gets a new item."),
        (S.CLOSED, Progress(wanted=9, counted=3), "Closed."),
    ],
)
def test_pace_is_one_sentence_for_every_state(state, progress, words):
    assert pace_in_words(Campaign(state=state, origin=Origin.HUMAN), progress) == words


def test_imported_answers_are_never_called_collected():
    imported = Campaign(state=S.CLOSED, origin=Origin.IMPORTED)
    words = pace_in_words(imported, Progress(kept=7))
    assert words == "Historic answers, imported: 7 answers, never counted as collected here."
