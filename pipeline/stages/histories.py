"""A person's conversations as a request shows them: all of them, or what bears on a statement and fits a context."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Generic, Literal, NamedTuple, TypeVar

from pydantic import Field

from pipeline.backends.baselines import bm25_scores
from pipeline.enums import FailureKind
from pipeline.lineage import conversations_behind
from pipeline.models import Attribute, Conversation, Evidence, Run, WorkUnit
from pipeline.stages.base import SamplingParameters, UnitFailed

R = TypeVar("R")

BETWEEN = "\n\n"
LEFT_OUT = "[...]"


class HistoryParameters(SamplingParameters):
    """``max_characters`` bounds what is shown of a person's conversations, about four characters a token.

    ``shown``: only the conversations in which the attribute has evidence (all where it has none), or all of them.
    """

    max_characters: int = Field(default=100_000, ge=1)
    shown: Literal["evidence", "all"] = "evidence"


@dataclass(frozen=True)
class History:
    """An attribute and conversations of its person in their order, with the turns marked as its evidence so far.

    Requests number the conversations by their place here, whether or not those before them are shown.
    """

    attribute: Attribute
    conversations: tuple[Conversation, ...]
    marked: Mapping[int, frozenset[int]] = field(default_factory=dict)  # key of a conversation -> turns

    @property
    def with_evidence(self) -> History:
        """Only the conversations with evidence; all where there is none."""
        kept = tuple(chat for chat in self.conversations if chat.pk in self.marked)
        return replace(self, conversations=kept or self.conversations)


class Shown(NamedTuple):
    text: str
    conversations: dict[int, Conversation]  # by their number in the request
    left_out: tuple[int, ...]  # keys of conversations that were not shown, or not whole


@dataclass(frozen=True)
class Bounded(Generic[R]):
    """What came of a unit, and which conversations it was not shown whole."""

    result: R
    left_out: tuple[int, ...] = ()


def histories_for(units: Sequence[WorkUnit]) -> list[History]:
    """Of the attributes that the units name, in their order."""
    attributes = Attribute.objects.in_bulk([unit.subject["attribute"] for unit in units])
    return histories_of([attributes[unit.subject["attribute"]] for unit in units])


def histories_of(attributes: Sequence[Attribute]) -> list[History]:
    """In a few queries, whatever their number."""
    of_person: dict[int, list[Conversation]] = defaultdict(list)
    for conversation in conversations_behind(attributes):
        of_person[conversation.person_id].append(conversation)
    marks: dict[int, dict[int, set[int]]] = defaultdict(lambda: defaultdict(set))
    places = Evidence.objects.filter(attribute__in=attributes)
    for attribute, chat, turn in places.values_list("attribute_id", "conversation_id", "turn"):
        marks[attribute][chat].add(turn)
    return [
        History(
            attribute,
            tuple(of_person[attribute.person_id]),
            {chat: frozenset(turns) for chat, turns in marks[attribute.pk].items()},
        )
        for attribute in attributes
    ]


def shown_for(history: History, parameters: Mapping[str, object]) -> Shown:
    """What a run with these ``HistoryParameters`` shows. Raises UnitFailed where nothing fits."""
    narrowed = history.with_evidence if parameters["shown"] == "evidence" else history
    return shown_within(narrowed, int(str(parameters["max_characters"])))


def shown_within(history: History, most: int) -> Shown:
    """The conversations written out, in their order, in at most ``most`` characters.

    Where they are more, those with evidence come first, then those nearest to the statement by BM25, each as long as
    it fits. One with evidence that does not fit whole is shown by its marked turns, with the turns before them or
    alone. Raises UnitFailed where nothing fits.
    """
    whole = [conversation_written_out(number, chat) for number, chat in enumerate(history.conversations)]
    if len(BETWEEN.join(whole)) <= most:
        return Shown(BETWEEN.join(whole), dict(enumerate(history.conversations)), ())
    texts: dict[int, str] = {}
    room = most
    for number in _ranked(history):
        fitting = [text for text in (whole[number], *_excerpts(history, number)) if len(text) <= room]
        if fitting:
            texts[number] = fitting[0]
            room -= len(fitting[0]) + len(BETWEEN)
    if not texts:
        raise UnitFailed(
            f"none of {len(whole)} conversations fits into {most} characters: raise max_characters",
            FailureKind.TOO_LONG,
        )
    chats = {number: history.conversations[number] for number in sorted(texts)}
    missing = [chat.pk for number, chat in enumerate(history.conversations) if texts.get(number) != whole[number]]
    return Shown(BETWEEN.join(texts[number] for number in chats), chats, tuple(missing))


def conversation_written_out(number: int, conversation: Conversation, turns: Sequence[int] | None = None) -> str:
    """All turns, or these, with their numbers; what is left out between them is marked."""
    lines: list[str] = []
    for place, turn in enumerate(conversation.turns):
        if turns is None or place in turns:
            lines.append(f"[{place}] {turn['role']}: {turn['content']}")
        elif lines[-1:] != [LEFT_OUT]:
            lines.append(LEFT_OUT)
    return BETWEEN.join([f"=== Conversation {number} ===", *lines])


def evidence_named(history: History, shown: Shown) -> str:
    """In words, for a template: which of the turns shown are marked."""
    named = [
        f"conversation {number}, turn {', '.join(str(turn) for turn in sorted(history.marked[chat.pk]))}"
        for number, chat in shown.conversations.items()
        if chat.pk in history.marked
    ]
    return "; ".join(named) or "none"


def note_left_out(unit: WorkUnit, left_out: Sequence[int]) -> None:
    """Keeps on record, at the unit, which conversations its request did not show whole."""
    if left_out:
        subject = unit.subject | {"left_out": list(left_out)}
        WorkUnit.objects.filter(pk=unit.pk).update(subject=subject)


def sum_left_out(run: Run) -> None:
    """The run's outcome says how many units were shown a part only, and how many conversations that kept from them."""
    cut = run.work_units.filter(subject__has_key="left_out").values_list("subject", flat=True)
    counts = [len(subject["left_out"]) for subject in cut.iterator()]
    note_outcome(run, {"units_shown_a_part": len(counts), "conversations_left_out": sum(counts)})


def note_outcome(run: Run, figures: Mapping[str, int]) -> None:
    run.outcome = run.outcome | figures
    Run.objects.filter(pk=run.pk).update(outcome=run.outcome)


def _ranked(history: History) -> list[int]:
    texts = [" ".join(turn["content"] for turn in chat.turns) for chat in history.conversations]
    scores = bm25_scores(history.attribute.text or "", texts)
    numbers = range(len(history.conversations))
    return sorted(numbers, key=lambda n: (history.conversations[n].pk not in history.marked, -scores[n], n))


def _excerpts(history: History, number: int) -> list[str]:
    """Shorter ways to show a conversation with evidence, the longer one first; none for one without."""
    conversation = history.conversations[number]
    marked = history.marked.get(conversation.pk)
    if not marked:
        return []
    with_context = marked | {turn - 1 for turn in marked if turn}
    return [conversation_written_out(number, conversation, sorted(turns)) for turns in (with_context, marked)]
