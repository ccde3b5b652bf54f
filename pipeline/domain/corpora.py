"""What a study's corpora hold, in numbers; and the way from one conversation to the next. Reads only."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass

from django.db.models import Count, Min, Q, QuerySet, Sum

from pipeline.enums import Stage
from pipeline.models import Conversation, Corpus, Person, Run
from studies.models import Study

LANGUAGES_SHOWN = 5


@dataclass(frozen=True)
class Numbers:
    """``toxic`` and ``redacted`` are None where the source says so of no conversation."""

    conversations: int = 0
    turns: int = 0
    toxic: int | None = None
    redacted: int | None = None
    first: str = ""  # public id of the conversation to begin reading with


@dataclass(frozen=True)
class CorpusFigures:
    corpus: Corpus
    people: int
    numbers: Numbers
    languages: list[tuple[str, int]]  # the most frequent, "" where none is noted
    more_languages: int
    draws: list[Run]  # runs that drew people from it


def corpora_with_figures(study: Study) -> list[CorpusFigures]:
    """The study's corpora in the order they came; the same few queries however many there are."""
    people = Person.objects.filter(corpus__study=study).order_by().values_list("corpus")
    counted = dict(people.annotate(n=Count("pk")))
    conversations = Conversation.objects.filter(person__corpus__study=study).order_by()
    numbers, languages, draws = _numbers(conversations), _languages(conversations), _draws(study)
    return [
        CorpusFigures(
            corpus=corpus,
            people=counted.get(corpus.pk, 0),
            numbers=numbers.get(corpus.pk, Numbers()),
            languages=languages[corpus.pk][:LANGUAGES_SHOWN],
            more_languages=max(0, len(languages[corpus.pk]) - LANGUAGES_SHOWN),
            draws=draws[corpus.slug],
        )
        for corpus in study.corpora.order_by("created_at", "pk")
    ]


def _numbers(conversations: QuerySet[Conversation]) -> dict[int, Numbers]:
    rows = conversations.values("person__corpus").annotate(
        n=Count("pk"),
        turns_in_all=Sum("n_turns"),
        toxic_said=Count("toxic"),
        toxic_n=Count("pk", filter=Q(toxic=True)),
        redacted_said=Count("redacted"),
        redacted_n=Count("pk", filter=Q(redacted=True)),
        first=Min("pk"),
    )
    found = {row["person__corpus"]: row for row in rows}
    ids = Conversation.objects.filter(pk__in=[row["first"] for row in found.values()]).values_list("pk", "public_id")
    public = dict(ids)
    return {
        corpus: Numbers(
            conversations=row["n"],
            turns=row["turns_in_all"],
            toxic=row["toxic_n"] if row["toxic_said"] else None,
            redacted=row["redacted_n"] if row["redacted_said"] else None,
            first=public[row["first"]],
        )
        for corpus, row in found.items()
    }


def _languages(conversations: QuerySet[Conversation]) -> dict[int, list[tuple[str, int]]]:
    found: dict[int, list[tuple[str, int]]] = defaultdict(list)
    rows = conversations.values_list("person__corpus", "language").annotate(n=Count("pk"))
    for corpus, language, n in rows.order_by("-n", "language"):
        found[corpus].append((language, n))
    return found


def _draws(study: Study) -> dict[str, list[Run]]:
    found: dict[str, list[Run]] = defaultdict(list)
    for run in study.runs.filter(stage=Stage.PEOPLE).order_by("pk"):
        found[str(run.parameters.get("corpus", ""))].append(run)
    return found


@dataclass(frozen=True)
class Neighbours:
    """Public ids of the conversations before and after in the corpus, "" where there is none."""

    before: str
    after: str


def neighbours_of(conversation: Conversation) -> Neighbours:
    """By person, then by place: what a person said stands together."""
    person, place, pk = conversation.person_id, conversation.position, conversation.pk
    own = Q(person=person)
    before = own & (Q(position__lt=place) | Q(position=place, pk__lt=pk))
    after = own & (Q(position__gt=place) | Q(position=place, pk__gt=pk))
    rows = Conversation.objects.filter(person__corpus=conversation.person.corpus_id)
    backwards, forwards = ("-person_id", "-position", "-pk"), ("person_id", "position", "pk")
    return Neighbours(
        before=_id(rows.filter(before | Q(person__lt=person)).order_by(*backwards)),
        after=_id(rows.filter(after | Q(person__gt=person)).order_by(*forwards)),
    )


def _id(rows: QuerySet[Conversation]) -> str:
    return rows.values_list("public_id", flat=True).first() or ""
