"""What a corpus holds, counted while it comes in, so that its page need not go through a million conversations."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import Any

from django.db.models import Count, Min, Q, Sum

from pipeline.models import Conversation, Corpus
from pipeline.sources.records import ConversationRecord
from studies.models import Study


@dataclass
class Tally:
    """``toxic`` and ``redacted`` are None where the source says so of no conversation."""

    conversations: int = 0
    turns: int = 0
    toxic: int | None = None
    redacted: int | None = None
    languages: Counter[str] = field(default_factory=Counter)  # "" where none is noted
    first: str = ""  # public id of the conversation to begin reading with

    def add(self, record: ConversationRecord, public_id: str) -> None:
        self.conversations += 1
        self.turns += len(record.turns)
        self.languages[record.language] += 1
        self.first = self.first or public_id
        if record.toxic is not None:
            self.toxic = (self.toxic or 0) + record.toxic
        if record.redacted is not None:
            self.redacted = (self.redacted or 0) + record.redacted

    def with_more(self, later: Tally) -> Tally:
        """This and what came later."""
        return Tally(
            self.conversations + later.conversations,
            self.turns + later.turns,
            _sum(self.toxic, later.toxic),
            _sum(self.redacted, later.redacted),
            self.languages + later.languages,
            self.first or later.first,
        )

    def as_json(self) -> dict[str, Any]:
        return vars(self) | {"languages": dict(self.languages)}


def _sum(one: int | None, other: int | None) -> int | None:
    return other if one is None else one if other is None else one + other


def note_tallies(*, study: Study, tallies: Mapping[str, Tally]) -> None:
    """Adds to each corpus what came into it. One that was never counted is counted: what came is in it by now."""
    corpora = list(Corpus.objects.select_for_update().filter(study=study, slug__in=tallies))
    counted = count_corpora([corpus for corpus in corpora if corpus.tally is None])
    for corpus in corpora:
        known = tally_of(corpus)
        corpus.tally = (known.with_more(tallies[corpus.slug]) if known else counted[corpus.pk]).as_json()
        corpus.save(update_fields=["tally"])


def tally_corpora(*, study: Study) -> None:
    """Counts the corpora of the study that were never counted, as those of a release that was imported."""
    corpora = list(study.corpora.filter(tally__isnull=True))
    for corpus, tally in zip(corpora, count_corpora(corpora).values(), strict=True):
        Corpus.objects.filter(pk=corpus.pk).update(tally=tally.as_json())


def tally_of(corpus: Corpus) -> Tally | None:
    """As it was noted; None where nobody counted."""
    if corpus.tally is None:
        return None
    noted: dict[str, Any] = dict(corpus.tally)
    return Tally(**noted | {"languages": Counter(noted["languages"])})


def count_corpora(corpora: Collection[Corpus]) -> dict[int, Tally]:
    """By key, in their order, counted from the conversations themselves: it takes as long as there are many."""
    if not corpora:
        return {}
    rows = Conversation.objects.filter(person__corpus__in=corpora).order_by()
    spoken: dict[int, Counter[str]] = defaultdict(Counter)
    for corpus, language, n in rows.values_list("person__corpus", "language").annotate(n=Count("pk")):
        spoken[corpus][language] = n
    numbers = rows.values("person__corpus").annotate(
        n=Count("pk"),
        turns_in_all=Sum("n_turns"),
        toxic_said=Count("toxic"),
        toxic_n=Count("pk", filter=Q(toxic=True)),
        redacted_said=Count("redacted"),
        redacted_n=Count("pk", filter=Q(redacted=True)),
        begins=Min("pk"),
    )
    found = {row["person__corpus"]: row for row in numbers}
    begins = Conversation.objects.filter(pk__in=[row["begins"] for row in found.values()])
    public = dict(begins.values_list("pk", "public_id"))
    return {
        corpus.pk: _tally(found[corpus.pk], spoken[corpus.pk], public) if corpus.pk in found else Tally()
        for corpus in corpora
    }


def _tally(row: Mapping[str, Any], languages: Counter[str], public: Mapping[int, str]) -> Tally:
    return Tally(
        conversations=row["n"],
        turns=row["turns_in_all"],
        toxic=row["toxic_n"] if row["toxic_said"] else None,
        redacted=row["redacted_n"] if row["redacted_said"] else None,
        languages=languages,
        first=public[row["begins"]],
    )
