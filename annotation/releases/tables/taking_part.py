"""Who took part, what they were told and agreed to, and how they left. All under their pseudonyms."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from typing import Any, NamedTuple

from annotation.domain.withdrawing import VERBS, audit_subject
from annotation.enums import RaterState
from annotation.models import Closing, Consent, ConsentForm, Rater
from annotation.releases.cells import cells_of
from annotation.releases.tables.covering import covered_words
from annotation.releases.tables.rows import Row, binary, named, stream
from annotation.releases.tables.scope import Scope
from studies.models import AuditEvent

BY_RATER = ("campaign__public_id", "participant__pseudonym")


def raters(scope: Scope) -> Iterator[Row]:
    rows = Rater.objects.filter(scope.campaigns("campaign")).order_by(*map(binary, BY_RATER))
    cells = cells_of(scope.study, scope.settings.min_cell, scope.settings.demographics)
    fields = ("participant__pseudonym", "campaign__public_id", "participant__person__public_id", "kind")
    for who, *values in stream(rows, "participant", *fields, "group", "state", "joined_at", "outcome", "outcome_at"):
        yield named("raters", [*values, cells.shown(who)])


def consent_forms(scope: Scope) -> Iterator[Row]:
    rows = ConsentForm.objects.filter(study=scope.study).order_by(binary("sha256"))
    wording = ("minutes", "pay", "contact", "warning", "information", "statement")
    for values in stream(rows, "sha256", "version", *wording, "created_at"):
        yield named("consent_forms", values)


def consents(scope: Scope) -> Iterator[Row]:
    rows = Consent.objects.filter(scope.campaigns("rater__campaign"))
    by_rater = tuple(f"rater__{name}" for name in BY_RATER)
    rows = rows.order_by(*map(binary, (*by_rater, "form__sha256")))
    for values in stream(rows, *by_rater, "form__sha256", "agreed", "answered_at", "withdrawn_at"):
        yield named("consents", values)


def closings(scope: Scope) -> Iterator[Row]:
    by_rater = tuple(f"rater__{name}" for name in BY_RATER)
    rows = Closing.objects.filter(scope.campaigns("rater__campaign")).order_by(*map(binary, by_rater))
    said = stream(rows, *by_rater, "could_tell", "made_at", "erased_at", "how", "masks", "looked_with")
    for (*values, made_at, erased_at), how in covered_words(scope, said):
        yield named("closings", [*values, how, made_at, erased_at])


class Event(NamedTuple):
    verb: str
    detail: dict[str, Any]
    at: datetime


class Left(NamedTuple):
    """A time that a rater left; ``at`` is None where nothing but the rater's state says so."""

    kind: RaterState
    reason: str
    at: datetime | None
    undone_at: datetime | None = None


def exclusions(scope: Scope) -> Iterator[Row]:
    """From the audit trail, which holds the reasons and as many rows as raters left."""
    rows = Rater.objects.filter(scope.campaigns("campaign")).order_by(*map(binary, BY_RATER))
    events = _events(scope)
    for campaign, rater, slug, state in stream(rows, *BY_RATER, "campaign__slug", "state"):
        for left in leavings(events.get(audit_subject(rater, slug), ()), RaterState(state)):
            yield named("exclusions", [campaign, rater, left.kind.value, *left[1:]])


def _events(scope: Scope) -> dict[str, list[Event]]:
    trail = AuditEvent.objects.filter(study=scope.study, verb__in=VERBS).order_by("made_at", "pk")
    found: dict[str, list[Event]] = defaultdict(list)
    for subject, *event in stream(trail, "subject", "verb", "detail", "made_at"):
        found[subject].append(Event(*event))
    return found


def leavings(events: Sequence[Event], state: RaterState) -> list[Left]:
    """Each time that a rater left, as the trail tells it; of their own accord only the first, later ones change
    nothing. Reasons go with what the rater had erased: they speak of them.
    """
    found: list[Left] = []
    for verb, detail, at in events:
        if verb == "exclude_rater":
            found.append(Left(RaterState.EXCLUDED, detail.get("reason", ""), at))
        elif verb == "readmit_rater":
            found = [left._replace(undone_at=at) if _in_force(left, RaterState.EXCLUDED) else left for left in found]
        elif not any(left.kind == RaterState.WITHDRAWN for left in found):
            found.append(Left(RaterState.WITHDRAWN, "", at))
    if state != RaterState.ACTIVE and not any(_in_force(left, state) for left in found):
        found.insert(0, Left(state, "", None))
    return [left._replace(reason="") for left in found] if _erased(events) else found


def _in_force(left: Left, kind: RaterState) -> bool:
    return left.kind == kind and left.undone_at is None


def _erased(events: Iterable[Event]) -> bool:
    return any(event.detail.get("erase") for event in events)
