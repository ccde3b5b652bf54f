"""Releases asked for in the browser: a worker takes the job, says how far it is and looks whether to stop.

The row is the truth. A message that got lost, or a worker that died, is made good by the sweep: the job is taken again
and its release written anew; nothing of the first attempt can be seen. The release and the end of its job are one
transaction, which only the worker that took the job last can make: one job gives one release, whoever dies when.
"""

from __future__ import annotations

import json
import shutil
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path

from django.conf import settings
from django.db import connections, transaction
from django.db.models import Q, QuerySet
from django.utils import timezone

from annotation.domain.errors import AnnotationError
from annotation.enums import JobState
from annotation.models import Assignment, Judgment, Question, Release, ReleaseJob
from annotation.releases.errors import ReleaseOvertaken, ReleaseStopped
from annotation.releases.finishing import finish_release
from annotation.releases.settings import ReleaseSettings
from annotation.releases.write import make_release
from pipeline.models import Attribute, Conversation, Finding, Label, Response, Vote
from studies.models import Study

BEAT = 1.0  # seconds between two signs of life
DEAD = timedelta(minutes=1)  # without one, a worker is taken for gone
LATE = timedelta(minutes=2)  # asked and not begun: no worker looks, or its message was lost
TAKEN_AGAIN = timedelta(seconds=30)
LEFT_OVER = timedelta(hours=6)
AT_MOST = 5  # times that an erasure may overtake one job, and workers that may die of it
DIED = f"{AT_MOST} workers died of it one after the other; see their logs and the machine's memory, then ask again."
IN_THE_LOG = "The release could not be written; the log of the worker says why."


def run_job(*, job_id: int) -> Release | None:
    """Takes the job and writes its release. None when there is nothing to do, it was stopped, or it was refused.

    The outcome is recorded in every case, an unforeseen error raised as well. Not to be called in a transaction.
    """
    job = take_job(job_id)
    if job is None:
        return None
    try:
        with _watched(job) as watch:
            release = _made(job, watch)
    except ReleaseStopped:
        end_job(job, JobState.STOPPED)
    except AnnotationError as error:
        end_job(job, JobState.FAILED, problem=error.message)
    except Exception:
        end_job(job, JobState.FAILED, problem=IN_THE_LOG)
        raise
    else:
        return release
    return None


def _made(job: ReleaseJob, watch: Watch) -> Release:
    """Again, where answers were erased meanwhile."""
    for _ in range(AT_MOST - 1):
        try:
            return _make(job, watch)
        except ReleaseOvertaken:
            watch.rows.clear()
    return _make(job, watch)


def _make(job: ReleaseJob, watch: Watch) -> Release:
    version = job.version or None

    def published(release: Release) -> None:
        finish_job(job, release)

    if job.draft is not None:
        return finish_release(
            release=job.draft,
            actor=job.asked_by,
            version=version,
            stop=lambda: watch.stopping,
            published=published,
        )
    return make_release(
        study=job.study,
        actor=job.asked_by,
        version=version,
        final=job.final,
        settings=ReleaseSettings(demographics=None if job.demographics is None else tuple(job.demographics)),
        progress=watch.step,
        stop=lambda: watch.stopping,
        published=published,
    )


@transaction.atomic
def take_job(job_id: int) -> ReleaseJob | None:
    """The job, running under this worker; None when it is over, another is at it, or it was to be stopped."""
    job = (
        ReleaseJob.objects.select_for_update(of=("self",))
        .select_related("study", "draft__study", "asked_by")
        .get(pk=job_id)
    )
    gone = job.beaten_at is not None and job.beaten_at < timezone.now() - DEAD
    if job.state == JobState.STOPPING and gone:
        end_job(job, JobState.STOPPED)
        return None
    if job.state != JobState.ASKED and not (job.state == JobState.RUNNING and gone):
        return None
    if job.attempts >= AT_MOST:
        end_job(job, JobState.FAILED, problem=DIED)
        return None
    job.state, job.beaten_at, job.attempts = JobState.RUNNING, timezone.now(), job.attempts + 1
    job.table, job.n_rows, job.n_expected = "", 0, expected_rows(job.study)
    job.save(update_fields=["state", "beaten_at", "attempts", "table", "n_rows", "n_expected"])
    return job


def finish_job(job: ReleaseJob, release: Release) -> None:
    """For the transaction that publishes the release. Raises ReleaseStopped where the job is another worker's by now,
    or to be stopped."""
    mine = ReleaseJob.objects.filter(pk=job.pk, attempts=job.attempts, state=JobState.RUNNING)
    if not mine.update(state=JobState.DONE, release=release, ended_at=timezone.now()):
        raise ReleaseStopped("The release was stopped, or another worker has it by now; nothing of it was kept.")


