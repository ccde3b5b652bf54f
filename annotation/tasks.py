"""Celery tasks: fetch, call one domain function, end in a stored state."""

from __future__ import annotations

import logging
from collections.abc import Collection, Mapping, Sequence
from decimal import Decimal

from celery import shared_task
from django.db import transaction

from annotation.domain.assignment import expire_leases
from annotation.domain.recruiting.hooks import handle_hook, receive_hook
from annotation.domain.recruiting.payments import ask_approvals, ask_payment
from annotation.domain.recruiting.polling import due_recruitments, poll_recruitment
from annotation.domain.recruiting.sending import due_payments, send_payment
from annotation.domain.recruiting.sweeping import sweep_spent, waiting_hooks
from annotation.domain.releasing import ask_release, remove_withdrawn_files
from annotation.domain.remark_masks import look_through_remarks
from annotation.domain.rolling import campaigns_to_roll_up, roll_up
from annotation.domain.signals import campaigns_to_keep, keep_signals
from annotation.enums import RecruiterAction
from annotation.models import Campaign, HookEvent, Payment, Recruitment, Release, ReleaseJob, Report, Visit
from annotation.recruiters.base import Retryable
from annotation.releases.jobs import forsaken_jobs, remove_leftovers, run_job
from annotation.reports.drawing import draw_report, request_report, waiting_reports
from pipeline.backends.base import BackendUnusable
from studies.models import Study, User

logger = logging.getLogger(__name__)


@shared_task(name="annotation.task_expire_leases")
def task_expire_leases() -> None:
    """Opens the seats of raters who have gone. A claim does so too: nothing waits for this where no worker runs."""
    expire_leases()


@shared_task(name="annotation.task_make_release")
def task_make_release(*, job_id: int) -> None:
    """A release that was made asks for its report, which may take as long again and is no part of it."""
    release = run_job(job_id=job_id)
    if release is not None:
        ask_for_report(release=release)


def ask_for_release(
    *,
    study: Study,
    actor: User,
    final: bool = False,
    version: str = "",
    draft: Release | None = None,
    demographics: Sequence[str] | None = None,
) -> ReleaseJob:
    """Records the wish and, once it is committed, wakes a worker."""
    with transaction.atomic():
        job = ask_release(
            study=study, actor=actor, final=final, version=version, draft=draft, demographics=demographics
        )
        # A lambda: of a partial Django cannot write the name into the log, and the error it hides becomes one of ours.
        transaction.on_commit(lambda: task_make_release.delay(job_id=job.pk), robust=True)
    return job


@shared_task(name="annotation.task_sweep_releases")
def task_sweep_releases() -> None:
    """Finishes what crashes left: files of withdrawn releases, unfinished folders, jobs and reports that no worker is
    at.
    """
    remove_withdrawn_files()
    remove_leftovers()
    for job in forsaken_jobs():
        task_make_release(job_id=job.pk)
    for report in waiting_reports():
        draw_report(report=report)


@shared_task(name="annotation.task_draw_report")
def task_draw_report(*, report_id: int) -> None:
    draw_report(report=Report.objects.select_related("release").get(pk=report_id))


def ask_for_report(*, release: Release) -> Report:
    """Records the wish and, once it is committed, wakes a worker; not for a report that is there or on its way."""
    with transaction.atomic():
        report, new = request_report(release=release)
        if new:
            transaction.on_commit(lambda: task_draw_report.delay(report_id=report.pk), robust=True)
    return report


@shared_task(name="annotation.task_roll_up")
def task_roll_up() -> None:
    """Counts what campaigns got since they were counted last."""
    for campaign in campaigns_to_roll_up():
        roll_up(campaign=campaign)


@shared_task(name="annotation.task_keep_signals")
def task_keep_signals() -> None:
    """Looks through large campaigns that have changed; small ones are looked through as their page is opened."""
    for campaign in campaigns_to_keep():
        keep_signals(campaign=campaign)


@shared_task(name="annotation.task_roll_up_campaign")
def task_roll_up_campaign(*, campaign_id: int) -> None:
    roll_up(campaign=Campaign.objects.get(pk=campaign_id))


def ask_to_roll_up(*, campaign: Campaign) -> None:
    """Wakes a worker to count the campaign now; where none comes, the next minute's round does it."""
    transaction.on_commit(lambda: task_roll_up_campaign.delay(campaign_id=campaign.pk), robust=True)


@shared_task(name="annotation.task_look_through_remarks")
def task_look_through_remarks() -> None:
    """Where personal data cannot be looked for, what raters wrote waits unread, and the log says why."""
    try:
        look_through_remarks()
    except BackendUnusable as error:
        logger.error("remarks wait to be looked through for personal data: %s", error)


@shared_task(name="annotation.task_send_payment")
def task_send_payment(*, payment_id: int) -> None:
    send_payment(payment=Payment.objects.get(pk=payment_id))


@shared_task(name="annotation.task_handle_hook")
def task_handle_hook(*, event_id: int) -> None:
    """What the recruiter cannot be asked about now is asked again by the sweep."""
    try:
        handle_hook(event=HookEvent.objects.select_related("visit__recruitment").get(pk=event_id))
    except Retryable:
        return


@shared_task(name="annotation.task_sweep_recruiting")
def task_sweep_recruiting() -> None:
    """Finds payments and messages that no task works on, and submissions that no message came about: one after
    another, so that the recruiter is not pressed."""
    sweep_spent()
    for event in waiting_hooks():
        task_handle_hook(event_id=event.pk)
    for payment in due_payments():
        send_payment(payment=payment)
    for recruitment in due_recruitments():
        poll_recruitment(recruitment=recruitment)


def ask_recruiter(
    *, visit: Visit, action: RecruiterAction, actor: User, amount: Decimal | None = None, reason: str = ""
) -> Payment:
    """Writes what is asked and, once it is committed, wakes a worker to send it."""
    with transaction.atomic():
        payment = ask_payment(visit=visit, action=action, actor=actor, amount=amount, reason=reason)
        _send_soon(payment)
    return payment


def ask_recruiter_to_approve(*, recruitment: Recruitment, actor: User, visits: Collection[int]) -> list[Payment]:
    """The same for those of these visits that are complete and not approved."""
    with transaction.atomic():
        payments = ask_approvals(recruitment=recruitment, actor=actor, visits=visits)
        for payment in payments:
            _send_soon(payment)
    return payments


def _send_soon(payment: Payment) -> None:
    transaction.on_commit(lambda: task_send_payment.delay(payment_id=payment.pk), robust=True)


def take_hook(*, recruitment: Recruitment, headers: Mapping[str, str], body: bytes) -> HookEvent | None:
    """Stores a message of the recruiter's and wakes a worker; None for one that is known already."""
    with transaction.atomic():
        event = receive_hook(recruitment=recruitment, headers=headers, body=body)
        if event is not None and event.visit is not None:
            transaction.on_commit(lambda: task_handle_hook.delay(event_id=event.pk), robust=True)
    return event
