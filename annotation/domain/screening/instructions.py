"""What an attention item says in the place of a statement, by Prolific's rules (docs/screening.md).

The instruction is the question itself, as large as any other and on the same page, asks for no knowledge and no memory,
and says plainly which answer to choose. Several wordings, so that a text does not come back unchanged.
"""

from __future__ import annotations

from django.utils import translation
from django.utils.translation import gettext
from django.utils.translation import gettext_noop as _

from annotation.domain.seeding import shuffled
from annotation.instruments import INSTRUMENTS
from annotation.models import Campaign

WORDINGS = (
    _("This line checks that each one is read: please choose “%(label)s” here."),
    _("This is no statement about a person. Please choose “%(label)s” for it, to show that you read every line."),
    _("To see that all lines are read, we ask you to answer this one with “%(label)s”."),
    _("Here we ask for one particular answer: please choose “%(label)s”."),
    _("Please answer this line with “%(label)s”, whatever the text above says; it checks that lines are read."),
    _("This line has no content to judge. The answer to choose for it is “%(label)s”."),
)


def instruction(campaign: Campaign, value: str, number: int) -> str:
    """One of the wordings, in the campaign's language; ``number`` (the item's place) goes through them in turn."""
    wordings = shuffled(WORDINGS, campaign.seed, "wordings")
    with translation.override(campaign.language):
        return gettext(wordings[number % len(wordings)]) % {"label": label_of(campaign.instrument, value)}


def label_of(instrument: str, value: str) -> str:
    """The words on the button of a value."""
    labels = {choice.value: str(choice.label) for choice in INSTRUMENTS[instrument].choices}
    return labels[value]
