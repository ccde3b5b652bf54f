from __future__ import annotations

from collections import Counter

from pipeline.demo.stages import RECORDED, DemoRuns
from pipeline.models import Evidence, Finding, ResponsePair, Run, Vote
from tests.pipeline.demo_answers import Recording, recorded_demo


def test_demo_runs_every_stage_on_recorded_answers_that_are_in_step(db: None) -> None:
    """Recording takes seconds, and so is done once. `manage.py record_demo` writes the file anew."""
    with recorded_demo() as recording:
        assert RECORDED.read_text(encoding="utf-8") == recording.lines
        runs_every_stage_with_three_models_and_two_generators(recording)
        verifies_and_refines_and_says_why(recording)
        quotes_its_evidence_and_knows_who_mentions_openly(recording)


def runs_every_stage_with_three_models_and_two_generators(recording: Recording) -> None:
    runs = recording.runs
    assert {run.state for run in recording.study.runs.all()} == {"complete"}
    assert Counter(run.stage for run in runs.values()) == Counter(
        extract=1, merge=1, evidence=1, verify=1, refine=1, select=3 + 4, respond=2, judge=3, mention=1, why=1
    )
    responds, judges = (runs_of(runs, stage) for stage in ("respond", "judge"))
    assert runs["merge"].attributes.count() < runs["extract"].attributes.count()  # some merged, some dropped
    assert ResponsePair.objects.filter(personalized__run__in=responds).count() == 24
    assert set(Vote.objects.filter(run__in=judges).values_list("side", flat=True)) == {"left", "right"}
    said_yes = [
        runs[f"select {name}"].votes.filter(value="yes").exists() for name in ("bm25", "embedding", "all", "none")
    ]
    assert said_yes == [True, True, True, False]


def runs_of(runs: DemoRuns, stage: str) -> list[Run]:
    return [run for run in runs.values() if run.stage == stage]


def verifies_and_refines_and_says_why(recording: Recording) -> None:
    runs = recording.runs
    flagged = runs["verify birch"].votes.exclude(value="accepted")
    assert runs["refine"].outcome["rewritten"] + runs["refine"].outcome["withdrawn"] == flagged.count() == 18
    assert runs["refine"].attributes.count() == runs["merge"].attributes.count() - runs["refine"].outcome["withdrawn"]
    assert set(runs["why birch"].findings.values_list("attribute", flat=True)) == set(
        flagged.values_list("attribute", flat=True)
    )
    assert not Finding.objects.filter(run__study=recording.study, value=None).exists()


def quotes_its_evidence_and_knows_who_mentions_openly(recording: Recording) -> None:
    quotes = Evidence.objects.filter(attribute__run=recording.runs["merge"], start__isnull=False)
    assert quotes.values("attribute").distinct().count() == recording.runs["merge"].attributes.count()
    mentions = Counter(
        recording.runs["mention willow"].findings.filter(value="yes").values_list("pair__generator", flat=True)
    )
    assert mentions["demo-oak-70b"] > 3 * mentions["demo-birch-27b"] > 0
