from __future__ import annotations

import json
import threading
import time
from collections import Counter
from datetime import UTC, datetime
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.apps import apps
from django.core.management import CommandError, call_command
from django.db import connection, connections

from annotation.domain.importing import ImportRefused, import_corpus
from annotation.enums import AssignmentState, CampaignState, Origin
from annotation.models import Assignment, Campaign, Item, Judgment, Question, Rater, Remark, Revision
from pipeline.enums import Stage
from pipeline.models import Attribute, Conversation, GivenAttribute, Label, Person, Prompt, ResponsePair, Vote
from studies.models import Study
from tests.pipeline.sources import study_files as files

pytestmark = pytest.mark.django_db


def load(folder: Path, **options: Any) -> Any:
    return import_corpus(source="study", path=folder, slug="figs", **options)


def row_counts() -> dict[str, int]:
    models = [model for app in ("studies", "pipeline", "annotation") for model in apps.get_app_config(app).get_models()]
    return {model.__name__: model._base_manager.count() for model in models}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return files.write(tmp_path, files.study(), {"rater-01": "crowd", "rater-02": "team"})


def test_study_is_made_if_absent_and_kept_if_there(folder: Path, study: Study) -> None:
    load(folder)
    assert Study.objects.get() == study
    import_corpus(source="study", path=folder, slug="new-one")
    assert Study.objects.get(slug="new-one").runs.count() == study.runs.count()


def test_imported_campaigns_are_closed_and_seatless(folder: Path) -> None:
    load(folder)
    for campaign in Campaign.objects.all():
        assert (campaign.origin, campaign.state) == (Origin.IMPORTED, CampaignState.CLOSED)
    assert set(Campaign.objects.values_list("slug", "instrument")) == {
        ("pilot-relevance", "relevance"),
        ("pilot-attribute-quality", "attribute_quality"),
    }
    assert not Assignment.objects.exclude(seat=None, state=AssignmentState.SUBMITTED).exists()
    assert set(Item.objects.values_list("open_seats", "role")) == {(0, "work")}


def test_raters_have_no_login_and_one_participant_over_both_campaigns(folder: Path) -> None:
    load(folder)
    found = Rater.objects.filter(participant__source_id="rater-01")
    assert {(r.kind, r.group, r.participant.user) for r in found} == {("imported", "crowd", None)}
    assert found.count() == 2
    assert found.values("participant").distinct().count() == 1
    joined = found.get(campaign__slug="pilot-relevance").joined_at
    assert joined == datetime(2026, 4, 7, 11, 4, 44, 222953, tzinfo=UTC)


def test_null_is_no_judgment(folder: Path) -> None:
    load(folder)
    rows = Judgment.objects.filter(instrument="relevance").order_by(
        "rater__participant__source_id", "question__position"
    )
    said = [(row.rater.participant.source_id, row.question.text, row.value) for row in rows]
    assert said == [
        ("rater-01", files.TEXTS[0], "yes"),
        ("rater-02", files.TEXTS[0], "no"),
        ("rater-02", files.TEXTS[1], "no"),
    ]


def test_each_judgment_has_its_first_revision(folder: Path) -> None:
    load(folder)
    values = Judgment.objects.values_list("pk", "value", "made_at")
    assert sorted(Revision.objects.values_list("judgment", "value", "made_at")) == sorted(values)


def test_votes_and_judgments_share_their_units(folder: Path) -> None:
    load(folder)
    asked = set(Question.objects.filter(campaign__slug="pilot-relevance").values_list("unit_key", flat=True))
    voted = set(Vote.objects.filter(attribute__person__source_id=files.KIM).values_list("unit_key", flat=True))
    assert asked == voted
    assert len(asked) == 2


def test_order_keeps_how_the_page_was_shown(folder: Path) -> None:
    parts = files.study()
    parts["annotations/rater-02_task3.jsonl"][0]["relevance_judgments"].reverse()
    load(files.write(folder, parts))
    orders = Assignment.objects.filter(campaign__slug="pilot-relevance").values_list(
        "rater__participant__source_id", "order"
    )
    assert dict(orders) == {"rater-01": [0, 1], "rater-02": [1, 0]}


