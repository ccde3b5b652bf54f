"""The path that raters take over and over: a plain submit, and the next item in the same transaction.

Plain is what nothing is wrong or odd with: work that is held, or a check that cannot end the rater's part, every
question answered, no remark, a campaign that collects, a next item that is the check that is due or simply the next of
the ring: so that a check takes no longer than work, and cannot be told from it by that. Whatever is not, this leaves as
it was, to submit_assignment and claim_assignment. PostgreSQL does it in one call (hand_in.sql), other databases by
those two functions; the same tests hold both.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass

from django.db import connection, transaction
from django.db.models import Q

from analysis.schema import VALUES
from annotation.domain.assignment import claim_assignment
from annotation.domain.judging import submit_assignment
from annotation.domain.submissions import (
    Answer,
    Submission,
    plain_answers,
    plausible_pastes,
    plausible_seconds,
    questions_on_page,
)
from annotation.enums import AssignmentState, ItemRole, RaterState
from annotation.instruments.material import OwnTexts
from annotation.instruments.texts import own_texts
from annotation.models import Assignment, Item, Rater
from pipeline.masks import Span, shown
from studies.enums import Role
from studies.models import User
from studies.statements import one_row
from studies.tokens import new_token

CALL = (
    "SELECT rater, title, token, side, texts, prompt, generic, personalized, masks, saved, total, language "
    "FROM annotation_hand_in(%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s)"
)


@dataclass(frozen=True)
class NextItem:
    """A new assignment of the rater's, not worked on yet. ``saved`` and ``total`` as in the page's progress."""

    token: str
    campaign_title: str
    instrument: str
    texts: OwnTexts
    saved: int
    total: int
    language: str = "en"  # of the campaign's pages


@dataclass(frozen=True)
class HandedIn:
    """The answers are stored and count. ``following`` is None where claim_assignment has to look for the next item."""

    rater_id: int
    following: NextItem | None


def hand_in(
    *, user: User, roles: Iterable[Role], token: str, submission: Submission, besides: str = ""
) -> HandedIn | None:
    """Submit the user's held assignment and claim the next item. None, and nothing changed, where that is not plain.

    ``roles`` are those that rate: a user without one of them in the campaign's study has no assignment here.
    ``besides`` as in claim_assignment: the token of an item that the rater's page has fetched ahead already.
    """
    plain = plain_answers(submission, VALUES)
    if plain is None:
        return None
    if connection.vendor == "postgresql":
        return _by_function(user, roles, token, submission, besides, *plain)
    return by_orm(user=user, roles=roles, token=token, submission=submission, besides=besides)


def _by_function(
    user: User,
    roles: Iterable[Role],
    token: str,
    submission: Submission,
    besides: str,
    instrument: str,
    answers: list[Answer],
) -> HandedIn | None:
    values, reasons = [answer.value for answer in answers], [answer.reason for answer in answers]
    whose = [user.pk, [str(role) for role in roles], token]
    page = [plausible_seconds(submission.seconds), plausible_seconds(submission.hidden_seconds)]
    given = [instrument, values, reasons, submission.key, *page, plausible_pastes(submission.pastes)]
    row = one_row(CALL, [*whose, *given, besides, new_token(), new_token()])
    if row is None or row[0] is None:
        return None
    rater, title, following, side, questions, prompt, generic, personalized, masks, saved, total, language = row
    if following is None:
        return HandedIn(rater, None)
    texts = {"prompt": prompt, "generic": generic, "personalized": personalized}
    covered = _covered(texts | {str(place): text for place, text in enumerate(questions)}, masks)
    asked = tuple(covered[str(place)] or "" for place in range(len(questions)))
    own = OwnTexts(asked, side=side, **{name: covered[name] for name in texts})
    return HandedIn(rater, NextItem(following, title, instrument, own, saved, total, language))


def _covered(texts: dict[str, str | None], masks: list[tuple[str, int, int, str]] | None) -> dict[str, str | None]:
    """The texts as people see them; ``masks`` as the function gives them."""
    spans: dict[str, list[Span]] = defaultdict(list)
    for name, start, end, kind in masks or ():
        spans[name].append(Span(start, end, kind))
    return texts | {name: shown(texts[name] or "", found).text for name, found in spans.items()}


@transaction.atomic
def by_orm(
    *, user: User, roles: Iterable[Role], token: str, submission: Submission, besides: str = ""
) -> HandedIn | None:
    """hand_in's contract by submit_assignment and claim_assignment."""
    own = Assignment.objects.filter(
        rater__participant__user=user, campaign__study__memberships__in=user.memberships.filter(role__in=list(roles))
    )
    held = own.filter(token=token, state=AssignmentState.HELD, rater__state=RaterState.ACTIVE, rater__gate="")
    no_end = Q(item__role=ItemRole.GOLD) | Q(item__role=ItemRole.ATTENTION, campaign__attention_limit=0)
    plain = held.filter(Q(seat__isnull=False) | no_end)
    assignment = plain.select_related("campaign", "item", "rater").first()
    if assignment is None or not _answers(assignment, submission):
        return None
    rater = Rater.objects.select_for_update(of=("self",)).select_related("campaign").get(pk=assignment.rater_id)
    submit_assignment(assignment=assignment, submission=submission)
    following = claim_assignment(rater=rater, besides=besides)
    return HandedIn(rater.pk, _described(following) if following and not following.drafts.exists() else None)


def _answers(assignment: Assignment, submission: Submission) -> bool:
    """Whether these are answers to this page, as many and of its instrument."""
    plain = plain_answers(submission, VALUES)
    return plain is not None and (assignment.campaign.instrument, len(assignment.order)) == (plain[0], len(plain[1]))


def _described(assignment: Assignment) -> NextItem:
    campaign = assignment.campaign
    texts = own_texts(assignment, questions_on_page(assignment))
    saved, total = standing(assignment.rater)
    total = max(total, saved + 1)
    return NextItem(assignment.token, campaign.title, campaign.instrument, texts, saved, total, campaign.language)


def standing(rater: Rater) -> tuple[int, int]:
    """How many items the rater has submitted after training and qualification, whatever they were, and how many there
    may be: all work items, whose positions run from 0, or the most that one rater is given."""
    done, before = Rater.objects.values_list("n_submitted", "n_before").get(pk=rater.pk)
    work = Item.objects.filter(campaign=rater.campaign_id, role=ItemRole.WORK).order_by("-position")
    last = work.values_list("position", flat=True).first()
    total = 0 if last is None else last + 1
    most = rater.campaign.max_items
    saved = max(0, done - before)
    return saved, max(saved, min(total, most) if most else total)
