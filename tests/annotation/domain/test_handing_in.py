"""The plain submit and claim, by PostgreSQL's function and by the ORM: one contract, held by the same tests."""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.db import connection
from django.db.models import F

from annotation.domain import handing_in
from annotation.domain.assignment import claim_assignment, return_assignment
from annotation.domain.campaigns import pause_campaign
from annotation.domain.choosing import RING
from annotation.domain.handing_in import HandedIn, by_orm, hand_in
from annotation.domain.judging import Answer, RemarkInput, Submission, save_draft
from annotation.domain.seeding import page_order
from annotation.domain.submissions import questions_on_page
from annotation.domain.withdrawing import withdraw_rater
from annotation.enums import AssignmentState
from annotation.instruments import INSTRUMENTS
from annotation.models import Assignment, Campaign, Draft, Item, Judgment, Question, Rater
from pipeline.enums import InstrumentName, MaskKind, Side, Stage
from pipeline.models import Mask
from studies.clock import from_now
from studies.enums import Role
from studies.models import Membership, Study, User
from studies.permissions import RATES
from tests import factories
from tests.annotation.domain.invariants import check_seats

SQL = Path(handing_in.__file__).with_name("hand_in.sql")
HandIn = Callable[..., HandedIn | None]


@pytest.fixture(params=["orm", "function"])
def by(request: pytest.FixtureRequest) -> HandIn:
    if request.param == "orm":
        return by_orm
    if connection.vendor != "postgresql":
        pytest.skip("the function is PostgreSQL's")
    return hand_in


@pytest.fixture
def held(study: Study, rater_a: User) -> Assignment:
    campaign = factories.make_campaign(study, n_items=3, n_questions=2)
    return factories.claim(factories.make_rater(campaign, rater_a))


def submission(value: str = "yes", n: int = 2, **more: Any) -> Submission:
    fields: dict[str, Any] = {"key": "key-1", "answers": {place: Answer(value) for place in range(n)}}
    return Submission(**fields | more)


def sent(by: HandIn, held: Assignment, user: User | None = None, **more: Any) -> HandedIn | None:
    user = user or held.rater.participant.user
    return by(user=user, roles=RATES, token=held.token, submission=submission(**more))


def changed(held: Assignment) -> bool:
    state = held.state
    held.refresh_from_db()
    return held.state != state or Judgment.objects.exists() or Assignment.objects.count() > 1


def test_hand_in_stores_the_answers_and_seats_the_rater_at_the_next_item(by: HandIn, held: Assignment) -> None:
    save_draft(assignment=held, place=0, answer=Answer("no"))
    answers = {0: Answer("no"), 1: Answer("yes")}
    handed = sent(by, held, answers=answers, seconds=12.5)
    held.refresh_from_db()
    following = Assignment.objects.exclude(pk=held.pk).get()
    assert handed
    assert handed.following
    assert (held.state, held.submission_key, held.seconds, held.lease_until) == ("submitted", "key-1", 12.5, None)
    values = {row.question: row.value for row in held.judgments.select_related("question")}
    assert [values[question] for question in questions_on_page(held)] == ["no", "yes"]
    assert [row.value for row in Judgment.objects.order_by("pk")] == ["no", "yes"]
    assert not Draft.objects.exists()
    assert (handed.rater_id, handed.following.token) == (held.rater_id, following.token)
    assert (following.state, following.rater_id) == ("held", held.rater_id)
    assert following.lease_until > held.submitted_at
    check_seats(held.campaign)


def test_hand_in_describes_the_next_page(by: HandIn, held: Assignment) -> None:
    handed = sent(by, held)
    following = Assignment.objects.exclude(pk=held.pk).get()
    assert handed
    assert handed.following
    expected = tuple(question.text for question in questions_on_page(following))
    assert handed.following.texts.questions == expected
    assert handed.following.texts.prompt == following.item.prompt.text
    assert (handed.following.texts.generic, handed.following.texts.personalized) == (None, None)
    assert (handed.following.saved, handed.following.total) == (1, 3)
    assert (handed.following.instrument, handed.following.campaign_title) == ("relevance", held.campaign.title)


def test_hand_in_orders_the_page_as_a_claim_does(by: HandIn, study: Study, rater_a: User) -> None:
    campaign = factories.make_campaign(study, n_items=4, n_questions=9)
    held = factories.claim(factories.make_rater(campaign, rater_a))
    sent(by, held, n=9)
    for assignment in Assignment.objects.all():
        assert assignment.order == page_order(campaign.seed, assignment.item_id, assignment.rater_id, 9)
        assert sorted(assignment.order) == list(range(9))


def test_hand_in_of_a_pair_brings_both_texts_and_the_side_of_the_seat(by: HandIn, study: Study, rater_a: User) -> None:
    campaign = factories.make_campaign(study, n_items=2, instrument=InstrumentName.PREFERENCE)
    held = factories.claim(factories.make_rater(campaign, rater_a))
    handed = sent(by, held, value="4")
    following = Assignment.objects.select_related("seat", "item__pair__prompt").exclude(pk=held.pk).get()
    assert handed
    assert handed.following
    pair, texts = following.item.pair, handed.following.texts
    assert (texts.generic, texts.personalized) == (pair.generic.text, pair.personalized.text)
    assert texts.prompt == pair.prompt.text
    assert texts.side == following.side == following.seat.side != ""


