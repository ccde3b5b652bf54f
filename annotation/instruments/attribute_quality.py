"""Does this attribute make sense, given the person's conversations?"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import groupby

from annotation.domain.rendering import rendered_html
from annotation.instruments.base import Choice, Material, PlannedItem, even_parts
from annotation.instruments.material import (
    ConversationView,
    EvidenceView,
    OwnTexts,
    PageMaterial,
    Passage,
    QuestionView,
    TurnView,
)
from annotation.models import Assignment, Question
from pipeline.domain.masking import shown_turns
from pipeline.enums import InstrumentName
from pipeline.lineage import conversations_behind
from pipeline.masks import Shown
from pipeline.models import Attribute, Conversation, Evidence

SPEAKERS = {"user": "Person", "assistant": "Assistant", "system": "System"}


class AttributeQuality:
    name: str = InstrumentName.ATTRIBUTE_QUALITY.value
    title = "Attribute quality"
    question = "Does this statement about the person make sense, given their conversations?"
    template = "annotation/_attribute_quality.html"
    choices: tuple[Choice, ...] = (
        Choice("accepted", "Makes sense", "a"),
        Choice("uncertain", "Maybe", "u"),
        Choice("rejected", "Doesn't", "r"),
    )
    has_sides = False

    def plan_items(self, material: Material, questions_per_item: int, seed: str) -> Iterator[PlannedItem]:
        """One or more pages a person, in order of people and attributes; nobody without conversations to judge by."""
        attributes = Attribute.objects.filter(run__in=material.attribute_runs, text__isnull=False)
        attributes = attributes.filter(person__in=Conversation.objects.values("person_id"))
        ordered = attributes.order_by("person_id", "run_id", "position")
        for _, of_person in groupby(ordered, key=lambda attribute: attribute.person_id):
            for part in even_parts(material.wanted(self.name, of_person), questions_per_item):
                yield PlannedItem(attributes=tuple(part))

    def page(self, assignment: Assignment, questions: Sequence[Question]) -> PageMaterial:
        attributes = Attribute.objects.filter(pk__in=[question.attribute_id for question in questions])
        conversations = list(conversations_behind(list(attributes)))
        texts = shown_turns(conversations)
        return PageMaterial(
            questions=_question_views(questions, conversations, texts),
            conversations=_conversation_views(conversations, texts),
        )

    def page_of_texts(self, texts: OwnTexts) -> None:
        """The conversations are part of the page."""


def _conversation_views(
    conversations: Sequence[Conversation], texts: Mapping[int, Sequence[Shown]]
) -> tuple[ConversationView, ...]:
    """What models wrote is rendered as Markdown; what people typed is shown as they typed it; both with their masks."""
    said = [
        [(turn["role"], text.text) for turn, text in zip(each.turns, texts[each.pk], strict=True)]
        for each in conversations
    ]
    html = rendered_html(text for turns in said for role, text in turns if role == "assistant")
    return tuple(
        ConversationView(
            place,
            tuple(
                TurnView(
                    turn_place,
                    SPEAKERS.get(role, role.capitalize()),
                    Passage(text, html[text] if role == "assistant" else ""),
                )
                for turn_place, (role, text) in enumerate(turns)
            ),
        )
        for place, turns in enumerate(said)
    )


def _question_views(
    questions: Sequence[Question], conversations: Sequence[Conversation], texts: Mapping[int, Sequence[Shown]]
) -> tuple[QuestionView, ...]:
    places = {conversation.pk: place for place, conversation in enumerate(conversations)}
    evidence: dict[int, list[EvidenceView]] = {}
    found = Evidence.objects.filter(attribute__in=[question.attribute_id for question in questions])
    ordered = found.filter(conversation__in=places).order_by(
        "conversation__position", "conversation_id", "turn", "start"
    )
    rows = list(ordered)
    quoted = {(row.attribute_id, row.conversation_id, row.turn) for row in rows if row.start is not None}
    for row in rows:
        if row.start is None and (row.attribute_id, row.conversation_id, row.turn) in quoted:
            continue  # named whole by one model and quoted by another: the words say more
        text = texts[row.conversation_id][row.turn]
        quote = "" if row.start is None or row.end is None else text.quote(row.start, row.end)
        evidence.setdefault(row.attribute_id, []).append(EvidenceView(places[row.conversation_id], row.turn, quote))
    return tuple(
        QuestionView(place, question.text, tuple(evidence.get(question.attribute_id, ())))
        for place, question in enumerate(questions)
    )
