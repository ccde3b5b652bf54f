"""The pages of a report: waiting for it, reading it under its own policy, taking its tables home."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest
from django.utils import timezone

from annotation.enums import JobState, ReleaseState
from annotation.models import Release, Report
from annotation.reports.drawing import PATIENCE, folder_of
from tests.annotation.views.test_studies import text_of


@pytest.fixture
def release(study, settings, tmp_path):
    settings.RELEASES_DIR, settings.REPORTS_DIR = tmp_path / "releases", tmp_path / "reports"
    made = Release.objects.create(study=study, version="0.1.0", manifest={}, data_sha256="0" * 64)
    Path(settings.RELEASES_DIR, made.public_id).mkdir(parents=True)
    return made


@pytest.fixture
def drawn(release):
    folder = folder_of(release)
    (folder / "tables").mkdir(parents=True)
    (folder / "report.html").write_text("<style>p{}</style><p>0.42</p>")
    (folder / "tables" / "selection.csv").write_text("campaign,f1\n")
    (folder / "tables" / "selection.md").write_text("| f1 |\n")
    (folder / "TABLES.md").write_text("# The tables\n")
    (folder.parent / "secret.txt").write_text("not yours")
    return Report.objects.create(release=release, state=JobState.DONE, asked_at=timezone.now(), ended_at=timezone.now())


def address(release, more=""):
    return f"/s/figs/releases/{release.public_id}/report/{more}"


def test_report_is_asked_for_and_drawn(client, release, researcher, django_capture_on_commit_callbacks, monkeypatch):
    monkeypatch.setattr("annotation.reports.drawing._draw", lambda release: "")
    client.force_login(researcher)
    assert "Draw the report" in text_of(client.get(address(release)))
    with django_capture_on_commit_callbacks(execute=True):
        assert client.post(address(release, "draw/")).status_code == 303
    assert Report.objects.get(release=release).state == JobState.DONE


@pytest.mark.parametrize(
    ("state", "age", "said", "button"),
    [
        (JobState.ASKED, timedelta(0), "The report is being drawn since", None),
        (JobState.RUNNING, PATIENCE * 2, "and has not come. Ask again", "Draw it again"),
        (JobState.FAILED, timedelta(0), "The report could not be drawn. no room left", "Draw it again"),
    ],
)
def test_report_that_is_not_there_says_why(client, release, lead, state, age, said, button):
    problem = "no room left" if state == JobState.FAILED else ""
    Report.objects.create(release=release, state=state, asked_at=timezone.now() - age, problem=problem)
    client.force_login(lead)
    for headers in ({}, {"HX-Request": "true"}):
        response = client.get(address(release), headers=headers)
        assert said in text_of(response)
        assert ("Draw it again" in text_of(response)) == bool(button)
        assert ("hx-get" in response.text) == (state == JobState.ASKED)
        assert ("<html" in response.text) != bool(headers)


def test_report_is_read_under_a_policy_of_its_own(client, release, drawn, researcher):
    client.force_login(researcher)
    assert "Read the report" in text_of(client.get(address(release)))
    page = client.get(address(release, "report.html"))
    assert "<p>0.42</p>" in page.text
    policy = page["Content-Security-Policy"]
    assert policy.startswith("default-src 'none'; style-src 'sha256-")
    assert "sandbox" in policy
    assert "script" not in policy
    assert "no-store" in page["Cache-Control"]


def test_tables_of_a_report_are_taken_home(client, release, drawn, lead):
    client.force_login(lead)
    page = client.get(address(release)).text
    for name in ("tables/selection.csv", "tables/selection.md", "TABLES.md"):
        assert address(release, name) in page
    response = client.get(address(release, "tables/selection.csv"))
    assert b"".join(response.streaming_content) == b"campaign,f1\n"
    assert response["Content-Disposition"] == 'attachment; filename="selection.csv"'


@pytest.mark.parametrize("name", ["../secret.txt", "tables/../../secret.txt", "..%2fsecret.txt", "tables", "none.csv"])
def test_nothing_but_a_reports_own_files_is_given(client, release, drawn, lead, name):
    client.force_login(lead)
    assert client.get(address(release, name)).status_code == 404


def test_report_of_a_withdrawn_release_is_not_found(client, release, drawn, lead):
    release.state, release.withdrawn_at = ReleaseState.WITHDRAWN, timezone.now()
    release.save()
    client.force_login(lead)
    assert client.get(address(release)).status_code == 404
    assert client.get(address(release, "report.html")).status_code == 404
    assert client.post(address(release, "draw/")).status_code == 404
