"""As a person with this attribute: how much better is one response than the other?"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from django.utils.translation import gettext_noop

from annotation.domain.rendering import rendered_html
from annotation.instruments.base import Choice, Material, PlannedItem, even_parts
from annotation.instruments.material import OwnTexts, PageMaterial, Passage, QuestionView
from annotation.instruments.reading import REQUEST, lines_of
from annotation.instruments.texts import own_texts
from annotation.models import Assignment, Question
from pipeline.enums import InstrumentName, Side
from pipeline.models import Attribute, Label, ResponsePair


class Preference:
    name: str = InstrumentName.PREFERENCE.value
    title = "Preference"
    question = gettext_noop("As a person of whom this is true: which response is better, and by how much?")
    template = "annotation/_preference.html"
    choices: tuple[Choice, ...] = (
        Choice("1", gettext_noop("Left much better"), "1"),
        Choice("2", gettext_noop("Left better"), "2"),
        Choice("3", gettext_noop("No difference"), "3"),
        Choice("4", gettext_noop("Right better"), "4"),
        Choice("5", gettext_noop("Right much better"), "5"),
    )
    has_sides = True

    def plan_items(self, material: Material, questions_per_item: int, seed: str) -> Iterator[PlannedItem]:
        """One or more pages a pair, a question for each of its relevant attributes; a pair without any is left out."""
        pairs = ResponsePair.objects.filter(personalized__run__in=material.respond_runs)
        for pair in pairs.select_related("prompt", "personalized").order_by("pk"):
            asked = material.wanted(self.name, relevant_attributes(pair, material), pair=pair)
            for part in even_parts(asked, questions_per_item):
                yield PlannedItem(attributes=tuple(part), pair=pair)

    def page(self, assignment: Assignment, questions: Sequence[Question]) -> PageMaterial:
        return self.page_of_texts(own_texts(assignment, questions))

    def page_of_texts(self, texts: OwnTexts) -> PageMaterial:
        if texts.prompt is None or texts.generic is None or texts.personalized is None:
            raise ValueError("an item asks for a preference and lacks its prompt or a response")
        pair = (texts.generic, texts.personalized)
        left, right = reversed(pair) if texts.side == Side.LEFT else pair
        html = rendered_html([left, right])
        return PageMaterial(
            questions=tuple(QuestionView(place, text) for place, text in enumerate(texts.questions)),
            prompt=Passage(texts.prompt, long=lines_of(texts.prompt) > REQUEST),
            left=Passage(left, html[left]),
            right=Passage(right, html[right]),
        )


def relevant_attributes(pair: ResponsePair, material: Material) -> list[Attribute]:
    """Attributes labelled relevant to the pair's prompt and person; without labels, those the response was given."""
    if not material.label_runs:
        return [row.attribute for row in pair.personalized.given_rows.select_related("attribute")]
    labels = Label.objects.filter(
        run__in=material.label_runs,
        instrument=InstrumentName.RELEVANCE,
        prompt=pair.prompt,
        attribute__person=pair.person,
        value="yes",
    )
    return list(Attribute.objects.filter(pk__in=labels.values("attribute")).order_by("run_id", "position"))
