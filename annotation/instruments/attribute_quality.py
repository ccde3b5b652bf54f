"""Does this attribute make sense, given the person's conversations?"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from itertools import groupby

from django.utils.translation import gettext_noop

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
from annotation.instruments.reading import TURN, Quote, is_long_chat, lines_of, parts_of
from annotation.instruments.texts import question_texts
from annotation.models import Assignment, Question
from pipeline.domain.masking import shown_turns
from pipeline.enums import InstrumentName
from pipeline.lineage import conversations_behind
from pipeline.masks import Shown
from pipeline.models import Attribute, Conversation, Evidence

SPEAKERS = {"user": gettext_noop("Person"), "assistant": gettext_noop("Assistant"), "system": gettext_noop("System")}
Texts = Mapping[int, Sequence[Shown]]  # by conversation its turns as people see them
Quotes = dict[tuple[int, int], list[Quote]]  # by conversation and turn, both places on the page


class AttributeQuality:
    name: str = InstrumentName.ATTRIBUTE_QUALITY.value
    title = "Attribute quality"
    question = gettext_noop("Does this statement about the person make sense, given their conversations?")
    template = "annotation/_attribute_quality.html"
    choices: tuple[Choice, ...] = (
        Choice("accepted", gettext_noop("Makes sense"), "a"),
        Choice("uncertain", gettext_noop("Maybe"), "u"),
        Choice("rejected", gettext_noop("Doesn't"), "r"),
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
        asked, quotes = _question_views(questions, conversations, texts)
        return PageMaterial(questions=asked, conversations=_conversation_views(conversations, texts, quotes))

    def page_of_texts(self, texts: OwnTexts) -> None:
        """The conversations are part of the page."""


def _conversation_views(
    conversations: Sequence[Conversation], texts: Texts, quotes: Quotes
) -> tuple[ConversationView, ...]:
    """What models wrote is rendered as Markdown; what people typed is shown as they typed it; both with their masks."""
    said = [
        [(turn["role"], text.text) for turn, text in zip(each.turns, texts[each.pk], strict=True)]
        for each in conversations
    ]
    html = rendered_html(text for turns in said for role, text in turns if role == "assistant")

    def view(place: int, turns: Sequence[tuple[str, str]]) -> ConversationView:
        lines = [lines_of(text) for _, text in turns]
        shown = (
            TurnView(
                turn,
                role,
                Passage(
                    text,
                    html[text] if role == "assistant" else "",
                    lines[turn] > TURN,
                    parts_of(text, quotes.get((place, turn), ())),
                ),
            )
            for turn, (role, text) in enumerate(turns)
        )
        return ConversationView(place, tuple(shown), is_long_chat(lines))

    return tuple(view(place, turns) for place, turns in enumerate(said))


def _question_views(
    questions: Sequence[Question], conversations: Sequence[Conversation], texts: Texts
) -> tuple[tuple[QuestionView, ...], Quotes]:
    places = {conversation.pk: place for place, conversation in enumerate(conversations)}
    rows, asked = _evidence_of(questions, list(places)), question_texts(questions)
    quotes: Quotes = defaultdict(list)
    views = []
    for place, question in enumerate(questions):
        evidence = []
        for row in rows.get(question.attribute_id, ()):
            where, quote = (places[row.conversation_id], row.turn), ""
            if row.start is not None and row.end is not None:
                text = texts[row.conversation_id][row.turn]
                quotes[where].append(Quote(place, *text.place(row.start, row.end)))
                quote = text.quote(row.start, row.end)
            evidence.append(EvidenceView(*where, quote))
        views.append(QuestionView(place, asked[question.pk], tuple(evidence)))
    return tuple(views), quotes


def _evidence_of(questions: Sequence[Question], conversations: Sequence[int]) -> dict[int, list[Evidence]]:
    """By attribute, in the order of reading. A turn named whole by one model and quoted by another is there by its
    quotes alone: the words say more."""
    found = Evidence.objects.filter(attribute__in=[question.attribute_id for question in questions])
    ordered = found.filter(conversation__in=conversations).order_by(
        "conversation__position", "conversation_id", "turn", "start"
    )
    rows = list(ordered)
    quoted = {(row.attribute_id, row.conversation_id, row.turn) for row in rows if row.start is not None}
    evidence: dict[int, list[Evidence]] = defaultdict(list)
    for row in rows:
        if row.start is not None or (row.attribute_id, row.conversation_id, row.turn) not in quoted:
            evidence[row.attribute_id].append(row)
    return evidence
