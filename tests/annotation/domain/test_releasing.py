from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.utils import timezone

from annotation import tasks
from annotation.domain.errors import AnnotationError, WrongState
from annotation.domain.releasing import (
    ERASED,
    ask_release,
    open_job,
    remove_withdrawn_files,
    replacement_of,
    withdraw_release,
)
from annotation.domain.withdrawing import withdraw_rater
from annotation.enums import JobState
from annotation.models import Judgment, Rater, Release, ReleaseJob
from annotation.releases import publishing
from annotation.releases.errors import ReleaseOvertaken
from annotation.releases.jobs import run_job
from annotation.releases.write import make_release
from studies.models import Study, User
from tests import factories
from tests.annotation.releases.describing import describe


@pytest.fixture(autouse=True)
def folders(settings: Any, tmp_path: Path) -> Path:
    settings.RELEASES_DIR, settings.REPORTS_DIR = tmp_path / "releases", tmp_path / "reports"
    return tmp_path


@pytest.fixture
def leaver(study: Study) -> Rater:
    campaign = factories.make_campaign(study)
    rater = factories.make_rater(campaign)
    factories.submit(factories.claim(rater))
    factories.submit(factories.claim(factories.make_rater(campaign)))
    return rater


def there(folders: Path, release: Release) -> bool:
    return (folders / "releases" / release.public_id).exists()


@pytest.mark.django_db(transaction=True)
def test_erasure_withdraws_what_holds_the_rater_and_a_new_version_comes(
    study: Study, leaver: Rater, folders: Path
) -> None:
    before = make_release(study=study)
    Release.objects.filter(pk=before.pk).update(created_at=timezone.now() - timedelta(days=1))
    describe(study)
    holding = [make_release(study=study), make_release(study=study, final=True)]
    (folders / "reports" / holding[0].public_id).mkdir(parents=True)
    withdraw_rater(rater=leaver, erase=True, actor=None)
    for release in holding:
        release.refresh_from_db()
        assert (release.state, release.withdrawn_because) == ("withdrawn", ERASED)
        assert not there(folders, release)
        assert release.manifest["release"] == release.public_id
    assert list((folders / "reports").iterdir()) == []
    before.refresh_from_db()
    assert (before.state, there(folders, before)) == ("draft", True)
    job = open_job(study)
    assert job is not None
    fresh = run_job(job_id=job.pk)
    assert fresh is not None
    assert replacement_of(holding[0]) == replacement_of(holding[1]) == fresh
    assert (fresh.change, fresh.manifest["erased"]["judgments"]) == ("major", 2)
    assert "Use release" not in fresh.manifest["study"]["description"]


def test_wish_that_the_open_job_does_not_fulfil_is_refused(study: Study, lead: User) -> None:
    draft = make_release(study=study)
    job = ask_release(study=study, actor=lead)
    for other in ({"final": True}, {"version": "1.0.0"}, {"draft": draft}):
        with pytest.raises(WrongState, match=r"Another release was asked for.*stop it; then ask again"):
            ask_release(study=study, actor=lead, **other)
    assert ask_release(study=study, actor=lead) == job
    ReleaseJob.objects.update(state=JobState.STOPPING)
    with pytest.raises(WrongState, match="is being stopped"):
        ask_release(study=study, actor=lead)


def test_final_job_is_any_release_of_the_study_and_a_drafts_is_not(study: Study, lead: User) -> None:
    draft = make_release(study=study)
    job = ask_release(study=study, actor=lead, final=True)
    assert ask_release(study=study, actor=lead) == ask_release(study=study, actor=lead, final=True) == job
    ReleaseJob.objects.update(draft=draft)
    assert ask_release(study=study, actor=lead, draft=draft) == job
    with pytest.raises(WrongState, match="final release of draft"):
        ask_release(study=study, actor=lead)


