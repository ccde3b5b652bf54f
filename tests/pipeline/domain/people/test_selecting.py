from __future__ import annotations

import json
import random
from io import StringIO

import pytest
from django.core.management import call_command
from django.core.management.base import CommandError
from django.db import connection

from annotation.domain.importing import import_corpus
from pipeline.backends.base import BackendUnusable, FinalError
from pipeline.domain.errors import RunError
from pipeline.domain.people import PeopleParameters, read_parameters, sample_people
from pipeline.domain.planning import plan_run
from pipeline.models import Conversation, Person, Run, SampledPerson
from tests import factories
from tests.pipeline.domain.people.crowd import WordEmbedder, crowd, opening, say

NAMES = [f"{letter}{letter}" for letter in "abcdefghijkl"]


@pytest.fixture
def corpus(study):
    corpus = factories.make_corpus(study, "chats")
    crowd(corpus, factories.make_run(study, "import"), NAMES)
    return corpus


@pytest.fixture(autouse=True)
def folder(settings, tmp_path):
    settings.DATA_DIR = tmp_path


@pytest.fixture
def embedder():
    return WordEmbedder()


def draw(study, embedder, corpus="chats", **parameters) -> Run:
    rules = read_parameters(PeopleParameters, {"n_people": 4, "seed": "s"} | parameters)
    return sample_people(study=study, corpus_slug=corpus, parameters=rules, embedder=embedder)


def drawn(run: Run) -> list[str]:
    return [row.person.source_id for row in run.sampled_people.select_related("person").order_by("position")]


def test_people_are_drawn_and_the_run_says_how(study, corpus, embedder):
    run = draw(study, embedder)
    assert len(set(drawn(run))) == 4
    assert (run.stage, run.state, run.n_units, run.n_done) == ("people", "complete", 4, 4)
    assert run.parameters["corpus"] == "chats"
    assert [source.stage for source in run.inputs.all()] == ["import"]
    outcome = run.outcome
    assert (outcome["people"], outcome["conversations"], outcome["eligible"]) == (12, 36, 12)
    assert (outcome["wanted"], outcome["drawn"], outcome["openings_embedded"]) == (4, 4, 36)
    assert outcome["drawn_people"] == [{"conversations": 3, "turns": 18}] * 4
    assert outcome["diversity"]["drawn_mean"] > outcome["diversity"]["eligible_mean"] > 0


def test_same_draw_again_is_the_same_run_and_asks_nothing(study, corpus, embedder):
    first = draw(study, embedder)
    asked = len(embedder.asked)
    again = draw(study, embedder)
    assert (again.pk, len(embedder.asked)) == (first.pk, asked)
    assert SampledPerson.objects.count() == 4


@pytest.mark.parametrize("change", [{"seed": "t"}, {"n_people": 5}, {"min_turns": 16}])
def test_other_rules_are_another_run(study, corpus, embedder, change):
    assert draw(study, embedder).pk != draw(study, embedder, **change).pk


def test_other_material_is_another_run(study, corpus, embedder):
    first = draw(study, embedder)
    person = Person.objects.get(source_id="aa")
    say(person, factories.make_run(study, "import"), opening("news"))
    assert draw(study, embedder).pk != first.pk


def test_seed_draws_the_same_people_under_other_keys(study, corpus, other_study, embedder):
    """The same corpus, come in backwards, after other rows, with other tokens and keys. Copies and templates too."""
    names, run = NAMES.copy(), factories.make_run(other_study, "import")
    random.Random(1).shuffle(names)
    crowd(factories.make_corpus(other_study, "chats"), run, names)
    for place in (study, other_study):
        people = Person.objects.filter(corpus__study=place).order_by("-pk")
        for person in people:
            say(person, factories.make_run(place, "import"), opening("shared"), opening(f"mine {person.source_id}"))
    one, other = draw(study, embedder), draw(other_study, embedder)
    assert drawn(one) == drawn(other)
    assert one.fingerprint == other.fingerprint
    assert one.outcome["diversity"] == other.outcome["diversity"]


def test_other_seeds_draw_others(study, corpus, embedder):
    assert len({tuple(drawn(draw(study, embedder, seed=str(number)))) for number in range(6)}) > 2


def test_fewer_eligible_than_wanted_takes_all_and_says_so(study, corpus, embedder):
    run = draw(study, embedder, n_people=50)
    assert sorted(drawn(run)) == NAMES
    assert (run.outcome["eligible"], run.outcome["wanted"], run.outcome["drawn"]) == (12, 50, 12)


def test_conversations_that_a_filter_took_are_named_and_not_embedded(study, corpus, embedder):
    person = Person.objects.get(source_id="aa")
    rude = say(person, factories.make_run(study, "import"), opening("rude"), toxic=True)[0]
    run = draw(study, embedder, n_people=12)
    assert run.outcome["conversations_left_out"] == [rude.public_id]
    assert opening("rude") not in embedder.asked


