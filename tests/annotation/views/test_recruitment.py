"""The lead's page of a recruitment: set up once, looked at often, paid from."""

from __future__ import annotations

import json
from html import unescape

import pytest
from django.test import Client
from django.urls import reverse

from annotation.domain.finishing import end_rater
from annotation.domain.recruiting.secrets import Purpose, decrypt
from annotation.enums import RaterOutcome
from annotation.models import Campaign, HookEvent, Payment, Recruitment, Visit
from studies.models import AuditEvent, Study, User
from tests import factories
from tests.recruiters.fixtures import codes, come
from tests.recruiters.mock_prolific import MockProlific, new_id


@pytest.fixture
def browser(lead: User) -> Client:
    browser = Client()
    browser.force_login(lead)
    return browser


def path(campaign: Campaign, name: str = "", *more: int) -> str:
    named = f"annotation:recruitment-{name}" if name else "annotation:recruitment"
    return reverse(named, args=[campaign.study.slug, campaign.slug, *more])


def entered(prolific: MockProlific, **changed: str) -> dict[str, str]:
    words = {
        "study_id": prolific.add_study(),
        "workspace_id": prolific.workspace_id,
        "api_token": prolific.token,
        "launch_check": "signed",
        "audience": "",
    }
    return words | {f"code_{outcome}": code for outcome, code in codes().items()} | changed


def said(browser: Client, address: str, **words: str) -> str:
    """The page after the act, with what came of it."""
    return unescape(browser.post(address, words, follow=True).content.decode())


def test_lead_sets_recruitment_up_and_reads_what_to_enter(
    prolific: MockProlific, study: Study, lead: User, browser: Client
) -> None:
    campaign = factories.make_campaign(study)
    assert "Not set up yet" in browser.get(path(campaign)).content.decode()
    words = entered(prolific)
    assert "settings are stored" in said(browser, path(campaign, "save"), **words)
    row = Recruitment.objects.get()
    assert row.api_token_encrypted is not None
    assert decrypt(Purpose.API, row.api_token_encrypted) == prolific.token
    page = unescape(browser.get(path(campaign)).content.decode())
    launch = reverse("annotation:launch", args=[row.public_id])
    assert f"http://testserver{launch}?PROLIFIC_PID={{{{%PROLIFIC_PID%}}}}&STUDY_ID=" in page
    assert '"is_external_study_url_secure": true' in page
    assert '"code": "CODE-NO-CONSENT"' in page
    assert prolific.token not in page
    said(browser, path(campaign, "save"), **(words | {"api_token": ""}))
    assert Recruitment.objects.get().api_token_encrypted is not None  # left empty, it is kept
    assert prolific.token not in json.dumps(list(AuditEvent.objects.values_list("detail", flat=True)))


@pytest.mark.parametrize(
    ("changed", "problem"),
    [
        ({"study_id": "x"}, "is no id"),
        ({"workspace_id": "!"}, "is no id"),
        ({"audience": "fit.example.org"}, "is no origin"),
        ({"audience": "https://fit.example.org/path"}, "is no origin"),
        ({"api_token": "two words"}, "letters, digits and dashes only"),
        ({"code_completed": "a b"}, "is no code"),
        ({"code_completed": "CODE-NO-CONSENT"}, "is the code of"),
        ({"launch_check": "trust"}, "Select a valid choice"),
    ],
)
def test_settings_that_will_not_do_are_said_and_change_nothing(
    prolific: MockProlific, recruitment: Recruitment, browser: Client, changed: dict[str, str], problem: str
) -> None:
    before = Recruitment.objects.values().get(), list(recruitment.codes.values_list("code", flat=True))
    reply = browser.post(path(recruitment.campaign, "save"), entered(prolific) | changed)
    assert reply.status_code == 400
    assert problem in unescape(reply.content.decode())
    assert (Recruitment.objects.values().get(), list(recruitment.codes.values_list("code", flat=True))) == before


def test_study_stays_the_same_once_somebody_came_and_is_one_campaigns(
    prolific: MockProlific, recruitment: Recruitment, browser: Client
) -> None:
    other = factories.make_campaign(recruitment.campaign.study)
    taken = browser.post(path(other, "save"), entered(prolific, study_id=recruitment.study_id))
    assert "Another campaign recruits" in taken.content.decode()
    come(prolific, recruitment)
    moved = browser.post(path(recruitment.campaign, "save"), entered(prolific, study_id=new_id()))
    assert "People have come from this study" in moved.content.decode()