def test_hand_in_covers_what_the_next_page_shows(by: HandIn, study: Study, rater_a: User) -> None:
    """Each text with its own masks, also where two runs found the same."""
    campaign = factories.make_campaign(study, n_items=2, instrument=InstrumentName.PREFERENCE)
    held = factories.claim(factories.make_rater(campaign, rater_a))
    pair = campaign.items.exclude(pk=held.item_id).get().pair
    first, second = (factories.make_run(study, Stage.MASK, parameters={"n": n}) for n in (1, 2))
    for run, text, end in (
        (first, {"prompt": pair.prompt}, 4),
        (first, {"response": pair.personalized}, 2),
        (second, {"response": pair.personalized}, 3),
    ):
        Mask.objects.create(run=run, start=0, end=end, kind=MaskKind.NAME, **text)
    handed = sent(by, held, value="4")
    assert handed
    assert handed.following
    texts = handed.following.texts
    assert texts.prompt == "[name]" + pair.prompt.text[4:]
    assert (texts.generic, texts.personalized) == (pair.generic.text, "[name]" + pair.personalized.text[3:])
    following = Assignment.objects.get(token=handed.following.token)
    page = INSTRUMENTS[InstrumentName.PREFERENCE].page(following, questions_on_page(following))
    assert page.prompt == INSTRUMENTS[InstrumentName.PREFERENCE].page_of_texts(texts).prompt


def test_hand_in_covers_what_attributes_state(by: HandIn, study: Study, rater_a: User) -> None:
    """Each question with its own attribute's masks, two runs' and overlapping ones; not what stands in its place."""
    campaign = factories.make_campaign(study, n_items=2, n_questions=9)
    held = factories.claim(factories.make_rater(campaign, rater_a))
    questions = list(campaign.items.exclude(pk=held.item_id).get().questions.all())
    first, second = (factories.make_run(study, Stage.MASK, parameters={"n": n}) for n in (1, 2))
    for run, place, turn, end in ((first, 1, 0, 4), (second, 1, 0, 6), (first, 4, 0, 2), (first, 2, 1, 3)):
        attribute = questions[place].attribute
        Mask.objects.create(run=run, attribute=attribute, turn=turn, start=0, end=end, kind=MaskKind.NAME)
    Question.objects.filter(pk=questions[4].pk).update(text="Please choose yes here.")
    handed = sent(by, held, n=9)
    assert handed
    assert handed.following
    following = Assignment.objects.get(token=handed.following.token)
    asked = questions_on_page(following)
    expected = {question.pk: question.text for question in asked}
    expected[questions[1].pk] = "[name]" + questions[1].text[6:]
    assert handed.following.texts.questions == tuple(expected[question.pk] for question in asked)
    page = INSTRUMENTS[InstrumentName.RELEVANCE].page(following, asked)
    assert tuple(question.text for question in page.questions) == handed.following.texts.questions


def test_hand_in_evens_out_the_sides_of_items_and_raters(by: HandIn, study: Study) -> None:
    campaign = factories.make_campaign(study, n_items=5, k=2, instrument=InstrumentName.PREFERENCE)
    for _ in range(2):
        rater = factories.make_rater(campaign)
        assignment = factories.claim(rater)
        while (handed := sent(by, assignment, value="2")) and handed.following:
            assignment = Assignment.objects.get(token=handed.following.token)
        rater.refresh_from_db()
        given = list(Assignment.objects.filter(rater=rater).values_list("side", flat=True))
        assert (rater.n_left, rater.n_right) == (given.count(Side.LEFT), given.count(Side.RIGHT))
    assert campaign.assignments.filter(state=AssignmentState.SUBMITTED).count() == 10
    for item in campaign.items.all():
        assert set(item.assignments.values_list("side", flat=True)) == {Side.LEFT, Side.RIGHT}
    check_seats(campaign)


