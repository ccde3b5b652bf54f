from __future__ import annotations

import re
from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from annotation.enums import CampaignState as S
from annotation.enums import Origin
from annotation.models import Assignment, Campaign, Participant
from pipeline.enums import CompletionState, Stage
from pipeline.models import Completion
from studies.domain.members import create_invite, invite_for
from studies.enums import Role
from studies.models import Invite
from tests import factories

HTMX = {"HX-Request": "true"}
PAGE = "/s/figs/"


def text_of(response):
    return " ".join(re.sub(r"<[^>]+>", " ", response.content.decode()).split())


def test_study_page_says_how_far_a_campaign_is_in_words(client, study, lead):
    campaign = factories.make_campaign(study, title="Figs?", n_items=2, n_questions=3, k=2)
    rater = factories.make_rater(campaign)
    factories.submit(factories.claim(rater))
    factories.claim(rater)
    client.force_login(lead)
    text = text_of(client.get(PAGE))
    assert "Figs?" in text
    assert "25 % 3 of 12 judgments" in text
    assert "3 judgments in the last 24 hours; at this pace about 3 days to go." in text
    assert "0 of 2 items complete · 1 held now · 1 rater" in text


def test_study_page_points_at_a_campaign_that_stands_still(client, study, lead):
    campaign = factories.make_campaign(study)
    factories.submit(factories.claim(factories.make_rater(campaign)))
    Assignment.objects.update(submitted_at=timezone.now() - timedelta(hours=30))
    client.force_login(lead)
    response = client.get(PAGE)
    assert "Nothing came in during the last 24 hours." in text_of(response)
    assert "stalled" in response.content.decode()


def test_study_page_raises_no_alarm_before_anybody_has_begun(client, study, lead):
    campaign = factories.make_campaign(study)
    client.force_login(lead)
    assert "Open; nobody has begun yet." in text_of(client.get(PAGE))
    factories.claim(factories.make_rater(campaign))
    response = client.get(PAGE)
    assert "Open; nothing is submitted yet." in text_of(response)
    assert "stalled" not in response.content.decode()


def test_study_page_marks_what_is_simulated_or_imported(client, study, lead):
    factories.make_campaign(study, origin=Origin.SIMULATED)
    factories.make_campaign(study, origin=Origin.IMPORTED, state=S.CLOSED)
    client.force_login(lead)
    text = text_of(client.get(PAGE))
    assert "simulated answers" in text
    assert "imported answers" in text


def test_study_page_says_what_to_do_when_there_is_nothing_yet(client, study, lead):
    client.force_login(lead)
    text = text_of(client.get(PAGE))
    assert "No campaign yet" in text
    assert "make_campaign" in text
    assert "import_corpus" in text


def test_study_page_shows_runs_with_what_was_possibly_paid_twice(client, study, lead):
    run = factories.make_run(study, Stage.EXTRACT, model_name="model-x", n_units=40, n_done=37, n_failed=3)
    for key, state in (
        ("a", CompletionState.ABANDONED),
        ("b", CompletionState.ABANDONED),
        ("c", CompletionState.FAILED),
    ):
        Completion.objects.create(
            study=study, run=run, cache_key=key, attempt=1, state=state, request={}, backend="recorded"
        )
    client.force_login(lead)
    assert "Extract model-x Complete 37 of 40 3 2" in text_of(client.get(PAGE))


def test_study_page_gives_the_campaigns_alone_to_htmx(client, study, lead):
    factories.make_campaign(study, title="Figs?")
    client.force_login(lead)
    full, part = client.get(PAGE).content.decode(), client.get(PAGE, headers=HTMX).content.decode()
    assert "<html" in full
    assert "<html" not in part
    assert part.lstrip().startswith('<section id="campaigns"')
    assert "Figs?" in part
    assert "Runs" not in part
    assert "<html" in client.get(PAGE, headers=HTMX | {"HX-History-Restore-Request": "true"}).content.decode()


def test_study_page_offers_a_researcher_nothing_that_acts(client, study, lead, researcher):
    factories.make_campaign(study)
    factories.make_campaign(study, state=S.DRAFT)
    create_invite(study=study, role=Role.RATER, created_by=lead)
    client.force_login(lead)
    assert client.get(PAGE).content.decode().count('method="post"') > 1
    client.force_login(researcher)
    body = client.get(PAGE).content.decode()
    assert re.findall(r'method="post" action="([^"]+)"', body) == ["/logout/"]
    assert "hx-post" not in body


