"""Who may take part in a campaign, as a lead chooses it: everybody, those who passed another one, or a list."""

from __future__ import annotations

import re
from dataclasses import replace

from django.db import transaction

from annotation.domain.cohorts import at_work_besides, passed_in, set_cohort
from annotation.domain.errors import AnnotationError, WrongState
from annotation.domain.rules import rules_of, set_rules
from annotation.models import Campaign, Participant
from studies.models import User

NAMED = 5  # unknown pseudonyms that a message names


class TakesAway(WrongState):
    """``number`` raters at work would have to stop in the middle of an item. Nothing was changed."""

    def __init__(self, number: int) -> None:
        who = "1 rater is" if number == 1 else f"{number:,} raters are"
        super().__init__(
            f"{who} in the middle of an item and not among these: it would go to others at once. Answers given so far"
            " stay. Tick the box below if you mean it, or choose again."
        )
        self.number = number


@transaction.atomic
def open_to_all(*, campaign: Campaign, actor: User) -> Campaign:
    """Every rater of the study may take part. The cohort that was is kept, for whoever chooses it again."""
    return set_rules(campaign=campaign, actor=actor, rules=replace(rules_of(campaign), cohort_only=False))


@transaction.atomic
def keep_to_passed(*, campaign: Campaign, source: Campaign, actor: User, confirmed: bool = False) -> int:
    """Only participants whose part in ``source`` was sound may take part; gives how many they are.

    The cohort is who they are now: who passes later is in it when the lead chooses again. Raises AnnotationError where
    nobody has passed, for nobody could take part, and TakesAway unless it is ``confirmed`` that it does.
    """
    participants = list(passed_in(source))
    if not participants:
        raise AnnotationError(f"Nobody has handed in work in “{source.title}” and passed its checks yet.")
    return _keep_to(campaign, participants, actor, confirmed)


@transaction.atomic
def keep_to_listed(*, campaign: Campaign, pseudonyms: str, actor: User, confirmed: bool = False) -> int:
    """Only the participants with these pseudonyms, parted by spaces, commas or lines; gives how many they are.

    Raises AnnotationError for an empty list, and for pseudonyms of nobody in the study, naming them; TakesAway as
    above.
    """
    wanted = dict.fromkeys(re.findall(r"[^\s,;]+", pseudonyms))
    if not wanted:
        raise AnnotationError("Name at least one rater by pseudonym, or let everybody take part.")
    found = list(Participant.objects.filter(study=campaign.study_id, pseudonym__in=wanted).order_by("pk"))
    known = {participant.pseudonym for participant in found}
    unknown = [pseudonym for pseudonym in wanted if pseudonym not in known]
    if unknown:
        names = ", ".join(unknown[:NAMED]) + (f" and {len(unknown) - NAMED} more" if len(unknown) > NAMED else "")
        raise AnnotationError(f"Nobody in this study has the pseudonym {names}. Take them from a campaign's raters.")
    return _keep_to(campaign, found, actor, confirmed)


def _keep_to(campaign: Campaign, participants: list[Participant], actor: User, confirmed: bool) -> int:
    out = at_work_besides(campaign, [participant.pk for participant in participants]).count()
    if out and not confirmed:
        raise TakesAway(out)
    number = set_cohort(campaign=campaign, participants=participants, actor=actor)
    set_rules(campaign=campaign, actor=actor, rules=replace(rules_of(campaign), cohort_only=True))
    return number
