"""What the study's layouts share: names, the file at hand, and what one line needs to know of others."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from pathlib import Path

from pipeline.sources.base import NotImported
from pipeline.sources.fields import Fields
from pipeline.sources.records import AttributeSet, PersonRef, Record

STUDY_PEOPLE = "wildchat"
PILOT = "pilot-task1"
PROMPTS = "lima"
RELEVANCE_CAMPAIGN = "pilot-relevance"
QUALITY_CAMPAIGN = "pilot-attribute-quality"
QUOTED_IN_TASK3 = AttributeSet("pilot-task3", quoted=True)
COUNTED_IN_TASK1 = AttributeSet("pilot-task1", quoted=True)


@dataclass(frozen=True)
class StudyFile:
    path: Path
    shown: str
    words: dict[str, str]  # what the pattern of its layout named: corpus, task


@dataclass(frozen=True)
class Sample:
    person: str | None
    prompt: int | None


@dataclass
class Memory:
    """What reading one line needs to know of others: small, and growing with people only."""

    positions: Counter[PersonRef] = field(default_factory=Counter)
    lost: set[str] = field(default_factory=set)
    samples: dict[int, Sample] = field(default_factory=dict)
    groups: dict[str, str] = field(default_factory=dict)

    def remember(self, number: int, sample: Sample) -> None:
        known = self.sample(number)
        person = sample.person if known.person is None else known.person
        self.samples[number] = Sample(person, sample.prompt if known.prompt is None else known.prompt)

    def sample(self, number: int) -> Sample:
        return self.samples.get(number, Sample(None, None))


Parser = Callable[[Fields, StudyFile, Memory], Iterable[Record | NotImported]]


def study_person(fields: Fields) -> PersonRef:
    return PersonRef(STUDY_PEOPLE, fields.identifier("user_id"))