@pytest.mark.django_db(transaction=True)
def test_erasure_asks_for_a_new_release_even_while_a_draft_is_being_finished(
    study: Study, lead: User, leaver: Rater
) -> None:
    finishing = ask_release(study=study, actor=lead, draft=make_release(study=study))
    withdraw_rater(rater=leaver, erase=True, actor=None)
    finishing.refresh_from_db()
    assert finishing.state == "failed"
    assert "ask again" in finishing.problem
    job = open_job(study)
    assert job is not None
    assert (job.draft, job.final) == (None, False)


@pytest.mark.django_db(transaction=True)
def test_leaving_without_erasure_withdraws_nothing(study: Study, leaver: Rater, folders: Path) -> None:
    release = make_release(study=study)
    withdraw_rater(rater=leaver, erase=False, actor=None)
    release.refresh_from_db()
    assert (release.state, there(folders, release), open_job(study)) == ("draft", True, None)
    withdraw_rater(rater=leaver, erase=True, actor=None)
    newer = make_release(study=study)
    withdraw_rater(rater=leaver, erase=True, actor=None)
    newer.refresh_from_db()
    assert newer.state == "draft"  # what it holds was erased before it was made


@pytest.mark.django_db(transaction=True)
def test_erasure_that_fails_withdraws_nothing(
    study: Study, leaver: Rater, folders: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    release = make_release(study=study)
    monkeypatch.setattr("annotation.domain.withdrawing._erase", lambda rater: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        withdraw_rater(rater=leaver, erase=True, actor=None)
    release.refresh_from_db()
    assert (release.state, there(folders, release), open_job(study)) == ("draft", True, None)


def test_release_that_an_erasure_overtakes_is_not_kept(
    study: Study, leaver: Rater, folders: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The rater leaves after the snapshot was taken and before the release is published."""
    verify = publishing.refuse_existing

    def leave(out: Path) -> None:
        if Judgment.objects.filter(rater=leaver, erased_at=None).exists():
            withdraw_rater(rater=leaver, erase=True, actor=None)
        verify(out)

    monkeypatch.setattr(publishing, "refuse_existing", leave)
    with pytest.raises(ReleaseOvertaken):
        make_release(study=study)
    assert not Release.objects.exists()
    assert list((folders / "releases").iterdir()) == []


@pytest.mark.django_db(transaction=True)
def test_crash_between_commit_and_removal_is_made_good_by_the_sweep(
    study: Study, lead: User, folders: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    describe(study)
    release = make_release(study=study, final=True)
    with monkeypatch.context() as patch:
        patch.setattr("annotation.domain.releasing.remove_files", lambda public_id: 1 / 0)
        withdraw_release(release=release, because="Wrong.", actor=lead)
    assert there(folders, release)
    tasks.task_sweep_releases()
    assert not there(folders, release)
    assert remove_withdrawn_files() == 0


def test_withdrawal_needs_a_reason_and_happens_once(study: Study, lead: User) -> None:
    release = make_release(study=study)
    with pytest.raises(AnnotationError, match="Say why"):
        withdraw_release(release=release, because=" ", actor=lead)
    withdraw_release(release=release, because="Wrong.", actor=lead)
    with pytest.raises(WrongState, match="withdrawn already"):
        withdraw_release(release=release, because="Again.", actor=lead)
    event = study.audit_events.get(verb="withdraw_release")
    assert (event.actor, event.detail["because"]) == (lead, "Wrong.")


@pytest.mark.django_db(transaction=True)
def test_version_after_a_withdrawn_one_says_that_its_files_were_gone(study: Study, lead: User, leaver: Rater) -> None:
    release = make_release(study=study)
    withdraw_release(release=release, because="Wrong.", actor=lead)
    withdraw_rater(rater=leaver, erase=True, actor=None)
    after = make_release(study=study)
    assert (after.previous, after.version, after.change) == (release, "0.2.0", "major")
    assert {table["added"] for table in after.changes} == {None}
