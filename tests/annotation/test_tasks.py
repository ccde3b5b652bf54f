from __future__ import annotations

from typing import Any

import pytest
from kombu.exceptions import OperationalError

from annotation import tasks
from annotation.domain.releasing import open_job
from annotation.models import Release, Report
from studies.models import Study, User


@pytest.mark.django_db(transaction=True)
def test_ask_for_release_survives_a_broker_that_is_gone(
    study: Study, lead: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    def gone(*args: Any, **kwargs: Any) -> None:
        raise OperationalError("no broker")

    monkeypatch.setattr(tasks.task_make_release, "delay", gone)
    tasks.ask_for_release(study=study, actor=lead)
    job = open_job(study)
    assert job is not None
    assert job.state == "asked"


def test_a_release_that_was_made_asks_for_its_report(study: Study, monkeypatch: pytest.MonkeyPatch) -> None:
    release = Release.objects.create(study=study, version="0.1.0", manifest={}, data_sha256="0" * 64)
    monkeypatch.setattr(tasks, "run_job", lambda job_id: release if job_id == 1 else None)
    tasks.task_make_release(job_id=2)
    assert not Report.objects.exists()
    tasks.task_make_release(job_id=1)
    assert Report.objects.get().release == release
