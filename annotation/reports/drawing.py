"""The report of a release: asked for in a row, drawn by a worker in a process of its own, kept in a folder of its own.

The row is the truth. A worker that dies leaves a row that runs; after PATIENCE it may be asked for again.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from datetime import timedelta
from pathlib import Path

from django.conf import settings
from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone

from annotation.domain.errors import WrongState
from annotation.enums import JobState, ReleaseState
from annotation.models import Release, Report
from studies.tokens import new_token

PATIENCE = timedelta(minutes=15)
BEGUN_BY = timedelta(minutes=2)
TIME_LIMIT = 3600.0  # seconds


@transaction.atomic
def request_report(*, release: Release) -> tuple[Report, bool]:
    """The release's report, asked for, and whether that is news: one that is being drawn, or is there, is the answer
    to this wish too; one that failed, or that nothing was heard of for PATIENCE, is asked for again.

    Raises WrongState for a release that was withdrawn.
    """
    locked = Release.objects.select_for_update().get(pk=release.pk)
    if locked.state == ReleaseState.WITHDRAWN:
        raise WrongState("This release was withdrawn: its numbers are not drawn any more.")
    report, new = Report.objects.get_or_create(release=locked, defaults={"asked_at": timezone.now()})
    if new or not (report.state == JobState.FAILED or is_late(report) or _lost(report)):
        return report, new
    report.state, report.asked_at, report.ended_at, report.problem = JobState.ASKED, timezone.now(), None, ""
    report.save(update_fields=["state", "asked_at", "ended_at", "problem"])
    return report, True


def draw_report(*, report: Report) -> Report:
    """Draw the report into REPORTS_DIR and record the outcome; the folder appears whole or not at all.

    Nothing is done where it is not asked for (any more). Not to be called inside a transaction.
    """
    if not Report.objects.filter(pk=report.pk, state=JobState.ASKED).update(state=JobState.RUNNING):
        report.refresh_from_db()
        return report
    try:
        problem = _draw(report.release)
    except Exception:
        _end(report, "The report could not be drawn; the log of the worker says why.")
        raise
    return _end(report, problem)


def waiting_reports() -> QuerySet[Report]:
    """Asked for a while ago and not begun: the message to the worker was lost."""
    asked = Report.objects.filter(state=JobState.ASKED, asked_at__lt=timezone.now() - BEGUN_BY)
    return asked.exclude(release__state=ReleaseState.WITHDRAWN).select_related("release").order_by("asked_at")


def is_late(report: Report) -> bool:
    """Whether it should have been there by now: the worker, or the message to it, was lost."""
    return report.state in JobState.open() and report.asked_at < timezone.now() - PATIENCE


def folder_of(release: Release) -> Path:
    return Path(settings.REPORTS_DIR, release.public_id)


def _lost(report: Report) -> bool:
    """Done, and its folder was taken away."""
    return report.state == JobState.DONE and not folder_of(report.release).is_dir()


def _draw(release: Release) -> str:
    """Draw in a process of its own, whose memory and death are not the worker's; why it could not be, "" if it could"""
    source = Path(settings.RELEASES_DIR, release.public_id)
    if not source.is_dir():
        return "The release's files are not on this machine: it was written to another folder. Draw it where they are."
    target = folder_of(release)
    part = target.with_name(f".{target.name}.{new_token()}.unfinished")
    command = [sys.executable, "-m", "analysis", "report", str(source), "--out", str(part)]
    try:
        done = subprocess.run(  # noqa: S603
            command, cwd=settings.BASE_DIR, capture_output=True, text=True, timeout=TIME_LIMIT, check=False
        )
        if done.returncode:
            return _last_line(done.stderr) or f"Drawing ended with exit code {done.returncode}."
        shutil.rmtree(target, ignore_errors=True)
        os.replace(part, target)
    except subprocess.TimeoutExpired:
        return f"Drawing took longer than {TIME_LIMIT / 60:.0f} minutes and was ended."
    finally:
        shutil.rmtree(part, ignore_errors=True)
    return ""


def _last_line(text: str) -> str:
    return next((line.strip() for line in reversed(text.splitlines()) if line.strip()), "")


def _end(report: Report, problem: str) -> Report:
    report.state = JobState.FAILED if problem else JobState.DONE
    report.ended_at, report.problem = timezone.now(), problem
    report.save(update_fields=["state", "ended_at", "problem"])
    return report