def test_extraction_reads_the_people_drawn_and_not_what_a_filter_took(study, corpus, embedder):
    run = draw(study, embedder)
    for person in Person.objects.filter(source_id__in=drawn(run)):
        say(person, factories.make_run(study, "import"), opening(f"{person.source_id} rude"), toxic=True)
    again = draw(study, embedder, seed="t")
    planned = plan_run(study=study, stage="extract", backend="recorded", model="m", inputs=[again])
    read = Conversation.objects.filter(pk__in=[unit.subject["conversation"] for unit in planned.work_units.all()])
    assert {row.person.source_id for row in read.select_related("person")} == set(drawn(again))
    assert (read.count(), read.filter(toxic=True).count()) == (12, 0)


def test_only_so_many_openings_of_a_person_are_embedded(study, corpus, embedder):
    assert draw(study, embedder, openings_embedded=2).outcome["openings_embedded"] == 24


def test_person_without_a_word_is_drawn_last(study, corpus, embedder):
    silent = factories.make_person(corpus, "aaa")
    say(silent, factories.make_run(study, "import"), "", " ", "\n")
    assert "aaa" not in drawn(draw(study, embedder, n_people=12))
    run = draw(study, embedder, n_people=13)
    assert drawn(run)[-1] == "aaa"
    assert run.outcome["diversity"]["without_direction"] == 1


def test_corpus_in_which_nobody_says_a_word_is_drawn_by_lot(study, embedder):
    corpus, run = factories.make_corpus(study, "silence"), factories.make_run(study, "import")
    for place, name in enumerate(NAMES):
        say(factories.make_person(corpus, name), run, *(" " * (3 * place + more) for more in range(3)))
    outcome = draw(study, embedder, "silence").outcome
    assert (outcome["drawn"], outcome["openings_embedded"], outcome["diversity"]["eligible_mean"]) == (4, 0, None)


class Broken:
    def __init__(self, *outcomes):
        self.outcomes = iter(outcomes)

    def embed(self, texts):
        outcome = next(self.outcomes)
        if isinstance(outcome, BaseException):
            raise outcome
        return outcome(len(texts))


@pytest.mark.parametrize(
    ("outcome", "message"),
    [
        (FinalError("no vector for this text"), "cannot be embedded: no vector"),
        (BackendUnusable("no server"), "cannot be embedded: no server"),
        (lambda n: [[1.0]] * (n - 1), "gave 35 vectors for 36 openings"),
        (lambda n: [[1.0]] * (n - 1) + [[1.0, 2.0]], "of several lengths"),
        (lambda n: [[float("nan")]] * n, "not a number, for this opening: 'aa "),
    ],
)
def test_embedder_that_fails_stops_the_draw_and_changes_nothing(study, corpus, outcome, message):
    before = Run.objects.count()
    with pytest.raises(RunError, match=message):
        draw(study, Broken(outcome))
    assert Run.objects.count() == before


def test_stopped_while_it_embeds_it_has_changed_nothing_and_goes_on(study, corpus, embedder, monkeypatch, settings):
    """Five people at a time; stopped at the second five, it asks for the other seven only, and draws the same."""
    whole = drawn(draw(study, embedder))
    Run.objects.filter(stage="people").delete()
    monkeypatch.setattr("pipeline.domain.people.vectors.PEOPLE_AT_ONCE", 5)
    before = Run.objects.count()
    with pytest.raises(KeyboardInterrupt):
        draw(study, Stopped(WordEmbedder(), after=1))
    assert Run.objects.count() == before
    embedder.asked.clear()
    assert drawn(draw(study, embedder)) == whole
    assert len(embedder.asked) == 7 * 3
    assert not list((settings.DATA_DIR / "people").iterdir())


def test_file_of_a_stopped_draw_that_cannot_be_read_is_made_again(study, corpus, embedder, monkeypatch, settings):
    monkeypatch.setattr("pipeline.domain.people.vectors.PEOPLE_AT_ONCE", 4)
    with pytest.raises(KeyboardInterrupt):
        draw(study, Stopped(WordEmbedder(), after=2))
    first, second = sorted((settings.DATA_DIR / "people").glob("*/*.npy"))
    first.write_bytes(first.read_bytes()[:100])
    second.write_bytes(b"")
    assert len(drawn(draw(study, embedder))) == 4
    assert len(embedder.asked) == 12 * 3


class Stopped:
    """Ctrl-C at the call ``after`` so many."""

    def __init__(self, embedder: WordEmbedder, after: int) -> None:
        self.embedder, self.left = embedder, after

    def embed(self, texts):
        if not self.left:
            raise KeyboardInterrupt
        self.left -= 1
        return self.embedder.embed(texts)


