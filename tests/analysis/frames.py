"""Plain factories for frames of the release's schema."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import polars as pl

from analysis.release import Release, release_from_frames
from analysis.schema import ATTRIBUTE_QUALITY, PREFERENCE, TABLES, score_of

EPOCH = "2026-01-01T00:00:00.000000Z"
_BLANK: dict[Any, Any] = {pl.String: "", pl.Int64: 0, pl.Float64: 0.0, pl.Boolean: False}


def table(name: str, rows: Iterable[Mapping[str, Any]]) -> pl.DataFrame:
    """``rows`` as table ``name``: columns not given are null where they may be, else "", 0, False or an empty list."""
    columns = TABLES[name].columns
    blank = {c.name: None if c.nullable else [] if isinstance(c.dtype, pl.List) else _BLANK[c.dtype] for c in columns}
    full = [{**blank, **row} for row in rows]
    assert all(row.keys() == blank.keys() for row in full), f"a row has a column that {name} does not know"
    return pl.DataFrame(full, schema=TABLES[name].polars_schema, orient="row").sort(TABLES[name].sort_by)


def unit_of(instrument: str, attribute: str, other: str = "") -> dict[str, Any]:
    """The unit columns, keyed as the platform keys them."""
    letter = {ATTRIBUTE_QUALITY: "q", PREFERENCE: "p"}.get(instrument, "r")
    return {
        "unit": f"{letter}:{attribute}" + (f":{other}" if other else ""),
        "instrument": instrument,
        "attribute": attribute,
        "prompt": other if letter == "r" else None,
        "pair": other if letter == "p" else None,
    }


def judgment(campaign: str, unit: Mapping[str, Any], rater: str, value: str | None, **more: Any) -> dict[str, Any]:
    """A counted judgment of a human; ``more`` overrides any column."""
    side = more.get("side", "right" if unit["instrument"] == PREFERENCE else "")
    score = None if value is None else score_of(unit["instrument"], value, side)
    row = {
        **unit,
        "campaign": campaign,
        "item": f"{campaign}-item",
        "assignment": f"{campaign}-{rater}",
        "rater": rater,
        "rater_kind": "human",
        "value": value,
        "score": score,
        "side": side,
        "role": "work",
        "seat": 0,
        "assignment_state": "submitted",
        "counted": True,
        "submitted_at": EPOCH,
        "erased_at": EPOCH if value is None else None,
    }
    return row | more


def vote(unit: Mapping[str, Any], model: str, value: str | None, **more: Any) -> dict[str, Any]:
    """A parsed vote of ``model`` in its run ``run-<model>``; value None: unparseable."""
    side = more.get("side", "right" if unit["instrument"] == PREFERENCE else "")
    score = None if value is None else score_of(unit["instrument"], value, side)
    status = "unparseable" if value is None else "answered"
    row = {
        **unit,
        "run": f"run-{model}",
        "rater": model,
        "status": status,
        "value": value,
        "score": score,
        "side": side,
    }
    return row | more


def campaign(slug: str, instrument: str, origin: str = "human") -> dict[str, Any]:
    return {"campaign": slug, "slug": slug, "title": slug, "instrument": instrument, "origin": origin, "k": 3}


def item(campaign: str, units: Iterable[Mapping[str, Any]], **more: Any) -> dict[str, Any]:
    questions = [
        {"position": position, "unit": unit["unit"], "attribute": unit["attribute"], "text": ""}
        for position, unit in enumerate(units)
    ]
    return {"item": f"{campaign}-item", "campaign": campaign, "role": "work", "questions": questions} | more


def release_of(**rows: Iterable[Mapping[str, Any]]) -> Release:
    """A release from rows per table. Runs of the votes are added where not given."""
    frames = {name: table(name, list(found)) for name, found in rows.items()}
    if "model_votes" in frames and "runs" not in frames:
        runs = frames["model_votes"].select("run", "rater").unique().rows()
        frames["runs"] = table("runs", [{"run": run, "model": model, "backend": "recorded"} for run, model in runs])
    return release_from_frames(frames)
