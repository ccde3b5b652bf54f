"""Gold and attention items on the plain path: handed in, and handed out, as work is; by the function and by the ORM."""

from __future__ import annotations

import random
from collections.abc import Callable
from itertools import pairwise

import pytest
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext

from annotation.domain.assignment import expire_leases, return_assignment
from annotation.domain.choosing import RING
from annotation.domain.handing_in import HandedIn, by_orm, hand_in
from annotation.domain.judging import Answer, Submission
from annotation.domain.screening.making import make_check_item, retire_check
from annotation.domain.screening.scheduling import gap
from annotation.domain.screening.states import RETIRED
from annotation.domain.seeding import lot, page_order
from annotation.enums import AssignmentState, ItemRole
from annotation.models import Assignment, Campaign, Item, Judgment, Question, Rater
from pipeline.enums import InstrumentName, Side
from studies.clock import from_now
from studies.models import Study, User
from studies.permissions import RATES
from tests import factories
from tests.annotation.domain.invariants import check_seats

HandIn = Callable[..., HandedIn | None]
TRIALS = 12


@pytest.fixture(params=["orm", "function"])
def by(request: pytest.FixtureRequest) -> HandIn:
    if request.param == "orm":
        return by_orm
    if connection.vendor != "postgresql":
        pytest.skip("the function is PostgreSQL's")
    return hand_in


def sent(by: HandIn, held: Assignment, value: str = "yes", besides: str = "") -> HandedIn | None:
    user = held.rater.participant.user
    answers = {place: Answer(value) for place in range(len(held.order))}
    return by(user=user, roles=RATES, token=held.token, submission=Submission("key", answers), besides=besides)


def following(handed: HandedIn | None) -> Assignment:
    assert handed
    assert handed.following
    return Assignment.objects.select_related("item", "campaign", "rater__campaign", "rater__participant__user").get(
        token=handed.following.token
    )


def with_checks(study: Study, *, every: int = 2, instrument: str = InstrumentName.RELEVANCE, **fields: int) -> Campaign:
    """A campaign with four gold and two attention items, copies of another campaign's pages."""
    pilot = factories.make_campaign(study, n_items=6, instrument=instrument)
    campaign = factories.make_campaign(study, n_items=9, instrument=instrument, check_every=every, **fields)
    right = [factories.ANY_ANSWER[InstrumentName(instrument)]]
    for number, source in enumerate(pilot.items.order_by("pk")):
        role = ItemRole.ATTENTION if number % 3 == 2 else ItemRole.GOLD
        make_check_item(source=source, role=role, expected={0: right}, campaign=campaign)
    return campaign


def working(campaign: Campaign, **fields: int | None) -> tuple[Rater, Assignment]:
    """A rater with an item of work in hand."""
    rater = factories.make_rater(campaign)
    if fields:
        Rater.objects.filter(pk=rater.pk).update(**fields)
    return rater, factories.claim(rater)


def fresh(rater: Rater) -> Rater:
    return Rater.objects.select_related("campaign").get(pk=rater.pk)


def test_check_that_is_due_is_the_one_that_the_rule_names(by: HandIn, study: Study) -> None:
    campaign = with_checks(study, every=3)
    twin = make_check_item(source=campaign.items.first(), role=ItemRole.ATTENTION, expected={0: ["yes"]})  # type: ignore[arg-type]
    named = set()
    for trial in range(TRIALS):
        with transaction.atomic():
            rater, held = working(campaign, next_check=1)
            _stir(random.Random(trial), campaign, rater)
            before = fresh(rater)
            wanted = _chosen(campaign, before)
            given = following(sent(by, held))
            rater = fresh(rater)
            if wanted is None:
                assert (given.item.role, rater.next_check, rater.n_checks) == (ItemRole.WORK, None, before.n_checks)
            else:
                assert (given.item, given.seat, given.state) == (wanted, None, AssignmentState.HELD), f"trial {trial}"
                assert (rater.next_check, rater.n_checks) == (1 + gap(rater, 1), before.n_checks + 1)
                assert (rater.n_given, rater.n_submitted) == (1, 1)
                assert given.order == page_order(campaign.seed, given.item_id, rater.pk, len(given.order))
            check_seats(campaign)
            named.add((wanted and wanted.role, wanted == twin))
            transaction.set_rollback(True)
    assert named >= {(None, False), (ItemRole.GOLD, False), (ItemRole.ATTENTION, False)}, "the trials show too little"


def _stir(chance: random.Random, campaign: Campaign, rater: Rater) -> None:
    """Other places in the ring, two of them the same, some retired, some that the rater had, few or all of them."""
    checks = list(campaign.items.filter(role__in=ItemRole.mixed_in()).order_by("pk"))
    share = chance.choice((0.0, 0.5, 1.0))
    for item in checks:
        item.sort_key = chance.randrange(RING) if chance.random() < 0.8 else RING // 2
        item.priority = RETIRED if chance.random() < 0.2 else 0
        if chance.random() < share:
            return_assignment(assignment=factories.make_given(item, rater))
    Item.objects.bulk_update(checks, ["sort_key", "priority"])
    Rater.objects.filter(pk=rater.pk).update(n_checks=chance.randrange(50))


