from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

import pytest

from pipeline.demo.stages import RECORDED
from pipeline.models import Evidence, Finding, ResponsePair, Vote
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
    assert [run.votes.filter(value="yes").exists() for run in runs.baselines] == [True, True, True, False]


def test_demo_verifies_and_refines_and_says_why(recording: Recording) -> None:
    runs = recording.runs
    flagged = runs.verify.votes.exclude(value="accepted")
    assert runs.refine.outcome["rewritten"] + runs.refine.outcome["withdrawn"] == flagged.count() == 18
    assert runs.refine.attributes.count() == runs.merge.attributes.count() - runs.refine.outcome["withdrawn"]
    assert set(runs.why.findings.values_list("attribute", flat=True)) == set(
        flagged.values_list("attribute", flat=True)
    )
    assert not Finding.objects.filter(run__study=recording.study, value=None).exists()


def test_demo_quotes_its_evidence_and_knows_who_mentions_openly(recording: Recording) -> None:
    quotes = Evidence.objects.filter(attribute__run=recording.runs.merge, start__isnull=False)
    assert quotes.values("attribute").distinct().count() == recording.runs.merge.attributes.count()
    mentions = Counter(recording.runs.mention.findings.filter(value="yes").values_list("pair__generator", flat=True))
    assert mentions["demo-oak-70b"] > 3 * mentions["demo-birch-27b"] > 0