def test_embedder_that_changes_its_mind_is_not_believed_again(study, corpus, embedder, monkeypatch):
    monkeypatch.setattr("pipeline.domain.people.vectors.PEOPLE_AT_ONCE", 6)
    with pytest.raises(RunError, match="vectors of several lengths: 1, 2"):
        draw(study, Broken(lambda n: [[1.0]] * n, lambda n: [[1.0, 2.0]] * n))
    assert len(drawn(draw(study, embedder))) == 4


def test_embedder_is_asked_outside_a_transaction(study, corpus, embedder):
    depth = len(connection.savepoint_ids)
    embedder.embed = lambda texts: [[float(len(connection.savepoint_ids) == depth)] for _ in texts]
    assert draw(study, embedder).outcome["diversity"]["without_direction"] == 0


@pytest.mark.parametrize(
    ("corpus_slug", "parameters", "message"),
    [
        ("nowhere", {}, "has no corpus 'nowhere'; there are: chats"),
        ("chats", {"language": "Finnish"}, r"'language' \(in Finnish\) took the last 12 of its people"),
        ("chats", {"min_conversations": 9}, r"'conversations' \(at least 9 conversations\) took the last 12"),
    ],
)
def test_draw_that_cannot_be_says_why(study, corpus, embedder, corpus_slug, parameters, message):
    with pytest.raises(RunError, match=message):
        draw(study, embedder, corpus_slug, **parameters)


def test_corpus_without_conversations_says_so(study, embedder):
    factories.make_corpus(study, "empty")
    with pytest.raises(RunError, match="corpus 'empty' has no conversation: import some first"):
        draw(study, embedder, "empty")


def test_parameter_that_is_wrong_is_named():
    with pytest.raises(RunError, match=r"parameter min_turns=-1: .*There are: n_people, seed"):
        read_parameters(PeopleParameters, {"n_people": 3, "min_turns": -1})


def test_progress_is_told(study, corpus, embedder):
    told: list[str] = []
    rules = PeopleParameters(n_people=2)
    sample_people(study=study, corpus_slug="chats", parameters=rules, embedder=embedder, notice=told.append)
    assert told == ["embedded the openings of 12 of 12 people"]


def command(*arguments: str) -> str:
    out = StringIO()
    call_command("sample_people", *arguments, stdout=out, stderr=StringIO())
    return out.getvalue()


def test_command_prints_the_funnel_and_the_figures(study, corpus, tmp_path):
    texts = [row.turns[0]["content"] for row in Conversation.objects.all()]
    vectors = dict(zip(texts, WordEmbedder().embed(texts), strict=True))
    file = tmp_path / "vectors.json"
    file.write_text(json.dumps({"model": "words", "vectors": vectors}))
    rules = ["figs", "--corpus", "chats", "-n", "20", "--seed", "s", "--param", "similarity=0.8"]
    shown = command(*rules, "--backend", "recorded", "--model", "words", "--recorded", str(file))
    lines = shown.splitlines()
    assert lines[0].split() == ["people", "taken", "conversations", "taken"]
    assert lines[1].split() == ["everybody", "12", "36"]
    assert lines[2].split() == ["in", "English", "12", "0", "36", "0"]
    assert lines[10].split() == ["drawn", "12", "36"]
    assert len({line.index("36") for line in lines[1:11]}) == 1
    assert "Only 12 people are eligible, 20 were wanted: all." in shown
    assert "mean distance between two of the people drawn" in shown
    assert Run.objects.get(stage="people").public_id in lines[-1]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["nothing", "--corpus", "chats", "-n", "2"], "no study is called 'nothing'; there are: figs"),
        (["figs", "--corpus", "chats", "-n", "0"], "parameter n_people=0"),
        (["figs", "--corpus", "chats", "-n", "2", "--backend", "crystal"], "no embedder is called 'crystal'"),
    ],
)
def test_command_refuses_in_a_sentence(study, corpus, arguments, message):
    with pytest.raises(CommandError, match=message):
        command(*arguments)


def test_sample_of_wildchat_gives_a_plausible_funnel(db, study_data, embedder):
    """Twenty people, converted from synthetic ones: nothing is marked, all are English, one repeats four openings."""
    file = study_data / "wildchat" / "wildchat1m_layout_converted.jsonl"
    import_corpus(source="wildchat", path=file, slug="wild")
    person = Person.objects.get(source_id__startswith="2954f7")
    study = person.corpus.study
    run = draw(study, embedder, person.corpus.slug, n_people=10)
    outcome = run.outcome
    assert (outcome["people"], outcome["conversations"], outcome["eligible"]) == (20, 129, 19)
    assert {step["filter"]: step["people_taken"] for step in outcome["funnel"] if step["people_taken"]} == {
        "scripted": 1
    }
    assert person.source_id not in drawn(run)
    assert outcome["diversity"]["drawn_mean"] > outcome["diversity"]["random_mean"]
    assert outcome["diversity"]["drawn_min"] > outcome["diversity"]["random_min"]
