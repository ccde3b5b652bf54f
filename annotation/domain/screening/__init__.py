"""Before the work and among it: quiz, training, qualification, gold and attention items, and how raters did at them.

What only reads or gives items stands here, and gates.py asks it. What moves a rater's gate on stands above the gates
and is imported by its own name: ``quiz.answer_quiz``, ``submitting.after_submit``.
"""

from __future__ import annotations

from annotation.domain.screening.claiming import claim_before_work, claim_check
from annotation.domain.screening.marking import attention_failed, is_right
from annotation.domain.screening.scheduling import first_check, schedule_checks
from annotation.domain.screening.states import qualification_state, quiz_state, training_state

__all__ = [
    "attention_failed",
    "claim_before_work",
    "claim_check",
    "first_check",
    "is_right",
    "qualification_state",
    "quiz_state",
    "schedule_checks",
    "training_state",
]