def test_task_1_is_judged_against_attributes_of_unknown_text(folder: Path) -> None:
    load(folder)
    rows = Attribute.objects.filter(text=None)
    assert [(row.person.source_id, row.position) for row in rows.order_by("position")] == [("item-0", 0), ("item-0", 1)]
    said = Counter(Judgment.objects.filter(question__attribute__in=rows).values_list("value", flat=True))
    assert said == {"accepted": 2, "rejected": 1, "uncertain": 1}


def test_notes_missing_attributes_and_flags_are_remarks(folder: Path) -> None:
    load(folder)
    said = Remark.objects.values_list("assignment__rater__participant__source_id", "kind", "text")
    assert set(said) == {
        ("rater-01", "missing_attribute", "Likes cats."),
        ("rater-01", "note", "Hard."),
        ("rater-02", "flag", ""),
    }


def test_note_on_one_attribute_names_its_question(folder: Path) -> None:
    parts = files.study()
    parts["annotations/rater-01_task1.jsonl"][0]["attr_judgments"][1]["note"] = "only once"
    load(files.write(folder, parts))
    assert Remark.objects.get(text="only once").question == Question.objects.get(attribute__text=None, position=1)


def test_second_import_adds_nothing(folder: Path) -> None:
    load(folder)
    before = row_counts()
    assert load(folder).adds_nothing
    assert row_counts() == before


def test_answer_said_otherwise_is_refused(folder: Path) -> None:
    load(folder)
    parts = files.study()
    parts["annotations/rater-02_task3.jsonl"][0]["relevance_judgments"][0]["relevant"] = True
    before = row_counts()
    with pytest.raises(ImportRefused) as refused:
        load(files.write(folder, parts))
    assert [str(problem) for problem in refused.value.report.problems] == [
        "annotations/rater-02_task3.jsonl:1: index: rater-02 answered page 0 of pilot-relevance otherwise before (0)"
        " - keep one of the two records"
    ]
    assert row_counts() == before


def _with_bad_lines(folder: Path) -> Path:
    parts = files.study()
    parts["cupid_personas.jsonl"].append("{not json")
    parts["cupid_personas.jsonl"].append(files.chat("8", "8_0", "Hello"))
    parts["annotations/rater-02_task1.jsonl"].append(files.quality("rater-02", 1, ["superb"]))
    return files.write(folder, parts)


def test_bad_records_stop_the_import_and_change_nothing(folder: Path) -> None:
    with pytest.raises(ImportRefused) as refused:
        load(_with_bad_lines(folder))
    assert [str(problem.at) for problem in refused.value.report.problems] == [
        "annotations/rater-02_task1.jsonl:2",
        "cupid_personas.jsonl:3",
    ]
    assert not any(row_counts().values())


def test_skip_bad_imports_all_the_others(folder: Path) -> None:
    report = load(_with_bad_lines(folder), skip_bad=True)
    assert report.skipped == 2
    assert Conversation.objects.filter(source_id="8_0").exists()
    assert Judgment.objects.count() == 7
    mended = files.study() | {
        "cupid_personas.jsonl": [*files.study()["cupid_personas.jsonl"], files.chat("7", "7_2", "Hi")]
    }
    assert load(files.write(folder, mended)).new["conversations"] == 1


def test_nothing_readable_is_refused_even_with_skip_bad(tmp_path: Path) -> None:
    with pytest.raises(ImportRefused):
        load(tmp_path / "missing", skip_bad=True)
    assert not Study.objects.exists()


