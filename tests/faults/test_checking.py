"""The judges of the trials are judged: each breach, made by hand, is found."""

from __future__ import annotations

from typing import Any

import pytest

from annotation.domain.assignment import claim_assignment
from annotation.domain.judging import Answer, Submission, revise_assignment
from annotation.enums import AssignmentState
from annotation.models import Assignment, Campaign, Item, Judgment, Revision
from pipeline.models import Completion, Run
from studies.models import Study
from tests import factories
from tests.faults.checking import problems_now, problems_of, problems_of_run
from tests.openai_server import question_of
from tests.pipeline.backing import run_stage, says_yes_of, small_study

Records = list[dict[str, Any]]


@pytest.fixture
def campaign(study: Study) -> Campaign:
    return factories.make_campaign(study, n_items=2, n_questions=2, k=2)


@pytest.fixture
def records(campaign: Campaign) -> Records:
    """A campaign brought to its end, and what its raters wrote down."""
    rows = []
    for number in range(2):
        rater = factories.make_rater(campaign)
        for value in ("yes", "no"):
            assignment = factories.submit(factories.claim(rater), value)
            who = {"rater": rater.participant.user.username, "token": assignment.token}
            answers = {"answer-0": value, "answer-1": value}
            rows += [{**who, "verb": "served", "answers": {}}, {**who, "verb": "submit", "answers": answers}]
            if number:
                answers = answers | {"answer-1": "yes"}
                page = {int(name[-1]): Answer(word) for name, word in answers.items()}
                revise_assignment(assignment=assignment, submission=Submission("edit", page))
                rows.append({**who, "verb": "revise", "answers": answers})
    assert claim_assignment(rater=rater) is None
    return rows


def test_problems_of_a_campaign_as_it_should_be(campaign: Campaign, records: Records) -> None:
    assert problems_now(campaign) == []
    assert problems_of(campaign, records) == []


def test_problems_of_finds_a_lost_page(campaign: Campaign, records: Records) -> None:
    lost = Assignment.objects.get(token=records[1]["token"])
    Revision.objects.filter(judgment__assignment=lost).delete()
    lost.judgments.all().delete()
    lost.state = AssignmentState.RETURNED
    lost.save()
    assert any(f"{lost.token} was acknowledged and is returned" in line for line in problems_of(campaign, records))


def test_problems_of_finds_other_values_than_were_acknowledged(campaign: Campaign, records: Records) -> None:
    judgment = Judgment.objects.filter(assignment__token=records[1]["token"]).first()
    judgment.revisions.update(value="no")
    Judgment.objects.filter(pk=judgment.pk).update(value="no")
    assert len([line for line in problems_of(campaign, records) if "was acknowledged" in line]) == 2


def test_problems_of_finds_a_lost_edit(campaign: Campaign, records: Records) -> None:
    edited = next(row for row in records if row["verb"] == "revise" and len(set(row["answers"].values())) == 2)
    judgment = Judgment.objects.get(assignment__token=edited["token"], n_revisions=2)
    judgment.revisions.filter(number=2).delete()
    Judgment.objects.filter(pk=judgment.pk).update(value=judgment.revisions.get().value, n_revisions=1)
    assert len([line for line in problems_of(campaign, records) if "was acknowledged" in line]) == 1


def test_problems_of_finds_an_item_given_twice(campaign: Campaign, records: Records) -> None:
    first, *others = [row for row in records if row["verb"] == "served"]
    item = Assignment.objects.get(token=first["token"]).item_id
    same = next(row["token"] for row in others if Assignment.objects.get(token=row["token"]).item_id == item)
    again = {**first, "token": same}
    assert problems_of(campaign, [*records, again]) == [
        f"{first['rater']} was given item {item} as {sorted([first['token'], same])}"
    ]


def test_problems_of_finds_what_nobody_was_told(campaign: Campaign, records: Records) -> None:
    untold = [row for row in records if row["token"] != records[0]["token"]]
    assert problems_of(campaign, untold) == [f"{records[0]['token']} is submitted, and its rater was never told"]


def test_problems_of_finds_an_unfinished_campaign(campaign: Campaign) -> None:
    factories.submit(factories.claim(factories.make_rater(campaign)))
    found = problems_of(campaign, [])
    assert "the campaign is collecting" in found
    assert len([line for line in found if "counted judgments of 2" in line]) == 4


def test_problems_now_finds_a_seat_too_many(campaign: Campaign) -> None:
    item = Item.objects.filter(campaign=campaign).first()
    Item.objects.filter(pk=item.pk).update(open_seats=1)
    assert problems_now(campaign) == [f"item {item.pk}: 0 seats occupied, 1 open, K 2"]


def test_problems_now_finds_a_question_counted_too_often(campaign: Campaign, records: Records) -> None:
    Campaign.objects.filter(pk=campaign.pk).update(k=1)
    campaign.refresh_from_db()
    found = problems_now(campaign)
    assert len([line for line in found if "has 2 counted judgments of 1" in line]) == 4


@pytest.fixture
def run(study: Study) -> Run:
    made, _ = run_stage(study, "select", [small_study(study).merge], says_yes_of())
    return made


def _once_each(run: Run) -> dict[str, int]:
    requests = Completion.objects.filter(run=run).values_list("request", flat=True)
    return {question_of(request): 1 for request in requests}


def test_problems_of_run_allows_a_repeat_that_is_on_record(run: Run) -> None:
    answered = _once_each(run)
    assert problems_of_run(run, answered) == []
    twice = answered | {next(iter(answered)): 2}
    assert problems_of_run(run, twice) == ["1 questions were answered more often than is on record"]
    one = next(row for row in Completion.objects.filter(run=run) if twice[question_of(row.request)] == 2)
    one.pk, one.attempt, one.state = None, 2, "abandoned"
    one.save()
    assert problems_of_run(run, twice) == []


def test_problems_of_run_finds_a_run_that_stands_still(run: Run) -> None:
    Run.objects.filter(pk=run.pk).update(state="running")
    run.work_units.filter(position=0).update(state="claimed")
    assert problems_of_run(run, _once_each(run)) == ["the run is running: ", "3 units, 2 done, 3 votes"]
