"""From a believed launch to a rater: one participant is one login and one rater, however often they come."""

from __future__ import annotations

from dataclasses import dataclass

from django.contrib.auth.hashers import make_password
from django.db import IntegrityError, transaction

from annotation.domain.gates import open_gates
from annotation.domain.joining import OPEN_TO_RATERS, pseudonym_for, seat_participant
from annotation.domain.recruiting.believing import Believed, LaunchRefused, Why
from annotation.domain.recruiting.ids import participant_hash, visit_hash
from annotation.domain.recruiting.secrets import Purpose, encrypt
from annotation.domain.recruiting.visits import note_status
from annotation.enums import Origin, RaterGate
from annotation.models import Campaign, CohortMember, Participant, Rater, Recruitment, UsedLaunch, Visit
from studies.domain.audit import record_event
from studies.domain.members import add_member
from studies.enums import Role
from studies.models import Study, User


@dataclass(frozen=True)
class Launch:
    user: User
    rater: Rater
    visit: Visit


def launch_participant(*, recruitment: Recruitment, believed: Believed, visitor: User | None = None) -> Launch:
    """The participant's login and rater, made where they were not there; their visit; the token used up.

    A token opens one door: a second time it only lets the browser go on that is logged in as that participant
    (``visitor``). Two launches at the same moment make one rater. Raises LaunchRefused, and then stores nothing.
    """
    used = _use_of(believed)
    if used is not None:
        return _go_on(used, visitor)
    with transaction.atomic():
        rater = _seat(recruitment, believed.participant_id)
        visit = _visit(recruitment, rater, believed)
        if believed.token_sha256:
            _use_up(believed, visit)
        if believed.status_at is not None:
            note_status(visit=visit, status=believed.status, asked_at=believed.status_at)
        if rater.gate == RaterGate.PLACE:
            rater = open_gates(rater=rater)  # by the visit that was made now
    assert rater.participant.user is not None
    return Launch(rater.participant.user, rater, visit)


def _use_of(believed: Believed) -> UsedLaunch | None:
    related = UsedLaunch.objects.select_related("visit__rater__participant__user", "visit__rater__campaign__study")
    return related.filter(token_sha256=believed.token_sha256).first() if believed.token_sha256 else None


def _go_on(used: UsedLaunch, visitor: User | None) -> Launch:
    rater = used.visit.rater
    user = rater.participant.user
    if visitor is None or user is None or visitor.pk != user.pk:
        raise LaunchRefused(Why.USED)
    return Launch(user, rater, used.visit)


def _seat(recruitment: Recruitment, participant_id: str) -> Rater:
    campaign = Campaign.objects.select_related("study").get(pk=recruitment.campaign_id)
    participant = _participant(campaign.study, recruitment.recruiter, participant_id)
    rater = Rater.objects.filter(campaign=campaign, participant=participant).first()
    if rater is None:
        _check_open(campaign, participant)
        rater = seat_participant(campaign=campaign, participant=participant)
        subject = f"rater {participant.pseudonym} of campaign {campaign.slug}"
        record_event(study=campaign.study, actor=None, verb="launch_participant", subject=subject)
    return open_gates(rater=rater)


def _check_open(campaign: Campaign, participant: Participant) -> None:
    if campaign.state not in OPEN_TO_RATERS:
        raise LaunchRefused(Why.NOT_OPEN, f"the campaign is {campaign.state}")
    invited = CohortMember.objects.filter(campaign=campaign, participant=participant)
    if campaign.cohort_only and not invited.exists():
        raise LaunchRefused(Why.NOT_INVITED, "the campaign is for a cohort")


def _participant(study: Study, recruiter: str, participant_id: str) -> Participant:
    """Found by the keyed hash, or made with a login of its own. The id is kept, encrypted, as long as it is needed."""
    found_by = participant_hash(study, recruiter, participant_id)
    pseudonym = pseudonym_for(study, "recruiter", recruiter, found_by)
    no_password = make_password(None)
    user, _ = User.objects.get_or_create(username=f"{recruiter}-{pseudonym}", defaults={"password": no_password})
    add_member(study=study, user=user, role=Role.RATER)
    sealed = encrypt(Purpose.PARTICIPANT, participant_id)
    participant, _ = Participant.objects.select_related("user").get_or_create(
        study=study,
        recruiter=recruiter,
        recruiter_id_hash=found_by,
        defaults={
            "kind": Origin.HUMAN,
            "pseudonym": pseudonym,
            "user": user,
            "recruiter_id_encrypted": sealed,
        },
    )
    if participant.recruiter_id_encrypted is None:
        Participant.objects.filter(pk=participant.pk).update(recruiter_id_encrypted=sealed)
    return participant


def _visit(recruitment: Recruitment, rater: Rater, believed: Believed) -> Visit:
    sealed = encrypt(Purpose.SUBMISSION, believed.submission_id)
    visit, _ = Visit.objects.get_or_create(
        recruitment=recruitment,
        id_hash=visit_hash(recruitment, believed.submission_id),
        defaults={"rater": rater, "id_encrypted": sealed},
    )
    if visit.rater_id != rater.pk:
        raise LaunchRefused(Why.FORGED, "the submission is somebody else's")
    if visit.id_encrypted is None:
        Visit.objects.filter(pk=visit.pk).update(id_encrypted=sealed)
    return visit


def _use_up(believed: Believed, visit: Visit) -> None:
    """Only what came by a token has a hash and an end."""
    assert believed.expires_at is not None
    try:
        with transaction.atomic():
            UsedLaunch.objects.create(token_sha256=believed.token_sha256, visit=visit, expires_at=believed.expires_at)
    except IntegrityError as error:
        raise LaunchRefused(Why.USED) from error
