from __future__ import annotations

from typing import Any

import pytest
from sklearn.metrics import cohen_kappa_score

from analysis.failures import (
    FAILURE_AGREEMENT_SCHEMA,
    FAILURE_SHARES_SCHEMA,
    failure_agreement,
    failure_shares,
)
from analysis.longform import long_form
from analysis.release import Release
from analysis.schema import ATTRIBUTE_QUALITY, FAILURES
from tests.analysis.frames import campaign, item, judgment, release_of, unit_of

GENERAL, EVIDENCE, TASK = "overgeneralized", "no_evidence", "task_mistaken"


def _release(
    answers: list[tuple[str, str, str, str]], findings: list[tuple[str, str | None]], model: str = "llama"
) -> Release:
    """(attribute, rater, value, reason) and the model's (attribute, category); attribute a1 is person p1's ..."""
    units = {f"a{n}": unit_of(ATTRIBUTE_QUALITY, f"a{n}") for n in range(1, 7)}
    found: list[dict[str, Any]] = [
        {**units[name], "run": "w", "rater": model, "kind": "failure", "status": "answered", "value": value}
        for name, value in findings
    ]
    return release_of(
        attributes=[{"attribute": name, "person": f"p{name[1:]}", "run": "x"} for name in units],
        campaigns=[campaign("c", ATTRIBUTE_QUALITY)],
        items=[item("c", units.values())],
        judgments=[judgment("c", units[a], r, v, reason=why) for a, r, v, why in answers],
        findings=found,
    )


ANSWERS = [
    ("a1", "r1", "rejected", GENERAL),
    ("a1", "r2", "rejected", GENERAL),
    ("a2", "r1", "uncertain", EVIDENCE),
    ("a2", "r2", "rejected", GENERAL),
    ("a3", "r1", "rejected", ""),  # no reason given
    ("a4", "r2", "accepted", ""),  # accepted, so the model's finding on it is left out
]
FINDINGS = [("a1", GENERAL), ("a2", TASK), ("a3", None), ("a4", EVIDENCE)]


def test_failure_shares_worked_example() -> None:
    # raters: overgeneralized 3 of 4 reasons, no_evidence 1, one reason not given; model: 1 of 2 each, one not readable
    release = _release(ANSWERS, FINDINGS)
    table = failure_shares(release, long_form(release))
    assert table.schema == FAILURE_SHARES_SCHEMA
    assert table["source"].to_list() == ["raters"] * 5 + ["llama"] * 5
    assert table["category"].to_list() == [*FAILURES, *FAILURES]
    found = {(r["source"], r["category"]): r for r in table.iter_rows(named=True)}
    raters, model = found["raters", GENERAL], found["llama", TASK]
    assert (raters["count"], raters["n"], raters["not_given"], raters["attributes"]) == (3, 4, 1, 2)
    assert (raters["share"], model["share"]) == (0.75, 0.5)
    assert (model["n"], model["not_given"], found["raters", TASK]["count"]) == (2, 1, 0)
    assert raters["low"] < 0.75 < raters["high"]


def test_failure_agreement_worked_example() -> None:
    # with the model: a1 twice the same, a2 twice another: 2 of 4; raters among themselves: a1 the same, a2 not: 1 of 2
    release = _release(ANSWERS, FINDINGS)
    table = failure_agreement(release, long_form(release))
    assert table.schema == FAILURE_AGREEMENT_SCHEMA
    assert table.select("a", "b", "n", "attributes", "agreement").rows() == [
        ("raters", "raters", 2, 2, 0.5),
        ("raters", "llama", 4, 2, 0.5),
    ]


@pytest.mark.parametrize("model", ["llama", "zephyr"])  # before and after "raters"
def test_failure_agreement_equals_scikit_learn(model: str) -> None:
    release = _release(ANSWERS, FINDINGS, model)
    table = failure_agreement(release, long_form(release))
    people = [GENERAL, GENERAL, EVIDENCE, GENERAL]
    assert table.filter(b=model)["kappa"].item() == pytest.approx(cohen_kappa_score(people, [GENERAL] * 2 + [TASK] * 2))
    both = ([GENERAL, GENERAL, EVIDENCE, GENERAL], [GENERAL, GENERAL, GENERAL, EVIDENCE])
    assert table.filter(b="raters")["kappa"].item() == pytest.approx(cohen_kappa_score(*both))


def test_failures_of_nothing_are_empty() -> None:
    accepted = _release([("a1", "r1", "accepted", "")], [("a1", GENERAL)])
    silent = _release([("a1", "r1", "rejected", "")], [])
    for release in (accepted, silent, release_of()):
        assert failure_shares(release, long_form(release)).is_empty()
        assert failure_agreement(release, long_form(release)).is_empty()


def test_failures_of_one_rater_have_no_interval_and_say_why() -> None:
    release = _release([("a1", "r1", "rejected", GENERAL), ("a2", "r1", "rejected", TASK)], [])
    assert set(failure_shares(release, long_form(release))["reason"]) == {"only one rater"}
