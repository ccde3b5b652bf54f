"""What is said to a rater who has no item in front of them: how their part ended, or why there is none now."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from annotation.enums import RaterOutcome

Words = str | Promise


@dataclass(frozen=True)
class Ending:
    heading: Words
    sentences: Sequence[Words] = ()


OUTCOMES = {
    RaterOutcome.COMPLETED: Ending(
        _("Thank you. Your part is complete."), (_("Everything that you submitted is stored."),)
    ),
    RaterOutcome.SCREENED_OUT: Ending(
        _("Thank you. Your part ends here."),
        (
            _("The study goes on with raters whose first answers agree with its guideline more often than yours."),
            _("That says nothing about you, and nothing is held against you."),
        ),
    ),
    RaterOutcome.NO_CONSENT: Ending(
        _("You do not take part."), (_("That is all right. Nothing is stored except that you declined."),)
    ),
    RaterOutcome.FAILED_ATTENTION: Ending(
        _("Thank you. Your part ends here."),
        (
            _("Some questions said which answer to choose, and you chose another one more than once."),
            _("What you submitted is stored. The people who run the study look at it before they decide anything."),
        ),
    ),
    RaterOutcome.INCOMPATIBLE_DEVICE: Ending(
        _("This campaign needs a wider screen."),
        (_("You said that you have none at hand. Nothing else is stored about you."),),
    ),
    RaterOutcome.NO_WORK: Ending(
        _("Nothing for you to do: others were quicker."),
        (_("By the time you came, every item was taken. That is not your fault."),),
    ),
}

NOTHING = {  # also by the recruiter's word for a place that is gone
    "complete": Ending(
        _("Thank you. There is nothing left for you here."),
        (_("Every question of this campaign has the answers it needs."),),
    ),
    "done": Ending(
        _("Thank you. There is nothing left for you here."),
        (
            _("You have judged every item that is open to you."),
            _("If somebody hands one back, it may come to you later."),
        ),
    ),
    "today": Ending(
        _("That is all for today. Thank you."),
        (_("You have done as many items as one person is asked for in a day."),),
    ),
    "RETURNED": Ending(
        _("You returned this study on Prolific."),
        (
            _("So no further item is given to you here: it would not be paid. What you submitted is stored."),
            _("If you would like to take part after all, open the study on Prolific again."),
        ),
    ),
    "TIMED-OUT": Ending(
        _("On Prolific, the time for this study is over."),
        (
            _("So no further item is given to you: Prolific would not pay it. What you submitted is stored."),
            _("The people who run the study see that your time ran out, and can pay you themselves. Write to them."),
        ),
    ),
    "REJECTED": Ending(
        _("Your submission on Prolific was decided about."),
        (
            _("So no further item is given to you here: it would not be paid. What you submitted is stored."),
            _("If you think that this is a mistake, write to them."),
        ),
    ),
    "left": Ending(
        _("You have left this campaign."), (_("Nothing more is asked of you here. Thank you for taking part."),)
    ),
    "excluded": Ending(
        _("You no longer take part."),
        (
            _("The people who run the study have ended your part in this campaign. Thank you for what you did."),
            _("If you think that this is a mistake, write to them."),
        ),
    ),
    "paused": Ending(
        _("This campaign is paused."),
        (_("Its lead has stopped it for a while. Come back later; nothing of yours is lost."),),
    ),
    "closed": Ending(
        _("This campaign is not open."),
        (_("It has not started yet, or it has ended. What you submitted is kept."),),
    ),
    "nothing": Ending(
        _("Nothing for you at the moment."),
        (_("All items are in other hands just now. One may come free: look again in a while."),),
    ),
}