def test_hand_in_goes_round_the_ring_and_never_to_an_item_twice(
    by: HandIn, held: Assignment, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("annotation.domain.choosing.ring_place", lambda rater: RING - 1)
    for left in (1, 0):
        handed = sent(by, held)
        assert handed
        assert handed.following
        held = Assignment.objects.get(token=handed.following.token)
        assert Item.objects.filter(assignments=None).count() == left
    last = sent(by, held)
    assert last == HandedIn(held.rater_id, None)
    check_seats(held.campaign)


def test_hand_in_takes_higher_priority_first(by: HandIn, held: Assignment) -> None:
    urgent = Item.objects.exclude(pk=held.item_id).first()
    Item.objects.filter(pk=urgent.pk).update(priority=2)
    sent(by, held)
    assert Assignment.objects.exclude(pk=held.pk).get().item == urgent


@pytest.mark.parametrize(
    "more",
    [
        {"n": 1},
        {"n": 3},
        {"value": "perhaps"},
        {"value": "accepted"},
        {"key": ""},
        {"key": "x" * 65},
        {"remarks": (RemarkInput("note", "Hard."),)},
        {"answers": {0: Answer("yes"), 2: Answer("yes")}},
        {"answers": {0: Answer("yes"), 1: Answer("no", "no_evidence")}},
        {"answers": {}},
    ],
)
def test_hand_in_leaves_what_has_to_be_talked_about(held: Assignment, more: dict[str, Any]) -> None:
    assert sent(hand_in, held, **more) is None
    assert not changed(held)


def test_hand_in_of_somebody_elses_item_changes_nothing(by: HandIn, held: Assignment, rater_b: User) -> None:
    assert sent(by, held, rater_b) is None
    assert not changed(held)


def test_hand_in_without_the_role_any_more_changes_nothing(by: HandIn, held: Assignment, rater_a: User) -> None:
    Membership.objects.filter(user=rater_a).update(role=Role.LEAD)
    assert sent(by, held) is None
    Membership.objects.all().delete()
    assert sent(by, held) is None
    assert not changed(held)


def test_hand_in_twice_is_left_to_the_long_way(by: HandIn, held: Assignment) -> None:
    sent(by, held)
    assert sent(by, held) is None
    assert (Judgment.objects.count(), Assignment.objects.count()) == (2, 2)


def test_hand_in_of_what_is_no_longer_held_changes_nothing(by: HandIn, held: Assignment) -> None:
    return_assignment(assignment=held)
    assert sent(by, held) is None
    assert not Judgment.objects.exists()


def test_hand_in_of_who_left_changes_nothing(by: HandIn, held: Assignment) -> None:
    withdraw_rater(rater=held.rater, erase=False)
    assert sent(by, held) is None
    assert not Judgment.objects.exists()


def test_hand_in_while_paused_stores_and_seats_nobody(by: HandIn, held: Assignment, lead: User) -> None:
    pause_campaign(campaign=held.campaign, actor=lead)
    assert sent(by, held) == HandedIn(held.rater_id, None)
    assert (Judgment.objects.count(), Assignment.objects.count()) == (2, 1)


def test_function_leaves_other_peoples_ended_leases_to_the_claim(study: Study, held: Assignment) -> None:
    if connection.vendor != "postgresql":
        pytest.skip("the function is PostgreSQL's")
    late = factories.claim(factories.make_rater(held.campaign))
    Assignment.objects.filter(pk=late.pk).update(lease_until=from_now(-1))
    assert sent(hand_in, held) == HandedIn(held.rater_id, None)


def test_function_leaves_a_second_held_item_to_the_claim(held: Assignment) -> None:
    if connection.vendor != "postgresql":
        pytest.skip("the function is PostgreSQL's")
    other = Item.objects.exclude(pk=held.item_id).earliest("pk")
    Item.objects.filter(pk=other.pk).update(open_seats=F("open_seats") - 1)
    second = Assignment.objects.create(
        campaign=held.campaign,
        item=other,
        seat=other.seats.first(),
        rater=held.rater,
        state=AssignmentState.HELD,
        order=[0, 1],
        lease_until=held.lease_until,
    )
    assert sent(hand_in, held) == HandedIn(held.rater_id, None)
    assert claim_assignment(rater=Rater.objects.get(pk=held.rater_id)) == second


def test_function_changes_with_a_migration() -> None:
    """An installation gets hand_in.sql from the migration that names its digest: a new wording needs a new one."""
    digest = hashlib.sha256(SQL.read_bytes()).hexdigest()
    migrations = SQL.parents[1] / "migrations"
    assert any(digest in path.read_text() for path in migrations.glob("0*.py")), f"add a migration for {digest}"


@pytest.mark.django_db(transaction=True)
def test_hand_in_from_two_tabs_at_once_stores_once_and_never_exceeds_k() -> None:
    """Every rater has two tabs that race for each item, and all race for the seats."""
    campaign = factories.make_campaign(factories.make_study(), n_items=8, n_questions=2, k=2)
    raters = [factories.make_rater(campaign) for _ in range(4)]
    failures: list[BaseException] = []

    def work(rater: Rater) -> None:
        user = rater.participant.user
        assert user
        try:
            while (assignment := claim_assignment(rater=rater)) is not None:
                handed = sent(hand_in, assignment, user)
                while handed and handed.following:
                    token = handed.following.token
                    handed = hand_in(user=user, roles=RATES, token=token, submission=submission())
        except BaseException as error:
            failures.append(error)
        finally:
            connection.close()

    threads = [threading.Thread(target=work, args=(rater,)) for rater in raters * 2]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []
    check_seats(campaign)
    assert Judgment.objects.count() == 8 * 2 * 2
    assert campaign.assignments.count() == 8 * 2


@pytest.mark.django_db
def test_campaign_without_items_has_a_standing_of_nothing(study: Study, rater_a: User) -> None:
    campaign: Campaign = factories.make_campaign(study, n_items=0)
    assert handing_in.standing(factories.make_rater(campaign, rater_a)) == (0, 0)
