"""The rater's pages: who gets in, what a submission answers, with HTMX and without."""

from __future__ import annotations

import re

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from annotation.domain.assignment import return_assignment
from annotation.domain.campaigns import close_campaign, pause_campaign
from annotation.domain.withdrawing import exclude_rater, withdraw_rater
from annotation.enums import AssignmentState, CampaignState, Origin, RemarkKind
from annotation.models import Assignment, Campaign, Draft, Judgment, Remark, Revision
from pipeline.enums import InstrumentName
from studies.models import Study, User
from tests import factories

HTMX = {"HX-Request": "true"}
INSTRUMENTS = list(InstrumentName)


@pytest.fixture
def campaign(study: Study) -> Campaign:
    return factories.make_campaign(study, n_items=2, n_questions=2)


@pytest.fixture
def held(campaign: Campaign, rater_a: User) -> Assignment:
    return factories.claim(factories.make_rater(campaign, rater_a))


@pytest.fixture
def browser_a(client: Client, rater_a: User) -> Client:
    client.force_login(rater_a)
    return client


def url(name: str, assignment: Assignment) -> str:
    return reverse(f"annotation:{name}", args=[assignment.token])


def rate_url(campaign: Campaign) -> str:
    return reverse("annotation:rate", args=[campaign.public_id])


def key_on(html: str) -> str:
    found = re.search(r'name="key" value="([a-z2-9]+)"', html)
    assert found, "the page has no submission key"
    return found[1]


def answers(value: str = "yes", n: int = 2, **more: str) -> dict[str, str]:
    return {"key": "key-1"} | {f"answer-{place}": value for place in range(n)} | more


# Getting to work


def test_rate_claims_an_item_and_goes_to_it(browser_a: Client, campaign: Campaign, rater_a: User) -> None:
    reply = browser_a.get(rate_url(campaign))
    assignment = Assignment.objects.get()
    assert assignment.rater.participant.user == rater_a
    assert reply.status_code == 302
    assert reply["Location"] == url("item", assignment)


def test_rate_again_resumes_the_same_item(browser_a: Client, campaign: Campaign) -> None:
    assert browser_a.get(rate_url(campaign))["Location"] == browser_a.get(rate_url(campaign))["Location"]
    assert Assignment.objects.count() == 1


def test_rate_without_login_asks_for_it(client: Client, campaign: Campaign) -> None:
    reply = client.get(rate_url(campaign))
    assert reply.status_code == 302
    assert reply["Location"] == f"{reverse('studies:login')}?next={rate_url(campaign)}"
    assert not Assignment.objects.exists()


@pytest.mark.parametrize("who", ["lead", "researcher", "outsider"])
def test_rate_does_not_exist_for_others_than_raters(
    client: Client, campaign: Campaign, who: str, request: pytest.FixtureRequest
) -> None:
    client.force_login(request.getfixturevalue(who))
    assert client.get(rate_url(campaign)).status_code == 404
    assert not Assignment.objects.exists()


@pytest.mark.parametrize("state", [CampaignState.DRAFT, CampaignState.CLOSED])
def test_rate_of_a_campaign_that_is_not_open_says_so(browser_a: Client, campaign: Campaign, state: str) -> None:
    Campaign.objects.filter(pk=campaign.pk).update(state=state)
    reply = browser_a.get(rate_url(campaign))
    assert reply.status_code == 200
    assert "is not open" in reply.content.decode()
    assert not Assignment.objects.exists()


def test_rate_of_a_paused_campaign_says_so(browser_a: Client, campaign: Campaign, lead: User) -> None:
    pause_campaign(campaign=campaign, actor=lead)
    assert "is paused" in browser_a.get(rate_url(campaign)).content.decode()


def test_rate_of_a_simulated_campaign_is_not_for_people(browser_a: Client, study: Study) -> None:
    simulated = factories.make_campaign(study, origin=Origin.SIMULATED)
    reply = browser_a.get(rate_url(simulated))
    # A login becomes a human rater, and those never meet simulated ones.
    assert reply.status_code == 403
    assert not Assignment.objects.exists()


def test_rate_of_an_imported_campaign_gives_no_work(browser_a: Client, study: Study) -> None:
    imported = factories.make_campaign(study, origin=Origin.IMPORTED, state=CampaignState.CLOSED)
    assert "is not open" in browser_a.get(rate_url(imported)).content.decode()
    assert not Assignment.objects.exists()


