"""Every reply that a rater's browser can get, how to provoke it, and what of it is compared."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from django.db import transaction
from django.test import Client
from django.urls import reverse

from annotation.domain.campaigns import pause_campaign
from annotation.domain.withdrawing import withdraw_rater
from studies.models import User
from tests import factories
from tests.annotation.blinding.world import World

HTMX = {"HX-Request": "true"}


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