def _chosen(campaign: Campaign, rater: Rater) -> Item | None:
    """The rule of claiming.next_check_item once more, over everything there is."""
    met = set(Question.objects.filter(item__assignments__rater=rater).values_list("unit_key", flat=True))
    place = lot(campaign.seed, "checks", rater.pk, rater.n_checks) % RING
    wanted = ItemRole.mixed_in()[(lot(campaign.seed, "which", rater.pk) + rater.n_checks) % 2]
    checks = campaign.items.filter(role__in=ItemRole.mixed_in(), priority__gt=RETIRED)
    free = [item for item in checks if not met & set(item.questions.values_list("unit_key", flat=True))]
    return min(
        free, key=lambda item: (item.role != wanted, item.sort_key < place, item.sort_key, item.pk), default=None
    )


def test_checks_take_turns_until_none_is_left(by: HandIn, study: Study) -> None:
    rater, held = working(with_checks(study))
    roles = [str(held.item.role)]
    while (handed := sent(by, held)) and handed.following:
        held = following(handed)
        roles.append(held.item.role)
    assert [role for role in roles if role != ItemRole.WORK].count(ItemRole.ATTENTION) == 2
    assert len(roles) == 9 + 6
    assert not any(one != ItemRole.WORK != other for one, other in pairwise(roles))
    assert fresh(rater).next_check is None
    check_seats(rater.campaign)


def test_check_evens_out_the_raters_sides(by: HandIn, study: Study) -> None:
    campaign = with_checks(study, instrument=InstrumentName.PREFERENCE)
    for had, side in (({"n_left": 3}, Side.RIGHT), ({"n_right": 3}, Side.LEFT)):
        rater, held = working(campaign, next_check=1, **had)
        before = fresh(rater)
        given = following(sent(by, held, "4"))
        rater = fresh(rater)
        assert given.side == side
        assert rater.n_left + rater.n_right == before.n_left + before.n_right + 1


def test_check_of_a_page_that_the_rater_had_is_not_given(by: HandIn, study: Study) -> None:
    campaign = factories.make_campaign(study, n_items=3, check_every=2)
    rater, held = working(campaign)
    make_check_item(source=held.item, role=ItemRole.GOLD, expected={0: ["yes"]})
    Rater.objects.filter(pk=rater.pk).update(next_check=1)
    assert following(sent(by, held)).item.role == ItemRole.WORK
    assert fresh(rater).next_check is None


def test_check_whose_units_another_check_had_is_not_given(by: HandIn, study: Study) -> None:
    pilot = factories.make_campaign(study, n_items=1)
    campaign = factories.make_campaign(study, n_items=3, check_every=2)
    source = pilot.items.get()
    trained = make_check_item(source=source, role=ItemRole.GOLD, expected={0: ["yes"]}, campaign=campaign)
    make_check_item(source=source, role=ItemRole.ATTENTION, expected={0: ["yes"]}, campaign=campaign)
    rater, held = working(campaign, next_check=1)
    return_assignment(assignment=factories.make_given(trained, rater))
    assert following(sent(by, held)).item.role == ItemRole.WORK


def test_gold_is_handed_in_by_as_many_queries_as_work(study: Study) -> None:
    if connection.vendor != "postgresql":
        pytest.skip("the function is PostgreSQL's")
    queries = []
    for next_check in (None, 1):
        _, held = working(with_checks(study), next_check=next_check)
        with CaptureQueriesContext(connection) as first:
            handed = sent(hand_in, held)
        with CaptureQueriesContext(connection) as second:
            assert sent(hand_in, following(handed))
        queries.append((len(first), len(second)))
    assert queries[0] == queries[1]
    assert Judgment.objects.filter(question__role__in=ItemRole.mixed_in()).exists()


def test_attention_that_may_end_a_part_goes_the_long_way(by: HandIn, study: Study) -> None:
    campaign = with_checks(study, attention_limit=1)
    rater = factories.make_rater(campaign)
    item = campaign.items.filter(role=ItemRole.ATTENTION)[0]
    held = factories.make_given(item, rater)
    assert sent(by, held) is None
    assert not Judgment.objects.exists()


def expired(campaign: Campaign, rater: Rater, held: Assignment, what: str) -> Assignment:
    """An item whose lease ended while the rater holds another one."""
    if "gold" in what:
        late = factories.make_given(campaign.items.filter(role=ItemRole.GOLD)[0], rater)
    else:
        late = factories.claim_besides(rater, held)
    Assignment.objects.filter(pk=late.pk).update(lease_until=from_now(-1))
    expire_leases()
    return late


def take_away(late: Assignment, lead: User) -> None:
    """Somebody else is given its item, or, where it is a check, it is given to nobody any more."""
    if late.seat_id is None:
        retire_check(item=late.item, actor=lead)
        return
    other = factories.make_rater(late.campaign)
    while (given := factories.claim(other)).item_id != late.item_id:
        factories.submit(given)


@pytest.mark.parametrize("what", ["work", "work taken", "gold", "gold taken"])
def test_expired_item_sends_a_rater_the_long_way_only_while_they_could_have_it_again(
    by: HandIn, study: Study, lead: User, what: str
) -> None:
    campaign = with_checks(study, every=9, k=1)
    rater, held = working(campaign)
    late = expired(campaign, rater, held, what)
    if "taken" in what:
        take_away(late, lead)
    handed = sent(by, held)
    assert handed
    given = handed.following.token if handed.following else None
    if "taken" in what:
        assert given not in (None, late.token)
    else:
        assert given == (None if by is hand_in else late.token)