def test_approvals_are_looked_at_before_they_are_asked_for(
    prolific: MockProlific, recruitment: Recruitment, browser: Client
) -> None:
    done, at_work = (come(prolific, recruitment) for _ in range(2))
    end_rater(rater=done.rater, outcome=RaterOutcome.COMPLETED)
    url = path(recruitment.campaign, "approve")
    page = browser.get(url).content.decode()
    assert f'name="visit" value="{done.visit.pk}"' in page
    assert f'value="{at_work.visit.pk}"' not in page
    assert "not complete yet" in page
    end_rater(rater=at_work.rater, outcome=RaterOutcome.COMPLETED)  # after the lead has looked
    assert "1 approval is on the way" in said(browser, url, visit=str(done.visit.pk))
    assert Payment.objects.get().visit == done.visit
    assert "nobody to approve" in said(browser, url, visit="x")


def test_lead_approves_asks_and_pays_from_the_page(
    prolific: MockProlific,
    recruitment: Recruitment,
    browser: Client,
    django_capture_on_commit_callbacks: object,
) -> None:
    """A worker sends it once the wish is committed; here at once."""
    campaign, visit = recruitment.campaign, come(prolific, recruitment).visit
    submission = next(iter(prolific.submissions))
    end_rater(rater=visit.rater, outcome=RaterOutcome.COMPLETED)
    prolific.complete(submission, "CODE-COMPLETED")
    ask = path(campaign, "ask", visit.pk)
    with django_capture_on_commit_callbacks(execute=True):  # type: ignore[operator]
        assert "1 approval is on the way" in said(browser, path(campaign, "approve"), visit=str(visit.pk))
        assert "“Bonus” is on its way" in said(browser, ask, action="bonus", amount="1,50")
    assert prolific.submissions[submission]["status"] == "APPROVED"
    assert prolific.paid(submission) == [150]
    page = browser.get(path(campaign)).content.decode()
    assert "Approved" in page
    assert "nobody to approve" in said(browser, path(campaign, "approve"))
    for words, problem in (
        ({"action": "bonus", "amount": "much"}, "is no amount"),
        ({"action": "bonus"}, "Say how much"),
        ({"action": "reject"}, "Choose what to ask"),
        ({"action": "request_return"}, "Say why"),
    ):
        assert problem in said(browser, ask, **words)
    assert Payment.objects.count() == 2


def test_visit_of_another_campaign_cannot_be_asked_about(
    prolific: MockProlific, recruitment: Recruitment, browser: Client
) -> None:
    visit = come(prolific, recruitment).visit
    other = factories.make_campaign(recruitment.campaign.study)
    browser.post(path(other, "save"), entered(prolific))
    assert browser.post(path(other, "ask", visit.pk), {"action": "approve"}).status_code == 404


def test_page_asks_how_submissions_stand_and_says_what_went_wrong(
    prolific: MockProlific, recruitment: Recruitment, browser: Client
) -> None:
    come(prolific, recruitment)
    prolific.set_status(next(iter(prolific.submissions)), "TIMED-OUT")
    refresh = path(recruitment.campaign, "refresh")
    assert "1 submission had changed" in said(browser, refresh)
    assert "Timed-out" in browser.get(path(recruitment.campaign)).content.decode()
    prolific.fail("/submissions/", "500")
    assert "trouble of its own (500)" in said(browser, refresh)
    prolific.token = "another"
    assert "refuses the API token" in said(browser, refresh)


def test_late_completion_is_marked_to_be_paid_by_hand(
    prolific: MockProlific, recruitment: Recruitment, browser: Client
) -> None:
    visit = come(prolific, recruitment).visit
    end_rater(rater=visit.rater, outcome=RaterOutcome.COMPLETED)
    Visit.objects.update(status="TIMED-OUT")
    assert "late: pay by hand" in browser.get(path(recruitment.campaign)).content.decode()


def test_messages_are_subscribed_to_at_secure_addresses_only(
    prolific: MockProlific, recruitment: Recruitment, browser: Client, settings: object
) -> None:
    subscribe = path(recruitment.campaign, "subscribe")
    assert "https addresses only" in said(browser, subscribe)
    Recruitment.objects.update(hook_secret_encrypted=None)
    assert browser.post(subscribe, secure=True).status_code == 303
    assert [each["confirmed"] for each in prolific.subscriptions.values()] == [True]
    row = Recruitment.objects.get()
    hook = reverse("annotation:hook", args=[row.public_id])
    assert next(iter(prolific.subscriptions.values()))["target_url"] == f"https://testserver{hook}"
    reply = Client(headers=prolific.hook_headers(b"{}")).post(hook, b"{}", content_type="application/json")
    assert (reply.status_code, HookEvent.objects.count()) == (200, 1)
