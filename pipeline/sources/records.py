"""What sources hand to the importer: frozen, typed, without database keys.

People, prompts and attributes are named as the source names them; ``pipeline.domain.importing`` finds or makes rows.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class PersonRef:
    corpus: str  # slug
    source_id: str


@dataclass(frozen=True, slots=True)
class PromptRef:
    source: str
    source_id: str


@dataclass(frozen=True, slots=True)
class CorpusRecord:
    slug: str
    title: str
    kind: str  # human | synthetic
    source_format: str
    licence: str = ""
    provenance: str = ""


@dataclass(frozen=True, slots=True)
class Turn:
    role: str
    content: str


@dataclass(frozen=True, slots=True)
class ConversationRecord:
    person: PersonRef
    source_id: str
    position: int  # among the person's conversations in the source, from 0
    turns: tuple[Turn, ...]
    language: str = ""
    model_name: str = ""
    started_at: datetime | None = None
    toxic: bool | None = None  # as the source marks it; None: it does not say
    redacted: bool | None = None
    id_field: str = "conversation_hash"  # what the source calls its id, for messages


@dataclass(frozen=True, slots=True)
class Original:
    """An attribute as first extracted, before duplicates were merged."""

    text: str
    reason: str
    confidence: float | None


@dataclass(frozen=True, slots=True)
class Merged:
    text: str
    reason: str
    confidence: float | None
    originals: tuple[Original, ...]


@dataclass(frozen=True, slots=True)
class ProfileRecord:
    """All merged attributes of a person, in order."""

    person: PersonRef
    attributes: tuple[Merged, ...]


@dataclass(frozen=True, slots=True)
class EvidencePlace:
    """Whole turns of the person's ``conversation``-th conversation; no turns = no evidence was found."""

    conversation: int
    turns: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class EvidenceRecord:
    """``places[i]`` is the evidence of the person's i-th merged attribute."""

    person: PersonRef
    places: tuple[EvidencePlace | None, ...]


@dataclass(frozen=True, slots=True)
class PromptRecord:
    prompt: PromptRef
    text: str
    people: tuple[PersonRef, ...] = ()


@dataclass(frozen=True, slots=True)
class AttributeSet:
    """Which attributes of a person a record means. A source that gives the merged profile names it ``merged``; one that
    only quotes texts, or only counts positions, gets a set of its own, made from what it quotes.
    """

    name: str
    quoted: bool = False


MERGED = AttributeSet("merged")


@dataclass(frozen=True, slots=True)
class Answer:
    """A value for the attribute with this text; None: asked, and no answer that could be read."""

    text: str
    value: str | None
    reason: str = ""


@dataclass(frozen=True, slots=True)
class VotesRecord:
    """A model's answers to (attribute, prompt) for one person."""

    group: str
    model_name: str
    person: PersonRef
    prompt: PromptRef
    attributes: AttributeSet
    answers: tuple[Answer, ...]


@dataclass(frozen=True, slots=True)
class PublishedLabel:
    text: str
    value: str
    n: int  # judgments it rests on; 0: the source does not say
    share: float  # of them that gave ``value``; 0 where n is 0


@dataclass(frozen=True, slots=True)
class LabelsRecord:
    """A published consensus on (attribute, prompt) for one person. ``split``: train, val, test, or "" for none."""

    group: str
    split: str
    person: PersonRef
    prompt: PromptRef
    attributes: AttributeSet
    labels: tuple[PublishedLabel, ...]


@dataclass(frozen=True, slots=True)
class ResponseRecord:
    """A response outside any pair. ``mode`` is the source's own word for how it was made."""

    generator: str
    mode: str
    personalized: bool
    person: PersonRef
    prompt: PromptRef
    text: str


@dataclass(frozen=True, slots=True)
class PairRecord:
    """``given``: texts of the merged attributes that the personalized response was made with."""

    generator: str
    person: PersonRef
    prompt: PromptRef
    generic: str
    generic_mode: str
    personalized: str
    personalized_mode: str
    given: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class PageRecord:
    """A page that historic raters worked on, whether or not their answers are known."""

    campaign: str
    index: int
    person: PersonRef
    prompt: PromptRef | None
    attributes: AttributeSet
    texts: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class JudgedAttribute:
    """``text`` None: the source gives only the position. ``value`` None: left open, which is no judgment."""

    position: int
    text: str | None
    value: str | None
    note: str = ""


@dataclass(frozen=True, slots=True)
class PageAnswersRecord:
    """One historic rater's answers to one page, in the order in which they were shown."""

    campaign: str
    index: int
    person: PersonRef
    prompt: PromptRef | None
    attributes: AttributeSet
    rater: str
    group: str
    judged: tuple[JudgedAttribute, ...]
    submitted_at: datetime
    note: str = ""
    missing: str = ""
    flagged: bool = False


MaterialRecord = (
    CorpusRecord
    | ConversationRecord
    | ProfileRecord
    | EvidenceRecord
    | PromptRecord
    | VotesRecord
    | LabelsRecord
    | ResponseRecord
    | PairRecord
)
AnswerRecord = PageRecord | PageAnswersRecord
Record = MaterialRecord | AnswerRecord