def test_rate_of_an_excluded_rater_gives_no_work(browser_a: Client, held: Assignment, lead: User) -> None:
    exclude_rater(rater=held.rater, reason="two accounts", actor=lead)
    assert "Thank you" in browser_a.get(rate_url(held.campaign)).content.decode()
    assert browser_a.get(url("item", held)).status_code == 410


# The page


@pytest.mark.parametrize("who", ["rater_b", "lead", "researcher", "outsider"])
@pytest.mark.parametrize("name", ["item", "edit-item"])
def test_item_does_not_exist_for_anybody_else(
    client: Client, held: Assignment, who: str, name: str, request: pytest.FixtureRequest
) -> None:
    client.force_login(request.getfixturevalue(who))
    assert client.get(url(name, held)).status_code == 404


@pytest.mark.parametrize("name", ["submit-item", "draft-answer", "return-item", "revise-item"])
def test_writes_do_not_exist_for_another_rater(client: Client, held: Assignment, rater_b: User, name: str) -> None:
    client.force_login(rater_b)
    assert client.post(url(name, held), answers()).status_code == 404
    assert not Judgment.objects.exists()
    assert not Draft.objects.exists()


def test_item_does_not_exist_for_who_left_the_study(browser_a: Client, held: Assignment, rater_a: User) -> None:
    rater_a.memberships.all().delete()
    assert browser_a.get(url("item", held)).status_code == 404


@pytest.mark.parametrize("name", ["submit-item", "draft-answer", "return-item", "revise-item"])
def test_writes_take_only_post(browser_a: Client, held: Assignment, name: str) -> None:
    assert browser_a.get(url(name, held)).status_code == 405


@pytest.mark.parametrize("name", ["submit-item", "draft-answer"])
def test_write_after_logout_says_so_and_sends_nowhere(client: Client, held: Assignment, name: str) -> None:
    reply = client.post(url(name, held), answers(), headers=HTMX)
    assert reply.status_code == 401
    assert "logged out" in reply.content.decode()


@pytest.mark.parametrize("instrument", INSTRUMENTS)
def test_item_shows_every_question_with_its_answers(
    browser_a: Client, study: Study, rater_a: User, instrument: str
) -> None:
    campaign = factories.make_campaign(study, n_items=1, n_questions=3, instrument=instrument)
    assignment = factories.claim(factories.make_rater(campaign, rater_a))
    html = browser_a.get(url("item", assignment)).content.decode()
    n = {"attribute_quality": 3, "relevance": 2, "preference": 5}[instrument]
    assert len(re.findall(r'type="radio" name="answer-\d', html)) == 3 * n
    for position in assignment.order:
        assert f"Attribute 0.{position}" in html


def test_item_is_not_stored_by_the_browser(browser_a: Client, held: Assignment) -> None:
    for reply in (
        browser_a.get(url("item", held)),
        browser_a.get(rate_url(held.campaign)),
        browser_a.post(url("submit-item", held), answers(n=1)),
        browser_a.post(url("draft-answer", held), {"answer-0": "yes"}),
        browser_a.post(url("submit-item", held), answers()),
        browser_a.get(url("edit-item", held)),
    ):
        assert "no-store" in reply["Cache-Control"], reply.request


def test_item_for_htmx_is_the_part_alone(browser_a: Client, held: Assignment) -> None:
    full = browser_a.get(url("item", held)).content.decode()
    part = browser_a.get(url("item", held), headers=HTMX).content.decode()
    assert "<html" in full
    assert "<html" not in part
    assert part.strip().startswith("<title>")
    assert '<main id="item"' in part


def test_item_keeps_html_in_texts_as_text(browser_a: Client, held: Assignment) -> None:
    held.item.questions.update(text="<script>alert(1)</script>")
    assert held.item.prompt
    held.item.prompt.text = "<img src=x onerror=alert(1)>"
    held.item.prompt.save()
    html = browser_a.get(url("item", held)).content.decode()
    assert "<script>alert" not in html
    assert "<img" not in html


def test_simulated_campaign_is_marked_on_its_pages(browser_a: Client, held: Assignment) -> None:
    assert "Simulated" not in browser_a.get(url("item", held)).content.decode()
    Campaign.objects.filter(pk=held.campaign_id).update(origin=Origin.SIMULATED)
    assert '<span class="tag">Simulated</span>' in browser_a.get(url("item", held)).content.decode()
    assert '<span class="tag">Simulated</span>' in browser_a.get(reverse("annotation:home")).content.decode()


