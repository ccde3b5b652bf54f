from __future__ import annotations

import io
import zipfile
from pathlib import Path

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from annotation.domain.datasheet import ASKED
from annotation.domain.releasing import ask_release, open_job
from annotation.domain.withdrawing import withdraw_rater
from annotation.enums import JobState
from annotation.models import Demographic, Rater, Release, ReleaseJob
from annotation.releases.exports import EXPORTS
from annotation.releases.jobs import take_job
from annotation.releases.verify import verify_release
from studies.models import AuditEvent
from tests import factories
from tests.annotation.releases.describing import describe
from tests.annotation.views.test_studies import text_of


@pytest.fixture
def release(study, lead, settings, tmp_path):
    """A release of the lead's making, its files written by hand: this is about getting them."""
    settings.RELEASES_DIR = tmp_path / "releases"
    made = Release.objects.create(study=study, version="0.1.0", manifest={}, data_sha256="0" * 64, created_by=lead)
    folder = Path(settings.RELEASES_DIR, made.public_id)
    (folder / "data").mkdir(parents=True)
    (folder / "manifest.json").write_text("{}\n")
    (folder / "data" / "judgments.jsonl").write_bytes(b"x" * 600_000)
    (tmp_path / "releases" / "secret.txt").write_text("not yours")
    return made


def address(release, name=None, study="figs"):
    return f"/s/{study}/releases/{release.public_id}" + (f"/{name}" if name else ".zip")


@pytest.mark.parametrize("who", ["lead", "researcher"])
def test_file_is_downloaded_as_it_is(client, request, release, who):
    client.force_login(request.getfixturevalue(who))
    response = client.get(address(release, "manifest.json"))
    assert b"".join(response.streaming_content) == b"{}\n"
    assert response["Content-Disposition"] == 'attachment; filename="manifest.json"'
    assert "no-store" in response["Cache-Control"]


def test_zip_holds_every_file_and_streams(client, release, lead):
    client.force_login(lead)
    response = client.get(address(release))
    assert response["Content-Disposition"] == 'attachment; filename="figs-0.1.0.zip"'
    pieces = list(response.streaming_content)
    assert len(pieces) > 2
    assert max(map(len, pieces)) < 300_000
    with zipfile.ZipFile(io.BytesIO(b"".join(pieces))) as archive:
        assert archive.testzip() is None
        assert archive.namelist() == ["figs-0.1.0/data/judgments.jsonl", "figs-0.1.0/manifest.json"]
        assert archive.read("figs-0.1.0/data/judgments.jsonl") == b"x" * 600_000


@pytest.mark.parametrize(
    "name",
    [
        "../secret.txt",
        "data/../../secret.txt",
        "..%2fsecret.txt",
        "%2e%2e/secret.txt",
        "/etc/passwd",
        "data",
        "data/",
        "missing",
        "link",
        "manifest.json%00",
    ],
)
def test_nothing_beyond_the_release_can_be_reached(client, release, lead, settings, name):
    folder = Path(settings.RELEASES_DIR, release.public_id)
    (folder / "link").symlink_to(folder.parent / "secret.txt")
    client.force_login(lead)
    assert client.get(address(release, name)).status_code == 404


@pytest.mark.parametrize("who", ["rater_a", "outsider"])
def test_files_are_404_to_raters_and_to_other_studies(client, request, release, who):
    client.force_login(request.getfixturevalue(who))
    assert client.get(address(release, "manifest.json")).status_code == 404
    assert client.get(address(release)).status_code == 404
    assert client.get(address(release, "manifest.json", study="other")).status_code == 404


def test_release_that_lies_elsewhere_is_listed_without_links(client, study, lead):
    release = Release.objects.create(study=study, version="0.1.0", manifest={}, data_sha256="0" * 64)
    client.force_login(lead)
    for page in ("/s/figs/releases/", f"/s/figs/releases/{release.public_id}/"):
        response = client.get(page)
        assert "ept in another folder" in text_of(response)
        assert f"{release.public_id}.zip" not in response.content.decode()
    assert client.get(address(release)).status_code == 404