def test_bad_slug_is_refused(folder: Path) -> None:
    with pytest.raises(ImportRefused) as refused:
        import_corpus(source="study", path=folder, slug="two words")
    assert "no slug ('two words')" in str(refused.value.report.problems[0])


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("grown", [False, True], ids=["from nothing", "a file that has grown"])
def test_two_imports_at_once_do_not_double(folder: Path, grown: bool) -> None:
    if grown:
        load(folder)
        parts = files.study()
        parts["cupid_personas.jsonl"].append(files.chat("7", "7_2", "One more"))
        files.write(folder, parts)
    failures: list[BaseException] = []
    start = threading.Barrier(2)

    def one() -> None:
        try:
            start.wait()
            load(folder)
        except BaseException as error:
            failures.append(error)
        finally:
            connections.close_all()

    threads = [threading.Thread(target=one) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []
    twice = row_counts()
    assert load(folder).adds_nothing
    assert (twice["Study"], twice["Judgment"], twice["Vote"], twice["Conversation"]) == (1, 7, 6, 4 + grown)


def command(*words: str) -> tuple[str, str]:
    out, err = StringIO(), StringIO()
    call_command("import_corpus", *words, stdout=out, stderr=err)
    return out.getvalue(), err.getvalue()


def test_command_prints_a_summary_and_what_was_left_out(folder: Path) -> None:
    out, err = command(str(folder), "--study", "figs")
    assert [line.split() for line in out.splitlines() if line.startswith("conversations")] == [
        ["conversations", "4", "0"]
    ]
    assert "not imported: 2 answers of task 2" in out
    assert "reading cupid_personas.jsonl" in err
    assert "Nothing new" in command(str(folder), "--study", "figs")[0]


def test_command_names_each_problem_and_fails(folder: Path) -> None:
    err = StringIO()
    with pytest.raises(CommandError, match="2 problems; nothing was imported"):
        call_command("import_corpus", str(_with_bad_lines(folder)), "--study", "figs", stderr=err)
    assert "cupid_personas.jsonl:3: broken JSON at character 2" in err.getvalue()
    assert "skipped: 2 bad records" in command(str(folder), "--study", "figs", "--skip-bad")[0]


@pytest.fixture
def real(study_data: Path) -> Any:
    """The published study's own files, imported."""
    return lambda name: import_corpus(source="study", path=study_data / name, slug="figs")


def test_real_study_has_the_published_counts(real: Any) -> None:
    started = time.monotonic()
    report = real("study")
    print(f"import of study/ on {connection.vendor}: {time.monotonic() - started:.1f} s")
    merged = Attribute.objects.filter(run__stage=Stage.MERGE, run__parameters__name="merged wildchat")
    people = Person.objects.filter(attributes__in=merged).distinct()
    units = merged.values_list("person", "text", "person__prompts")
    assert people.count() == 38
    assert Prompt.objects.filter(people__in=people).distinct().count() == 22
    assert people.values("pk", "prompts").distinct().count() == 79
    assert (len(units), len({(text, prompt) for _, text, prompt in units})) == (1855, 1854)
    assert ResponsePair.objects.count() == 148
    relevant = GivenAttribute.objects.filter(response__in=ResponsePair.objects.values("personalized"))
    assert relevant.count() == 680
    assert Label.objects.filter(run__parameters__name="labels task6", value="yes").count() == 340
    assert report.left_out["answers of task 2 (a five-point scale that no instrument has)"] == 967


@pytest.mark.once("the counts above are those of both databases")
def test_real_answers_and_votes_are_those_of_the_expected_figures(real: Any, study_data: Path) -> None:
    real("study")
    expected = json.loads((study_data / "study" / "expected.json").read_text())
    relevance = Judgment.objects.filter(instrument="relevance")
    humans = Counter(relevance.values_list("rater__participant__source_id", flat=True))
    votes = Vote.objects.filter(
        unit_key__in=Question.objects.filter(campaign__slug="pilot-relevance").values("unit_key")
    )
    models = Counter(votes.values_list("run__model_name", flat=True))
    wanted = {name: figures["n"] for name, figures in expected["pilot_relevance"]["raters"].items()}
    assert {**humans, **models} == wanted
    main = Counter(Vote.objects.exclude(pk__in=votes).values_list("run__model_name", flat=True))
    assert main == {name: figures["n"] for name, figures in expected["main_relevance_models"]["raters"].items()}
    quality = Counter(
        Judgment.objects.filter(instrument="attribute_quality").values_list("rater__participant__source_id", "value")
    )
    words = {"ok": "accepted", "unsure": "uncertain", "bad": "rejected"}
    figures_by_rater = expected["pilot_attribute_quality"]["raters"].items()
    assert quality == {(name, words[w]): figures[w] for name, figures in figures_by_rater for w in words if figures[w]}


@pytest.mark.once("tests/test_study_sample.py imports the personas, and again, on both")
def test_real_personas_have_conversations_and_nothing_comes_twice(real: Any) -> None:
    real("personas")
    assert Person.objects.filter(conversations__isnull=False).distinct().count() == 30
    real("study")
    before = row_counts()
    assert real("personas").adds_nothing
    assert real("study").adds_nothing
    assert row_counts() == before
