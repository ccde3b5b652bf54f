"""The short line on the pages before the work: what comes, and where one is."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from annotation.enums import ItemRole
from annotation.models import Campaign

PRACTICE = (ItemRole.TRAINING, ItemRole.QUALIFICATION)


class Step(Enum):
    CONSENT = _("Information and consent")
    INSTRUCTIONS = _("Instructions")
    QUIZ = _("Quiz")
    PRACTICE = _("Practice")
    WORK = _("Work")


@dataclass(frozen=True)
class StepShown:
    label: Promise
    here: bool
    done: bool


def steps_of(campaign: Campaign, here: Step) -> list[StepShown]:
    """The campaign's steps in order, for templates/annotation/_steps.html."""
    there = {
        Step.CONSENT: campaign.consent_form_id is not None,
        Step.INSTRUCTIONS: True,
        Step.QUIZ: campaign.quiz_questions.exists(),
        Step.PRACTICE: campaign.items.filter(role__in=PRACTICE, priority__gte=0).exists(),
        Step.WORK: True,
    }
    steps = [step for step, is_there in there.items() if is_there or step == here]
    place = steps.index(here)
    return [StepShown(step.value, at == place, at < place) for at, step in enumerate(steps)]
