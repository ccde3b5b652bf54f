from __future__ import annotations

import json
import math
from pathlib import Path

import pytest

from pipeline.domain.executing import execute_run
from pipeline.domain.planning import plan_run
from pipeline.domain.runs import start_run
from pipeline.models import Attribute, Evidence, Run
from pipeline.stages.base import UnitFailed
from pipeline.stages.merge import Found, group_by_distance, merge_group, united_evidence
from pipeline.stages.places import Place
from studies.models import Study
from tests import factories


def found(pk: int, confidence: float | None, evidence: tuple[Place, ...] = ()) -> Found:
    return Found(pk, 1, f"text {pk}", f"reason {pk}", confidence, evidence)


def at(degrees: float) -> list[float]:
    return [math.cos(math.radians(degrees)), math.sin(math.radians(degrees))]


def test_group_by_distance_is_average_linkage_of_cosine_distances() -> None:
    """Directions 0, 40, 80 degrees. 1 - cos 40 = 0.234, 1 - cos 80 = 0.826.

    0 and 40 join at 0.234; 80 is (0.826 + 0.234) / 2 = 0.530 from the two. Single linkage would join it at 0.234,
    complete linkage at 0.826: only the average joins between 0.530 and 0.826 and not below.
    """
    vectors = [at(0), at(40), at(80)]
    assert group_by_distance(vectors, 0.23) == [[0], [1], [2]]
    assert len(group_by_distance(vectors, 0.52)) == 2
    assert group_by_distance(vectors, 0.54) == [[0, 1, 2]]


def test_group_by_distance_ignores_length_of_vectors() -> None:
    assert group_by_distance([at(0), [7 * part for part in at(1)]], 0.01) == [[0, 1]]


def test_group_by_distance_of_one_and_none() -> None:
    assert group_by_distance([at(0)], 0.3) == [[0]]


@pytest.mark.parametrize("vector", [[0.0, 0.0], [float("nan"), 1.0]])
def test_group_by_distance_refuses_a_vector_without_direction(vector: list[float]) -> None:
    with pytest.raises(UnitFailed, match="undefined") as failed:
        group_by_distance([at(0), vector], 0.3)
    assert failed.value.kind == "no_material"


def test_merge_group_speaks_with_its_most_confident_the_earliest_of_several() -> None:
    merged = merge_group([found(1, 0.5), found(2, 0.8), found(3, 0.8), found(4, None)])
    assert merged.representative.pk == 2
    # noisy-or of those known: 1 - 0.5 * 0.2 * 0.2
    assert merged.confidence == pytest.approx(0.98)
    assert [member.pk for member in merged.members] == [1, 2, 3, 4]


def test_merge_group_confidence_of_certain_and_unknown() -> None:
    assert merge_group([found(1, 1.0), found(2, 0.9)]).confidence == 1.0
    assert merge_group([found(1, None)]).confidence is None


def test_united_evidence_has_each_turn_once() -> None:
    assert united_evidence([found(1, 0.5, (Place(7, 2), Place(7, 0))), found(2, 0.5, (Place(3, 1), Place(7, 2)))]) == [
        Place(3, 1),
        Place(7, 0),
        Place(7, 2),
    ]


def test_united_evidence_keeps_spans_and_of_two_that_begin_alike_the_longer() -> None:
    whole, short, long, other = Place(7, 2), Place(7, 2, 0, 4), Place(7, 2, 0, 9), Place(7, 2, 3, 4)
    assert united_evidence([found(1, 0.5, (other, short)), found(2, 0.5, (long, whole))]) == [whole, long, other]


@pytest.fixture
def extracted(study: Study) -> Run:
    run = factories.make_run(study, "extract")
    corpus = factories.make_corpus(study)
    ann, bea = factories.make_person(corpus), factories.make_person(corpus)
    chat = factories.make_conversation(ann, run)
    for position, (text, confidence) in enumerate([("Keeps bees.", 0.6), ("Has hives.", 0.8), ("Is sad.", 0.39)]):
        attribute = factories.make_attribute(ann, run, text, confidence=confidence, position=position)
        Evidence.objects.create(attribute=attribute, conversation=chat, turn=position % 2)
    factories.make_attribute(bea, run, "Sails.", confidence=0.4, position=0)
    factories.make_attribute(bea, run, None, confidence=0.9, position=1)
    return run


def merge(run: Run, path: Path) -> Run:
    vectors = {"Keeps bees.": at(0), "Has hives.": at(10), "Sails.": at(0)}
    path.write_text(json.dumps({"model": "mini", "vectors": vectors}))
    planned = plan_run(
        study=run.study,
        stage="merge",
        backend="recorded",
        model="mini",
        inputs=[run],
        backend_options={"recorded": str(path)},
    )
    execute_run(run=start_run(run=planned))
    return planned


def test_merge_makes_new_attributes_and_leaves_the_old(extracted: Run, tmp_path: Path) -> None:
    run = merge(extracted, tmp_path / "vectors.json")
    assert run.state == "complete"
    ann, bea = run.attributes.order_by("person_id")
    assert (ann.text, ann.reason, ann.confidence) == ("Has hives.", "", pytest.approx(1 - 0.4 * 0.2))
    assert [source.text for source in ann.made_from.order_by("pk")] == ["Keeps bees.", "Has hives."]
    assert list(ann.evidence.order_by("turn").values_list("turn", flat=True)) == [0, 1]
    assert (bea.text, bea.confidence) == ("Sails.", pytest.approx(0.4))
    assert extracted.attributes.count() == 5


def test_merge_leaves_out_what_is_below_the_filter_or_has_no_text(extracted: Run, tmp_path: Path) -> None:
    run = merge(extracted, tmp_path / "vectors.json")
    used = Attribute.objects.filter(made_into__run=run).values_list("text", flat=True)
    assert sorted(filter(None, used)) == ["Has hives.", "Keeps bees.", "Sails."]


def test_merge_without_a_vector_names_the_text(extracted: Run, tmp_path: Path) -> None:
    factories.make_attribute(extracted.attributes.first().person, extracted, "Knits.", confidence=1.0)
    run = merge(extracted, tmp_path / "vectors.json")
    assert run.state == "incomplete"
    assert "no vector of mini for this text: 'Knits.'" in run.work_units.get(state="failed").reason


def test_merge_with_vectors_of_another_model_stops(extracted: Run, tmp_path: Path) -> None:
    path = tmp_path / "vectors.json"
    path.write_text(json.dumps({"model": "maxi", "vectors": {}}))
    planned = plan_run(
        study=extracted.study,
        stage="merge",
        backend="recorded",
        model="mini",
        inputs=[extracted],
        backend_options={"recorded": str(path)},
    )
    execute_run(run=start_run(run=planned))
    assert planned.state == "paused"
    assert "holds vectors of 'maxi', the run asks for 'mini'" in planned.problem
