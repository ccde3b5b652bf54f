"""A release of preferences whose effects were planted: what judges and mentions must find again."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np

from analysis.release import Release
from analysis.schema import PREFERENCE
from tests.analysis.frames import campaign, item, judgment, release_of, unit_of, vote

PEOPLE = "people"


@dataclass(frozen=True)
class Planted:
    """Points on the 1-5 scale by judge: ``PEOPLE`` or a model's name; a model not named here does not judge."""

    shift: dict[str, float] = field(default_factory=dict)
    side: dict[str, float] = field(default_factory=dict)
    length: dict[str, float] = field(default_factory=dict)
    mention: dict[str, float] = field(default_factory=dict)


def preference_release(
    planted: Planted,
    rates: dict[str, float],
    *,
    seed: int = 1,
    persons: int = 12,
    prompts: int = 10,
    raters: int = 8,
    both_orders: bool = True,
) -> Release:
    """Each generator of ``rates`` (its share of open mentions) answers 6 prompts for every person, two attributes each;
    three raters and every model of ``planted.shift`` judge, the models in both orders unless told otherwise.
    """
    rng = np.random.default_rng(seed)
    rows: dict[str, list[dict[str, Any]]] = {"judgments": [], "model_votes": [], "findings": []}
    pairs, responses, units = [], [], []
    persons_own, raters_own = rng.normal(0, 0.3, persons), rng.normal(0, 0.3, raters)
    for generator, rate in rates.items():
        for person in range(persons):
            for prompt in rng.choice(prompts, min(6, prompts), replace=False):
                pair = f"{generator}-{person}-{prompt}"
                doublings = rng.normal(0, 0.5)
                texts = {"generic": 400, "personalized": round(400 * 2**doublings)}
                responses += [{"response": f"{pair}-{c}", "text": "x" * n, "condition": c} for c, n in texts.items()]
                ends = {c: f"{pair}-{c}" for c in texts}
                pairs.append(
                    {"pair": pair, "person": f"person-{person}", "prompt": f"prompt-{prompt}", "generator": generator}
                    | ends
                )
                for attribute in range(2):
                    unit = unit_of(PREFERENCE, f"attr-{person}-{attribute}", pair)
                    units.append(unit)
                    said = rng.random() < rate
                    rows["findings"].append(_mention(unit, said))
                    base = 3.0 + persons_own[person] + rng.normal(0, 0.4)
                    answer = _answers(planted, rng, base, doublings, said)
                    for rater in rng.choice(raters, 3, replace=False):
                        side = str(rng.choice(["left", "right"]))
                        score = answer(PEOPLE, side, raters_own[rater])
                        rows["judgments"].append(judgment("p", unit, f"r{rater}", _given(score, side), side=side))
                    for model in planted.shift:
                        sides = ["left", "right"] if both_orders else [str(rng.choice(["left", "right"]))]
                        found = [(side, answer(model, side, 0.0)) for side in sides]
                        rows["model_votes"] += [vote(unit, model, _given(s, side), side=side) for side, s in found]
    return release_of(
        campaigns=[campaign("p", PREFERENCE)],
        items=[item("p", units)],
        response_pairs=pairs,
        responses=responses,
        **rows,
    )


def _mention(unit: dict[str, Any], said: bool) -> dict[str, Any]:
    value = "yes" if said else "no"
    return {**unit, "run": "m", "rater": "marker", "kind": "mention", "status": "answered", "value": value}


def _answers(planted: Planted, rng: np.random.Generator, base: float, doublings: float, said: bool) -> Any:
    def answer(judge: str, side: str, own: float) -> int:
        score = base + own + planted.shift.get(judge, 0.0) + planted.length.get(judge, 0.0) * doublings
        score += planted.side.get(judge, 0.0) * (0.5 if side == "right" else -0.5)
        score += planted.mention.get(judge, 0.0) * said + rng.normal(0, 0.5)
        return int(np.clip(round(score), 1, 5))

    return answer


def _given(score: int, side: str) -> str:
    """The value as a rater gives it: from left much better to right much better."""
    return str(score if side == "right" else 6 - score)
