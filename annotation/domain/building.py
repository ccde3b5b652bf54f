"""Campaigns from material: items, questions with their text frozen, and K seats with their sides."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterator

from django.db import transaction

from annotation.domain.choosing import RING
from annotation.domain.errors import AnnotationError, MaterialMissing
from annotation.domain.leases import count_words, lease_for
from annotation.domain.seeding import shuffled
from annotation.enums import CampaignState, ItemRole, Origin
from annotation.instruments import INSTRUMENTS, Material
from annotation.instruments.base import PlannedItem
from annotation.models import Campaign, Guideline, Item, ItemPerson, Question, Seat
from pipeline.enums import Side
from pipeline.lineage import conversations_behind
from pipeline.models import ResponsePair
from pipeline.prompts import guideline_text
from pipeline.units import unit_key
from studies.models import Study, User
from studies.tokens import new_token

BATCH = 500  # items built in one go


def ensure_guideline(*, study: Study, instrument: str, text: str | None = None) -> Guideline:
    """The study's guideline of this wording; without a text, the one that the models are instructed with too."""
    wording = guideline_text(instrument) if text is None else text
    digest = hashlib.sha256(wording.encode()).hexdigest()
    guideline, _ = Guideline.objects.get_or_create(
        study=study, instrument=instrument, sha256=digest, defaults={"text": wording}
    )
    return guideline


@transaction.atomic
def build_campaign(
    *,
    study: Study,
    slug: str,
    title: str,
    instrument: str,
    k: int,
    material: Material,
    origin: str = Origin.HUMAN,
    questions_per_item: int = 24,
    lease_seconds: int = 1800,
    seed: str = "",
    created_by: User | None = None,
) -> Campaign:
    """A draft campaign with all its items. The same material, seed and numbers give the same pages in the same order.

    Raises AnnotationError for a slug that is taken or an imported origin, MaterialMissing where the runs hold nothing
    to judge.
    """
    _check(study, slug, origin, k, questions_per_item)
    campaign = Campaign.objects.create(
        study=study,
        guideline=ensure_guideline(study=study, instrument=instrument),
        slug=slug,
        title=title,
        instrument=instrument,
        origin=origin,
        state=CampaignState.DRAFT,
        k=k,
        questions_per_item=questions_per_item,
        lease_seconds=lease_seconds,
        seed=seed or new_token(),
        parameters=_described(material),
        created_by=created_by,
    )
    planned = list(INSTRUMENTS[instrument].plan_items(material, questions_per_item, campaign.seed))
    if not planned:
        runs = ", ".join(_run_names(material)) or "(none)"
        raise MaterialMissing(
            f"There is nothing to judge for {instrument}: the runs {runs} hold no attributes with text for it, or (for "
            "attribute quality) no conversations to judge them by. Run the stages before it, or name other runs."
        )
    add_items(campaign, planned)
    return campaign


def _check(study: Study, slug: str, origin: str, k: int, questions_per_item: int) -> None:
    if Campaign.objects.filter(study=study, slug=slug).exists():
        raise AnnotationError(f"The study {study.slug} has a campaign {slug!r} already; choose another slug.")
    if origin == Origin.IMPORTED:
        raise AnnotationError("An imported campaign comes from import_corpus, not from building items for raters.")
    if k < 1 or questions_per_item < 1:
        raise AnnotationError(f"K={k} and {questions_per_item} questions an item: both must be at least 1.")


def _described(material: Material) -> dict[str, list[str]]:
    return {
        "attribute_runs": [run.public_id for run in material.attribute_runs],
        "respond_runs": [run.public_id for run in material.respond_runs],
        "label_runs": [run.public_id for run in material.label_runs],
        "sample_runs": [run.public_id for run in material.sample_runs],
    }


def _run_names(material: Material) -> list[str]:
    runs = (*material.attribute_runs, *material.respond_runs, *material.label_runs, *material.sample_runs)
    return [str(run) for run in runs]