@pytest.fixture
def told(study):
    """Six people of one sex and country, of whom one told a job."""
    campaign = factories.make_campaign(study)
    for number in range(6):
        participant = factories.make_rater(campaign).participant
        for field, value in (("sex", "f"), ("country", "UK"), *([("job", "smith")] if number == 0 else [])):
            Demographic.objects.create(participant=participant, field=field, value=value)


def test_lead_chooses_what_of_the_raters_is_released_and_sees_what_is_hidden(client, study, lead, researcher, told):
    client.force_login(lead)
    page = client.get("/s/figs/releases/")
    assert page.content.decode().count(" checked") == 3
    assert "1 of 13 values would be hidden: 1 of the 6 raters who told any loses one or more." in text_of(page)
    assert "job left out 1 0 1" in text_of(page)
    asked = {"chosen": "1", "field": ["sex", "country", "nonsense"]}
    part = client.get("/s/figs/releases/", asked, headers={"HX-Request": "true", "HX-Target": "cells"})
    assert part.content.decode().strip().startswith('<div id="cells"')
    assert "No value would be hidden: all 12 of 6 raters would be in it." in text_of(part)
    none = client.post("/s/figs/releases/", {"chosen": "1", "look": "1"})
    assert (none.status_code, "Nothing of what raters told would be in it" in text_of(none)) == (200, True)
    assert not ReleaseJob.objects.exists()
    client.force_login(researcher)
    assert (
        client.get("/s/figs/releases/", asked, headers={"HX-Request": "true", "HX-Target": "cells"}).status_code == 404
    )


def test_release_is_asked_for_with_what_was_ticked_and_the_next_one_with_the_same(client, study, lead, told):
    def asked(**data):
        study.release_jobs.update(state=JobState.DONE)
        client.post("/s/figs/releases/", data)
        return open_job(study)

    client.force_login(lead)
    assert asked().demographics is None
    assert asked(chosen="1", field=["sex"]).demographics == ["sex"]
    made = Release.objects.create(study=study, version="0.1.0", manifest={"settings": {"demographics": ["sex"]}})
    assert asked().demographics == ["sex"]
    assert asked(chosen="1", field=["age"]) is None
    page = client.get("/s/figs/releases/").content.decode()
    assert "nobody in figs told &#x27;age&#x27;" in page
    assert page.count(" checked") == 1
    Rater.objects.update(joined_at=made.created_at)
    withdraw_rater(rater=Rater.objects.all()[0], erase=True)
    assert open_job(study).demographics == ["sex"], "what takes a release's place holds no more than it did"


def test_release_by_a_researcher_is_404_and_asks_for_nothing(client, researcher):
    client.force_login(researcher)
    assert client.post("/s/figs/releases/").status_code == 404
    assert not AuditEvent.objects.exists()
    assert "Make a draft" not in text_of(client.get("/s/figs/releases/"))


@pytest.mark.django_db(transaction=True)
def test_release_is_made_by_the_button_and_can_be_verified_at_home(client, study, lead, settings, tmp_path):
    settings.RELEASES_DIR = tmp_path / "releases"
    campaign = factories.make_campaign(study)
    factories.submit(factories.claim(factories.make_rater(campaign)))
    client.force_login(lead)
    response = client.post("/s/figs/releases/")
    assert (response.status_code, response["Location"]) == (303, "/s/figs/releases/")
    release = Release.objects.get()
    assert (release.created_by, release.version, release.state) == (lead, "0.1.0", "draft")
    assert "0.1.0" in text_of(client.get("/s/figs/"))
    page = text_of(client.get(f"/s/figs/releases/{release.public_id}/"))
    assert "CHANGES.md · CITATION.cff · DATASHEET.md · README.md · croissant.json" in page
    assert release.data_sha256 in page
    assert "Figs and people, version 0.1.0 [data set]. @misc{figs-0.1.0," in page
    assert "unzip figs-0.1.0.zip" in page
    pieces = b"".join(client.get(address(release)).streaming_content)
    zipfile.ZipFile(io.BytesIO(pieces)).extractall(tmp_path / "home")
    assert verify_release(tmp_path / "home" / "figs-0.1.0") == []
    for form in EXPORTS:
        pieces = b"".join(client.get(f"/s/figs/releases/{release.public_id}/export/{form}.zip").streaming_content)
        with zipfile.ZipFile(io.BytesIO(pieces)) as archive:
            assert archive.testzip() is None
            assert f"figs-0.1.0-{form}/README.txt" in archive.namelist()


