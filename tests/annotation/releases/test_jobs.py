from __future__ import annotations

import threading
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.utils import timezone

from annotation import tasks
from annotation.domain.errors import WrongState
from annotation.domain.releasing import ask_release, open_job, stop_release
from annotation.enums import JobState
from annotation.models import Release, ReleaseJob
from annotation.releases import jobs
from annotation.releases.errors import ReleaseOvertaken, ReleaseRefused, ReleaseStopped
from annotation.releases.jobs import (
    Watch,
    end_job,
    finish_job,
    forsaken_jobs,
    is_late,
    remove_leftovers,
    run_job,
    take_job,
)
from annotation.releases.write import make_release
from studies.models import Study, User


@pytest.fixture
def making(monkeypatch: pytest.MonkeyPatch) -> list[dict[str, Any]]:
    """Stands for make_release: what it was asked for. A final release it refuses."""
    calls: list[dict[str, Any]] = []

    def make_release(*, study: Study, actor: User | None, published: Any, **wishes: Any) -> Release:
        calls.append(wishes)
        if wishes["final"]:
            raise ReleaseRefused(["licence: blank"])
        version = f"0.{len(calls)}.0"
        release = Release.objects.create(study=study, version=version, manifest={}, data_sha256="0", created_by=actor)
        published(release)
        return release

    monkeypatch.setattr(jobs, "make_release", make_release)
    return calls


def long_ago(job: ReleaseJob, minutes: int = 5, **fields: Any) -> ReleaseJob:
    then = timezone.now() - timedelta(minutes=minutes)
    ReleaseJob.objects.filter(pk=job.pk).update(asked_at=then, **fields)
    if "beaten_at" not in fields and fields.get("state") in ("running", "stopping"):
        ReleaseJob.objects.filter(pk=job.pk).update(beaten_at=then)
    job.refresh_from_db()
    return job


def test_job_is_open_until_its_release_is_made(study: Study, lead: User, making: Any) -> None:
    job = ask_release(study=study, actor=lead)
    assert ask_release(study=study, actor=lead) == job == open_job(study)
    release = run_job(job_id=job.pk)
    job.refresh_from_db()
    assert release is not None
    assert (job.state, job.release, release.created_by, open_job(study)) == ("done", release, lead, None)


def test_message_that_comes_twice_makes_one_release(study: Study, lead: User, making: list[Any]) -> None:
    job = ask_release(study=study, actor=lead)
    run_job(job_id=job.pk)
    assert run_job(job_id=job.pk) is None
    assert len(making) == 1


def test_refusal_is_told_to_whoever_looks(study: Study, lead: User, making: Any) -> None:
    job = ask_release(study=study, actor=lead, final=True)
    assert run_job(job_id=job.pk) is None
    job.refresh_from_db()
    assert (job.state, job.problem) == ("failed", "licence: blank")


