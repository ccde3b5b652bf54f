"""Putting prompts to people: who gets which is drawn once, on record as a Run."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence

from django.db import transaction
from django.utils import timezone

from pipeline.domain.errors import RunError
from pipeline.domain.people.matching import match
from pipeline.domain.people.parameters import MatchParameters
from pipeline.domain.seeding import chance
from pipeline.enums import RunState, Stage
from pipeline.models import Person, PersonPrompt, Prompt, Run, RunInput
from pipeline.requests import sha256_of
from pipeline.version import VERSION
from studies.models import Study, User

BACKEND = "seeded"


@transaction.atomic
def put_prompts_to_people(
    *, study: Study, people: Run | None, parameters: MatchParameters, created_by: User | None = None
) -> Run:
    """A complete run of stage ``match`` whose rows put prompts of one source to people, within both ranges.

    ``people`` is the run that drew them; None: everybody in the study's corpora. Prompts that are put to somebody
    already stay with them; of the others as many are used as the numbers ask for. The same seed gives the same in every
    copy of the database, and the same call again the same run. Raises RunError: no people, no such prompts, people who
    have prompts already, ranges that cannot both be met; the message says what would do.
    """
    Study.objects.select_for_update().get(pk=study.pk)  # two at once would put prompts to the same people
    persons = _people(study, people)
    source = _source(study, parameters.source)
    run = Run(
        study=study,
        stage=Stage.MATCH,
        backend=BACKEND,
        parameters=parameters.model_dump(),
        code_version=VERSION,
        created_by=created_by,
    )
    run.fingerprint = _fingerprint(run, source, persons)
    if same := Run.objects.filter(study=study, stage=run.stage, fingerprint=run.fingerprint).first():
        return same
    _refuse_people_with_prompts(persons)
    free = _free_prompts(study, source, parameters.seed)
    given = match(len(persons), len(free), parameters, chance(parameters.seed, "match"))
    return _write(run, people, persons, source, free, given)


def _people(study: Study, people: Run | None) -> list[Person]:
    """In an order that no database key has a part in."""
    if people is None:
        found = Person.objects.filter(corpus__study=study)
    elif people.study_id != study.pk or people.stage != Stage.PEOPLE:
        raise RunError(f"run {people.public_id} is no selection of people of study {study.slug!r}: draw some first")
    else:
        found = Person.objects.filter(pk__in=people.sampled_people.values("person"))
    persons = sorted(found.select_related("corpus"), key=lambda person: (person.corpus.slug, person.source_id))
    if not persons:
        raise RunError(f"study {study.slug!r} has nobody to put prompts to: import a corpus first")
    return persons


def _source(study: Study, named: str) -> str:
    """The source of the prompts: the one named, else the only one."""
    known = sorted(set(study.prompts.values_list("source", flat=True)))
    if named in known or (not named and len(known) == 1):
        return named or known[0]
    listed = ", ".join(known) or "none yet, import some first"
    if named:
        raise RunError(f"study {study.slug!r} has no prompts of source {named!r}; there are: {listed}")
    raise RunError(f"prompts of which source? Name it (source=...). Study {study.slug!r} has: {listed}")


def _fingerprint(run: Run, source: str, people: Sequence[Person]) -> str:
    who = [[person.corpus.slug, person.source_id] for person in people]
    return sha256_of({"parameters": run.parameters | {"source": source}, "people": who})


def _refuse_people_with_prompts(people: Sequence[Person]) -> None:
    rows = PersonPrompt.objects.filter(person__in=[person.pk for person in people])
    having = rows.values("person").distinct().count()
    if having:
        runs = sorted(set(rows.filter(run__isnull=False).values_list("run__public_id", flat=True)))
        by = f"by run {', '.join(runs)}" if runs else "by what was imported"
        raise RunError(
            f"{having} of these {len(people)} people have prompts already, put to them {by}: "
            f"a person's prompts are drawn once; choose other people"
        )


def _free_prompts(study: Study, source: str, seed: str) -> list[Prompt]:
    """Those of the source that are put to nobody, in the order of the draw."""
    prompts = Prompt.objects.filter(study=study, source=source, personprompt__isnull=True)
    free = sorted(prompts, key=lambda prompt: prompt.source_id)
    chance(seed, "prompts").shuffle(free)
    return free


def _write(
    run: Run,
    people: Run | None,
    persons: Sequence[Person],
    source: str,
    free: Sequence[Prompt],
    given: Sequence[Sequence[int]],
) -> Run:
    per_prompt = Counter(place for places in given for place in places)
    run.state = RunState.COMPLETE
    run.n_units = run.n_done = per_prompt.total()
    run.started_at = run.finished_at = timezone.now()
    run.outcome = {
        "source": source,
        "people": len(persons),
        "prompts": len(per_prompt),
        "prompts_left": len(free) - len(per_prompt),
        "pairs": per_prompt.total(),
        "prompts_per_person": _histogram(map(len, given)),
        "people_per_prompt": _histogram(per_prompt.values()),
    }
    run.save()
    RunInput.objects.bulk_create(RunInput(run=run, source=source) for source in [people] if source)
    PersonPrompt.objects.bulk_create(
        PersonPrompt(person=person, prompt=free[place], run=run)
        for person, places in zip(persons, given, strict=True)
        for place in places
    )
    return run


def _histogram(numbers: Iterable[int]) -> dict[str, int]:
    """How often each number stands, by number; its names are texts, as JSON has them."""
    return {str(number): times for number, times in sorted(Counter(numbers).items())}
