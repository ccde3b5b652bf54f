"""The admin looks at rows and writes none but logins; it keeps sealed what nobody needs to read."""

from __future__ import annotations

import pytest
from django.contrib import admin
from django.urls import reverse

from annotation.models import Assignment, Participant
from studies.domain.members import create_invite
from studies.enums import Role
from studies.models import Invite, User
from tests import factories


@pytest.fixture
def root(client, db):
    user = factories.make_user("root", is_staff=True, is_superuser=True)
    client.force_login(user)
    return user


@pytest.fixture
def rows(study, lead):
    """At least one row of most things, of an ordinary campaign with one submitted item."""
    campaign = factories.make_campaign(study, instrument="preference")
    factories.submit(factories.claim(factories.make_rater(campaign)))
    create_invite(study=study, role=Role.RATER, created_by=lead)


def registered():
    return sorted(admin.site._registry, key=lambda model: model._meta.label)


@pytest.mark.parametrize("model", registered(), ids=lambda model: model._meta.label)
def test_every_row_can_be_looked_at_and_none_but_a_login_changed(client, root, rows, model):
    options = model._meta
    base = f"admin:{options.app_label}_{options.model_name}"
    assert client.get(reverse(f"{base}_changelist")).status_code == 200
    may_write = model is User
    assert client.get(reverse(f"{base}_add")).status_code == (200 if may_write else 403)
    row = model._default_manager.first()
    if row is None:
        return
    assert client.get(reverse(f"{base}_change", args=[row.pk])).status_code == 200
    assert client.post(reverse(f"{base}_change", args=[row.pk]), {}).status_code == (200 if may_write else 403)
    assert client.post(reverse(f"{base}_delete", args=[row.pk]), {"post": "yes"}).status_code == 403
    assert model._default_manager.filter(pk=row.pk).exists()


def test_secrets_stay_sealed(client, root, rows):
    invite, assignment = Invite.objects.get(), Assignment.objects.get()
    participant = Participant.objects.get()
    participant.recruiter_id_hash, participant.recruiter_id_encrypted = "f" * 64, b"sealed"
    participant.save()
    pages = [
        client.get(reverse("admin:studies_invite_change", args=[invite.pk])),
        client.get(reverse("admin:annotation_assignment_change", args=[assignment.pk])),
        client.get(reverse("admin:annotation_participant_change", args=[participant.pk])),
    ]
    text = "".join(page.content.decode() for page in pages)
    for secret in (invite.secret_sha256, assignment.token, "f" * 64, "sealed"):
        assert secret not in text


@pytest.mark.parametrize("who", ["lead", "researcher", "rater_a"])
def test_members_of_studies_do_not_get_in(client, request, who):
    client.force_login(request.getfixturevalue(who))
    assert client.get("/admin/")["Location"].startswith("/admin/login/")
