from __future__ import annotations

from collections import Counter
from io import StringIO

import pytest
from django.core.management import call_command
from django.core.management.base import CommandError

from pipeline.domain.errors import RunError
from pipeline.domain.people import MatchParameters, put_prompts_to_people
from pipeline.models import PersonPrompt, Prompt, Run, SampledPerson
from tests import factories


def populate(study, names="abcdefgh", n_prompts=20) -> Run:
    """Eight people drawn, two more who were not, and prompts of one source."""
    corpus = factories.make_corpus(study, "chats")
    people = [factories.make_person(corpus, name) for name in [*names, "y", "z"]]
    run = factories.make_run(study, "people", parameters={"corpus": "chats"}, n_done=len(names))
    SampledPerson.objects.bulk_create(
        SampledPerson(run=run, person=person, position=place) for place, person in enumerate(people[: len(names)])
    )
    Prompt.objects.bulk_create(
        Prompt(study=study, source="lima", source_id=f"{number:03}", text=f"Prompt {number}")
        for number in range(n_prompts)
    )
    return run


def put(study, people, **parameters) -> Run:
    return put_prompts_to_people(study=study, people=people, parameters=MatchParameters(**{"seed": "s"} | parameters))


def pairs_of(run: Run) -> set[tuple[str, str]]:
    return set(PersonPrompt.objects.filter(run=run).values_list("person__source_id", "prompt__source_id"))


def test_prompts_are_put_to_the_people_drawn_within_both_ranges(study):
    people = populate(study)
    run = put(study, people)
    pairs = pairs_of(run)
    per_person, per_prompt = Counter(person for person, _ in pairs), Counter(prompt for _, prompt in pairs)
    assert sorted(per_person) == list("abcdefgh")
    assert set(per_person.values()) <= {2, 3, 4, 5}
    assert set(per_prompt.values()) <= {2, 3, 4}
    assert (run.stage, run.state, run.n_units, list(run.inputs.all())) == ("match", "complete", len(pairs), [people])
    outcome = run.outcome
    assert outcome["prompts_per_person"] == {str(n): c for n, c in sorted(Counter(per_person.values()).items())}
    assert outcome["people_per_prompt"] == {str(n): c for n, c in sorted(Counter(per_prompt.values()).items())}
    assert (outcome["people"], outcome["prompts"], outcome["pairs"]) == (8, len(per_prompt), len(pairs))
    assert (outcome["source"], outcome["prompts_left"]) == ("lima", 20 - len(per_prompt))


def test_same_call_again_is_the_same_run(study):
    people = populate(study)
    run = put(study, people)
    assert put(study, people) == run
    assert put(study, people, source="lima") == run
    assert PersonPrompt.objects.count() == run.n_units


def test_seed_puts_the_same_under_other_keys(study, other_study):
    people, others = populate(study), populate(other_study, names="hgfedcba")
    assert pairs_of(put(study, people)) == pairs_of(put(other_study, others))


def test_another_seed_puts_others(study, other_study):
    assert pairs_of(put(study, populate(study))) != pairs_of(put(other_study, populate(other_study), seed="t"))


def test_people_who_have_prompts_are_refused_and_nothing_changes(study):
    people = populate(study)
    first = put(study, people)
    with pytest.raises(
        RunError, match=f"8 of these 8 people have prompts already, put to them by run {first.public_id}"
    ):
        put(study, people, seed="t")
    assert PersonPrompt.objects.count() == first.n_units


def test_people_whose_prompts_were_imported_are_refused(study):
    people = populate(study)
    factories.make_prompt(study, people=(people.sampled_people.first().person,))
    with pytest.raises(RunError, match="1 of these 8 people have prompts already, put to them by what was imported"):
        put(study, people, source="lima")


def test_prompts_that_are_put_to_somebody_stay_with_them(study):
    """Of 20 prompts the first draw takes some; other people then get none of these."""
    populate(study)
    corpus = study.corpora.get()
    first = put(study, study.runs.get(stage="people"), n_prompts=8)
    rest = factories.make_run(study, "people")
    for place, name in enumerate("ijkl"):
        person = factories.make_person(corpus, name)
        SampledPerson.objects.create(run=rest, person=person, position=place)
    second = put(study, rest)
    assert not {prompt for _, prompt in pairs_of(first)} & {prompt for _, prompt in pairs_of(second)}


def test_nobody_named_is_everybody(study):
    populate(study)
    assert put(study, None).outcome["people"] == 10


def test_source_is_asked_for_where_there_are_several(study):
    people = populate(study)
    factories.make_prompt(study)
    with pytest.raises(RunError, match=r"prompts of which source.* has: lima, test"):
        put(study, people)
    with pytest.raises(RunError, match="no prompts of source 'limes'; there are: lima, test"):
        put(study, people, source="limes")
    assert put(study, people, source="lima").outcome["source"] == "lima"


def test_run_that_drew_nobody_is_refused(study, other_study):
    with pytest.raises(RunError, match="nobody to put prompts to"):
        put(study, None, source="")
    with pytest.raises(RunError, match="is no selection of people of study 'figs'"):
        put(study, populate(other_study))
    with pytest.raises(RunError, match="is no selection of people"):
        put(study, factories.make_run(study, "merge"))


def test_ranges_that_cannot_be_met_change_nothing(study):
    people = populate(study, n_prompts=3)
    with pytest.raises(RunError, match="need 4 prompts, and 3 are free: import more, or set prompts_per_person_min=1"):
        put(study, people)
    assert not study.runs.filter(stage="match").exists()


def command(*arguments: str) -> str:
    out = StringIO()
    call_command("match_prompts", *arguments, stdout=out)
    return out.getvalue()


def test_command_puts_prompts_and_prints_how_many_each_got(study):
    populate(study)
    shown = command("figs", "--prompts-per-person", "3", "--people-per-prompt", "2-4", "--prompts", "8")
    run = Run.objects.get(stage="match")
    assert f"run {run.public_id}: 8 prompts of lima put to 8 people, 24 times; 12 prompts left" in shown
    assert "       8 people get 3\n" in shown


def test_command_refuses_in_a_sentence(study):
    people = populate(study)
    factories.make_run(study, "people", parameters={"corpus": "chats"})
    with pytest.raises(CommandError, match=f"put to whom(.|\n)*{people.public_id}  8 people of chats"):
        command("figs")
    with pytest.raises(CommandError, match=r"parameter prompts_per_person_min='x'"):
        command("figs", "--everybody", "--prompts-per-person", "x")
    with pytest.raises(CommandError, match="no study is called 'no'"):
        command("no")