def test_study_page_takes_the_same_queries_for_one_campaign_and_three(client, study, lead):
    client.force_login(lead)

    def fill():
        factories.submit(factories.claim(factories.make_rater(factories.make_campaign(study))))
        factories.make_run(study)
        create_invite(study=study, role=Role.RATER, created_by=lead)

    fill()
    with CaptureQueriesContext(connection) as one:
        client.get(PAGE)
    fill()
    fill()
    with CaptureQueriesContext(connection) as three:
        client.get(PAGE)
    assert len(one) == len(three)


def test_invite_link_is_shown_once_and_works(client, study, lead):
    client.force_login(lead)
    response = client.post(f"{PAGE}invites/", {"role": "rater", "quota": "3", "days": "7"})
    assert response.status_code == 200
    assert "no-store" in response["Cache-Control"]
    (secret,) = re.findall(r"http://testserver/invite/(\w+)/", response.content.decode())
    assert invite_for(secret).quota == 3
    again = client.get(PAGE).content.decode()
    assert secret not in again
    assert "0 of 3" in again


@pytest.mark.parametrize(
    ("field", "value", "said"),
    [
        ("quota", "0", "1 to 1000 people, not 0"),
        ("days", "400", "1 to 365 days, not 400"),
        ("quota", "many", "whole number"),
        ("role", "lead", "not one of the available choices"),
    ],
)
def test_invite_that_makes_no_sense_is_refused_beside_its_field(client, study, lead, field, value, said):
    client.force_login(lead)
    response = client.post(f"{PAGE}invites/", {"role": "rater", "quota": "1", "days": "7"} | {field: value})
    assert response.status_code == 400
    assert said in text_of(response)
    assert not Invite.objects.exists()


def test_revoked_invite_leaves_the_list(client, study, lead):
    invite, _ = create_invite(study=study, role=Role.RATER, created_by=lead)
    client.force_login(lead)
    response = client.post(f"{PAGE}invites/{invite.pk}/revoke/")
    assert (response.status_code, response["Location"]) == (303, PAGE)
    invite.refresh_from_db()
    assert invite.revoked_at
    assert "Open invitations" not in text_of(client.get(PAGE))


def test_invite_of_another_study_cannot_be_revoked(client, study, lead, other_study, outsider):
    invite, _ = create_invite(study=other_study, role=Role.RATER, created_by=outsider)
    client.force_login(lead)
    assert client.post(f"{PAGE}invites/{invite.pk}/revoke/").status_code == 404
    invite.refresh_from_db()
    assert invite.revoked_at is None


def test_logged_out_poll_is_told_so_and_swaps_nothing(client, study):
    response = client.get(PAGE, headers=HTMX)
    assert response.status_code == 401
    assert client.get(PAGE)["Location"] == f"/login/?next={PAGE}"


def test_names_are_escaped(client, study, lead):
    factories.make_campaign(study, title="<script>alert(1)</script>", slug="evil")
    factories.make_run(study, model_name="<b>model</b>")
    client.force_login(lead)
    body = client.get(PAGE).content.decode()
    assert "<script>alert" not in body
    assert "<b>model" not in body
    assert Campaign.objects.get().title in text_of(client.get(PAGE)).replace("&lt;", "<").replace("&gt;", ">")


@pytest.mark.parametrize(
    ("state", "offered"),
    [(S.DRAFT, "start"), (S.PAUSED, "start"), (S.COLLECTING, "pause"), (S.COMPLETE, ""), (S.CLOSED, "")],
)
def test_study_page_offers_the_step_that_the_state_allows(client, study, lead, state, offered):
    campaign = factories.make_campaign(study, slug="one", n_items=1, n_questions=1, k=1)
    if state == S.COMPLETE:
        factories.submit(factories.claim(factories.make_rater(campaign)))
    Campaign.objects.update(state=state)
    client.force_login(lead)
    found = re.findall(r'action="/s/figs/c/one/(\w+)/"', client.get(PAGE).content.decode())
    assert found == ([offered] if offered else [])


def test_recruited_raters_are_counted_and_not_listed(client, study, lead, rater_a):
    rater = factories.make_rater(factories.make_campaign(study))
    Participant.objects.filter(pk=rater.participant_id).update(recruiter="prolific")
    client.force_login(lead)
    response = client.get(PAGE)
    assert "1 rater, known by pseudonym only" in text_of(response)
    assert rater.participant.user.username not in text_of(response)
    assert f"Remove {rater_a.username}" in text_of(response)
