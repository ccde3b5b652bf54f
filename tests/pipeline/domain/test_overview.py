from __future__ import annotations

from decimal import Decimal

from pipeline.domain.overview import as_facts, costs_of, counts_of, progress_of, prompt_of
from pipeline.domain.planning import plan_run
from pipeline.enums import FailureKind, RunState, Stage
from tests import factories
from tests.pipeline.backing import small_study
from tests.pipeline.domain.failing import PRICES, make_failed_run


def test_as_facts_says_any_json_in_words():
    values = {
        "top_p": None,
        "labels": True,
        "n": 1200,
        "distance": 0.30000001,
        "agreement": {"ari": 0.81234, "at": 0.3},
        "files": [],
        "many": list(range(14)),
    }
    assert as_facts(values) == [
        ("top p", "not set"),
        ("labels", "yes"),
        ("n", "1,200"),
        ("distance", "0.3"),
        ("agreement", "ari 0.8123, at 0.3"),
        ("files", "none"),
        ("many", "0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, and 2 more"),
    ]


def test_counts_are_of_the_rows_while_a_run_goes_on_and_as_stored_once_it_is_over(study):
    stale = {"n_done": 0, "n_failed": 0}
    running = make_failed_run(study, {FailureKind.OTHER: 1}, done=3, state=RunState.RUNNING, **stale)
    imported = factories.make_run(study, Stage.IMPORT, n_units=640, n_done=640)
    counts = counts_of([running, imported])
    assert (counts[running.pk].done, counts[running.pk].failed, counts[running.pk].left) == (3, 1, 0)
    assert (counts[imported.pk].done, counts[imported.pk].left) == (640, 0)
    assert (progress_of(imported).done, progress_of(imported).left) == (640, 0)


def test_costs_are_of_what_was_counted_at_a_known_price(study):
    priced, unpriced, uncounted = (
        make_failed_run(study, {FailureKind.UNPARSEABLE: 2}, prices=prices) for prices in (PRICES, {}, PRICES)
    )
    for run in (priced, unpriced):
        run.completions.update(prompt_tokens=1_000_000, completion_tokens=500_000)
    idle = factories.make_run(study, prices=PRICES)
    assert costs_of([priced, unpriced, uncounted, idle]) == {priced.pk: Decimal(4), idle.pk: Decimal(0)}


def test_prompt_of_a_run_is_its_template_only_while_that_has_its_hash(study):
    run = plan_run(study=study, stage="select", backend="recorded", model="m", inputs=[small_study(study).merge])
    assert "${attribute}" in prompt_of(run).text
    run.template_sha256 = "0" * 64
    assert prompt_of(run).text == ""
    assert prompt_of(factories.make_run(study, Stage.MERGE)) is None
    assert prompt_of(factories.make_run(study, Stage.FILTER, template_sha256="0" * 64)).text == ""
