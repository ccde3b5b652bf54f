"""Study information in versions, and what each rater answered to it."""

from __future__ import annotations

import hashlib
import json
import re
from dataclasses import asdict, dataclass

from django.db import transaction
from django.db.models import Max
from django.db.models.functions import Now
from django.utils.translation import gettext

from annotation.domain.consents import consent_state
from annotation.domain.errors import AnnotationError, NotAllowed, WrongState
from annotation.domain.finishing import lock_rater, take_back_end
from annotation.domain.gates import open_gates
from annotation.enums import RaterState
from annotation.models import Consent, ConsentForm, Rater
from studies.domain.audit import record_event
from studies.models import Study, User

__all__ = ["ConsentFormInvalid", "Wording", "answer_consent", "consent_state", "write_form"]

MINUTES = (1, 10_000)
LONGEST = {"pay": 200, "contact": 200, "warning": 5_000, "information": 20_000, "statement": 5_000}  # characters
TO_FILL_IN = re.compile(r"\[\[.*?\]\]", re.DOTALL)  # what the default texts leave to the study
NEEDED = {
    "pay": "what raters are paid, or that they are not",
    "contact": "whom they can ask: a name and an address that is read",
    "information": "what the study is, what is asked of them, and what becomes of their answers",
    "statement": "what they agree to",
}


@dataclass(frozen=True)
class Wording:
    """All that a rater is shown before they agree. ``information``, ``statement`` and ``warning`` are Markdown."""

    minutes: int
    pay: str
    contact: str
    information: str
    statement: str
    warning: str = ""

    @property
    def sha256(self) -> str:
        return hashlib.sha256(json.dumps(asdict(self), sort_keys=True).encode()).hexdigest()


class ConsentFormInvalid(AnnotationError):
    """``field`` is the part of the wording that will not do."""

    def __init__(self, field: str, message: str) -> None:
        super().__init__(message)
        self.field = field


@transaction.atomic
def write_form(*, study: Study, actor: User | None, wording: Wording) -> ConsentForm:
    """The study's consent form of this wording: a new version, or the one that has it already.

    No form is ever changed, for people have agreed to it. Raises ConsentFormInvalid and writes nothing where a part is
    missing or too long.
    """
    wording = _checked(wording)
    Study.objects.select_for_update(no_key=True).get(pk=study.pk)
    same = study.consent_forms.filter(sha256=wording.sha256).first()
    if same is not None:
        return same
    last = study.consent_forms.aggregate(last=Max("version"))["last"] or 0
    form = ConsentForm.objects.create(
        study=study, version=last + 1, sha256=wording.sha256, created_by=actor, **asdict(wording)
    )
    record_event(
        study=study,
        actor=actor,
        verb="write_form",
        subject=f"consent form {form.version}",
        detail={"sha256": form.sha256},
    )
    return form


def _checked(wording: Wording) -> Wording:
    """The wording as it is stored and hashed: without blanks around it, and with one kind of line end."""
    if not MINUTES[0] <= wording.minutes <= MINUTES[1]:
        raise ConsentFormInvalid("minutes", f"Between {MINUTES[0]} and {MINUTES[1]:,} minutes, not {wording.minutes}.")
    texts = {name: "\n".join(str(getattr(wording, name)).strip().splitlines()) for name in LONGEST}
    for name, text in texts.items():
        _check_text(name, text)
    return Wording(minutes=wording.minutes, **texts)


def _check_text(name: str, text: str) -> None:
    left = TO_FILL_IN.search(text)
    if not text and name in NEEDED:
        raise ConsentFormInvalid(name, f"Say {NEEDED[name]}.")
    if len(text) > LONGEST[name]:
        raise ConsentFormInvalid(name, f"At most {LONGEST[name]:,} characters, not {len(text):,}.")
    if left:
        raise ConsentFormInvalid(name, f"Fill in what stands between double brackets: {left[0]}")
    if "\x00" in text:
        raise ConsentFormInvalid(name, "There is a NUL character in it, which no text has.")


@transaction.atomic
def answer_consent(*, rater: Rater, form: ConsentForm, agreed: bool) -> Consent:
    """The rater's answer to the campaign's present form, and its consequence: the next gate, or the end of their part.

    The same answer again changes nothing. Declining may be changed to agreeing, for as long as the recruiter's place is
    still theirs; agreeing is undone by leaving (withdrawing.py), not by declining. Raises NotAllowed for a rater who
    left, WrongState where the campaign's form is another one by now, or the answer cannot be changed.
    """
    row = lock_rater(rater)
    if row.state != RaterState.ACTIVE:
        raise NotAllowed(gettext("You no longer take part in this campaign."))
    if row.campaign.consent_form_id != form.pk:
        raise WrongState(gettext("The study information has changed meanwhile. Please read it before you answer."))
    consent = Consent.objects.filter(rater=row, form=form).first()
    if consent is None:
        consent = Consent.objects.create(rater=row, form=form, agreed=agreed, answered_at=Now())
    elif consent.agreed != agreed:
        _change_mind(row, consent)
    open_gates(rater=row)
    return Consent.objects.get(pk=consent.pk)


def _change_mind(rater: Rater, consent: Consent) -> None:
    if consent.agreed:
        raise WrongState(gettext("You agreed to take part. You can stop at any time by leaving the campaign."))
    take_back_end(rater=rater)
    Consent.objects.filter(pk=consent.pk).update(agreed=True, answered_at=Now())
    record_event(
        study=rater.campaign.study,
        actor=rater.participant.user,
        verb="answer_consent",
        subject=f"rater {rater.participant.pseudonym} of campaign {rater.campaign.slug}",
        detail={"form": consent.form.version, "agreed": True, "declined_before": True},
    )
