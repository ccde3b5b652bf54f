"""A report's row and files: asked for, drawn whole or not at all, failed with a reason, asked for again."""

from __future__ import annotations

import shutil
from datetime import timedelta
from pathlib import Path

import pytest
from django.utils import timezone
from pytest_django.fixtures import Settings

from annotation.domain.errors import WrongState
from annotation.enums import JobState, ReleaseState
from annotation.models import Release, Report
from annotation.reports.drawing import BEGUN_BY, PATIENCE, draw_report, folder_of, request_report, waiting_reports
from annotation.reports.files import file_of, files_of, policy_for
from studies.models import Study
from tests.analysis.synthetic import synthetic_frames, write_folder


@pytest.fixture
def release(study: Study, settings: Settings, tmp_path: Path) -> Release:
    settings.RELEASES_DIR, settings.REPORTS_DIR = tmp_path / "releases", tmp_path / "reports"
    return Release.objects.create(study=study, version="0.1.0", manifest={}, data_sha256="0" * 64)


def write_files(release: Release, settings: Settings) -> None:
    """Votes without judgments: what people said takes the report its time, and none of this is about that."""
    frames = synthetic_frames()
    frames |= {"judgments": frames["judgments"].clear()}
    write_folder(Path(settings.RELEASES_DIR, release.public_id), frames)


def test_draw_report_puts_its_files_where_they_are_looked_for(release: Release, settings: Settings) -> None:
    write_files(release, settings)
    report, new = request_report(release=release)
    assert new
    assert files_of(release) == []
    assert draw_report(report=report).state == JobState.DONE
    page = file_of(release, "report.html")
    assert page is not None
    assert "A synthetic study" in page.read_text(encoding="utf-8")
    assert "tables/selection.csv" in files_of(release)
    assert [path.name for path in Path(settings.REPORTS_DIR).iterdir()] == [release.public_id]
    assert request_report(release=release)[1] is False
    shutil.rmtree(folder_of(release))
    assert files_of(release) == []
    assert request_report(release=release)[1] is True  # whose folder was taken away is drawn again


def test_draw_report_says_why_it_could_not(release: Release, settings: Settings) -> None:
    report = draw_report(report=request_report(release=release)[0])
    assert report.state == JobState.FAILED
    assert "files are not on this machine" in report.problem
    Path(settings.RELEASES_DIR, release.public_id).mkdir(parents=True)
    again, new = request_report(release=release)
    assert (new, again.state, again.problem, again.ended_at) == (True, JobState.ASKED, "", None)
    failed = draw_report(report=again)
    assert "manifest.json: no such file" in failed.problem
    assert not Path(settings.REPORTS_DIR).exists() or list(Path(settings.REPORTS_DIR).iterdir()) == []


def test_draw_report_is_not_drawn_twice(release: Release, monkeypatch: pytest.MonkeyPatch) -> None:
    drawn: list[Release] = []
    monkeypatch.setattr("annotation.reports.drawing._draw", lambda release: drawn.append(release) or "")
    report, _ = request_report(release=release)
    for _ in range(2):  # the message came twice
        draw_report(report=Report.objects.get(pk=report.pk))
    assert len(drawn) == 1


def test_request_report_is_patient_and_then_asks_again(release: Release) -> None:
    report, _ = request_report(release=release)
    assert request_report(release=release)[1] is False
    Report.objects.update(state=JobState.RUNNING, asked_at=timezone.now() - PATIENCE - timedelta(seconds=1))
    assert request_report(release=release) == (report, True)


def test_waiting_reports_are_those_whose_message_was_lost(release: Release) -> None:
    report, _ = request_report(release=release)
    assert list(waiting_reports()) == []
    Report.objects.update(asked_at=timezone.now() - BEGUN_BY - timedelta(seconds=1))
    assert list(waiting_reports()) == [report]
    Release.objects.update(state=ReleaseState.WITHDRAWN, withdrawn_at=timezone.now())
    assert list(waiting_reports()) == []


def test_request_report_is_refused_for_a_withdrawn_release(release: Release) -> None:
    release.state, release.withdrawn_at = ReleaseState.WITHDRAWN, timezone.now()
    release.save()
    with pytest.raises(WrongState, match="withdrawn"):
        request_report(release=release)


def test_policy_allows_a_report_its_own_style_and_nothing_else() -> None:
    policy = policy_for("<style>\na{}</style><p>x</p>")
    # printf '\na{}' | openssl dgst -sha256 -binary | base64
    assert "style-src 'sha256-Wos276ClB3DtmPV7ggY3FkrD5vJJA1QcT7vVWXT1dNk='" in policy
    assert "default-src 'none'" in policy
    assert policy.endswith("sandbox")
    assert "unsafe" not in policy
    assert "script" not in policy
