"""What the gallery's pages need of the database, made when a page asks for it: every page has a rater of its own."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from itertools import count
from typing import Any

from django.urls import reverse

from annotation.models import Assignment, Item, Rater
from pipeline.enums import InstrumentName, Stage
from pipeline.models import Attribute, Evidence, Prompt, Response
from studies.enums import Role
from studies.models import Study, User
from tests import factories
from tests.annotation.releases.rich_study import RichStudy, build_rich_study
from tests.gallery import texts


@dataclass(frozen=True)
class Place:
    """Where a page is, and whose."""

    path: str
    user: User | None = None


class World:
    def __init__(self, monkeypatch: Any) -> None:
        self.monkeypatch = monkeypatch
        self._numbers: Iterator[int] = count(1)

    @cached_property
    def study(self) -> Study:
        return factories.make_study("figs", title="Figs and people", description="What figs say about people.")

    @cached_property
    def rich(self) -> RichStudy:
        """A study with campaigns, runs, releases and people of every kind."""
        return build_rich_study()

    # Raters

    def user(self, role: str = Role.RATER) -> User:
        return factories.make_member(self.study, role, f"{role}-{next(self._numbers)}")

    def rater(self, instrument: str = InstrumentName.RELEVANCE, n_items: int = 2, **fields: Any) -> Rater:
        """Of a campaign of their own, its texts long enough to look at."""
        number = next(self._numbers)
        campaign = factories.make_campaign(
            self.study,
            slug=f"campaign-of-page-{number}",
            instrument=instrument,
            n_items=n_items,
            n_questions=3,
            **{"title": "Balcony gardens"} | fields,
        )
        for item in campaign.items.select_related("prompt", "pair__generic", "pair__personalized"):
            dress(item)
        return factories.make_rater(campaign, self.user())

    def item(self, rater: Rater) -> Place:
        return at("item", self.held(rater).token, user=user_of(rater))

    def held(self, rater: Rater) -> Assignment:
        return factories.claim(rater)


def at(name: str, *args: str, user: User | None = None) -> Place:
    return Place(reverse(f"annotation:{name}", args=args), user)


def user_of(rater: Rater) -> User:
    user = rater.participant.user
    assert user is not None
    return user


def dress(item: Item) -> None:
    """Texts that look like work instead of the factories' own."""
    for question, text in zip(item.questions.order_by("position"), texts.STATEMENTS, strict=False):
        question.text = text
        question.save(update_fields=["text"])
        Attribute.objects.filter(pk=question.attribute_id).update(text=text)
        if item.campaign.instrument == InstrumentName.ATTRIBUTE_QUALITY:
            _give_chats(question.attribute)
    if item.prompt:
        Prompt.objects.filter(pk=item.prompt.pk).update(text=texts.REQUEST)
    if item.pair:
        Response.objects.filter(pk=item.pair.generic_id).update(text=texts.LEFT)
        Response.objects.filter(pk=item.pair.personalized_id).update(text=texts.RIGHT)


def _give_chats(attribute: Attribute) -> None:
    chats = list(attribute.person.conversations.all())
    if not chats:
        imported = factories.make_run(attribute.run.study, Stage.IMPORT)
        chats = [
            factories.make_conversation(attribute.person, imported, turns) for turns in (texts.CHAT, texts.OTHER_CHAT)
        ]
    Evidence.objects.create(attribute=attribute, conversation=chats[0], turn=0, start=0, end=29)
    Evidence.objects.create(attribute=attribute, conversation=chats[0], turn=2)