def end_job(job: ReleaseJob, state: JobState, *, problem: str = "") -> None:
    """Nothing came of it. Another worker's attempt at it is left alone."""
    mine = ReleaseJob.objects.filter(pk=job.pk, attempts=job.attempts, state__in=JobState.open())
    mine.update(state=state, problem=problem, ended_at=timezone.now())


def expected_rows(study: Study) -> int:
    """Roughly how many rows the release will have: the tables that grow."""
    in_study = Q(campaign__study=study)
    counts = (
        Judgment.objects.filter(rater__campaign__study=study).count(),
        Assignment.objects.filter(in_study).count(),
        Question.objects.filter(item__campaign__study=study).values("item").distinct().count(),
        Conversation.objects.filter(person__corpus__study=study).count(),
        Attribute.objects.filter(run__study=study).count(),
        Response.objects.filter(run__study=study).count(),
        *(model._default_manager.filter(run__study=study).count() for model in (Vote, Finding, Label)),
    )
    return sum(counts)


@dataclass
class Watch:
    """What the writer tells and the watching thread reads, and the other way round."""

    job_id: int
    attempt: int
    rows: dict[str, int] = field(default_factory=dict)
    table: str = ""
    stopping: bool = False

    def step(self, table: str, rows: int) -> None:
        self.table, self.rows[table] = table, rows

    def beat(self) -> None:
        """A sign of life, and a look whether to stop: asked to, or because another worker has the job by now."""
        mine = ReleaseJob.objects.filter(pk=self.job_id, attempts=self.attempt, state__in=JobState.open())
        beaten = mine.update(beaten_at=timezone.now(), table=self.table, n_rows=sum(self.rows.values()))
        state = ReleaseJob.objects.filter(pk=self.job_id).values_list("state", flat=True).first()
        self.stopping = not beaten or state == JobState.STOPPING


@contextmanager
def _watched(job: ReleaseJob) -> Iterator[Watch]:
    """Beats from a thread with a connection of its own: the writer's is in a snapshot that may not write."""
    watch, over = Watch(job.pk, job.attempts), threading.Event()

    def look() -> None:
        try:
            while not over.wait(BEAT):
                watch.beat()
        finally:
            connections.close_all()

    thread = threading.Thread(target=look, name=f"release-job-{job.pk}", daemon=True)
    thread.start()
    try:
        yield watch
    finally:
        over.set()
        thread.join()


def forsaken_jobs() -> QuerySet[ReleaseJob]:
    """Open jobs that no worker is at: their message was lost, or their worker is gone."""
    now = timezone.now()
    unread = Q(state=JobState.ASKED, asked_at__lt=now - TAKEN_AGAIN)
    left = Q(state__in=(JobState.RUNNING, JobState.STOPPING), beaten_at__lt=now - DEAD)
    return ReleaseJob.objects.filter(unread | left).order_by("pk")


def is_late(job: ReleaseJob) -> bool:
    """Asked a while ago, and no worker has begun."""
    return job.state == JobState.ASKED and job.asked_at < timezone.now() - LATE


def remove_leftovers() -> int:
    """What workers that died left beside the releases, old enough that nobody writes to it: hidden folders that were
    being written, and whole ones whose worker died between the move and the commit, so that no release is recorded.
    """
    root, before = Path(settings.RELEASES_DIR), time.time() - LEFT_OVER.total_seconds()
    whole = {path.parent.name: path.parent for path in root.glob("*/manifest.json")}
    for public_id in Release.objects.filter(public_id__in=whole).values_list("public_id", flat=True):
        del whole[public_id]
    nobodys = [path for name, path in whole.items() if _release_in(path) == name]
    left = [path for path in (*root.glob(".*.unfinished"), *nobodys) if path.is_dir() and _touched(path) < before]
    for path in left:
        shutil.rmtree(path, ignore_errors=True)
    return len(left)


def _release_in(folder: Path) -> str:
    """Its public id, after which a worker names the folder; a folder of another name is somebody's own."""
    try:
        return str(json.loads((folder / "manifest.json").read_text(encoding="utf-8")).get("release"))
    except (OSError, ValueError, AttributeError):
        return ""


def _touched(folder: Path) -> float:
    return max(path.stat().st_mtime for path in (folder, *folder.rglob("*")))
