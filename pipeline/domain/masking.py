"""Personal data in a study's texts: the runs that look for it, what is known of it, and texts as they are shown."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from django.conf import settings
from django.db.models import Count, Exists, OuterRef

from pipeline.backends.personal_data import names_model, open_finder, rules_version
from pipeline.domain.errors import NothingToDo
from pipeline.domain.planning import plan_run
from pipeline.enums import MaskKind, RunState, Stage
from pipeline.masks import WORDS, Shown, Span, shown
from pipeline.models import STATEMENT, Attribute, Conversation, Mask, Prompt, Response, Run
from pipeline.stages.mask import BACKEND
from pipeline.stages.maskable import unseen_shelves
from studies.models import Study, User


@dataclass(frozen=True)
class MaskSummary:
    """``places`` by kind, in the order of MaskKind; ``waiting``: conversations, and ``texts``: prompts, responses and
    attributes, that nobody has looked at so far.

    ``names``: the model that the newest run looked for names with, "" where it had none, None where there is no run.
    """

    kinds: tuple[tuple[str, int], ...]
    names: str | None
    waiting: int
    texts: int

    @property
    def places(self) -> int:
        return sum(count for _, count in self.kinds)

    @property
    def left(self) -> str:
        """What nobody has looked at, in words; "" for nothing."""
        parts = [f"{self.waiting:,} conversation{'s' * (self.waiting != 1)}"] if self.waiting else []
        if self.texts:
            kinds = "prompt, response or attribute" if self.texts == 1 else "prompts, responses and attributes"
            parts.append(f"{self.texts:,} {kinds}")
        return " and ".join(parts)

    def __str__(self) -> str:
        """One line for a lead to read."""
        if self.names is None:
            return "Personal data was not looked for: run_stage STUDY mask does it."
        listed = ", ".join(
            f"{count:,} {WORDS[MaskKind(kind)]}{'' if count == 1 else 's'}" for kind, count in self.kinds
        )
        line = f"{self.places:,} {'place' if self.places == 1 else 'places'} masked" + (
            f": {listed}." if listed else "."
        )
        if not self.names:
            line += " Names were not looked for (set PERSONAL_DATA_MODEL)."
        if self.left:
            line += f" Not looked at yet: {self.left} (run_stage STUDY mask)."
        return line.replace("addresss", "addresses")


def plan_masks(*, study: Study, imported: Run, created_by: User | None = None) -> Run:
    """The run that looks through what this import brought: the same one each time, unless rules or models changed."""
    return plan_run(study=study, stage=Stage.MASK, backend=BACKEND, inputs=[imported], created_by=created_by)


def plan_masks_of_texts(*, study: Study, created_by: User | None = None) -> Run | None:
    """The run that looks through the prompts, responses and attributes that nobody has looked at; None where there are
    none."""
    try:
        return plan_run(study=study, stage=Stage.MASK, backend=BACKEND, created_by=created_by)
    except NothingToDo:
        return None


def mask_summary(study: Study) -> MaskSummary:
    """What is masked in the study, in a number of queries that grows with its runs alone."""
    runs = study.runs.filter(stage=Stage.MASK).exclude(state=RunState.CANCELLED)
    counts = Counter(dict(Mask.objects.filter(run__in=runs).values_list("kind").annotate(count=Count("pk"))))
    newest = runs.order_by("-pk").first()
    done = runs.filter(state=RunState.COMPLETE)
    brought = Exists(Conversation.objects.filter(run=OuterRef("pk")))
    waiting = study.runs.filter(brought, stage=Stage.IMPORT).exclude(outputs__in=done)
    return MaskSummary(
        tuple((kind, counts[kind]) for kind in MaskKind.values if counts[kind]),
        newest.parameters.get("names", "") if newest else None,
        Conversation.objects.filter(run__in=list(waiting)).count(),
        sum(shelf.rows().count() for shelf in unseen_shelves(study, done)),
    )


def rules_in_words() -> str:
    """What personal data is looked for by, now: other words, other finds. Raises BackendUnusable where the model for
    names cannot be used."""
    return f"{rules_version()}, names: {names_model() or 'not looked for'}"


def spans_in(texts: Sequence[str]) -> list[list[Span]]:
    """For each text where it holds personal data, looked for here and now. Raises BackendUnusable."""
    return open_finder(settings.PERSONAL_DATA_MODEL).find(texts)


def shown_turns(conversations: Sequence[Conversation]) -> dict[int, list[Shown]]:
    """By conversation its turns as people see them: what any run masked is covered, from the moment it is."""
    spans: dict[tuple[int, int], list[Span]] = defaultdict(list)
    rows = Mask.objects.filter(conversation__in=[conversation.pk for conversation in conversations])
    for pk, turn, start, end, kind in rows.values_list("conversation", "turn", "start", "end", "kind"):
        spans[pk, turn].append(Span(start, end, kind))
    return {
        conversation.pk: [
            shown(turn["content"], spans[conversation.pk, place]) for place, turn in enumerate(conversation.turns)
        ]
        for conversation in conversations
    }


def shown_prompts(prompts: Iterable[Prompt]) -> dict[int, str]:
    """By key the prompts' texts as people see them."""
    texts = {prompt.pk: prompt.text for prompt in prompts}
    return _covered(texts, "prompt")


def shown_responses(responses: Iterable[Response]) -> dict[int, str]:
    """By key the responses' texts as people see them."""
    return _covered({response.pk: response.text for response in responses}, "response")


def shown_attributes(attributes: Iterable[Attribute]) -> dict[int, str]:
    """By key what the attributes state as people see it."""
    rows = list(attributes)
    return dict(zip([row.pk for row in rows], shown_wordings([(row.pk, str(row)) for row in rows]), strict=True))


def shown_wordings(wordings: Sequence[tuple[int, str]]) -> list[str]:
    """Copies of what attributes state, each after its attribute's key, as people see them. A text that says something
    else than the attribute (an instruction in its place) is nobody's and stays as it is."""
    spans: dict[tuple[int, str | None], list[Span]] = defaultdict(list)
    rows = Mask.objects.filter(attribute__in={attribute for attribute, _ in wordings}, turn=STATEMENT)
    for pk, text, start, end, kind in rows.values_list("attribute", "attribute__text", "start", "end", "kind"):
        spans[pk, text].append(Span(start, end, kind))
    return [shown(wording[1], spans[wording]).text if wording in spans else wording[1] for wording in wordings]


def _covered(texts: dict[int, str], of: str) -> dict[int, str]:
    spans: dict[int, list[Span]] = defaultdict(list)
    rows = Mask.objects.filter(**{f"{of}__in": texts})
    for pk, start, end, kind in rows.values_list(of, "start", "end", "kind"):
        spans[pk].append(Span(start, end, kind))
    return texts | {pk: shown(texts[pk], found).text for pk, found in spans.items()}