@pytest.mark.parametrize("instrument", INSTRUMENTS)
def test_item_asks_no_more_queries_for_more_questions(
    browser_a: Client, study: Study, rater_a: User, instrument: str
) -> None:
    counts = []
    for n in (1, 3, 12):
        campaign = factories.make_campaign(study, n_items=2, n_questions=n, instrument=instrument)
        assignment = factories.claim(factories.make_rater(campaign, rater_a))
        browser_a.get(url("item", assignment))  # what is rendered for the first time is stored
        with CaptureQueriesContext(connection) as queries:
            browser_a.get(url("item", assignment))
        counts.append(len(queries))
    assert counts[0] == counts[1] == counts[2], counts
    assert counts[0] <= 22


# Submitting


def test_submit_stores_the_answers_and_goes_on(browser_a: Client, held: Assignment) -> None:
    key = key_on(browser_a.get(url("item", held)).content.decode())
    reply = browser_a.post(url("submit-item", held), answers("no", key=key, seconds="12.5"))
    following = Assignment.objects.get(state=AssignmentState.HELD)
    assert reply.status_code == 303
    assert reply["Location"] == url("item", following)
    held.refresh_from_db()
    assert (held.state, held.submission_key, held.seconds) == ("submitted", key, 12.5)
    assert [judgment.value for judgment in held.judgments.all()] == ["no", "no"]


def test_submit_by_htmx_brings_the_next_item_in_the_same_reply(browser_a: Client, held: Assignment) -> None:
    reply = browser_a.post(url("submit-item", held), answers(), headers=HTMX)
    following = Assignment.objects.get(state=AssignmentState.HELD)
    html = reply.content.decode()
    assert reply.status_code == 200
    assert reply["HX-Push-Url"] == url("item", following)
    assert url("submit-item", following) in html
    assert "<html" not in html
    assert "Saved. Item 2 of up to 2." in html


def test_submit_of_the_last_item_thanks(browser_a: Client, held: Assignment) -> None:
    reply = browser_a.post(url("submit-item", held), answers(), headers=HTMX)
    following = Assignment.objects.get(state=AssignmentState.HELD)
    reply = browser_a.post(url("submit-item", following), answers(key="key-2"), headers=HTMX)
    assert "Thank you" in reply.content.decode()
    assert "2 items saved by you" in reply.content.decode()
    assert reply["HX-Push-Url"] == rate_url(held.campaign)
    assert '<main id="item"' in reply.content.decode()
    assert "<html" in browser_a.get(rate_url(held.campaign)).content.decode()


@pytest.mark.parametrize("headers", [{}, HTMX], ids=["page", "htmx"])
def test_submit_with_a_question_left_says_which_and_keeps_the_rest(
    browser_a: Client, held: Assignment, headers: dict[str, str]
) -> None:
    reply = browser_a.post(url("submit-item", held), answers("no", n=1, note="I  <wondered>"), headers=headers)
    html = reply.content.decode()
    assert reply.status_code == 400
    assert "Question 2 has no answer yet." in html
    assert 'name="answer-0" value="no" required checked' in html
    assert "I  &lt;wondered&gt;" in html
    assert ("<html" in html) == (not headers)
    assert not Judgment.objects.exists()


@pytest.mark.parametrize("field", [{"answer-0": "perhaps"}, {"answer-7": "yes"}, {"key": ""}, {"note": "x" * 4001}])
def test_submit_of_what_is_no_answer_changes_nothing(
    browser_a: Client, held: Assignment, field: dict[str, str]
) -> None:
    reply = browser_a.post(url("submit-item", held), answers() | field)
    assert reply.status_code == 400
    assert not Judgment.objects.exists()
    assert not Remark.objects.exists()


@pytest.mark.parametrize("headers", [{}, HTMX], ids=["page", "htmx"])
def test_submit_twice_is_acknowledged_and_stored_once(
    browser_a: Client, held: Assignment, headers: dict[str, str]
) -> None:
    first = browser_a.post(url("submit-item", held), answers(), headers=headers)
    second = browser_a.post(url("submit-item", held), answers(), headers=headers)
    assert second.status_code == first.status_code < 400
    assert Judgment.objects.count() == 2
    assert Revision.objects.count() == 2


