"""Coming by a recruiter's link: in once, on as often as one likes, and named nowhere."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest
from django.db import connection
from django.test import Client
from django.urls import reverse

from annotation.domain.recruiting.payments import ask_payment
from annotation.domain.recruiting.sending import send_payment
from annotation.enums import CampaignState, LaunchCheck, RecruiterAction
from annotation.models import CohortMember, Participant, Rater, Recruitment, UsedLaunch, Visit
from annotation.releases.write import make_release
from studies.models import Membership, User
from tests import factories
from tests.recruiters.fixtures import launch_path
from tests.recruiters.mock_prolific import MockProlific, new_id


def begin_of(recruitment: Recruitment) -> str:
    return reverse("annotation:begin", args=[recruitment.campaign.public_id])


def test_launch_leads_on_to_an_address_that_names_nobody(prolific: MockProlific, recruitment: Recruitment) -> None:
    person, browser = prolific.add_participant(), Client()
    came = browser.get(launch_path(prolific, recruitment, person))
    assert (came.status_code, came["Location"]) == (303, begin_of(recruitment))
    assert came["Referrer-Policy"] == "no-referrer"
    assert "no-store" in came["Cache-Control"]
    rater = Rater.objects.get()
    user = rater.participant.user
    assert user is not None
    assert not user.has_usable_password()
    assert browser.session["_auth_user_id"] == str(user.pk)
    assert Membership.objects.get(user=user).role == "rater"
    assert browser.get(begin_of(recruitment), follow=True).status_code == 200


def test_used_link_goes_on_in_its_own_browser_alone(prolific: MockProlific, recruitment: Recruitment) -> None:
    first, other = Client(), Client()
    link = launch_path(prolific, recruitment, prolific.add_participant())
    first.get(link)
    assert first.get(link).status_code == 303
    replayed = other.get(link)
    assert replayed.status_code == 403
    assert "used before" in replayed.content.decode()
    assert "_auth_user_id" not in other.session
    second = Client()
    second.get(launch_path(prolific, recruitment, prolific.add_participant()))
    assert second.get(link).status_code == 403  # nor in the browser of another participant
    assert (Rater.objects.count(), UsedLaunch.objects.count()) == (2, 2)


def test_participant_goes_on_at_another_device_as_the_same_rater(
    prolific: MockProlific, recruitment: Recruitment
) -> None:
    person, desk, phone = prolific.add_participant(), Client(), Client()
    desk.get(launch_path(prolific, recruitment, person))
    assert phone.get(launch_path(prolific, recruitment, person, jti=new_id())).status_code == 303
    assert phone.session["_auth_user_id"] == desk.session["_auth_user_id"]
    assert (Rater.objects.count(), Visit.objects.count(), Participant.objects.count()) == (1, 1, 1)


def test_browser_that_is_logged_in_goes_on_without_ids(prolific: MockProlific, recruitment: Recruitment) -> None:
    browser, address = Client(), f"/r/{recruitment.public_id}/"
    assert browser.get(address).status_code == 403
    browser.get(launch_path(prolific, recruitment, prolific.add_participant()))
    assert browser.get(address)["Location"] == begin_of(recruitment)


def test_participant_takes_over_the_browser_from_who_used_it_before(
    prolific: MockProlific, recruitment: Recruitment
) -> None:
    browser = Client()
    browser.get(launch_path(prolific, recruitment, prolific.add_participant()))
    before = browser.session["_auth_user_id"]
    browser.get(launch_path(prolific, recruitment, prolific.add_participant()))
    assert browser.session["_auth_user_id"] != before


@pytest.mark.parametrize("state", [CampaignState.DRAFT, CampaignState.CLOSED])
def test_nobody_new_gets_into_a_campaign_that_is_not_open(
    prolific: MockProlific, recruitment: Recruitment, state: CampaignState
) -> None:
    person = prolific.add_participant()
    if state == CampaignState.CLOSED:
        Client().get(launch_path(prolific, recruitment, person))
    recruitment.campaign.state = state
    recruitment.campaign.save()
    refused = Client().get(launch_path(prolific, recruitment, prolific.add_participant()))
    assert refused.status_code == 403
    assert "not open" in refused.content.decode()
    if state == CampaignState.CLOSED:  # who was here still finds how it ended, and their code
        again = Client()
        again.get(launch_path(prolific, recruitment, person, jti=new_id()))
        assert "CODE-NO-WORK" in again.get(begin_of(recruitment), follow=True).content.decode()


def test_campaign_for_a_cohort_takes_those_of_the_cohort(prolific: MockProlific, recruitment: Recruitment) -> None:
    known = prolific.add_participant()
    Client().get(launch_path(prolific, recruitment, known))
    CohortMember.objects.create(campaign=recruitment.campaign, participant=Participant.objects.get())
    recruitment.campaign.cohort_only = True
    recruitment.campaign.save()
    assert Client().get(launch_path(prolific, recruitment, known, jti=new_id())).status_code == 303
    refused = Client().get(launch_path(prolific, recruitment, prolific.add_participant()))
    assert refused.status_code == 403
    assert "took part before" in refused.content.decode()


def test_recruiter_is_asked_where_the_lead_allows_it(prolific: MockProlific, recruitment: Recruitment) -> None:
    person = prolific.add_participant()
    link = launch_path(prolific, recruitment, person, signed=False)
    assert Client().get(link).status_code == 403
    Recruitment.objects.update(launch_check=LaunchCheck.ASKED)
    for browser in (Client(), Client()):  # asked each time, so that another browser is no replay
        assert browser.get(link).status_code == 303
    visit = Visit.objects.get()
    assert visit.status == "ACTIVE"
    assert visit.status_at is not None
    prolific.fail("/submissions/", "500")
    later = Client().get(link)
    assert later.status_code == 503
    assert "cannot reach" in later.content.decode()


@pytest.mark.django_db(transaction=True)
def test_two_launches_at_once_make_one_rater(prolific: MockProlific, recruitment: Recruitment) -> None:
    """With two fresh tokens of one participant; and of one token, one browser only gets in."""
    if connection.vendor != "postgresql":
        pytest.skip("SQLite writes one after the other")
    person = prolific.add_participant()
    both = threading.Barrier(6)
    found: list[int] = []
    links = [launch_path(prolific, recruitment, person, jti=str(number)) for number in range(3) for _ in range(2)]

    def visit(link: str) -> None:
        both.wait(10)
        try:
            found.append(Client().get(link).status_code)
        finally:
            connection.close()

    threads = [threading.Thread(target=visit, args=(link,)) for link in links]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(found) == [303, 303, 303, 403, 403, 403]
    assert (Rater.objects.count(), Participant.objects.count(), Visit.objects.count()) == (1, 1, 1)


ADDRESS = "203.0.113.77"


def dumped() -> str:
    """Every row of every table, as text; bytes as their digits."""
    with connection.cursor() as cursor:
        tables = connection.introspection.table_names(cursor)
        rows = []
        for table in tables:
            cursor.execute(f"SELECT * FROM {connection.ops.quote_name(table)}")
            rows += [repr([bytes(v) if isinstance(v, memoryview) else v for v in row]) for row in cursor.fetchall()]
    return "\n".join(rows)


def test_ids_of_the_recruiter_are_nowhere_after_a_participants_whole_part(
    prolific: MockProlific,
    recruitment: Recruitment,
    lead: User,
    caplog: pytest.LogCaptureFixture,
    capfd: pytest.CaptureFixture[str],
    tmp_path: Path,
) -> None:
    caplog.set_level("DEBUG")
    person, browser = prolific.add_participant(), Client(REMOTE_ADDR=ADDRESS)
    session = prolific.submission_of(recruitment.study_id, person)
    link = launch_path(prolific, recruitment, person)
    pages = [browser.get(link), browser.get(begin_of(recruitment), follow=True), Client().get(link)]
    forged = launch_path(prolific, recruitment, person, aud="https://other.example")
    pages += [Client(REMOTE_ADDR=ADDRESS).get(forged)]
    rater = Rater.objects.get()
    while (held := rater.assignments.filter(state="held").first()) is not None:
        factories.submit(held)
        pages.append(browser.get(f"/c/{recruitment.campaign.public_id}/rate/"))
    assert "CODE-COMPLETED" in pages[-1].content.decode()
    prolific.complete(session, "CODE-COMPLETED")
    prolific.fail("/transition/", "500", times=3)
    visit = Visit.objects.get()
    for action in (RecruiterAction.APPROVE, RecruiterAction.REQUEST_RETURN):
        send_payment(payment=ask_payment(visit=visit, action=action, actor=lead, reason="Thank you."))
    as_lead = Client()
    as_lead.force_login(lead)
    own = f"/s/{recruitment.campaign.study.slug}/c/{recruitment.campaign.slug}/"
    pages += [
        as_lead.get(own + part) for part in ("recruitment/", "", "signals/", f"raters/{rater.participant.pseudonym}/")
    ]
    make_release(study=recruitment.campaign.study, out=tmp_path / "release")
    files = [path for path in (tmp_path / "release").rglob("*") if path.is_file()]
    assert rater.participant.pseudonym in "".join(path.read_bytes().decode("latin-1") for path in files)
    texts = {f"page {n}": page.content.decode() + str(page.headers) for n, page in enumerate(pages)}
    texts |= {"tables": dumped(), "log": caplog.text, "output": "".join(capfd.readouterr())}
    texts |= {path.name: path.read_bytes().decode("latin-1") for path in files}
    token = link.partition("prolific_token=")[2]
    assert len(token) > 300
    for place, text in texts.items():
        assert not [word for word in (person, session, token, prolific.token, ADDRESS) if word in text], place
    assert person.encode().hex() not in texts["tables"]
