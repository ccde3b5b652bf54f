"""Would knowing this attribute change the response to this prompt in any way?"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from django.utils.translation import gettext_noop

from annotation.domain.seeding import shuffled
from annotation.instruments.base import Choice, Material, PlannedItem
from annotation.instruments.material import OwnTexts, PageMaterial, Passage, QuestionView
from annotation.instruments.reading import REQUEST, lines_of
from annotation.instruments.texts import own_texts
from annotation.models import Assignment, Question
from pipeline.enums import InstrumentName
from pipeline.models import Attribute, PersonPrompt, Prompt


class Relevance:
    name: str = InstrumentName.RELEVANCE.value
    title = "Relevance"
    question = gettext_noop("Would knowing this change the response in any way?")
    template = "annotation/_relevance.html"
    choices: tuple[Choice, ...] = (Choice("yes", gettext_noop("Yes"), "y"), Choice("no", gettext_noop("No"), "n"))
    has_sides = False

    def plan_items(self, material: Material, questions_per_item: int, seed: str) -> Iterator[PlannedItem]:
        """Per prompt, the attributes of all its people pooled, each person's spread evenly over the pages."""
        pools: dict[int, list[int]] = {}
        people = Attribute.objects.filter(run__in=material.attribute_runs).values("person_id")
        for row in PersonPrompt.objects.filter(person__in=people).order_by("prompt_id", "person_id"):
            pools.setdefault(row.prompt_id, []).append(row.person_id)
        prompts = Prompt.objects.in_bulk(pools)
        for prompt_id, person_ids in pools.items():
            attributes = Attribute.objects.filter(
                run__in=material.attribute_runs, person__in=person_ids, text__isnull=False
            )
            prompt = prompts[prompt_id]
            ordered = attributes.order_by("person_id", "run_id", "position")
            pool = shuffled(material.wanted(self.name, ordered, prompt=prompt), seed, "pool", prompt.public_id)
            for part in spread(pool, questions_per_item):
                yield PlannedItem(attributes=tuple(part), prompt=prompt)

    def page(self, assignment: Assignment, questions: Sequence[Question]) -> PageMaterial:
        return self.page_of_texts(own_texts(assignment, questions))

    def page_of_texts(self, texts: OwnTexts) -> PageMaterial:
        if texts.prompt is None:
            raise ValueError("an item asks for relevance and has no prompt")
        return PageMaterial(
            questions=tuple(QuestionView(place, text) for place, text in enumerate(texts.questions)),
            prompt=Passage(texts.prompt, long=lines_of(texts.prompt) > REQUEST),
        )


def spread(pool: list[Attribute], most: int) -> list[list[Attribute]]:
    """The fewest pages of at most ``most``, dealt out person by person, so that each has its share of every person."""
    dealt = sorted(pool, key=lambda attribute: attribute.person_id)
    n = -(-len(dealt) // most)
    return [dealt[page::n] for page in range(n)]