@pytest.mark.parametrize("headers", [{}, HTMX], ids=["page", "htmx"])
def test_submit_of_other_answers_from_a_second_tab_leaves_the_first(
    browser_a: Client, held: Assignment, headers: dict[str, str]
) -> None:
    browser_a.post(url("submit-item", held), answers("yes"))
    reply = browser_a.post(url("submit-item", held), answers("no", key="key-2", note="second tab"), headers=headers)
    html = reply.content.decode()
    assert reply.status_code == 409
    assert "Those stand." in html
    assert f'href="{url("edit-item", held)}"' in html
    assert f'action="{url("revise-item", held)}"' in html
    assert 'name="answer-0" value="no" required checked' in html
    assert "second tab" in html
    assert {judgment.value for judgment in Judgment.objects.all()} == {"yes"}
    assert not Remark.objects.exists()


@pytest.mark.parametrize("headers", [{}, HTMX], ids=["page", "htmx"])
def test_submit_of_who_left_is_over_and_keeps_what_was_entered(
    browser_a: Client, held: Assignment, headers: dict[str, str]
) -> None:
    withdraw_rater(rater=held.rater, erase=False)
    reply = browser_a.post(url("submit-item", held), answers("no", note="my words"), headers=headers)
    html = reply.content.decode()
    assert reply.status_code == 410
    assert "You have left this campaign" in html
    assert 'name="answer-0" value="no" required checked' in html
    assert "my words" in html
    assert not Judgment.objects.exists()


def test_submit_while_paused_is_stored(browser_a: Client, held: Assignment, lead: User) -> None:
    pause_campaign(campaign=held.campaign, actor=lead)
    reply = browser_a.post(url("submit-item", held), answers(), follow=True)
    assert "is paused" in reply.content.decode()
    assert Judgment.objects.count() == 2


def test_submit_keeps_remarks_apart_from_judgments(browser_a: Client, study: Study, rater_a: User) -> None:
    campaign = factories.make_campaign(study, n_items=1, instrument=InstrumentName.ATTRIBUTE_QUALITY)
    held = factories.claim(factories.make_rater(campaign, rater_a))
    sent = answers("accepted", note="Odd.", missing="Has a dog.\n\nSings.", flag="yes", flag_text="names a child")
    browser_a.post(url("submit-item", held), sent)
    assert list(held.remarks.values_list("kind", "text")) == [
        (RemarkKind.FLAG, "names a child"),
        (RemarkKind.MISSING_ATTRIBUTE, "Has a dog."),
        (RemarkKind.MISSING_ATTRIBUTE, "Sings."),
        (RemarkKind.NOTE, "Odd."),
    ]
    assert held.judgments.count() == 2


def test_submit_takes_a_reason_with_a_rejected_attribute_only(browser_a: Client, study: Study, rater_a: User) -> None:
    campaign = factories.make_campaign(study, n_items=1, instrument=InstrumentName.ATTRIBUTE_QUALITY)
    held = factories.claim(factories.make_rater(campaign, rater_a))
    sent = answers("rejected") | {"answer-1": "accepted", "reason-0": "no_evidence", "reason-1": "not_lasting"}
    assert browser_a.post(url("submit-item", held), sent).status_code == 303
    given = {row.question.position: (row.value, row.reason) for row in held.judgments.select_related("question")}
    first, second = held.order
    assert given == {first: ("rejected", "no_evidence"), second: ("accepted", "")}


# Drafts


def test_draft_comes_back_on_reload(browser_a: Client, held: Assignment) -> None:
    reply = browser_a.post(url("draft-answer", held), {"answer-1": "no"})
    assert (reply.status_code, reply.content) == (204, b"")
    html = browser_a.get(url("item", held)).content.decode()
    assert 'name="answer-1" value="no" required checked' in html
    assert 'name="answer-0" value="no" required checked' not in html
    assert not Judgment.objects.exists()


def test_draft_of_what_is_no_answer_is_refused_in_words(browser_a: Client, held: Assignment) -> None:
    reply = browser_a.post(url("draft-answer", held), {"answer-0": "perhaps"})
    assert reply.status_code == 400
    assert reply["Content-Type"].startswith("text/plain")
    assert "'perhaps' is no answer" in reply.content.decode()


