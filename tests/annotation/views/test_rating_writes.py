"""What a submission, a draft, a return and an edit answer, with HTMX and without."""

from __future__ import annotations

import re

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from annotation.domain.assignment import return_assignment
from annotation.domain.campaigns import close_campaign, pause_campaign
from annotation.domain.withdrawing import withdraw_rater
from annotation.enums import AssignmentState, RemarkKind
from annotation.models import Assignment, Draft, DraftRemarks, Judgment, Remark, Revision
from pipeline.enums import InstrumentName
from studies.clock import from_now
from studies.models import Study, User
from tests import factories
from tests.annotation.views.rating_words import HTMX, answers, key_on, rate_url, url

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


def test_draft_of_words_comes_back_on_reload_and_goes_with_the_submit(browser_a: Client, held: Assignment) -> None:
    words = {"remarks": "yes", "note": "Odd  <one>", "flag": "yes", "flag_text": "names a child"}
    browser_a.post(url("draft-answer", held), words)
    html = browser_a.get(url("item", held)).content.decode()
    assert ">Odd  &lt;one&gt;</textarea>" in html
    assert 'name="flag" value="yes" checked' in html
    assert 'value="names a child"' in html
    browser_a.post(url("draft-answer", held), {"answer-0": "yes"})  # not about the words
    assert DraftRemarks.objects.get().note == "Odd  <one>"
    browser_a.post(url("submit-item", held), answers())  # they were emptied meanwhile
    assert not DraftRemarks.objects.exists()
    assert not Remark.objects.exists()


def test_draft_of_emptied_words_leaves_none(browser_a: Client, held: Assignment) -> None:
    browser_a.post(url("draft-answer", held), {"remarks": "yes", "note": "Odd."})
    browser_a.post(url("draft-answer", held), {"remarks": "yes", "note": "", "flag": "", "flag_text": ""})
    assert not DraftRemarks.objects.exists()


@pytest.mark.parametrize("words", [{"note": "x" * 4001}, {"flag_text": "x" * 4001}, {"note": "a\x00b"}])
def test_draft_of_words_that_are_too_long_changes_nothing(
    browser_a: Client, held: Assignment, words: dict[str, str]
) -> None:
    reply = browser_a.post(url("draft-answer", held), {"remarks": "yes", "answer-0": "yes"} | words)
    assert reply.status_code == 400
    assert not DraftRemarks.objects.exists()
    assert not Draft.objects.exists()


def test_draft_that_is_taken_back_is_gone(browser_a: Client, held: Assignment) -> None:
    browser_a.post(url("draft-answer", held), {"answer-0": "yes", "answer-1": "no"})
    assert browser_a.post(url("draft-answer", held), {"answer-0": ""}).status_code == 204
    assert [(draft.question.position, draft.value) for draft in Draft.objects.all()] == [(held.order[1], "no")]


def test_draft_costs_the_same_for_any_number_of_answers(browser_a: Client, study: Study, rater_a: User) -> None:
    counts = []
    for n in (1, 3, 24):
        campaign = factories.make_campaign(study, n_items=1, n_questions=n)
        held = factories.claim(factories.make_rater(campaign, rater_a))
        sent = {f"answer-{place}": "yes" for place in range(n)}
        with CaptureQueriesContext(connection) as queries:
            browser_a.post(url("draft-answer", held), sent)
        assert held.drafts.count() == n
        counts.append(sum("SAVEPOINT" not in query["sql"] for query in queries))
    assert counts == [5, 5, 5]  # who asks, the item, its lease, its questions, their drafts


# The item after this one


def test_ahead_brings_the_next_item_and_holds_two(browser_a: Client, study: Study, rater_a: User) -> None:
    campaign = factories.make_campaign(study, n_items=4)
    now = factories.claim(factories.make_rater(campaign, rater_a))
    reply = browser_a.get(url("ahead", now), headers=HTMX)
    following = Assignment.objects.exclude(pk=now.pk).get()
    html = reply.content.decode()
    assert url("submit-item", following) in html
    assert "Item 2 of up to 4" in html
    assert f'id="previous" href="{url("edit-item", now)}"' in html
    assert "<html" not in html
    browser_a.get(url("ahead", now), headers=HTMX)
    assert Assignment.objects.filter(state=AssignmentState.HELD).count() == 2


def test_ahead_of_the_last_item_is_nothing(browser_a: Client, study: Study, rater_a: User) -> None:
    now = factories.claim(factories.make_rater(factories.make_campaign(study, n_items=1), rater_a))
    assert browser_a.get(url("ahead", now), headers=HTMX).status_code == 204


@pytest.mark.parametrize("instrument", list(InstrumentName))
def test_submit_with_an_item_ahead_brings_the_one_after_it(
    browser_a: Client, study: Study, rater_a: User, instrument: str
) -> None:
    campaign = factories.make_campaign(study, n_items=3, instrument=instrument)
    now = factories.claim(factories.make_rater(campaign, rater_a))
    browser_a.get(url("ahead", now), headers=HTMX)
    second = Assignment.objects.exclude(pk=now.pk).get()
    sent = answers(factories.ANY_ANSWER[InstrumentName(instrument)], ahead=second.token)
    html = browser_a.post(url("submit-item", now), sent, headers=HTMX).content.decode()
    third = Assignment.objects.exclude(pk__in=[now.pk, second.pk]).get()
    assert url("submit-item", third) in html
    assert f'id="previous" href="{url("edit-item", second)}"' in html
    assert "Item 3 of up to 3 · 1 saved" in html
    reply = browser_a.post(url("submit-item", second), sent | {"ahead": third.token}, headers=HTMX)
    assert (reply.status_code, reply.content) == (204, b"")
    assert Assignment.objects.filter(state=AssignmentState.SUBMITTED).count() == 2


def test_page_in_use_keeps_the_item_ahead_too(browser_a: Client, study: Study, rater_a: User) -> None:
    now = factories.claim(factories.make_rater(factories.make_campaign(study, n_items=2), rater_a))
    browser_a.get(url("ahead", now), headers=HTMX)
    second = Assignment.objects.exclude(pk=now.pk).get()
    Assignment.objects.update(lease_until=from_now(5))
    reply = browser_a.post(url("draft-answer", now), {"ahead": second.token})
    assert reply.status_code == 204
    assert "X-Ahead-Over" not in reply
    assert Assignment.objects.filter(lease_until__gt=from_now(60)).count() == 2
    return_assignment(assignment=second)
    assert browser_a.post(url("draft-answer", now), {"ahead": second.token})["X-Ahead-Over"] == "1"


# Skipping


@pytest.mark.parametrize(("said", "kept"), [("distress", "distress"), ("", ""), ("who knows", "")])
def test_return_keeps_the_reason(browser_a: Client, held: Assignment, said: str, kept: str) -> None:
    assert browser_a.post(url("return-item", held), {"reason": said}).status_code == 303
    held.refresh_from_db()
    assert held.returned_because == kept


def test_submit_keeps_hidden_time_and_pastes(browser_a: Client, held: Assignment) -> None:
    browser_a.post(url("submit-item", held), answers(seconds="12.5", hidden_seconds="3.5", pastes="2"))
    held.refresh_from_db()
    assert (held.seconds, held.hidden_seconds, held.pastes) == (12.5, 3.5, 2)


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
