"""What a study's corpora hold, in numbers; and the way from one conversation to the next. Reads only."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass

from django.db.models import Count, Q, QuerySet

from pipeline.domain.tallies import Tally, count_corpora, tally_of
from pipeline.enums import Stage
from pipeline.models import Conversation, Corpus, Person, Run
from studies.models import Study

LANGUAGES_SHOWN = 5


@dataclass(frozen=True)
class CorpusFigures:
    corpus: Corpus
    people: int
    tally: Tally
    draws: list[Run]  # runs that drew people from it

    @property
    def languages(self) -> list[tuple[str, int]]:
        """The most frequent, "" where none is noted."""
        ordered = sorted(self.tally.languages.items(), key=lambda item: (-item[1], item[0]))
        return ordered[:LANGUAGES_SHOWN]

    @property
    def more_languages(self) -> int:
        return max(0, len(self.tally.languages) - LANGUAGES_SHOWN)


def corpora_with_figures(study: Study) -> list[CorpusFigures]:
    """The study's corpora in the order they came; the same few queries however many there are. Conversations are gone
    through only for corpora that were never counted."""
    people = Person.objects.filter(corpus__study=study).order_by().values_list("corpus")
    n_people = dict(people.annotate(n=Count("pk")))
    corpora = list(study.corpora.order_by("created_at", "pk"))
    tallies = {corpus.pk: tally for corpus in corpora if (tally := tally_of(corpus))}
    tallies |= count_corpora([corpus for corpus in corpora if corpus.pk not in tallies])
    draws = _draws(study)
    return [
        CorpusFigures(corpus, n_people.get(corpus.pk, 0), tallies[corpus.pk], draws[corpus.slug]) for corpus in corpora
    ]


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
