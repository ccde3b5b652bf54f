"""A study's consent forms, looked back on: what changed from one to the next, and who said what to each."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher

from django.db.models import Count, Q

from annotation.models import ConsentForm
from studies.models import Study

PARTS = ("minutes", "pay", "contact", "warning", "information", "statement")
WORDS = re.compile(r"\S+\s*|\s+")


@dataclass(frozen=True)
class Change:
    """A stretch of text that stayed (kind "same"), came ("new") or went ("gone")."""

    kind: str
    text: str


@dataclass(frozen=True)
class PartChanged:
    name: str
    changes: tuple[Change, ...]


@dataclass(frozen=True)
class Version:
    """``agreed`` counts those who agreed and did not withdraw; ``withdrew`` those who did, ``declined`` those who never
    agreed. ``changed`` is what differs from the version before; empty for the first."""

    form: ConsentForm
    agreed: int
    declined: int
    withdrew: int
    campaigns: tuple[tuple[str, int], ...]  # by title, and how many have it
    changed: tuple[PartChanged, ...]


def versions_of(study: Study) -> list[Version]:
    """Newest first. Two queries, whatever the number of forms, campaigns and raters."""
    forms = list(
        study.consent_forms.order_by("version")
        .select_related("created_by")
        .prefetch_related("campaigns")
        .annotate(
            n_agreed=Count("consents", filter=Q(consents__agreed=True, consents__withdrawn_at__isnull=True)),
            n_declined=Count("consents", filter=Q(consents__agreed=False)),
            n_withdrew=Count("consents", filter=Q(consents__withdrawn_at__isnull=False)),
        )
    )
    before: list[ConsentForm | None] = [None, *forms]
    return [_version(form, earlier) for earlier, form in zip(before, forms, strict=False)][::-1]


def _version(form: ConsentForm, before: ConsentForm | None) -> Version:
    return Version(
        form=form,
        agreed=form.n_agreed,  # type: ignore[attr-defined]  # by versions_of
        declined=form.n_declined,  # type: ignore[attr-defined]
        withdrew=form.n_withdrew,  # type: ignore[attr-defined]
        campaigns=tuple(sorted(Counter(campaign.title for campaign in form.campaigns.all()).items())),
        changed=tuple(_changed(before, form)) if before else (),
    )


def _changed(before: ConsentForm, after: ConsentForm) -> Iterator[PartChanged]:
    for name in PARTS:
        old, new = str(getattr(before, name)), str(getattr(after, name))
        if old != new:
            yield PartChanged(name, tuple(differences(old, new)))


def differences(old: str, new: str) -> Iterator[Change]:
    """Word by word, in the order of reading: what went stands before what came in its place."""
    before, after = WORDS.findall(old), WORDS.findall(new)
    matcher = SequenceMatcher(None, before, after, autojunk=False)
    for kind, start, end, from_, to in matcher.get_opcodes():
        if kind == "equal":
            yield Change("same", _joined(before[start:end]))
            continue
        if end > start:
            yield Change("gone", _joined(before[start:end]))
        if to > from_:
            yield Change("new", _joined(after[from_:to]))


def _joined(words: Sequence[str]) -> str:
    return "".join(words)
