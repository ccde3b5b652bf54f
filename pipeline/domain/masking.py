"""Personal data in what was imported: masks made right after an import, what is known of them, and texts as shown."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

from django.db.models import Count

from pipeline.domain.runs import plan_run
from pipeline.enums import MaskKind, RunState, Stage
from pipeline.masks import WORDS, Shown, Span, shown
from pipeline.models import Conversation, Mask, Run
from pipeline.stages.mask import BACKEND
from studies.models import Study, User


@dataclass(frozen=True)
class MaskSummary:
    """``places`` by kind, in the order of MaskKind; ``waiting``: conversations that nobody has looked at so far.

    ``names``: the model that the newest run looked for names with, "" where it had none, None where there is no run.
    """

    kinds: tuple[tuple[str, int], ...]
    names: str | None
    waiting: int

    @property
    def places(self) -> int:
        return sum(count for _, count in self.kinds)

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
        if self.waiting:
            line += f" {self.waiting:,} conversations were not looked at yet (run_stage STUDY mask)."
        return line.replace("addresss", "addresses")


def plan_masks(*, study: Study, imported: Run, created_by: User | None = None) -> Run:
    """The run that looks through what this import brought: the same one each time, unless rules or models changed."""
    return plan_run(study=study, stage=Stage.MASK, backend=BACKEND, inputs=[imported], created_by=created_by)


def mask_summary(study: Study) -> MaskSummary:
    """What is masked in the study, in a number of queries that does not grow with it."""
    runs = study.runs.filter(stage=Stage.MASK).exclude(state=RunState.CANCELLED)
    counts = Counter(dict(Mask.objects.filter(run__in=runs).values_list("kind").annotate(count=Count("pk"))))
    newest = runs.order_by("-pk").first()
    done = runs.filter(state=RunState.COMPLETE)
    waiting = Conversation.objects.filter(run__study=study).exclude(run__outputs__in=done)
    return MaskSummary(
        tuple((kind, counts[kind]) for kind in MaskKind.values if counts[kind]),
        newest.parameters.get("names", "") if newest else None,
        waiting.count(),
    )


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
