"""Judging: each instrument's page, and what becomes of it while somebody works on it."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from annotation.domain.assignment import claim_assignment, return_assignment
from annotation.domain.campaigns import pause_campaign
from annotation.domain.withdrawing import exclude_rater, withdraw_rater
from annotation.enums import AssignmentState, CampaignState, Origin
from annotation.models import Assignment, Demographic
from pipeline.enums import InstrumentName
from studies.enums import Role
from tests import factories
from tests.gallery import texts
from tests.gallery.walking import View
from tests.gallery.world import Place, World, at, user_of

if TYPE_CHECKING:
    from playwright.sync_api import Page

QUALITY, RELEVANCE, PREFERENCE = InstrumentName
ANSWERS = {QUALITY: "aua", RELEVANCE: "yny", PREFERENCE: "145"}


def item_of(instrument: str, **fields: Any) -> Callable[[World], Place]:
    return lambda world: world.item(world.rater(instrument, **fields))


def keys(*names: str) -> Callable[[Page], None]:
    """Past the guideline that lies over a first item, then these keys."""

    def act(page: Page) -> None:
        page.keyboard.press("Escape")
        for name in names:
            page.keyboard.press(name)

    return act


def submitted(world: World, instrument: str = RELEVANCE) -> Place:
    rater = world.rater(instrument)
    return at("edit-item", factories.submit(world.held(rater)).token, user=user_of(rater))


def second_item(world: World) -> Place:
    rater = world.rater()
    factories.submit(world.held(rater))
    return world.item(rater)


def away_for_long(world: World) -> Place:
    rater = world.rater()
    held = world.held(rater)
    Assignment.objects.filter(pk=held.pk).update(state=AssignmentState.EXPIRED, lease_until=None)
    return at("item", held.token, user=user_of(rater))


def handed_back(world: World) -> Place:
    rater = world.rater()
    held = world.held(rater)
    return_assignment(assignment=held)
    return at("item", held.token, user=user_of(rater))


def after_leaving(world: World) -> Place:
    rater = world.rater()
    held = world.held(rater)
    withdraw_rater(rater=rater, erase=False, actor=user_of(rater))
    return at("item", held.token, user=user_of(rater))


def sent_incomplete(page: Page) -> None:
    """As a browser without script would: the server says what is missing."""
    page.evaluate("HTMLFormElement.prototype.submit.call(document.querySelector('#answers'))")
    page.locator("#notice").wait_for()


def offline_at_submit(page: Page) -> None:
    keys("y", "n", "y")(page)
    page.context.set_offline(True)
    page.keyboard.press("Enter")
    page.wait_for_timeout(100)


def no_work(**fields: Any) -> Callable[[World], Place]:
    def make(world: World) -> Place:
        rater = world.rater(**fields)
        while (assignment := claim_assignment(rater=rater)) is not None:
            factories.submit(assignment)
        return at("rate", rater.campaign.public_id, user=user_of(rater))

    return make


def paused(world: World) -> Place:
    rater = world.rater()
    pause_campaign(campaign=rater.campaign, actor=world.user(Role.LEAD))
    return at("rate", rater.campaign.public_id, user=user_of(rater))


def not_open(world: World) -> Place:
    campaign = factories.make_campaign(world.study, n_items=0, state=CampaignState.CLOSED, title="Balcony gardens")
    return at("rate", campaign.public_id, user=world.user())


def excluded(world: World) -> Place:
    rater = world.rater()
    exclude_rater(rater=rater, reason="answers at random", actor=world.user(Role.LEAD))
    return at("rate", rater.campaign.public_id, user=user_of(rater))


def leave(world: World) -> Place:
    rater = world.rater()
    factories.submit(world.held(rater))
    Demographic.objects.create(participant=rater.participant, field="Age", value="41")
    return at("leave", rater.campaign.public_id, user=user_of(rater))


def left(*, erase: bool) -> Callable[[World], Place]:
    def make(world: World) -> Place:
        place = leave(world)
        assert place.user
        rater = place.user.participations.get().raters.get()
        withdraw_rater(rater=rater, erase=erase, actor=place.user)
        return place

    return make


RATING_VIEWS = (
    View("rate-quality", item_of(QUALITY), keys()),
    View("rate-quality-evidence", item_of(QUALITY), keys("j", "r")),
    View("rate-relevance", item_of(RELEVANCE), keys()),
    View("rate-preference", item_of(PREFERENCE), keys()),
    View("rate-preference-answered", item_of(PREFERENCE), keys("1", "3")),
    View("rate-first-item-guideline-open", item_of(RELEVANCE, title=texts.LONG_TITLE)),
    View("rate-keys-open", item_of(RELEVANCE), keys("?")),
    View("rate-second-item", second_item),
    View("rate-flagged", item_of(RELEVANCE), keys("f")),
    View("rate-missing-answers", item_of(RELEVANCE), keys("y", "Enter")),
    View("rate-sent-incomplete", item_of(RELEVANCE), sent_incomplete),
    View("rate-offline", item_of(RELEVANCE), offline_at_submit),
    View("rate-simulated", item_of(RELEVANCE, origin=Origin.HUMAN, language="de"), keys()),
    View("rate-away", away_for_long),
    View("rate-handed-back", handed_back, status=410),
    View("rate-after-leaving", after_leaving, status=410),
    View("edit-relevance", submitted),
    View("edit-quality", lambda world: submitted(world, QUALITY)),
    View("end-done", no_work(k=3)),
    View("end-complete", no_work(k=1)),
    View("end-today", no_work(max_items_day=1, time_zone="Asia/Tokyo")),
    View("end-paused", paused),
    View("end-not-open", not_open),
    View("end-excluded", excluded),
    View("leave", leave),
    View("leave-left", left(erase=False)),
    View("leave-erased", left(erase=True)),
)
