"""The world through the real import and the real stages, over the network."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path
from statistics import mean

import pytest
from django.core.management import call_command
from sklearn.metrics import adjusted_rand_score

from pipeline.domain.executing import execute_run
from pipeline.domain.planning import plan_run
from pipeline.domain.runs import start_run
from pipeline.models import Attribute, Completion, Evidence, ResponsePair, Run
from pipeline.sources.world import World
from pipeline.sources.world.catalogue import TRUE
from pipeline.sources.world.characters import EMBEDDINGS
from pipeline.sources.world.world import WorldPerson
from studies.models import Study
from tests.pipeline.sources.world.serving import world_server

LLAMA = "world-llama-70b"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "world"


@pytest.fixture
def address(small_world: World, folder: Path) -> Iterator[str]:
    with world_server(small_world, folder) as url:
        yield url


@pytest.fixture
def populated(study: Study, folder: Path, address: str) -> Study:
    kinds = ("--kind", "world=human", "--kind", "synthetic=synthetic")
    call_command("import_corpus", str(folder / "corpus"), "--study", study.slug, *kinds, verbosity=0)
    return study


def carry_out(study: Study, address: str, stage: str, *inputs: Run, model: str = LLAMA) -> Run:
    run = plan_run(
        study=study,
        stage=stage,
        backend="openai_api",
        model=EMBEDDINGS if stage == "merge" else model,
        inputs=inputs,
        backend_options={"base_url": address},
    )
    execute_run(run=start_run(run=run))
    run.refresh_from_db()
    assert run.state == "complete", (stage, run.problem, run.state)
    return run


def people_of(world: World) -> dict[tuple[str, str], WorldPerson]:
    return {(person.corpus, person.source_id): person for person in world.people}


@pytest.mark.django_db
def test_merge_by_the_servers_embeddings_finds_the_true_duplicates(
    populated: Study, address: str, small_world: World
) -> None:
    extract = carry_out(populated, address, "extract")
    merge = carry_out(populated, address, "merge", extract)
    grouped: dict[int, list[tuple[str, int]]] = defaultdict(list)
    n_merged = 0
    for attribute in merge.attributes.prefetch_related("made_from"):
        for source in attribute.made_from.all():
            concept = small_world.concept_of(source.text or "")
            grouped[attribute.person_id].append((concept.name, attribute.pk))
        n_merged += attribute.made_from.count() > 1
    agreement = [adjusted_rand_score(*zip(*rows, strict=True)) for rows in grouped.values()]
    assert min(agreement) > 0.95
    assert n_merged > 3 * len(small_world.people)
    expected = sum(
        len({show.concept.name for chat in person.chats for show in chat.shows if show.confidence >= 0.4})
        for person in small_world.people
    )
    assert merge.attributes.count() == expected


@pytest.mark.django_db
def test_evidence_of_the_world_points_at_the_turns_that_show_it(
    populated: Study, address: str, small_world: World
) -> None:
    merge = carry_out(populated, address, "merge", carry_out(populated, address, "extract"))
    Evidence.objects.filter(attribute__run=merge).delete()
    carry_out(populated, address, "evidence", merge)
    people, found = people_of(small_world), []
    for attribute in merge.attributes.select_related("person__corpus").prefetch_related("evidence__conversation"):
        person = people[attribute.person.corpus.slug, attribute.person.source_id]
        if small_world.truth_about(person, attribute.text or "") != TRUE:
            continue
        name = small_world.concept_of(attribute.text or "").name
        true = {
            (chat.source_id, turn)
            for chat in person.chats
            for show in chat.shows
            for turn in show.turns
            if show.concept.name == name
        }
        found.append({(row.conversation.source_id, row.turn) for row in attribute.evidence.all()} == true)
    assert mean(found) > 0.8


@pytest.mark.django_db
def test_every_stage_runs_on_the_world_without_a_failed_unit(
    populated: Study, address: str, small_world: World
) -> None:
    merge = carry_out(populated, address, "merge", carry_out(populated, address, "extract"))
    select = carry_out(populated, address, "select", merge, model="world-claude")
    respond = carry_out(populated, address, "respond", select, model="world-gpt")
    judge = carry_out(populated, address, "judge", respond, model="world-gemma-31b")
    mention = carry_out(populated, address, "mention", respond, model="world-claude")
    verify = carry_out(populated, address, "verify", merge, model="world-claude")
    refine = carry_out(populated, address, "refine", verify)
    why = carry_out(populated, address, "why", verify, model="world-gpt")
    assert select.votes.filter(value="yes").exists()
    assert judge.votes.exists()
    pair = ResponsePair.objects.select_related("generic", "personalized").first()
    assert pair
    assert not small_world.uses_in(pair.generic.text)
    assert small_world.uses_in(pair.personalized.text)
    assert not Completion.objects.exclude(state="answered").exists()
    opens = {use: small_world.use_of(pair.personalized.text, use) == "open" for use in given_texts(pair)}
    found = {row.attribute.text: row.value == "yes" for row in mention.findings.filter(pair=pair)}
    assert mean(found[text] == is_open for text, is_open in opens.items()) > 0.7
    people = people_of(small_world)
    true = {run: mean(is_true(small_world, people, row) for row in run.attributes.all()) for run in (merge, refine)}
    assert true[refine] > true[merge] + 0.05  # what was wrong was rewritten or withdrawn
    assert refine.outcome["rewritten"]
    assert refine.outcome["withdrawn"]
    assert why.findings.exclude(value=None).values("value").distinct().count() > 2
    assert all(small_world.knows(text or "") for text in Attribute.objects.values_list("text", flat=True))


def given_texts(pair: ResponsePair) -> list[str]:
    return [row.attribute.text or "" for row in pair.personalized.given_rows.select_related("attribute")]


def is_true(world: World, people: dict[tuple[str, str], WorldPerson], row: Attribute) -> bool:
    person = people[row.person.corpus.slug, row.person.source_id]
    return world.truth_about(person, row.text or "") == TRUE
