"""Does this attribute make sense, given the person's conversations?"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import groupby

from annotation.domain.rendering import rendered_html
from annotation.instruments.base import (
    Choice,
    ConversationView,
    EvidenceView,
    Material,
    PageMaterial,
    PlannedItem,
    QuestionView,
    TurnView,
    even_parts,
)
from annotation.models import Assignment, Question
from pipeline.enums import InstrumentName
from pipeline.models import Attribute, Conversation, Evidence


class AttributeQuality:
    name: str = InstrumentName.ATTRIBUTE_QUALITY.value
    title = "Attribute quality"
    question = "Does this statement about the person make sense, given their conversations?"
    template = "annotation/_attribute_quality.html"
    choices: tuple[Choice, ...] = (
        Choice("accepted", "Makes sense", "a"),
        Choice("uncertain", "Maybe", "u"),
        Choice("rejected", "Does not", "r"),
    )
    has_sides = False

    def plan_items(self, material: Material, questions_per_item: int, seed: str) -> Iterator[PlannedItem]:
        """One or more pages a person, in order of people and attributes."""
        attributes = Attribute.objects.filter(run__in=material.attribute_runs, text__isnull=False)
        ordered = attributes.order_by("person_id", "run_id", "position")
        for _, of_person in groupby(ordered, key=lambda attribute: attribute.person_id):
            for part in even_parts(list(of_person), questions_per_item):
                yield PlannedItem(attributes=tuple(part))

    def page(self, assignment: Assignment, questions: Sequence[Question]) -> PageMaterial:
        people = {question.attribute.person_id for question in questions}
        conversations = list(Conversation.objects.filter(person__in=people).order_by("person_id", "position", "pk"))
        html = rendered_html(turn["content"] for conversation in conversations for turn in conversation.turns)
        numbers = {conversation.pk: number for number, conversation in enumerate(conversations, 1)}
        evidence = _evidence_of(questions, numbers)
        return PageMaterial(
            questions=tuple(
                QuestionView(place, question.text, evidence.get(question.attribute_id, ()))
                for place, question in enumerate(questions)
            ),
            conversations=tuple(
                ConversationView(
                    numbers[conversation.pk],
                    tuple(TurnView(turn["role"], html[turn["content"]]) for turn in conversation.turns),
                )
                for conversation in conversations
            ),
        )


def _evidence_of(questions: Sequence[Question], numbers: dict[int, int]) -> dict[int, tuple[EvidenceView, ...]]:
    rows = Evidence.objects.filter(attribute__in=[question.attribute_id for question in questions])
    places: dict[int, list[EvidenceView]] = {}
    for row in rows.order_by("conversation__position", "turn", "start"):
        view = EvidenceView(numbers[row.conversation_id], row.turn)
        of_attribute = places.setdefault(row.attribute_id, [])
        if view not in of_attribute:
            of_attribute.append(view)
    return {attribute_id: tuple(views) for attribute_id, views in places.items()}
