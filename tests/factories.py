"""Plain functions that make rows for tests, with sensible values for whatever a test does not care about.

The fixed cast stands in tests/conftest.py: rater_a, rater_b, lead, researcher, outsider, and their study.
"""

from __future__ import annotations

import hashlib
from itertools import count
from typing import Any

from pipeline.enums import Condition, CorpusKind, RunState, Stage
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
)
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
