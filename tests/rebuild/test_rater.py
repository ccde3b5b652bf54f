"""Simulated people at the product's own pages, served by a live server."""

from __future__ import annotations

import http.client
from collections.abc import Mapping
from pathlib import Path

import pytest
from pytest_django.live_server_helper import LiveServer

from annotation.domain.submissions import questions_on_page
from annotation.enums import AssignmentState, CampaignState, Origin
from annotation.models import Assignment, Campaign, Judgment
from pipeline.enums import InstrumentName
from rebuild.access_log import AccessLog, hash_of, read_access_logs
from rebuild.browser import Browser, Reply
from rebuild.rater import RaterStuck, SimulatedPerson
from rebuild.study import enroll_raters
from studies.models import Study, User
from tests import factories
from tests.rebuild.judges import CoinJudge

pytestmark = pytest.mark.django_db(transaction=True)


class LosesReplies(Browser):
    """Every second reply to a submission never arrives: the server has answered, we do not know."""

    lost = 0

    def _try(self, method: str, path: str, body: bytes, headers: Mapping[str, str]) -> Reply:
        reply = super()._try(method, path, body, headers)
        if path.endswith("/submit/"):
            self.lost += 1
            if self.lost % 2:
                raise http.client.RemoteDisconnected("the test drops this reply")
        return reply


def person(
    study: Study,
    server: LiveServer,
    folder: Path,
    number: int = 1,
    *,
    htmx: bool = False,
    kind: type[Browser] = Browser,
) -> SimulatedPerson:
    login = enroll_raters(study=study, count=number)[number - 1]
    return SimulatedPerson(
        browser=kind(server.url),
        judge=CoinJudge(),
        log=AccessLog(folder / f"{number}.jsonl"),
        number=number,
        username=login.username,
        password=login.password,
        htmx=htmx,
        on_saved=lambda n: None,
    )


def simulated(study: Study, instrument: str = InstrumentName.RELEVANCE, **fields: int) -> Campaign:
    return factories.make_campaign(study, instrument=instrument, origin=Origin.SIMULATED, **fields)


@pytest.mark.parametrize("htmx", [False, True], ids=["plain", "htmx"])
@pytest.mark.parametrize("instrument", InstrumentName.values)
def test_person_judges_all_there_is_from_the_page_alone(
    study: Study, live_server: LiveServer, tmp_path: Path, instrument: str, htmx: bool
) -> None:
    campaign = simulated(study, instrument, n_items=3)
    someone = person(study, live_server, tmp_path, htmx=htmx)
    someone.log_in()
    someone.work_on(campaign.public_id)
    assignments = list(Assignment.objects.all())
    assert {each.state for each in assignments} == {AssignmentState.SUBMITTED}
    assert len(assignments) == 3
    logged = {line.assignment: line.values for line in read_access_logs(tmp_path)}
    judge = CoinJudge()
    for assignment in assignments:
        stored = {judgment.question_id: judgment.value for judgment in assignment.judgments.all()}
        values = tuple(stored[question.pk] for question in questions_on_page(assignment))
        assert logged[hash_of(assignment.token)] == values
        assert assignment.seconds == 8.0
    assert all(line.rater == 1 for line in read_access_logs(tmp_path))
    assert {judgment.rater.kind for judgment in Judgment.objects.all()} == {"simulated"}
    if instrument == InstrumentName.ATTRIBUTE_QUALITY:
        reasons = set(Judgment.objects.values_list("value", "reason"))
        assert reasons <= {("accepted", ""), ("uncertain", "no_evidence"), ("rejected", "no_evidence")}
    if instrument == InstrumentName.RELEVANCE:
        for judgment in Judgment.objects.select_related("question__prompt"):
            assert judgment.value == judge.relevance(judgment.question.prompt.text, judgment.question.text)


def test_raters_complete_a_campaign_and_say_so(study: Study, live_server: LiveServer, tmp_path: Path) -> None:
    campaign = simulated(study, n_items=4)
    for number in (1, 2, 3):
        someone = person(study, live_server, tmp_path, number, htmx=number == 2)
        someone.log_in()
        someone.work_on(campaign.public_id)
    campaign.refresh_from_db()
    assert campaign.state == CampaignState.COMPLETE
    assert Judgment.objects.count() == 4 * 2 * 3


@pytest.mark.parametrize("htmx", [False, True], ids=["plain", "htmx"])
def test_person_without_a_reply_sends_the_same_again_and_logs_once(
    study: Study, live_server: LiveServer, tmp_path: Path, htmx: bool
) -> None:
    campaign = simulated(study, n_items=3)
    someone = person(study, live_server, tmp_path, htmx=htmx, kind=LosesReplies)
    someone.log_in()
    someone.work_on(campaign.public_id)
    assert someone.browser.retries == 3
    assert Judgment.objects.count() == 3 * 2
    lines = [line.assignment for line in read_access_logs(tmp_path)]
    assert len(lines) == len(set(lines)) == 3


def test_person_goes_on_with_what_was_held_when_its_process_died(
    study: Study, live_server: LiveServer, tmp_path: Path
) -> None:
    campaign = simulated(study, n_items=2)
    someone = person(study, live_server, tmp_path)
    someone.log_in()
    held = someone._open(f"/c/{campaign.public_id}/rate/")
    again = person(study, live_server, tmp_path)
    again.log_in()
    again.work_on(campaign.public_id)
    assert Assignment.objects.count() == 2
    assert Assignment.objects.get(token=held.token).state == AssignmentState.SUBMITTED


def test_person_whose_session_ended_logs_in_again(study: Study, live_server: LiveServer, tmp_path: Path) -> None:
    campaign = simulated(study, n_items=2)
    someone = person(study, live_server, tmp_path)
    someone.log_in()
    del someone.browser.cookies["sessionid"]
    someone.work_on(campaign.public_id)
    assert Judgment.objects.count() == 4


def test_person_answers_nothing_on_a_page_that_is_not_marked(
    study: Study, live_server: LiveServer, tmp_path: Path, rater_a: User
) -> None:
    campaign = factories.make_campaign(study, n_items=1)
    someone = person(study, live_server, tmp_path)
    someone.log_in()
    with pytest.raises(RaterStuck, match="403"):  # a simulated account may not even join
        someone.work_on(campaign.public_id)
    misled = person(study, live_server, tmp_path)
    misled.username, misled.password = rater_a.username, factories.PASSWORD
    misled.log_in()
    with pytest.raises(RaterStuck, match="does not say that its answers are simulated"):
        misled.work_on(campaign.public_id)
    assert not Judgment.objects.exists()


def test_person_with_a_wrong_password_is_stuck(study: Study, live_server: LiveServer, tmp_path: Path) -> None:
    someone = person(study, live_server, tmp_path)
    someone.password = "guessed"
    with pytest.raises(RaterStuck, match="cannot log in"):
        someone.log_in()
