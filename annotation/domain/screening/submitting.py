"""What a submitted training, qualification or attention item sets going."""

from __future__ import annotations

from annotation.domain.finishing import end_rater
from annotation.domain.gates import open_gates
from annotation.domain.screening.marking import attention_failed
from annotation.enums import ItemRole, RaterGate, RaterOutcome
from annotation.models import Assignment

BEFORE_WORK = (ItemRole.TRAINING, ItemRole.QUALIFICATION)


def after_submit(*, assignment: Assignment) -> None:
    """Called in the transaction of a submit or a return, for every item that is not work, the rater's row locked.

    Training and qualification move the rater's gate on. A failed attention item that reaches the campaign's limit ends
    the rater's part; answers stay as they are, and count until a lead excludes the rater.
    """
    rater, role = assignment.rater, assignment.item.role
    if role in BEFORE_WORK:
        open_gates(rater=rater)
    limit = rater.campaign.attention_limit
    if role == ItemRole.ATTENTION and limit and rater.gate == RaterGate.OPEN and attention_failed(rater) >= limit:
        end_rater(rater=rater, outcome=RaterOutcome.FAILED_ATTENTION)
