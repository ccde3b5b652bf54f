"""Asking for releases and taking them back. Writing one is annotation.releases' part; a row here is what it goes by."""

from __future__ import annotations

import shutil
import stat
from collections.abc import Callable, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

from django.conf import settings
from django.db import transaction
from django.db.models import Min
from django.utils import timezone

from annotation.domain.errors import AnnotationError, WrongState
from annotation.enums import JobState, ReleaseState
from annotation.models import Campaign, Closing, Demographic, Judgment, Rater, Release, ReleaseJob, Remark
from studies.domain.audit import record_event
from studies.models import AuditEvent, Study, User

ERASED = "A rater withdrew and had their answers erased."
LONGEST_REASON = 2000


@transaction.atomic
def ask_release(
    *,
    study: Study,
    actor: User | None,
    final: bool = False,
    version: str = "",
    draft: Release | None = None,
    demographics: Sequence[str] | None = None,
) -> ReleaseJob:
    """A job that a worker will take. One that is open already is the answer to this wish too, where it fulfils it.

    ``draft`` is one of the study whose very data are to become final; whether it may is asked when it is done.
    ``demographics``: the fields that the release is to hold; None: all, and of a draft those that it has. Raises
    WrongState where another job of the study is open that does not give what is asked for: one at a time.
    """
    _lock(study)
    final = final or draft is not None
    fields = None if demographics is None else sorted(set(demographics))
    job = open_job(study)
    if job is not None:
        if not _fulfils(job, final, version, draft, fields):
            raise WrongState(f"{_in_words(job)} Wait for its end, or stop it; then ask again.")
        return job
    job = ReleaseJob.objects.create(
        study=study,
        asked_by=actor,
        final=final,
        version=version,
        draft=draft,
        demographics=fields,
        asked_at=timezone.now(),
    )
    record_event(study=study, actor=actor, verb="ask_release", subject=f"study:{study.slug}", detail={"final": final})
    return job


def _fulfils(job: ReleaseJob, final: bool, version: str, draft: Release | None, demographics: list[str] | None) -> bool:
    """Whether the open job gives what is wished for: the same, or, where any release will do, one of the study; of the
    same demographics in any case."""
    if job.state == JobState.STOPPING or job.demographics != demographics:
        return False
    if not final and not version and draft is None:
        return job.draft_id is None
    return (job.final, job.version, job.draft_id) == (final, version, draft.pk if draft else None)


def _in_words(job: ReleaseJob) -> str:
    kind = "final release" if job.final else "release"
    named = f" {job.version}" if job.version else ""
    of = f" of draft {job.draft.version}" if job.draft else ""
    state = "is being stopped" if job.state == JobState.STOPPING else "was asked for and is not done"
    return f"Another {kind}{named}{of} {state}: one is made at a time."


@transaction.atomic
def stop_release(*, job: ReleaseJob, actor: User) -> ReleaseJob:
    """Nothing of the release will be kept. A worker that has begun is asked to stop and does within seconds.

    Raises WrongState when the job is over.
    """
    job = ReleaseJob.objects.select_for_update(of=("self",)).select_related("study").get(pk=job.pk)
    if job.state not in JobState.open():
        raise WrongState(f"The release is {job.get_state_display().lower()} already; there is nothing to stop.")
    if job.state == JobState.ASKED:
        job.state, job.ended_at = JobState.STOPPED, timezone.now()
    else:
        job.state = JobState.STOPPING
    job.save(update_fields=["state", "ended_at"])
    record_event(study=job.study, actor=actor, verb="stop_release", subject=f"study:{job.study.slug}")
    return job


def open_job(study: Study) -> ReleaseJob | None:
    return study.release_jobs.filter(state__in=JobState.open()).first()


@transaction.atomic
def withdraw_release(*, release: Release, because: str, actor: User | None) -> Release:
    """The release is taken back: its files go when this is committed, its manifest and its version number stay.

    Copies that others have are beyond reach; the page and the API say that it is withdrawn, why, and what replaces it.
    Raises AnnotationError without a reason, WrongState for one that is withdrawn already.
    """
    because = because.strip()
    if not because or len(because) > LONGEST_REASON:
        raise AnnotationError(f"Say why the release is withdrawn, in up to {LONGEST_REASON} characters.")
    _lock(release.study)
    row = Release.objects.select_for_update(of=("self",)).select_related("study").get(pk=release.pk)
    if row.state == ReleaseState.WITHDRAWN:
        raise WrongState(f"Release {row.version} is withdrawn already.")
    _withdraw(row, because, actor)
    return row


