from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone

from annotation.models import Release
from annotation.releases import requests
from annotation.releases.errors import ReleaseRefused
from annotation.releases.requests import fulfil_release_request, release_request_status, request_release
from studies.models import AuditEvent


@pytest.fixture
def making(monkeypatch):
    """Stands for make_release: what it was asked for, and what it shall do."""
    calls = []

    def make_release(*, study, actor):
        calls.append(study)
        return Release.objects.create(
            study=study, version=f"0.{len(calls)}.0", manifest={}, data_sha256="0" * 64, created_by=actor
        )

    monkeypatch.setattr(requests, "make_release", make_release)
    return calls


def test_request_is_open_until_it_is_fulfilled(study, lead, making):
    assert release_request_status(study) is None
    request = request_release(study=study, actor=lead)
    assert release_request_status(study).open
    release = fulfil_release_request(request=request)
    assert release.created_by == lead
    status = release_request_status(study)
    assert (status.open, status.problem) == (False, "")


def test_request_while_one_is_open_is_the_same_request(study, lead):
    assert request_release(study=study, actor=lead) == request_release(study=study, actor=lead)


def test_request_that_stays_away_can_be_made_again(study, lead):
    first = request_release(study=study, actor=lead)
    AuditEvent.objects.filter(pk=first.pk).update(made_at=timezone.now() - timedelta(minutes=16))
    assert release_request_status(study).late
    assert request_release(study=study, actor=lead) != first
    assert not release_request_status(study).late


def test_message_that_comes_twice_makes_one_release(study, lead, making):
    request = request_release(study=study, actor=lead)
    fulfil_release_request(request=request)
    assert fulfil_release_request(request=request) is None
    assert len(making) == 1


def test_refusal_is_told_to_whoever_looks(study, lead, monkeypatch):
    def refuse(**_):
        raise ReleaseRefused(["judgments: row 7 has no unit; correct that row"])

    monkeypatch.setattr(requests, "make_release", refuse)
    assert fulfil_release_request(request=request_release(study=study, actor=lead)) is None
    status = release_request_status(study)
    assert (status.open, status.problem) == (False, "judgments: row 7 has no unit; correct that row")


def test_unforeseen_error_is_recorded_and_raised(study, lead, monkeypatch):
    def fail(**_):
        raise OSError("disk full")

    monkeypatch.setattr(requests, "make_release", fail)
    with pytest.raises(OSError, match="disk full"):
        fulfil_release_request(request=request_release(study=study, actor=lead))
    status = release_request_status(study)
    assert not status.open
    assert "log of the worker" in status.problem
    assert "disk full" not in status.problem
