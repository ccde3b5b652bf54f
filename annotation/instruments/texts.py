"""The texts that an item brings itself, as people see them: personal data covered."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from annotation.instruments.material import OwnTexts
from annotation.models import Assignment, Item, Question
from pipeline.domain.masking import shown_prompts, shown_responses, shown_wordings
from pipeline.models import Prompt


def own_texts(assignment: Assignment, questions: Sequence[Question]) -> OwnTexts:
    """Of the assignment's item, with its questions in the order of the page."""
    item = assignment.item
    asked = tuple(question_texts(questions).values())
    if item.pair is None:
        return OwnTexts(asked, prompt_text(item), side=assignment.side)
    generic, personalized = item.pair.generic, item.pair.personalized
    said = shown_responses([generic, personalized])
    return OwnTexts(asked, prompt_text(item), said[generic.pk], said[personalized.pk], assignment.side)


def question_texts(questions: Iterable[Question]) -> dict[int, str]:
    """What the questions state, by key and in their order, in one query."""
    rows = list(questions)
    shown = shown_wordings([(question.attribute_id, question.text) for question in rows])
    return dict(zip([question.pk for question in rows], shown, strict=True))


def prompt_text(item: Item) -> str | None:
    """What the item is about: its prompt, or its pair's; None where it has neither."""
    return prompt_texts([item]).get(item.pk)


def prompt_texts(items: Iterable[Item]) -> dict[int, str]:
    """The same of several items, by key, in one query; prompts and pairs' prompts should be loaded with them."""
    prompts = {item.pk: prompt for item in items if (prompt := _prompt_of(item))}
    shown = shown_prompts(prompts.values())
    return {pk: shown[prompt.pk] for pk, prompt in prompts.items()}


def _prompt_of(item: Item) -> Prompt | None:
    return item.prompt or (item.pair.prompt if item.pair else None)
