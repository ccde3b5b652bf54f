from __future__ import annotations

from collections.abc import Iterator

import pytest

from pipeline.demo.stages import RECORDED
from pipeline.models import ResponsePair, Vote
from tests.pipeline.demo_answers import Recording, recorded_demo


@pytest.fixture
def recording(db: None) -> Iterator[Recording]:
    with recorded_demo() as made:
        yield made


def test_recorded_answers_are_in_step_with_templates_and_authored_answers(recording: Recording) -> None:
    """`manage.py record_demo` writes the file anew after a change of either."""
    assert RECORDED.read_text(encoding="utf-8") == recording.lines


def test_demo_runs_every_stage_with_three_models_and_two_generators(recording: Recording) -> None:
    runs = recording.runs
    assert {run.state for run in recording.study.runs.all()} == {"complete"}
    assert [len(runs.selects), len(runs.responds), len(runs.judges)] == [3, 2, 3]
    assert runs.merge.attributes.count() < runs.extract.attributes.count()  # some merged, some dropped
    assert ResponsePair.objects.filter(personalized__run__in=runs.responds).count() == 24
    assert set(Vote.objects.filter(run__in=runs.judges).values_list("side", flat=True)) == {"left", "right"}
    assert runs.baseline.votes.filter(value="yes").exists()
