"""Two reports side by side in the browser: which are offered, what is said, and the command line's own files."""

from __future__ import annotations

import polars as pl
import pytest
from django.utils import timezone

from analysis.__main__ import main
from annotation.enums import JobState, ReleaseState
from annotation.models import Release, Report
from annotation.reports.drawing import folder_of
from tests.annotation.views.test_studies import text_of

ADDRESS = "/s/figs/compare/"


@pytest.fixture
def drawn(study, settings, tmp_path):
    """Makes a release whose report says that a share of attributes was accepted."""
    settings.RELEASES_DIR, settings.REPORTS_DIR = tmp_path / "releases", tmp_path / "reports"

    def make(version: str, share: float, **fields: object) -> Release:
        release = Release.objects.create(study=study, version=version, manifest={}, data_sha256="0" * 64, **fields)
        Report.objects.create(release=release, state=JobState.DONE, asked_at=timezone.now(), ended_at=timezone.now())
        tables = folder_of(release) / "tables"
        tables.mkdir(parents=True)
        head = f'<p class="kicker">Fitting Room report, release {version}</p><h1>Figs</h1>'
        (folder_of(release) / "report.html").write_text(head)
        row = {"campaign": "c", "corpus": "<w>", "extractor": "m", "value": "accepted"}
        numbers = {"share": share, "low": share - 0.05, "high": share + 0.05, "n": 20}
        pl.DataFrame([row | numbers]).write_csv(tables / "label_shares.csv")
        return release

    return make


def test_comparison_is_of_the_last_two_unless_others_are_chosen(client, drawn, researcher):
    first, second, third = drawn("0.1.0", 0.2), drawn("0.2.0", 0.5), drawn("0.3.0", 0.51)
    client.force_login(researcher)
    page = client.get(ADDRESS)
    assert "A Figs 0.2.0 , 0 judgments B Figs 0.3.0 , 0 judgments" in text_of(page)
    assert "Of 1 number with an interval on both sides, none differ." in text_of(page)
    page = client.get(ADDRESS, {"a": first.public_id, "b": third.public_id})
    assert 'id="differs"><h2>What differs</h2>' in page.text
    assert "&lt;w&gt;, m, accepted" in page.text
    assert "<w>" not in page.text
    assert "Compare it with the report of 0.1.0" in text_of(client.get(f"/s/figs/releases/{second.public_id}/report/"))
    assert "Compare two reports" in text_of(client.get("/s/figs/releases/"))
    assert "choose two" in text_of(client.get(ADDRESS, {"a": first.public_id, "b": first.public_id}))


def test_comparison_is_taken_home_as_the_command_line_writes_it(client, drawn, lead, tmp_path, capsys):
    first, second = drawn("0.1.0", 0.2), drawn("0.2.0", 0.5)
    assert main(["compare", str(folder_of(first)), str(folder_of(second)), "--out", str(tmp_path / "out")]) == 0
    client.force_login(lead)
    for name in ("comparison.html", "comparison.csv", "comparison.md"):
        reply = client.get(f"{ADDRESS}{first.public_id}/{second.public_id}/{name}")
        assert reply.content == (tmp_path / "out" / name).read_bytes()
        assert reply["Content-Disposition"] == f'attachment; filename="figs-0.1.0-0.2.0-{name}"'
    assert client.get(f"{ADDRESS}{first.public_id}/{second.public_id}/report.html").status_code == 404


def test_comparison_needs_two_reports_that_are_there(client, drawn, study, lead):
    client.force_login(lead)
    assert "No release of this study has a report yet" in text_of(client.get(ADDRESS))
    kept = drawn("0.1.0", 0.2)
    withdrawn = drawn("0.2.0", 0.5, state=ReleaseState.WITHDRAWN, withdrawn_at=timezone.now())
    Release.objects.create(study=study, version="0.3.0", manifest={}, data_sha256="0" * 64)
    assert "Only release 0.1.0 has a report yet" in text_of(client.get(ADDRESS))
    another = drawn("0.4.0", 0.2)
    assert client.get(ADDRESS, {"a": kept.public_id, "b": withdrawn.public_id}).status_code == 404
    assert client.get(f"{ADDRESS}{kept.public_id}/{withdrawn.public_id}/comparison.csv").status_code == 404
    (folder_of(another) / "tables" / "label_shares.csv").write_text("campaign,share\n")
    assert "label_shares.csv: has no column corpus, as of an older report" in text_of(client.get(ADDRESS))


def test_report_of_another_study_cannot_be_compared(client, drawn, other_study, outsider, lead):
    first, second = drawn("0.1.0", 0.2), drawn("0.2.0", 0.5)
    client.force_login(outsider)
    for address in (f"/s/{other_study.slug}/compare/", ADDRESS):
        assert client.get(address, {"a": first.public_id, "b": second.public_id}).status_code == (
            404 if address == ADDRESS else 200
        )
    page = client.get(f"/s/{other_study.slug}/compare/", {"a": first.public_id, "b": second.public_id})
    assert "has a report yet" in text_of(page)
