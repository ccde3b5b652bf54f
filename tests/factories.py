"""Plain functions that make rows for tests, with sensible values for whatever a test does not care about.

The fixed cast stands in tests/conftest.py: rater_a, rater_b, lead, researcher, outsider, and their study.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from itertools import count
from typing import Any

from django.db.models.functions import Now

from annotation.domain.assignment import claim_assignment
from annotation.domain.joining import join_campaign
from annotation.domain.judging import Answer, Submission, submit_assignment
from annotation.enums import AssignmentState, CampaignState, ItemRole, Origin
from annotation.models import Assignment, Campaign, Guideline, Item, ItemPerson, Question, Rater, Seat
from pipeline.enums import Condition, CorpusKind, InstrumentName, RunState, Side, Stage
from pipeline.models import (
    Attribute,
    Conversation,
    Corpus,
    Person,
    PersonPrompt,
    Prompt,
    Response,
    ResponsePair,
    Run,
    SampledUnit,
)
from pipeline.units import unit_key
from studies.clock import from_now
from studies.enums import Role
from studies.models import Membership, Study, User

PASSWORD = "a long enough passphrase"

_number = count(1)


def make_user(username: str = "", **fields: Any) -> User:
    """A login whose password is PASSWORD, hashed cheaply where the settings of the tests say so."""
    return User.objects.create_user(username or f"user-{next(_number)}", password=PASSWORD, **fields)


def make_study(slug: str = "", **fields: Any) -> Study:
    slug = slug or f"study-{next(_number)}"
    return Study.objects.create(slug=slug, **{"title": f"Study {slug}"} | fields)


def make_member(study: Study, role: str = Role.RATER, username: str = "") -> User:
    user = make_user(username)
    Membership.objects.create(study=study, user=user, role=role)
    return user


def make_run(study: Study, stage: str = Stage.EXTRACT, **fields: Any) -> Run:
    defaults = {"backend": "recorded", "model_name": "model-a", "state": RunState.COMPLETE}
    return Run.objects.create(study=study, stage=stage, **defaults | fields)


def make_corpus(study: Study, slug: str = "", **fields: Any) -> Corpus:
    slug = slug or f"corpus-{next(_number)}"
    defaults = {"title": slug, "kind": CorpusKind.HUMAN, "source_format": "study"}
    return Corpus.objects.create(study=study, slug=slug, **defaults | fields)


def make_person(corpus: Corpus, source_id: str = "") -> Person:
    return Person.objects.create(corpus=corpus, source_id=source_id or f"person-{next(_number)}")


def make_conversation(person: Person, run: Run, turns: list[dict[str, str]] | None = None) -> Conversation:
    number = next(_number)
    turns = turns or [
        {"role": "user", "content": "How do I prune a fig tree?"},
        {"role": "assistant", "content": "Late."},
    ]
    return Conversation.objects.create(
        person=person,
        run=run,
        source_id=f"conversation-{number}",
        position=number,
        turns=turns,
        n_turns=len(turns),
        sha256=hashlib.sha256(repr(turns).encode()).hexdigest(),
    )


def make_attribute(person: Person, run: Run, text: str | None = "Keeps a garden.", **fields: Any) -> Attribute:
    return Attribute.objects.create(
        person=person, run=run, position=fields.pop("position", next(_number)), text=text, **fields
    )


def make_prompt(study: Study, text: str = "What shall I cook tonight?", people: tuple[Person, ...] = ()) -> Prompt:
    prompt = Prompt.objects.create(study=study, source="test", source_id=f"prompt-{next(_number)}", text=text)
    PersonPrompt.objects.bulk_create(PersonPrompt(person=person, prompt=prompt) for person in people)
    return prompt


def make_sample(
    study: Study, instrument: str, units: Iterable[tuple[Attribute, Prompt | None, ResponsePair | None]]
) -> Run:
    run = make_run(study, Stage.SAMPLE, backend="seeded")
    SampledUnit.objects.bulk_create(
        SampledUnit(
            run=run,
            instrument=instrument,
            attribute=attribute,
            prompt=prompt,
            pair=pair,
            unit_key=unit_key(instrument, attribute, prompt, pair),
        )
        for attribute, prompt, pair in units
    )
    return run


def make_pair(person: Person, prompt: Prompt, run: Run, generator: str = "model-a") -> ResponsePair:
    """A pair of one generator; both responses belong to ``run``."""
    number = next(_number)
    common: dict[str, Any] = {"run": run, "prompt": prompt, "generator": generator, "position": number}
    generic = Response.objects.create(condition=Condition.GENERIC, text=f"Generic text {number}.", **common)
    personalized = Response.objects.create(
        condition=Condition.PERSONALIZED, person=person, text=f"Personal text {number}.", **common
    )
    return ResponsePair.objects.create(
        person=person, prompt=prompt, generator=generator, generic=generic, personalized=personalized
    )


GUIDELINE = "Would knowing this **change the answer** in any way?"
ANY_ANSWER = {
    InstrumentName.ATTRIBUTE_QUALITY: "accepted",
    InstrumentName.RELEVANCE: "yes",
    InstrumentName.PREFERENCE: "4",
}


def make_guideline(study: Study, instrument: str = InstrumentName.RELEVANCE, text: str = GUIDELINE) -> Guideline:
    sha256 = hashlib.sha256(text.encode()).hexdigest()
    found, _ = Guideline.objects.get_or_create(
        study=study, instrument=instrument, sha256=sha256, defaults={"text": text}
    )
    return found


def make_campaign(
    study: Study, *, n_items: int = 2, n_questions: int = 2, instrument: str = InstrumentName.RELEVANCE, **fields: Any
) -> Campaign:
    """A collecting campaign (K = 3) with items, questions and seats, row by row: no run and no material behind it.

    build_campaign makes real ones; this is for tests of what comes after.
    """
    slug = fields.pop("slug", f"campaign-{next(_number)}")
    defaults = {"title": slug, "k": 3, "origin": Origin.HUMAN, "state": CampaignState.COLLECTING, "seed": "seed"}
    guideline = make_guideline(study, instrument)
    campaign = Campaign.objects.create(
        study=study, slug=slug, instrument=instrument, guideline=guideline, **defaults | fields
    )
    for position in range(n_items):
        make_item(campaign, position, n_questions)
    return campaign


def make_item(campaign: Campaign, position: int, n_questions: int = 2, role: str = ItemRole.WORK) -> Item:
    """An item of one new person, its questions, and K seats where it is work that people are asked to do."""
    study, run = campaign.study, make_run(campaign.study)
    person = make_person(make_corpus(study))
    prompt = make_prompt(study, people=(person,))
    pair = make_pair(person, prompt, run) if campaign.instrument == InstrumentName.PREFERENCE else None
    seats = campaign.k if role == ItemRole.WORK and campaign.origin != Origin.IMPORTED else 0
    item = Item.objects.create(
        campaign=campaign,
        role=role,
        position=position,
        sort_key=position,
        open_seats=seats,
        prompt=prompt if campaign.instrument != InstrumentName.ATTRIBUTE_QUALITY else None,
        pair=pair,
    )
    ItemPerson.objects.create(item=item, person=person)
    for place in range(n_questions):
        make_question(item, make_attribute(person, run, f"Attribute {position}.{place}"), place)
    sides = [Side.LEFT, Side.RIGHT] if pair else [Side.NONE]
    Seat.objects.bulk_create(Seat(item=item, number=number, side=sides[number % len(sides)]) for number in range(seats))
    return item


def make_question(item: Item, attribute: Attribute, position: int) -> Question:
    instrument = InstrumentName(item.campaign.instrument)
    prompt = item.prompt if instrument == InstrumentName.RELEVANCE else None
    return Question.objects.create(
        item=item,
        campaign=item.campaign,
        role=item.role,
        position=position,
        instrument=instrument,
        attribute=attribute,
        prompt=prompt,
        pair=item.pair,
        unit_key=unit_key(instrument, attribute, prompt, item.pair),
        text=attribute.text or "",
    )


def make_rater(campaign: Campaign, user: User | None = None) -> Rater:
    return join_campaign(user=user or make_member(campaign.study), campaign=campaign)


def claim(rater: Rater) -> Assignment:
    assignment = claim_assignment(rater=rater)
    assert assignment is not None, "nothing is open to this rater"
    return assignment


def claim_besides(rater: Rater, held: Assignment) -> Assignment:
    """The item that the rater's page fetches ahead."""
    assignment = claim_assignment(rater=rater, besides=held.token)
    assert assignment is not None
    return assignment


def make_given(item: Item, rater: Rater) -> Assignment:
    """A check item in the rater's hands, whatever they would be given next. It has no seat."""
    return Assignment.objects.create(
        campaign=rater.campaign,
        item=item,
        rater=rater,
        state=AssignmentState.HELD,
        side=Side.LEFT if item.pair_id else Side.NONE,
        order=list(range(item.questions.count())),
        claimed_at=Now(),
        lease_until=from_now(3600),
    )


def submit(assignment: Assignment, value: str = "", key: str = "") -> Assignment:
    """Submits the same value (a valid one of the instrument by default) to every question on the page."""
    value = value or ANY_ANSWER[InstrumentName(assignment.campaign.instrument)]
    answers = {place: Answer(value) for place in range(len(assignment.order))}
    submission = Submission(key=key or f"key-{next(_number)}", answers=answers)
    return submit_assignment(assignment=assignment, submission=submission).assignment
