"""A backend in the test's hand, and a small study that every stage can run on."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from pipeline.backends.base import ModelAnswer, Outcome, Threaded
from pipeline.domain.executing import execute_run
from pipeline.domain.planning import plan_run
from pipeline.domain.runs import start_run
from pipeline.models import Attribute, Person, Prompt, Run
from pipeline.requests import ModelRequest
from studies.models import Study
from tests import factories

Say = Callable[[ModelRequest], Outcome | str]


@dataclass
class Scripted(Threaded):
    """Answers by a function, and remembers what was sent."""

    say: Say
    batch: int = 1
    concurrency: int = 1
    name: str = "scripted"
    version: str = "1"
    sent: list[ModelRequest] = field(default_factory=list)

    def answer(self, requests: Sequence[ModelRequest]) -> list[Outcome]:
        self.sent += requests
        said = [self.say(request) for request in requests]
        return [ModelAnswer(word) if isinstance(word, str) else word for word in said]


@dataclass
class SmallStudy:
    """Two people, three attributes, one prompt put to both."""

    study: Study
    ann: Person
    bea: Person
    attributes: list[Attribute]
    prompt: Prompt
    merge: Run


def small_study(study: Study) -> SmallStudy:
    corpus = factories.make_corpus(study)
    ann, bea = factories.make_person(corpus, "ann"), factories.make_person(corpus, "bea")
    imported = factories.make_run(study, "import")
    for person in (ann, bea):
        factories.make_conversation(person, imported)
    run = factories.make_run(study, "merge")
    attributes = [
        factories.make_attribute(ann, run, "Keeps bees.", position=0),
        factories.make_attribute(ann, run, "Never eats honey.", position=1),
        factories.make_attribute(bea, run, "Sails alone.", position=0),
    ]
    prompt = factories.make_prompt(study, "Honey for breakfast?", (ann, bea))
    return SmallStudy(study, ann, bea, attributes, prompt, run)


def run_stage(study: Study, stage: str, inputs: Sequence[Run], say: Say, **parameters: object) -> tuple[Run, Scripted]:
    """Plans, starts and carries out a run with that backend."""
    planned = plan_run(
        study=study, stage=stage, backend="recorded", model="model-a", inputs=inputs, parameters=parameters
    )
    backend = Scripted(say)
    execute_run(run=start_run(run=planned), backend=backend)
    return planned, backend


def says_yes_of(*words: str) -> Say:
    """YES where the statement asked about holds one of the words."""
    return lambda request: "YES\nIt does." if _statement(request).startswith(words) else "NO\nIt does not."


def _statement(request: ModelRequest) -> str:
    return request.messages[0].content.split("Statement about the person:")[1].strip()
