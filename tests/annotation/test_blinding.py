"""Promise 3: no byte that a rater's browser can get tells which side is personalized or which model wrote it.

The swap test asks for every reply that a rater can provoke, once as things are and once after the database was turned
round: the seats' and assignments' sides, the two texts, the generator. Texts left and right stay, so must the bytes.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from typing import Any

import pytest
from django.conf import settings
from django.db import connection, transaction
from django.db.models import Case, F, Value, When
from django.test import Client
from django.urls import reverse

from annotation.domain.campaigns import pause_campaign
from annotation.domain.withdrawing import withdraw_rater
from annotation.enums import AssignmentState
from annotation.models import Assignment, Campaign, Item, Rater, Seat
from pipeline.enums import InstrumentName, Side
from pipeline.models import Response, ResponsePair, Run
from studies.models import Study, User
from tests import factories

HTMX = {"HX-Request": "true"}
LEFT, RIGHT = "Bake **bread** in the evenings.", "There are many hobbies, *whittling* for one."


@dataclass(frozen=True)
class World:
    """A rater with two preference items in hand: the one on the page, and the one that a submit brings."""

    campaign: Campaign
    rater: Rater
    now: Assignment
    later: Assignment

    def url(self, name: str, assignment: Assignment | None = None) -> str:
        return reverse(f"annotation:{name}", args=[(assignment or self.now).token])

    @property
    def rate_url(self) -> str:
        return reverse("annotation:rate", args=[self.campaign.public_id])


@pytest.fixture
def world(study: Study, rater_a: User) -> World:
    campaign = factories.make_campaign(
        study, n_items=2, n_questions=2, instrument=InstrumentName.PREFERENCE, title="Which answer suits?"
    )
    for item in campaign.items.select_related("pair"):
        assert item.pair
        Response.objects.filter(pk=item.pair.generic_id).update(text=LEFT)
        Response.objects.filter(pk=item.pair.personalized_id).update(text=RIGHT)
    rater = factories.make_rater(campaign, rater_a)
    now = factories.claim(rater)
    return World(campaign, rater, now, _hold_also(now))


def _hold_also(now: Assignment) -> Assignment:
    """The other item in the same hands, so that going on brings an assignment whose side is settled."""
    item = Item.objects.exclude(pk=now.item_id).get()
    seat = item.seats.get(side=now.side, number__lt=2)
    Item.objects.filter(pk=item.pk).update(open_seats=F("open_seats") - 1)
    return Assignment.objects.create(
        campaign=now.campaign,
        item=item,
        seat=seat,
        rater=now.rater,
        state=AssignmentState.HELD,
        side=seat.side,
        order=now.order,
        claimed_at=now.lease_until,
        lease_until=now.lease_until,
    )


def swap_sides() -> None:
    """Personalized and generic change places in the database; what stands left and right does not."""
    other = Case(When(side=Side.LEFT, then=Value(Side.RIGHT)), default=Value(Side.LEFT))
    Seat.objects.update(side=other)
    Assignment.objects.update(side=other)
    Rater.objects.update(n_left=F("n_right"), n_right=F("n_left"))
    for pair in ResponsePair.objects.select_related("generic", "personalized"):
        Response.objects.filter(pk=pair.generic_id).update(text=pair.personalized.text)
        Response.objects.filter(pk=pair.personalized_id).update(text=pair.generic.text)


def swap_models() -> None:
    Run.objects.update(model_name="another-model-with-a-long-name", backend="openai_api")
    Response.objects.update(generator="another-model-with-a-long-name")
    ResponsePair.objects.update(generator="another-model-with-a-long-name")


SWAPS = {"sides": swap_sides, "models": swap_models}


# Every reply that a rater's browser can get

Step = Callable[[Client, World], Any]  # a reply as the test client gives it


def answers(value: str = "4", n: int = 2, **more: str) -> dict[str, str]:
    return {"key": "key-1", "note": "Hard to say."} | {f"answer-{place}": value for place in range(n)} | more


def get(name: str, **headers: str) -> Step:
    return lambda client, world: client.get(world.url(name), headers=headers)


def post(name: str, data: dict[str, str], **headers: str) -> Step:
    return lambda client, world: client.post(world.url(name), data, headers=headers)


def after(*steps: Callable[[Client, World], object]) -> Step:
    """The reply to the last step."""

    def run(client: Client, world: World) -> Any:
        return [step(client, world) for step in steps][-1]

    return run


def submitted(client: Client, world: World) -> None:
    factories.submit(world.now, "4", key="key-1")


def all_submitted(client: Client, world: World) -> None:
    submitted(client, world)
    factories.submit(world.later, "2", key="key-2")


def withdrawn(client: Client, world: World) -> None:
    withdraw_rater(rater=world.rater, erase=False)


def paused(client: Client, world: World) -> None:
    pause_campaign(campaign=world.campaign, actor=None)


def plain(path: Callable[[World], str]) -> Step:
    return lambda client, world: client.get(path(world))


REPLIES: dict[str, tuple[int, Step]] = {
    "home": (200, plain(lambda world: reverse("annotation:home"))),
    "rate": (302, plain(lambda world: world.rate_url)),
    "rate, all done": (200, after(all_submitted, plain(lambda world: world.rate_url))),
    "rate, paused": (200, after(paused, plain(lambda world: world.rate_url))),
    "rate, withdrawn": (200, after(withdrawn, plain(lambda world: world.rate_url))),
    "item": (200, get("item")),
    "item, part": (200, get("item", **HTMX)),
    "item, head": (200, lambda client, world: client.head(world.url("item"))),
    "item, with a draft": (200, after(post("draft-answer", {"answer-0": "2"}), get("item"))),
    "item, submitted": (302, after(submitted, get("item"))),
    "item, returned": (410, after(post("return-item", {}), get("item"))),
    "item, withdrawn": (410, after(withdrawn, get("item"))),
    "item, nobody's": (404, plain(lambda world: reverse("annotation:item", args=["a" * 26]))),
    "ahead": (200, get("ahead")),
    "ahead, part": (200, get("ahead", **HTMX)),
    "ahead, submitted": (204, after(submitted, get("ahead", **HTMX))),
    "submit, the next one fetched ahead": (
        204,
        lambda client, world: client.post(
            world.url("submit-item"), answers() | {"ahead": world.later.token}, headers=HTMX
        ),
    ),
    "draft": (204, post("draft-answer", {"answer-0": "2"})),
    "draft of words": (204, post("draft-answer", {"remarks": "yes", "note": "Hard to say."})),
    "draft, in use, with an item ahead": (204, post("draft-answer", {"ahead": "a" * 26})),
    "draft, no answer": (400, post("draft-answer", {"answer-0": "9"})),
    "draft, submitted": (409, after(submitted, post("draft-answer", {"answer-0": "2"}))),
    "draft, returned": (410, after(post("return-item", {}), post("draft-answer", {"answer-0": "2"}))),
    "submit": (303, post("submit-item", answers())),
    "submit, part": (200, post("submit-item", answers(), **HTMX)),
    "submit, last, part": (
        200,
        after(
            submitted,
            lambda client, world: client.post(world.url("submit-item", world.later), answers(), headers=HTMX),
        ),
    ),
    "submit, again": (303, after(submitted, post("submit-item", answers()))),
    "submit, again, part": (200, after(submitted, post("submit-item", answers(), **HTMX))),
    "submit, incomplete": (400, post("submit-item", answers(n=1))),
    "submit, incomplete, part": (400, post("submit-item", answers(n=1), **HTMX)),
    "submit, other answers": (409, after(submitted, post("submit-item", answers("1")))),
    "submit, other answers, part": (409, after(submitted, post("submit-item", answers("1"), **HTMX))),
    "submit, withdrawn": (410, after(withdrawn, post("submit-item", answers()))),
    "submit, withdrawn, part": (410, after(withdrawn, post("submit-item", answers(), **HTMX))),
    "submit, by get": (405, get("submit-item")),
    "return, with a reason": (200, post("return-item", {"reason": "distress"}, **HTMX)),
    "return": (303, post("return-item", {})),
    "return, part": (200, post("return-item", {}, **HTMX)),
    "return, submitted": (410, after(submitted, post("return-item", {}))),
    "edit": (200, after(submitted, get("edit-item"))),
    "edit, part": (200, after(submitted, get("edit-item", **HTMX))),
    "edit, not submitted": (302, get("edit-item")),
    "revise": (303, after(submitted, post("revise-item", answers("5")))),
    "revise, part": (200, after(submitted, post("revise-item", answers("5"), **HTMX))),
    "revise, incomplete": (400, after(submitted, post("revise-item", answers(n=1)))),
    "revise, not fresh": (409, after(submitted, post("revise-item", answers("5", based_on="1")))),
    "revise, not submitted": (410, post("revise-item", answers())),
    "lead's page of the study": (404, plain(lambda world: f"/s/{world.campaign.study.slug}/")),
    "lead's page of the campaign": (
        404,
        plain(lambda world: f"/s/{world.campaign.study.slug}/c/{world.campaign.slug}/"),
    ),
    "api, studies": (200, plain(lambda world: "/api/studies/")),
    "api, campaigns": (404, plain(lambda world: f"/api/studies/{world.campaign.study.slug}/campaigns/")),
    "api, campaign": (
        404,
        plain(lambda world: f"/api/studies/{world.campaign.study.slug}/campaigns/{world.campaign.slug}/"),
    ),
    "api, releases": (404, plain(lambda world: f"/api/studies/{world.campaign.study.slug}/releases/")),
    "nothing": (404, plain(lambda world: "/nothing/")),
}

RANDOM = (
    (rb"(\nExpires: )\w{3}, \d\d \w{3} \d{4} \d\d:\d\d:\d\d GMT\n", rb"\1-\n"),
    (rb'(name="csrfmiddlewaretoken" value=")[A-Za-z0-9]{64}', rb"\1-"),
    (rb'("X-CSRFToken": ")[A-Za-z0-9]{64}', rb"\1-"),
    (rb'(name="key" value=")[a-z2-9]{26}', rb"\1-"),
)


def bytes_of(reply: Any) -> bytes:
    """Status, headers, cookies and body, less what is drawn by lot for every page and stands in RANDOM."""
    headers = "\n".join(f"{name}: {value}" for name, value in sorted(reply.headers.items()))
    cookies = "\n".join(
        f"{name} {morsel['path']} {morsel['samesite']}" for name, morsel in sorted(reply.cookies.items())
    )
    everything = f"{reply.status_code}\n{headers}\n{cookies}\n".encode() + reply.content
    for pattern, replacement in RANDOM:
        everything = re.sub(pattern, replacement, everything)
    assert isinstance(everything, bytes)
    return everything


@contextmanager
def undone() -> Iterator[None]:
    with transaction.atomic():
        yield
        transaction.set_rollback(True)


def reply_to(step: Step, world: World, user: User, *, swap: Callable[[], None] | None = None) -> Any:
    """The reply in a world that is afterwards as it was before, whatever the steps did."""
    client = Client()
    client.force_login(user)
    with undone():
        if swap:
            swap()
        return step(client, world)


@pytest.fixture
def shown(world: World, rater_a: User) -> World:
    """Every text rendered once, as it is after the first reader: a rendering is stored and then reused."""
    reply_to(get("item"), world, rater_a)
    client = Client()
    client.force_login(rater_a)
    client.get(reverse("annotation:home"))
    client.get(world.url("item"))
    return world


@pytest.mark.parametrize("swap", SWAPS)
@pytest.mark.parametrize("name", REPLIES)
def test_swap_changes_no_byte(shown: World, rater_a: User, name: str, swap: str) -> None:
    status, step = REPLIES[name]
    before = reply_to(step, shown, rater_a)
    after_swap = reply_to(step, shown, rater_a, swap=SWAPS[swap])
    assert before.status_code == status
    assert bytes_of(after_swap) == bytes_of(before)


def newly_claimed(client: Client, world: World, ahead: str = "") -> Any:
    """The reply that brings an item which nobody held before: the side is settled by this very claim."""
    Assignment.objects.filter(pk=world.later.pk).delete()
    Item.objects.filter(pk=world.later.item_id).update(open_seats=F("open_seats") + 1)
    reply = client.post(world.url("submit-item"), answers() | {"note": "", "ahead": ahead}, headers=HTMX)
    reply.headers["HX-Push-Url"] = "-"
    for place in (rb"(/a/)%s(/)", rb'(data-token=")%s(")'):
        other_token = rb"(?!%s)[a-z2-9]{26}" % world.now.token.encode()
        reply.content = re.sub(place % other_token, rb"\1-\2", reply.content)
    return reply


@pytest.mark.parametrize("ahead", ["", "b" * 26], ids=["next", "the one after the next"])
@pytest.mark.parametrize("swap", SWAPS)
def test_swap_changes_no_byte_of_a_page_that_is_cast(shown: World, rater_a: User, swap: str, ahead: str) -> None:
    step = partial(newly_claimed, ahead=ahead)
    before = reply_to(step, shown, rater_a)
    after_swap = reply_to(step, shown, rater_a, swap=SWAPS[swap])
    assert b"<strong>bread</strong>" in before.content
    assert b"/a/-/submit/" in before.content
    assert bytes_of(after_swap) == bytes_of(before)


def test_swap_turns_the_database_and_not_the_page(shown: World, rater_a: User) -> None:
    """The swap test would pass for nothing if its swap did nothing, or if the page showed no responses."""
    was = Assignment.objects.get(pk=shown.now.pk).side
    with undone():
        swap_sides()
        turned = Assignment.objects.select_related("item__pair__personalized").get(pk=shown.now.pk)
        assert turned.side != was
        assert turned.item.pair
        assert turned.item.pair.personalized.text == LEFT
    html = reply_to(get("item"), shown, rater_a).content.decode()
    assert "<strong>bread</strong>" in html
    assert "<em>whittling</em>" in html
    first, second = ("bread", "whittling") if was == Side.RIGHT else ("whittling", "bread")
    assert html.index(first) < html.index(second)


def test_swap_of_the_texts_alone_is_seen(shown: World, rater_a: User) -> None:
    """The comparison can tell pages apart: with the sides left as they are, other texts stand left and right."""

    def swap_texts() -> None:
        swap_sides()
        sides = {Side.LEFT: Side.RIGHT, Side.RIGHT: Side.LEFT}
        for assignment in Assignment.objects.all():
            Assignment.objects.filter(pk=assignment.pk).update(side=sides[Side(assignment.side)])

    before = reply_to(get("item"), shown, rater_a)
    assert bytes_of(reply_to(get("item"), shown, rater_a, swap=swap_texts)) != bytes_of(before)


def secrets_of(campaign: Campaign) -> set[str]:
    """What names a row, a model or a condition, and must not be read by a rater."""
    words = {"personalized", "personalised", "generic", "condition", "generator", "model-a", "recorded", "gold"}
    for item in campaign.items.select_related("pair__generic", "pair__personalized", "prompt"):
        words.add(item.public_id)
        words |= {row.public_id for row in (item.prompt, item.pair) if row}
        words |= {row.public_id for row in (item.pair.generic, item.pair.personalized)} if item.pair else set()
        words |= {person.public_id for person in item.people.all()}
        words |= {person.source_id for person in item.people.all()}
        for question in item.questions.select_related("attribute__run"):
            words |= {question.unit_key, question.attribute.public_id, question.attribute.run.public_id}
    words |= {assignment.public_id for assignment in campaign.assignments.all()}
    words |= {rater.participant.pseudonym for rater in campaign.raters.select_related("participant")}
    return words


@pytest.mark.parametrize("name", REPLIES)
def test_replies_name_no_row_model_or_condition(shown: World, rater_a: User, name: str) -> None:
    text = bytes_of(reply_to(REPLIES[name][1], shown, rater_a)).decode().lower()
    assert not [word for word in secrets_of(shown.campaign) if word.lower() in text]


@pytest.mark.parametrize("instrument", [InstrumentName.ATTRIBUTE_QUALITY, InstrumentName.RELEVANCE])
def test_pages_of_the_other_instruments_name_no_row_or_model(study: Study, rater_a: User, instrument: str) -> None:
    campaign = factories.make_campaign(study, n_items=1, instrument=instrument)
    assignment = factories.claim(factories.make_rater(campaign, rater_a))
    item = assignment.item
    for question in item.questions.all():
        run = question.attribute.run
        conversation = factories.make_conversation(question.attribute.person, run)
        question.attribute.evidence.create(conversation=conversation, turn=0)
    client = Client()
    client.force_login(rater_a)
    text = client.get(reverse("annotation:item", args=[assignment.token])).content.decode().lower()
    assert "attribute 0.0" in text
    assert not [word for word in secrets_of(campaign) if word.lower() in text]


def test_page_has_no_number_of_a_row(study: Study, rater_a: User) -> None:
    """Database keys that stand out: no key of this page's rows is to be found in its bytes."""
    far = 7_654_000
    with connection.cursor() as cursor:
        for model in (Item, Assignment, Response, ResponsePair):
            _start_keys_at(cursor, model._meta.db_table, far)
    campaign = factories.make_campaign(study, n_items=1, instrument=InstrumentName.PREFERENCE)
    assignment = factories.claim(factories.make_rater(campaign, rater_a))
    assert assignment.pk > far
    client = Client()
    client.force_login(rater_a)
    text = bytes_of(client.get(reverse("annotation:item", args=[assignment.token]))).decode()
    assert not re.search(r"76540\d\d", text)


def _start_keys_at(cursor: object, table: str, number: int) -> None:
    if connection.vendor == "sqlite":
        statements = [
            f"DELETE FROM sqlite_sequence WHERE name = '{table}'",
            f"INSERT INTO sqlite_sequence (name, seq) VALUES ('{table}', {number})",
        ]
    else:
        statements = [f"SELECT setval(pg_get_serial_sequence('{table}', 'id'), {number})"]
    for statement in statements:
        cursor.execute(statement)  # type: ignore[attr-defined]


def test_tokens_and_keys_are_drawn_by_lot(shown: World, rater_a: User) -> None:
    """What the swap test leaves out of the comparison says nothing: it differs between two looks at one page."""
    keys = {
        re.search(rb'name="key" value="([a-z2-9]{26})"', reply_to(get("item"), shown, rater_a).content) for _ in "ab"
    }
    assert len({match[1] for match in keys if match}) == 2
    assert shown.now.token != shown.later.token
    assert shown.now.public_id not in (shown.now.token, shown.later.token)
    assert settings.SESSION_COOKIE_HTTPONLY