def test_draft_after_the_submit_is_refused_in_words(browser_a: Client, held: Assignment) -> None:
    factories.submit(held)
    reply = browser_a.post(url("draft-answer", held), {"answer-0": "no"})
    assert reply.status_code == 409
    assert "submitted already" in reply.content.decode()
    assert not Draft.objects.exists()


def test_draft_after_the_return_is_refused_in_words(browser_a: Client, held: Assignment) -> None:
    return_assignment(assignment=held)
    assert browser_a.post(url("draft-answer", held), {"answer-0": "no"}).status_code == 410


# Skipping


def test_return_goes_on_to_another_item(browser_a: Client, held: Assignment) -> None:
    reply = browser_a.post(url("return-item", held))
    assert reply.status_code == 303
    assert reply["Location"] != url("item", held)
    held.refresh_from_db()
    assert held.state == AssignmentState.RETURNED


def test_returned_item_says_so(browser_a: Client, held: Assignment) -> None:
    return_assignment(assignment=held)
    reply = browser_a.get(url("item", held))
    assert reply.status_code == 410
    assert "You handed this item back" in reply.content.decode()
    assert rate_url(held.campaign) in reply.content.decode()


# Going back


def test_submitted_item_opens_for_editing(browser_a: Client, held: Assignment) -> None:
    factories.submit(held, "no")
    reply = browser_a.get(url("item", held))
    assert (reply.status_code, reply["Location"]) == (302, url("edit-item", held))
    html = browser_a.get(reply["Location"]).content.decode()
    assert html.count('value="no" required checked') == 2
    assert "the earlier ones are kept" in html


def test_next_item_links_to_the_one_before(browser_a: Client, held: Assignment) -> None:
    reply = browser_a.post(url("submit-item", held), answers(), follow=True)
    assert f'id="previous" href="{url("edit-item", held)}"' in reply.content.decode()


def test_revise_adds_a_revision_and_goes_on(browser_a: Client, held: Assignment) -> None:
    factories.submit(held, "no")
    html = browser_a.get(url("edit-item", held)).content.decode()
    based_on = re.search(r'name="based_on" value="(\d+)"', html)
    assert based_on
    sent = answers("no", based_on=based_on[1]) | {"answer-1": "yes"}
    reply = browser_a.post(url("revise-item", held), sent)
    assert reply.status_code == 303
    changed = held.judgments.get(value="yes")
    assert [revision.value for revision in changed.revisions.all()] == ["no", "yes"]
    assert held.judgments.get(value="no").revisions.count() == 1


def test_revise_of_a_page_that_is_not_fresh_changes_nothing(browser_a: Client, held: Assignment) -> None:
    factories.submit(held, "no")
    browser_a.post(url("revise-item", held), answers("yes", based_on="2"))
    reply = browser_a.post(url("revise-item", held), answers("no", based_on="2"))
    html = reply.content.decode()
    assert reply.status_code == 409
    assert "changed in another tab" in html
    assert 'name="answer-0" value="no" required checked' in html
    assert {judgment.value for judgment in held.judgments.all()} == {"yes"}


def test_revise_with_a_question_left_keeps_the_rest(browser_a: Client, held: Assignment) -> None:
    factories.submit(held, "no")
    reply = browser_a.post(url("revise-item", held), answers("yes", n=1))
    assert reply.status_code == 400
    assert "Question 2 has no answer yet." in reply.content.decode()


def test_revise_after_the_end_is_over(browser_a: Client, held: Assignment, lead: User) -> None:
    factories.submit(held, "no")
    close_campaign(campaign=held.campaign, actor=lead)
    reply = browser_a.post(url("revise-item", held), answers("yes"))
    assert reply.status_code == 410
    assert {judgment.value for judgment in held.judgments.all()} == {"no"}


def test_edit_shows_earlier_remarks_and_adds_new_ones(browser_a: Client, held: Assignment) -> None:
    browser_a.post(url("submit-item", held), answers("no", note="First thought."))
    assert "First thought." in browser_a.get(url("edit-item", held)).content.decode()
    browser_a.post(url("revise-item", held), answers("no", note="Second thought."))
    assert list(held.remarks.values_list("text", flat=True)) == ["First thought.", "Second thought."]


# The keys


def test_submission_keys_are_made_anew_for_every_page(browser_a: Client, held: Assignment) -> None:
    keys = {key_on(browser_a.get(url("item", held)).content.decode()) for _ in range(5)}
    assert len(keys) == 5
