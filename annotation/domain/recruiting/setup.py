"""What a lead settles about a campaign's study at the recruiter. Tokens and secrets go in and are never shown again."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import urlsplit

from django.db import IntegrityError, transaction

from annotation.domain.errors import AnnotationError
from annotation.domain.recruiting.desk import open_recruiter, refuse_inside_transaction
from annotation.domain.recruiting.secrets import Purpose, encrypt
from annotation.enums import LaunchCheck, Origin, RaterOutcome
from annotation.models import Campaign, CompletionCode, Recruitment
from annotation.recruiters.launch_tokens import is_id
from studies.domain.audit import Detail, record_event
from studies.models import User

CODE = re.compile(r"[0-9A-Za-z_-]{3,64}")
OUTCOMES = tuple(outcome for outcome in RaterOutcome if outcome != RaterOutcome.NONE)


@dataclass(frozen=True)
class RecruitmentSettings:
    """``api_token`` "" keeps the one that is stored. ``audience`` is an origin, "" for this site's own."""

    study_id: str
    workspace_id: str = ""
    launch_check: LaunchCheck = LaunchCheck.SIGNED
    audience: str = ""
    api_token: str = ""


class RecruitmentInvalid(AnnotationError):
    """Nothing was stored. ``field`` is the setting's name, or the outcome whose code is at fault."""

    def __init__(self, field: str, message: str) -> None:
        super().__init__(message)
        self.field = field


@transaction.atomic
def set_up_recruitment(
    *, campaign: Campaign, settings: RecruitmentSettings, codes: Mapping[str, str], actor: User
) -> Recruitment:
    """Settings and codes together: both or neither. Raises RecruitmentInvalid naming the field or the outcome."""
    recruitment = set_recruitment(campaign=campaign, settings=settings, actor=actor)
    set_codes(recruitment=recruitment, codes=codes, actor=actor)
    return recruitment


@transaction.atomic
def set_recruitment(*, campaign: Campaign, settings: RecruitmentSettings, actor: User) -> Recruitment:
    """Creates the campaign's recruitment or changes it. Raises RecruitmentInvalid naming the field.

    The study at the recruiter stays the same once somebody has come from it: visits belong to it.
    """
    locked = Campaign.objects.select_for_update(of=("self",)).select_related("study").get(pk=campaign.pk)
    check_settings(locked, settings)
    row = Recruitment.objects.filter(campaign=locked).first() or Recruitment(campaign=locked, created_by=actor)
    if row.pk and row.study_id != settings.study_id and row.visits.exists():
        raise RecruitmentInvalid("study_id", "People have come from this study: build a new campaign for another.")
    before = row.study_id
    row.study_id, row.workspace_id = settings.study_id, settings.workspace_id
    row.launch_check, row.audience = settings.launch_check, settings.audience
    if settings.api_token:
        row.api_token_encrypted = encrypt(Purpose.API, settings.api_token)
    _save(row)
    detail: Detail = {
        "recruiter": row.recruiter,
        "study_id": row.study_id,
        "before": before,
        "launch_check": row.launch_check,
        "audience": row.audience,
        "new_token": bool(settings.api_token),
    }
    _record(row, actor, "set_recruitment", detail)
    return row


def _save(row: Recruitment) -> None:
    try:
        with transaction.atomic():
            row.save()
    except IntegrityError as error:
        raise RecruitmentInvalid(
            "study_id", f"Another campaign recruits by the study {row.study_id} already: each needs one of its own."
        ) from error


