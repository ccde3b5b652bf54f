"""Celery tasks: fetch, call one domain function, end in a stored state."""

from __future__ import annotations

from celery import shared_task
from django.db import transaction

from annotation.domain.assignment import expire_leases
from annotation.releases.requests import fulfil_release_request, request_release
from studies.models import AuditEvent, Study, User


@shared_task(name="annotation.task_expire_leases")
def task_expire_leases() -> None:
    """Opens the seats of raters who have gone. A claim does so too: nothing waits for this where no worker runs."""
    expire_leases()


@shared_task(name="annotation.task_make_release")
def task_make_release(*, request_id: int) -> None:
    request = AuditEvent.objects.select_related("study", "actor").get(pk=request_id)
    fulfil_release_request(request=request)


def ask_for_release(*, study: Study, actor: User) -> AuditEvent:
    """Records the request and, once it is committed, wakes a worker."""
    with transaction.atomic():
        request = request_release(study=study, actor=actor)
        # A lambda: of a partial Django cannot write the name into the log, and the error it hides becomes one of ours.
        transaction.on_commit(lambda: task_make_release.delay(request_id=request.pk), robust=True)
    return request