@pytest.mark.django_db(transaction=True)
def test_draft_becomes_final_when_no_blank_is_left(client, study, lead, settings, tmp_path):
    settings.RELEASES_DIR = tmp_path / "releases"
    client.force_login(lead)
    client.post("/s/figs/releases/")
    draft = Release.objects.get()
    finish = f"/s/figs/releases/{draft.public_id}/finish/"
    assert client.post(finish)["Location"] == "/s/figs/dataset/"
    assert f"{len(ASKED) + 4} blanks left before a release can be final" in text_of(client.get("/s/figs/dataset/"))
    assert Release.objects.count() == 1
    describe(study)
    assert client.post(finish, {"version": "0.0.9"})["Location"] == "/s/figs/releases/"
    assert "says less than what changed" in text_of(client.get("/s/figs/releases/"))
    client.post(finish, {"version": "1.0.0"})
    final = Release.objects.get(version="1.0.0")
    assert (final.state, final.data_sha256) == ("final", draft.data_sha256)


@pytest.mark.django_db(transaction=True)
def test_withdrawn_release_is_gone_with_the_reason_and_its_manifest_stays(client, study, lead, release, settings):
    client.force_login(lead)
    withdraw = f"/s/figs/releases/{release.public_id}/withdraw/"
    client.post(withdraw, {"because": " "})
    release.refresh_from_db()
    assert release.state == "draft"
    client.post(withdraw, {"because": "The wrong people are in it."})
    newer = Release.objects.create(study=study, version="0.2.0", manifest={}, data_sha256="1" * 64)
    assert not Path(settings.RELEASES_DIR, release.public_id).exists()
    for path in (address(release), address(release, "data/judgments.jsonl"), address(release, "export/csv.zip")):
        response = client.get(path)
        assert response.status_code == 410
        assert "The wrong people are in it. Use release 0.2.0 in its place." in text_of(response)
    assert client.get(address(release, "manifest.json")).json() == release.manifest
    page = client.get(f"/s/figs/releases/{release.public_id}/")
    assert "The wrong people are in it." in text_of(page)
    assert newer.public_id in page.content.decode()


def test_job_is_shown_live_and_can_be_stopped(client, study, lead):
    job = take_job(ask_release(study=study, actor=lead).pk)
    ReleaseJob.objects.filter(pk=job.pk).update(table="judgments", n_rows=5000, n_expected=10000)
    client.force_login(lead)
    part = client.get("/s/figs/releases/", headers={"hx-request": "true"})
    assert "<html" not in part.content.decode()
    assert "A release is being written : judgments, 5,000 rows, about 50&nbsp;%." in text_of(part)
    assert 'hx-trigger="every 2s"' in part.content.decode()
    client.post("/s/figs/releases/stop/")
    assert "is being stopped" in text_of(client.get("/s/figs/releases/"))
    job.refresh_from_db()
    assert job.state == "stopping"


def test_final_one_asked_for_while_another_is_written_is_refused_with_the_remedy(client, study, lead):
    ask_release(study=study, actor=lead)
    describe(study)
    client.force_login(lead)
    page = client.post("/s/figs/releases/", {"final": "1"}, follow=True)
    assert "Another release was asked for and is not done: one is made at a time. Wait for its end" in text_of(page)
    assert study.release_jobs.get().final is False


def test_list_of_releases_asks_no_more_for_more_of_them(client, study, lead):
    client.force_login(lead)
    for number in range(3):
        Release.objects.create(study=study, version=f"0.{number}.0", manifest={}, data_sha256="0" * 64)
    with CaptureQueriesContext(connection) as few:
        client.get("/s/figs/releases/")
    for number in range(3, 9):
        Release.objects.create(study=study, version=f"0.{number}.0", manifest={}, data_sha256="0" * 64)
    with CaptureQueriesContext(connection) as many:
        client.get("/s/figs/releases/")
    assert len(many) == len(few)
