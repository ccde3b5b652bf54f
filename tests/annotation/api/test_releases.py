from __future__ import annotations

from typing import Any

import pytest
from django.test import Client

from annotation.domain.releasing import open_job, withdraw_release
from annotation.models import Demographic, Release
from studies.models import Study, User
from tests import factories

URL = "/api/studies/figs/releases/"


@pytest.fixture
def release(study: Study) -> Release:
    return Release.objects.create(study=study, version="0.1.0", manifest={"notices": []}, data_sha256="0" * 64)


def post(client: Client, **wish: Any) -> Any:
    return client.post(URL, wish, content_type="application/json")


def test_release_is_asked_for_once_and_its_job_is_told(client: Client, study: Study, lead: User) -> None:
    client.force_login(lead)
    assert client.get(f"{URL}job/").status_code == 404
    response = post(client, version="1.0.0")
    assert (response.status_code, response.json()["state"]) == (202, "asked")
    assert post(client).status_code == 202
    job = open_job(study)
    assert job is not None
    assert (study.release_jobs.count(), job.version, job.asked_by) == (1, "1.0.0", lead)
    assert client.get(f"{URL}job/").json()["state"] == "asked"
    other = post(client, version="2.0.0")
    assert other.status_code == 409
    assert "Another release 1.0.0 was asked for and is not done" in other.json()["detail"]
    assert study.release_jobs.count() == 1


def test_release_holds_the_demographics_that_are_asked_for(client: Client, study: Study, lead: User) -> None:
    rater = factories.make_rater(factories.make_campaign(study))
    for field in ("sex", "age"):
        Demographic.objects.create(participant=rater.participant, field=field, value="x")
    client.force_login(lead)
    assert "nobody in figs told 'job'; choose among 'age', 'sex'" in post(client, demographics=["job"]).json()["detail"]
    assert post(client, demographics=["sex"]).json()["demographics"] == ["sex"]
    assert post(client, demographics=["sex"]).status_code == 202
    assert post(client, demographics=["age"]).status_code == 409
    assert post(client).status_code == 409, "the first one holds all, and the open one does not"
    assert study.release_jobs.get().demographics == ["sex"]


@pytest.mark.parametrize(
    ("wish", "status", "said"),
    [
        ({"version": "one"}, 409, "not semantic"),
        ({"version": "0.1.0"}, 409, "exists already"),
        ({"final": True}, 409, "answers.purpose"),
        ({"final": "perhaps"}, 400, "boolean"),
    ],
)
def test_release_that_cannot_be_is_refused_at_once(
    client: Client, study: Study, lead: User, release: Release, wish: dict[str, Any], status: int, said: str
) -> None:
    client.force_login(lead)
    response = post(client, **wish)
    assert response.status_code == status
    assert said in response.content.decode()
    assert open_job(study) is None


def test_withdrawn_release_says_why_and_what_replaces_it(
    client: Client, study: Study, lead: User, researcher: User, release: Release
) -> None:
    withdraw_release(release=release, because="Wrong.", actor=lead)
    newer = Release.objects.create(
        study=study, version="0.2.0", manifest={}, data_sha256="1" * 64, previous=release, change="major"
    )
    client.force_login(researcher)
    one = client.get(f"{URL}{release.public_id}/").json()
    assert (one["state"], one["withdrawn_because"], one["replaced_by"]) == ("withdrawn", "Wrong.", newer.public_id)
    assert one["manifest"] == {"notices": []}
    listed = client.get(URL).json()["results"]
    assert [(row["version"], row["previous"], row["replaced_by"]) for row in listed] == [
        ("0.2.0", release.public_id, None),
        ("0.1.0", None, newer.public_id),
    ]