def test_unforeseen_error_is_recorded_and_raised(study: Study, lead: User, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(**_: Any) -> None:
        raise OSError("disk full")

    monkeypatch.setattr(jobs, "make_release", fail)
    job = ask_release(study=study, actor=lead)
    with pytest.raises(OSError, match="disk full"):
        run_job(job_id=job.pk)
    job.refresh_from_db()
    assert job.state == "failed"
    assert "log of the worker" in job.problem
    assert "disk full" not in job.problem


def test_job_stopped_before_a_worker_came_is_never_begun(study: Study, lead: User, making: list[Any]) -> None:
    job = stop_release(job=ask_release(study=study, actor=lead), actor=lead)
    assert job.state == "stopped"
    assert run_job(job_id=job.pk) is None
    assert making == []
    with pytest.raises(WrongState, match="nothing to stop"):
        stop_release(job=job, actor=lead)


def test_worker_is_told_to_stop_by_its_next_beat(study: Study, lead: User) -> None:
    job = take_job(ask_release(study=study, actor=lead).pk)
    assert job is not None
    watch = Watch(job.pk, job.attempts)
    watch.step("judgments", 4096)
    watch.step("labels", 10)
    watch.beat()
    job.refresh_from_db()
    assert (watch.stopping, job.table, job.n_rows) == (False, "labels", 4106)
    stop_release(job=job, actor=lead)
    watch.beat()
    assert watch.stopping


def test_stop_while_writing_leaves_nothing(study: Study, lead: User, monkeypatch: pytest.MonkeyPatch) -> None:
    def stopped(**wishes: Any) -> None:
        raise ReleaseStopped("stopped")

    monkeypatch.setattr(jobs, "make_release", stopped)
    job = ask_release(study=study, actor=lead)
    run_job(job_id=job.pk)
    job.refresh_from_db()
    assert (job.state, job.problem, job.release) == ("stopped", "", None)


def test_worker_that_lost_its_job_stops(study: Study, lead: User) -> None:
    """One that stood still for minutes, and another has taken the job."""
    first = take_job(ask_release(study=study, actor=lead).pk)
    assert first is not None
    watch = Watch(first.pk, first.attempts)
    long_ago(first, state="running")
    second = take_job(first.pk)
    assert second is not None
    watch.beat()
    assert watch.stopping
    end_job(first, JobState.STOPPED)
    second.refresh_from_db()
    assert second.state == "running"


def test_worker_that_lost_its_job_publishes_nothing(study: Study, lead: User, tmp_path: Path) -> None:
    """It stood still so shortly before the end that no beat could tell it."""
    first = take_job(ask_release(study=study, actor=lead).pk)
    assert first is not None
    long_ago(first, state="running")
    assert take_job(first.pk) is not None
    out = tmp_path / "release"
    with pytest.raises(ReleaseStopped, match="another worker has it"):
        make_release(study=study, out=out, published=lambda release: finish_job(first, release))
    assert (Release.objects.count(), list(tmp_path.iterdir())) == (0, [])


def test_job_that_kills_every_worker_is_given_up(study: Study, lead: User, making: list[Any]) -> None:
    job = ask_release(study=study, actor=lead)
    for _ in range(jobs.AT_MOST):
        assert take_job(job.pk) is not None
        long_ago(job, state="running")
    tasks.task_sweep_releases()
    job.refresh_from_db()
    assert (job.state, making) == ("failed", [])
    assert "workers died of it" in job.problem


def test_job_of_a_dead_worker_is_taken_again_and_of_a_living_one_is_not(
    study: Study, lead: User, making: list[Any]
) -> None:
    job = ask_release(study=study, actor=lead)
    assert list(forsaken_jobs()) == []
    assert take_job(job.pk) is not None
    assert run_job(job_id=job.pk) is None
    long_ago(job, state="running")
    assert list(forsaken_jobs()) == [job]
    tasks.task_sweep_releases()
    job.refresh_from_db()
    assert (job.state, len(making)) == ("done", 1)


def test_message_that_got_lost_is_made_good_by_the_sweep(study: Study, lead: User, making: list[Any]) -> None:
    job = long_ago(ask_release(study=study, actor=lead))
    assert is_late(job)
    tasks.task_sweep_releases()
    assert len(making) == 1


def test_stop_of_a_dead_workers_job_ends_it(study: Study, lead: User, making: list[Any]) -> None:
    job = take_job(ask_release(study=study, actor=lead).pk)
    assert job is not None
    long_ago(stop_release(job=job, actor=lead), state="stopping")
    tasks.task_sweep_releases()
    job.refresh_from_db()
    assert (job.state, making) == ("stopped", [])


def test_erasure_that_overtakes_a_release_makes_it_anew(
    study: Study, lead: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    overtaken = [True, True]

    def overtaken_twice(**wishes: Any) -> Release:
        if overtaken:
            overtaken.pop()
            raise ReleaseOvertaken()
        return Release.objects.create(study=study, version="0.1.0", manifest={}, data_sha256="0")

    monkeypatch.setattr(jobs, "make_release", overtaken_twice)
    assert run_job(job_id=ask_release(study=study, actor=lead).pk) is not None


def test_leftovers_of_dead_workers_go_when_they_are_old(
    study: Study, settings: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.RELEASES_DIR = tmp_path
    (tmp_path / ".x.y.unfinished" / "data").mkdir(parents=True)
    make_release(study=study, out=tmp_path / "own-name")
    recorded = make_release(study=study)
    nobodys = make_release(study=study)
    nobodys.delete()
    assert remove_leftovers() == 0
    monkeypatch.setattr(jobs, "LEFT_OVER", timedelta(seconds=-1))
    assert remove_leftovers() == 2
    assert {path.name for path in tmp_path.iterdir()} == {"own-name", recorded.public_id}


@pytest.mark.django_db(transaction=True)
def test_stop_reaches_the_writer_while_it_writes(study: Study, lead: User, monkeypatch: pytest.MonkeyPatch) -> None:
    """Told by the thread that beats, for the writer itself is in a snapshot."""
    beaten = threading.Event()

    def write(*, progress: Any, stop: Any, **_: Any) -> None:
        progress("judgments", 4096)
        assert beaten.wait(20)
        stop_release(job=job, actor=lead)
        for _try in range(20):
            if stop():
                raise ReleaseStopped("stopped")
            beaten.clear()
            beaten.wait(1)

    def beat(watch: Watch) -> None:
        real(watch)
        beaten.set()

    real = Watch.beat
    monkeypatch.setattr(Watch, "beat", beat)
    monkeypatch.setattr(jobs, "BEAT", 0.02)
    monkeypatch.setattr(jobs, "make_release", write)
    job = ask_release(study=study, actor=lead)
    run_job(job_id=job.pk)
    job.refresh_from_db()
    assert (job.state, job.table, job.n_rows) == ("stopped", "judgments", 4096)
