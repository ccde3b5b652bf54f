"""Drawing the people of a study from a corpus: filters, vectors, a draw of people who differ, on record as a Run."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, NamedTuple

import numpy as np
from django.db import IntegrityError, transaction
from django.utils import timezone

from pipeline.backends.base import BackendUnusable
from pipeline.backends.embedders import Embedder, open_embedder
from pipeline.domain.errors import RunError
from pipeline.domain.people.diversity import diversity_of, draw_apart
from pipeline.domain.people.funnel import Mask, Step, run_funnel
from pipeline.domain.people.parameters import PeopleParameters
from pipeline.domain.people.reading import Conversations, Notice, read_conversations
from pipeline.domain.people.stash import Stash
from pipeline.domain.people.vectors import Eligible, PeopleVectors, vectors_of
from pipeline.domain.seeding import chance
from pipeline.enums import RunState, Stage
from pipeline.lineage import LEFT_OUT
from pipeline.models import Conversation, Corpus, Person, Run, RunInput, SampledPerson
from pipeline.requests import sha256_of
from pipeline.version import VERSION
from studies.models import Study, User

IN_ONE_QUERY = 1000


def sample_people(
    *,
    study: Study,
    corpus_slug: str,
    parameters: PeopleParameters,
    backend: str = "local",
    model: str = "all-MiniLM-L6-v2",
    backend_options: Mapping[str, Any] | None = None,
    embedder: Embedder | None = None,
    created_by: User | None = None,
    notice: Notice | None = None,
) -> Run:
    """A complete run of stage ``people`` with its SampledPerson rows; ``outcome`` has the funnel and the diversity.

    Everything is read and embedded first, without a transaction, and written at the end in one: stopped before that, it
    has changed nothing in the database, and the same draw goes on with what was embedded (see Stash). The same
    parameters, embedder and eligible people, saying the same, are the same run, which is then returned without asking
    the embedder. Where fewer people are eligible than wanted, all are drawn and the outcome says both numbers.
    ``embedder`` takes the place of the one that ``backend`` and ``model`` name.

    Raises RunError: no such corpus, nobody left, an embedder that cannot be used. ``notice`` is told how far it is.
    """
    notice = notice or (lambda _: None)
    started = timezone.now()
    corpus = _corpus(study, corpus_slug)
    filtered = _filter(corpus, parameters, notice)
    run = Run(
        study=study,
        stage=Stage.PEOPLE,
        backend=backend,
        model_name=model,
        parameters=parameters.model_dump() | {"corpus": corpus.slug},
        backend_options=dict(backend_options or {}),
        code_version=VERSION,
        created_by=created_by,
    )
    run.fingerprint = _fingerprint(run, filtered.people)
    if same := _same_run(run):
        notice("these people were drawn before, by the same rules: nothing is asked again")
        return same
    stash = Stash(run.fingerprint)
    vectors = vectors_of(filtered.people, embedder or _opened(run), parameters.openings_embedded, stash, notice)
    chosen, run.outcome = _drawn(filtered, vectors, parameters)
    run = _write(run, chosen, filtered.import_runs, started)
    stash.clear()
    return run


class Filtered(NamedTuple):
    """What is kept of the corpus once the filters are through: the table of its conversations may go."""

    people: list[Eligible]
    outcome: dict[str, Any]
    import_runs: frozenset[int]


def _filter(corpus: Corpus, parameters: PeopleParameters, notice: Notice) -> Filtered:
    table = read_conversations(corpus, parameters, notice)
    if not len(table):
        raise RunError(f"corpus {corpus.slug!r} has no conversation: import some first")
    kept, steps = run_funnel(table, parameters)
    people = eligible_people(table, kept)
    if not people:
        raise RunError(_nobody(corpus, steps))
    outcome: dict[str, Any] = {
        "conversations": len(table),
        "people": len(np.unique(table.person)),
        "funnel": [step.as_json() for step in steps],
        "eligible": len(people),
    }
    return Filtered(people, outcome, table.import_runs)


def _drawn(
    filtered: Filtered, vectors: PeopleVectors, parameters: PeopleParameters
) -> tuple[list[Eligible], dict[str, Any]]:
    """Who is drawn, in their order, and the run's outcome."""
    places = draw_apart(vectors.rows, parameters.n_people, chance(parameters.seed, "people"))
    diversity = diversity_of(vectors.rows, places, chance(parameters.seed, "random draws"))
    chosen = [filtered.people[place] for place in places]
    return chosen, filtered.outcome | {
        "wanted": parameters.n_people,
        "drawn": len(chosen),
        "openings_embedded": vectors.n_openings,
        "diversity": diversity.as_json(),
        "drawn_people": [{"conversations": len(one.conversations), "turns": one.turns} for one in chosen],
        LEFT_OUT: _left_out(chosen),
    }