def check_settings(campaign: Campaign, settings: RecruitmentSettings) -> None:
    if campaign.origin != Origin.HUMAN:
        raise RecruitmentInvalid("study_id", f"This campaign is for {campaign.origin} raters; nobody is recruited.")
    if not is_id(settings.study_id):
        raise RecruitmentInvalid("study_id", f"“{settings.study_id}” is no id: copy it from the study's address.")
    if settings.workspace_id and not is_id(settings.workspace_id):
        raise RecruitmentInvalid("workspace_id", f"“{settings.workspace_id}” is no id: copy it, or leave it empty.")
    if settings.launch_check not in LaunchCheck.values:
        raise RecruitmentInvalid("launch_check", f"There is no check {settings.launch_check!r}.")
    if settings.audience and not _is_origin(settings.audience):
        raise RecruitmentInvalid("audience", f"“{settings.audience}” is no origin: https://fit.example.org is.")
    if not settings.api_token.isascii() or not settings.api_token.isprintable() or " " in settings.api_token:
        raise RecruitmentInvalid("api_token", "An API token has letters, digits and dashes only: copy it again.")


def _is_origin(text: str) -> bool:
    parts = urlsplit(text)
    return parts.scheme in ("http", "https") and bool(parts.hostname) and text == f"{parts.scheme}://{parts.netloc}"


@transaction.atomic
def set_codes(*, recruitment: Recruitment, codes: Mapping[str, str], actor: User) -> list[CompletionCode]:
    """The code of each outcome, all at once; an outcome with "" or left out has none. Setting the same changes nothing.

    Raises RecruitmentInvalid naming the outcome.
    """
    wanted = {outcome: code.strip() for outcome, code in codes.items() if code.strip()}
    _check_codes(wanted)
    row = Recruitment.objects.select_for_update(of=("self",)).get(pk=recruitment.pk)
    before = dict(row.codes.values_list("outcome", "code"))
    if wanted != before:
        row.codes.all().delete()
        CompletionCode.objects.bulk_create(
            CompletionCode(recruitment=row, outcome=outcome, code=code) for outcome, code in wanted.items()
        )
        _record(recruitment, actor, "set_codes", {outcome: wanted.get(outcome, "") for outcome in OUTCOMES})
    return list(row.codes.order_by("pk"))


def _check_codes(codes: Mapping[str, str]) -> None:
    seen: dict[str, str] = {}
    for outcome, code in codes.items():
        if outcome not in OUTCOMES:
            raise RecruitmentInvalid(outcome, f"There is no outcome {outcome!r}.")
        if not CODE.fullmatch(code):
            raise RecruitmentInvalid(outcome, f"“{code}” is no code: 3 to 64 letters, digits, - and _.")
        if code in seen:
            raise RecruitmentInvalid(
                outcome,
                f"“{code}” is the code of “{RaterOutcome(seen[code]).label}” already: each outcome needs its own,"
                " or the recruiter cannot tell them apart.",
            )
        seen[code] = outcome


def subscribe_hooks(*, recruitment: Recruitment, address: str, actor: User) -> None:
    """The recruiter tells ``address`` of every change from now on; its secret is stored, encrypted.

    Asks the recruiter first, so it is not for transactions. Raises RecruitmentInvalid and RecruiterError.
    """
    refuse_inside_transaction()
    if not recruitment.workspace_id:
        raise RecruitmentInvalid("workspace_id", "Messages come by workspace: enter its id in the settings first.")
    with open_recruiter(recruitment, patient=False) as recruiter:
        secret = recruiter.hook_secret(recruitment.workspace_id)
        # Before it subscribes: the first message may come at once.
        store_hook_secret(recruitment=recruitment, secret=secret, actor=actor)
        recruiter.subscribe(recruitment.workspace_id, address)


@transaction.atomic
def store_hook_secret(*, recruitment: Recruitment, secret: str, actor: User) -> None:
    sealed = encrypt(Purpose.HOOKS, secret)
    Recruitment.objects.filter(pk=recruitment.pk).update(hook_secret_encrypted=sealed)
    _record(recruitment, actor, "store_hook_secret", {})


def _record(recruitment: Recruitment, actor: User, verb: str, detail: Detail) -> None:
    campaign = recruitment.campaign
    record_event(study=campaign.study, actor=actor, verb=verb, subject=f"campaign:{campaign.slug}", detail=detail)