def withdraw_releases_of(*, rater: Rater, actor: User | None) -> list[Release]:
    """Withdraws every release that may hold what the rater gave, and asks for a new one.

    For the transaction that erases, before the values go: it goes by their times. The job asked for is nobody's.
    """
    study = _study_of(rater)
    _lock(study)
    since = _first_given(rater)
    if since is None:
        return []
    held = study.releases.exclude(state=ReleaseState.WITHDRAWN).filter(created_at__gte=since)
    releases = list(held.select_for_update(of=("self",)).select_related("study").order_by("pk"))
    for release in releases:
        _withdraw(release, ERASED, actor)
    if releases:
        _ask_replacement(study)
    return releases


def _ask_replacement(study: Study) -> None:
    """A release without what was erased, of the demographics that the last one holds. An open job that will not give
    one ends: whoever asked for it reads why."""
    job = open_job(study)
    if job is not None and job.draft_id is None and job.state != JobState.STOPPING:
        return  # it reads the study as it is now
    if job is not None:
        problem = "A rater had answers erased, so a new release is made first; ask again when it is done."
        job.state, job.problem, job.ended_at = JobState.FAILED, problem, timezone.now()
        job.save(update_fields=["state", "problem", "ended_at"])
    ask_release(study=study, actor=None, demographics=demographics_of_last(study))


def demographics_of_last(study: Study) -> tuple[str, ...] | None:
    """The fields that the study's last release was asked to hold, withdrawn or not: what a new one holds where nobody
    chooses. None: all, as where there is none yet."""
    manifest = study.releases.order_by("-pk").values_list("manifest", flat=True).first() or {}
    chosen = (manifest.get("settings") or {}).get("demographics")
    return None if chosen is None else tuple(chosen)


def erasures_in(study: Study) -> int:
    """How often raters of the study had answers erased. A release whose count grew while it was written is not kept."""
    return AuditEvent.objects.filter(study=study, verb="withdraw_rater", detail__erase=True).count()


def replacement_of(release: Release) -> Release | None:
    """The release to use in place of a withdrawn one: the newest of its study that stands, final before draft."""
    standing = release.study.releases.exclude(state=ReleaseState.WITHDRAWN).filter(pk__gt=release.pk)
    return standing.filter(state=ReleaseState.FINAL).order_by("-pk").first() or standing.order_by("-pk").first()


def remove_withdrawn_files() -> int:
    """Finishes what a crash left between the commit and the removal. Returns how many releases that were."""
    ids = Release.objects.filter(state=ReleaseState.WITHDRAWN).values_list("public_id", flat=True)
    return sum(remove_files(public_id) for public_id in ids.iterator())


def remove_files(public_id: str) -> bool:
    """Removes a release's folder, read-only as it may be, and its report's. False where there is none."""
    folders = [Path(root, public_id) for root in (settings.RELEASES_DIR, settings.REPORTS_DIR)]
    there = [folder for folder in folders if folder.is_dir()]
    for folder in there:
        shutil.rmtree(folder, onerror=_writable_then_again)
    return bool(there)


def _writable_then_again(remove: Callable[[str], Any], path: str, _error: object) -> None:
    """Final releases are read-only, folders included."""
    for locked in (Path(path).parent, Path(path)):
        locked.chmod(stat.S_IRWXU)
    remove(path)


def _withdraw(release: Release, because: str, actor: User | None) -> None:
    release.state, release.withdrawn_at, release.withdrawn_because = ReleaseState.WITHDRAWN, timezone.now(), because
    release.save(update_fields=["state", "withdrawn_at", "withdrawn_because"])
    detail = {"version": release.version, "because": because}
    subject = f"release:{release.public_id}"
    record_event(study=release.study, actor=actor, verb="withdraw_release", subject=subject, detail=detail)
    public_id = release.public_id
    transaction.on_commit(lambda: remove_files(public_id), robust=True)


def _first_given(rater: Rater) -> datetime | None:
    """When the first thing was given that an erasure takes now; None where nothing is left to erase."""
    kept = Judgment.objects.filter(rater=rater, erased_at=None)
    known = Demographic.objects.filter(participant=rater.participant_id).values("participant")
    moments = (
        kept.aggregate(first=Min("assignment__submitted_at"))["first"],
        Remark.objects.filter(assignment__rater=rater, erased_at=None).aggregate(first=Min("made_at"))["first"],
        Closing.objects.filter(rater=rater, erased_at=None).aggregate(first=Min("made_at"))["first"],
        Rater.objects.filter(participant__in=known).aggregate(first=Min("joined_at"))["first"],
    )
    return min((moment for moment in moments if moment is not None), default=None)


def _study_of(rater: Rater) -> Study:
    return Campaign.objects.select_related("study").get(pk=rater.campaign_id).study


def _lock(study: Study) -> None:
    """One at a time decides over a study's releases; rows that refer to the study may come all the while."""
    Study.objects.select_for_update(no_key=True).get(pk=study.pk)
