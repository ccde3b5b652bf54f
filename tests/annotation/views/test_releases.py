from __future__ import annotations

import io
import zipfile
from pathlib import Path

import pytest

from annotation.models import Release
from annotation.releases.verify import verify_release
from studies.models import AuditEvent
from tests import factories
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
    response = client.get("/s/figs/")
    assert "kept in another folder" in text_of(response)
    assert release.public_id not in response.content.decode()
    assert client.get(address(release)).status_code == 404


def test_release_by_a_researcher_is_404_and_asks_for_nothing(client, researcher):
    client.force_login(researcher)
    assert client.post("/s/figs/releases/").status_code == 404
    assert not AuditEvent.objects.exists()


@pytest.mark.django_db(transaction=True)
def test_release_is_made_by_the_button_and_can_be_verified_at_home(client, study, lead, settings, tmp_path):
    settings.RELEASES_DIR = tmp_path / "releases"
    campaign = factories.make_campaign(study)
    factories.submit(factories.claim(factories.make_rater(campaign)))
    client.force_login(lead)
    response = client.post("/s/figs/releases/")
    assert (response.status_code, response["Location"]) == (303, "/s/figs/#releases")
    release = Release.objects.get()
    assert (release.created_by, release.version) == (lead, "0.1.0")
    text = text_of(client.get("/s/figs/"))
    assert "0.1.0" in text
    assert "zip · manifest · judgments" in text
    pieces = b"".join(client.get(address(release)).streaming_content)
    zipfile.ZipFile(io.BytesIO(pieces)).extractall(tmp_path / "home")
    assert verify_release(tmp_path / "home" / "figs-0.1.0") == []
