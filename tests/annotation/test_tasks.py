from __future__ import annotations

from typing import Any

import pytest
from kombu.exceptions import OperationalError

from annotation import tasks
from annotation.domain.releasing import open_job
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
