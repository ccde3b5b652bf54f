"""A campaign's rules: who may take part, how much, what is checked, and how long an item is theirs."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict, dataclass, fields
from typing import Any
from zoneinfo import available_timezones

from django.conf import settings
from django.db import connection, transaction

from annotation.domain.cohorts import hand_on_of_others, lock_raters
from annotation.domain.errors import AnnotationError, WrongState
from annotation.domain.gates import ask_again
from annotation.domain.leases import lease_for
from annotation.domain.screening.scheduling import schedule_checks
from annotation.enums import CampaignState, Origin
from annotation.models import Campaign, ConsentForm, Rater
from studies.domain.audit import record_event
from studies.models import User

__all__ = ["CampaignRules", "lease_for", "rules_of", "set_rules"]

MOST = 100_000  # items, attempts, pixels: more is a slip of the finger
LEASES = (60, 24 * 3600)  # seconds


@dataclass(frozen=True)
class CampaignRules:
    """What a lead may set. Numbers of 0 mean no limit; ``check_every`` 0 means no gold or attention items among the
    work. ``consent_form`` is the key of one of the study's. Times in seconds, widths in CSS pixels, the pass mark a
    share from 0 to 1.
    """

    max_items: int = 0
    max_items_day: int = 0
    time_zone: str = "UTC"
    min_width: int = 0
    cohort_only: bool = False
    people_apart: bool = False
    check_every: int = 0
    attention_limit: int = 0
    quiz_attempts: int = 2
    pass_mark: float = 0.8
    lease_seconds: int = 1800
    asks_could_tell: bool = True
    language: str = "en"
    consent_form: int | None = None


class RulesInvalid(AnnotationError):
    """``problems`` holds (field of CampaignRules, sentence)."""

    def __init__(self, problems: list[tuple[str, str]]) -> None:
        super().__init__(" ".join(sentence for _, sentence in problems))
        self.problems = problems


def rules_of(campaign: Campaign) -> CampaignRules:
    names = [field.name for field in fields(CampaignRules) if field.name != "consent_form"]
    return CampaignRules(**{name: getattr(campaign, name) for name in names}, consent_form=campaign.consent_form_id)


@transaction.atomic
def set_rules(*, campaign: Campaign, actor: User, rules: CampaignRules) -> Campaign:
    """The campaign goes by these rules from now on; what changed stands in the audit trail, and no change is none.

    Who is not of a cohort that alone may take part from now on hands on what they hold. A new consent form is put to
    everybody who has not agreed to it, before they get another item; a new rate of checks holds from each rater's next
    item. Raises RulesInvalid with every problem at once, WrongState for a campaign that is closed or imported.
    """
    lock_raters(campaign)
    if rules.cohort_only and not Campaign.objects.get(pk=campaign.pk).cohort_only:
        hand_on_of_others(campaign, list(campaign.cohort.values_list("participant", flat=True)))
    locked = Campaign.objects.select_for_update(of=("self",)).select_related("study").get(pk=campaign.pk)
    _check(locked, rules)
    before, after = asdict(rules_of(locked)), asdict(rules)
    changed = {name: value for name, value in after.items() if value != before[name]}
    if not changed:
        return locked
    for name, value in changed.items():
        setattr(locked, "consent_form_id" if name == "consent_form" else name, value)
    locked.save(update_fields=list(changed))
    if "consent_form" in changed:
        ask_again(campaign=locked)
    if "check_every" in changed:
        Rater.objects.filter(campaign=locked).update(next_check=None)
        schedule_checks(campaign=locked)
    _record(locked, actor, before, changed)
    return locked


def _record(campaign: Campaign, actor: User, before: dict[str, Any], changed: dict[str, Any]) -> None:
    record_event(
        study=campaign.study,
        actor=actor,
        verb="set_rules",
        subject=f"campaign:{campaign.slug}",
        detail={
            f"{name} {when}": rules[name]
            for name in changed
            for when, rules in (("before", before), ("after", changed))
        },
    )


def _check(campaign: Campaign, rules: CampaignRules) -> None:
    if campaign.origin == Origin.IMPORTED or campaign.state == CampaignState.CLOSED:
        raise WrongState(f"“{campaign.title}” is over for good, so its rules stand as they are.")
    problems = [*_number_problems(rules), *_word_problems(campaign, rules)]
    if problems:
        raise RulesInvalid(problems)


def _number_problems(rules: CampaignRules) -> Iterator[tuple[str, str]]:
    for name, what in (
        ("max_items", "items a rater"),
        ("max_items_day", "items a rater and day"),
        ("min_width", "pixels"),
        ("check_every", "items from one check to the next"),
        ("attention_limit", "failed attention checks"),
    ):
        if not 0 <= getattr(rules, name) <= MOST:
            yield name, f"{getattr(rules, name):,} {what}: say a number from 0 (which sets no limit) to {MOST:,}."
    if rules.check_every == 1:
        yield "check_every", "A check at every item leaves no work: say 2 or more, or 0 for none."
    if not 1 <= rules.quiz_attempts <= 100:
        yield "quiz_attempts", f"{rules.quiz_attempts} attempts at the quiz: allow from 1 to 100."
    if not 0 <= rules.pass_mark <= 1:
        yield "pass_mark", f"A pass mark of {rules.pass_mark} is no share: say a number from 0 to 1, as 0.8."
    if not LEASES[0] <= rules.lease_seconds <= LEASES[1]:
        yield "lease_seconds", f"A lease of {rules.lease_seconds} seconds: choose from a minute to a day (60 to 86400)."


def _word_problems(campaign: Campaign, rules: CampaignRules) -> Iterator[tuple[str, str]]:
    if not _is_time_zone(rules.time_zone):
        yield "time_zone", f"{rules.time_zone!r} is no time zone known here: name one as in Europe/Berlin, or UTC."
    known = dict(settings.LANGUAGES)
    if rules.language not in known:
        yield "language", f"There are no pages in {rules.language!r}: choose {', '.join(known)}."
    if rules.consent_form is not None:
        form = ConsentForm.objects.filter(pk=rules.consent_form, study=campaign.study_id)
        if not form.exists():
            yield "consent_form", "That consent form is not one of this study's: choose one of its list."


def _is_time_zone(name: str) -> bool:
    """Known to Python and, where it reckons days too (hand_in.sql), to the database."""
    if name not in available_timezones():
        return False
    if connection.vendor != "postgresql":
        return True
    with connection.cursor() as cursor:
        cursor.execute("SELECT EXISTS (SELECT FROM pg_timezone_names WHERE name = %s)", [name])
        row = cursor.fetchone()
    return bool(row and row[0])