def eligible_people(table: Conversations, kept: Mask) -> list[Eligible]:
    """Whoever has a conversation left, by their source ids, so in one order in every copy of the database."""
    rows = np.flatnonzero(kept)
    places, starts = np.unique(table.person[rows], return_index=True)  # a person's rows stand together
    keys = table.person_keys[places]
    names = _source_ids(keys.tolist())
    parts = np.split(rows, starts[1:]) if len(places) else []
    people = [
        Eligible(
            person=key,
            source_id=names[key],
            conversations=tuple(table.key[part].tolist()),
            turns=int(table.turns[part].sum()),
            material=hashlib.sha256(table.content[part].astype("<u8").tobytes()).hexdigest(),
        )
        for key, part in zip(keys.tolist(), parts, strict=True)
    ]
    return sorted(people, key=lambda person: person.source_id)


def _source_ids(keys: Sequence[int]) -> dict[int, str]:
    found: dict[int, str] = {}
    for start in range(0, len(keys), IN_ONE_QUERY):
        part = keys[start : start + IN_ONE_QUERY]
        found.update(Person.objects.filter(pk__in=part).values_list("pk", "source_id"))
    return found


def _corpus(study: Study, slug: str) -> Corpus:
    corpus = study.corpora.filter(slug=slug).first()
    if corpus is None:
        known = ", ".join(study.corpora.order_by("slug").values_list("slug", flat=True)) or "none yet"
        raise RunError(f"study {study.slug!r} has no corpus {slug!r}; there are: {known}")
    return corpus


def _opened(run: Run) -> Embedder:
    try:
        return open_embedder(run.backend, run.model_name, run.backend_options)
    except BackendUnusable as error:
        raise RunError(str(error)) from error


def _nobody(corpus: Corpus, steps: Sequence[Step]) -> str:
    last = next(step for step in steps if not step.people_left)
    return (
        f"nobody of corpus {corpus.slug!r} is left: {last.filter!r} ({last.says}) took the last {last.people_taken:,} "
        f"of its people; ease it or choose another corpus"
    )


def _fingerprint(run: Run, people: Sequence[Eligible]) -> str:
    """sha256 over the rules, the embedder, and who is eligible with what they say; no key or token of the database."""
    who = hashlib.sha256()
    for person in people:
        who.update(f"{person.source_id}\x1f{person.material}\x1e".encode("utf-8", "surrogatepass"))
    return sha256_of(
        {"backend": run.backend, "model": run.model_name, "parameters": run.parameters, "eligible": who.hexdigest()}
    )


def _same_run(run: Run) -> Run | None:
    return Run.objects.filter(study=run.study, stage=run.stage, fingerprint=run.fingerprint).first()


def _left_out(chosen: Sequence[Eligible]) -> list[str]:
    """Public ids of conversations of the people drawn that a filter took: later stages do not read them."""
    left_out: list[str] = []
    for start in range(0, len(chosen), IN_ONE_QUERY):
        part = chosen[start : start + IN_ONE_QUERY]
        kept = {key for person in part for key in person.conversations}
        rows = Conversation.objects.filter(person__in=[person.person for person in part])
        keys = rows.order_by("person_id", "position").values_list("pk", "public_id")
        left_out += [public_id for key, public_id in keys if key not in kept]
    return left_out


def _write(run: Run, chosen: Sequence[Eligible], import_runs: frozenset[int], started: datetime) -> Run:
    run.state = RunState.COMPLETE
    run.n_units = run.n_done = len(chosen)
    run.started_at, run.finished_at = started, timezone.now()
    try:
        with transaction.atomic():
            run.save()
            RunInput.objects.bulk_create(RunInput(run=run, source_id=key) for key in sorted(import_runs))
            SampledPerson.objects.bulk_create(
                SampledPerson(run=run, person_id=person.person, position=place) for place, person in enumerate(chosen)
            )
    except IntegrityError:
        same = _same_run(run)  # drawn by somebody else at the same moment
        if same is None:
            raise
        return same
    return run