def add_items(campaign: Campaign, planned: list[PlannedItem]) -> None:
    """Store work items with their seats; they come to raters in a seeded order, first sides in turn."""
    ranks = shuffled(range(len(planned)), campaign.seed, "items")
    for start in range(0, len(planned), BATCH):
        chunk = list(enumerate(planned[start : start + BATCH], start))
        words = _words_on_pages([plan for _, plan in chunk])
        items = Item.objects.bulk_create(
            Item(
                campaign=campaign,
                role=ItemRole.WORK,
                position=position,
                sort_key=ranks[position] * RING // len(planned),
                open_seats=campaign.k,
                words=words[position - start],
                lease_seconds=_lease(campaign, words[position - start], len(plan.attributes)),
                prompt=plan.prompt,
                pair=plan.pair,
            )
            for position, plan in chunk
        )
        plans = [plan for _, plan in chunk]
        ItemPerson.objects.bulk_create(_people(items, plans))
        Question.objects.bulk_create(_questions(campaign, items, plans))
        Seat.objects.bulk_create(
            Seat(item=item, number=number, side=side_of(campaign, number, ranks[item.position]))
            for item in items
            for number in range(campaign.k)
        )


def _lease(campaign: Campaign, words: int, n_questions: int) -> int:
    """By the size of the page where people read it; simulated raters need no time to read."""
    return 0 if campaign.origin == Origin.SIMULATED else lease_for(words, n_questions)


def _words_on_pages(plans: list[PlannedItem]) -> list[int]:
    """What there is to read on each page: questions, prompt, both responses; conversations where it is these that the
    attributes are judged by. A handful of queries for all of them."""
    pairs: dict[int, int] = {
        pk: count_words(texts)
        for pk, *texts in ResponsePair.objects.filter(pk__in=[plan.pair.pk for plan in plans if plan.pair]).values_list(
            "pk", "prompt__text", "generic__text", "personalized__text"
        )
    }
    talked = _words_of_conversations([plan for plan in plans if plan.pair is None and plan.prompt is None])
    return [
        count_words(attribute.text for attribute in plan.attributes)
        + count_words([plan.prompt.text if plan.prompt else None])
        + (pairs[plan.pair.pk] if plan.pair else 0)
        + sum(talked[person] for person in {attribute.person_id for attribute in plan.attributes})
        for plan in plans
    ]


def _words_of_conversations(plans: list[PlannedItem]) -> Counter[int]:
    """By person; read one conversation after the other, never all at once."""
    words: Counter[int] = Counter()
    attributes = [attribute for plan in plans for attribute in plan.attributes]
    rows = conversations_behind(attributes).values_list("person_id", "turns") if attributes else None
    for person_id, turns in rows.iterator(chunk_size=200) if rows is not None else ():
        words[person_id] += count_words(turn["content"] for turn in turns)
    return words


def side_of(campaign: Campaign, number: int, rank: int) -> str:
    """Sides alternate over an item's seats, and the first side over the items in their seeded order, so that neither an
    item nor the campaign leans by more than one."""
    if not INSTRUMENTS[campaign.instrument].has_sides:
        return Side.NONE
    return (Side.LEFT, Side.RIGHT)[(number + rank) % 2]


def _people(items: list[Item], plans: list[PlannedItem]) -> Iterator[ItemPerson]:
    for item, plan in zip(items, plans, strict=True):
        for person_id in sorted({attribute.person_id for attribute in plan.attributes}):
            yield ItemPerson(item=item, person_id=person_id)


def _questions(campaign: Campaign, items: list[Item], plans: list[PlannedItem]) -> Iterator[Question]:
    for item, plan in zip(items, plans, strict=True):
        for position, attribute in enumerate(plan.attributes):
            yield Question(
                item=item,
                campaign=campaign,
                role=item.role,
                position=position,
                instrument=campaign.instrument,
                attribute=attribute,
                prompt=plan.prompt,
                pair=plan.pair,
                unit_key=unit_key(campaign.instrument, attribute, plan.prompt, plan.pair),
                text=attribute.text or "",
            )
