"""An invented release of the study's size, or a multiple of it, as frames: what the analysis is measured on.

Answers are drawn around a truth of each unit, by raters and models with leanings of their own. No sentence is made.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
import polars as pl

from analysis.release import Release, release_from_frames
from analysis.schema import ATTRIBUTE_QUALITY, PREFERENCE, RELEVANCE, TABLES, VALUES

STUDY = 18_969  # judgments of the study: 3 a unit
UNITS = {ATTRIBUTE_QUALITY: 1983, RELEVANCE: 3973, PREFERENCE: 367}
MODELS = ("claude", "gemma", "gpt", "llama", "qwen")
BASELINES = ("bm25", "embedding")
RATERS = 40
K = 3
WHEN = "2026-01-01T00:00:00.000000Z"
_BLANK: dict[Any, Any] = {pl.String: "", pl.Int64: 0, pl.Float64: 0.0, pl.Boolean: False}

Ints = npt.NDArray[np.int64]


def invented(judgments: int = STUDY, *, models: bool = True, seed: int = 20260606) -> Release:
    """About ``judgments`` in the study's proportions; five models and two baselines vote where ``models``."""
    rng = np.random.default_rng(seed)
    sizes = {name: round(units * judgments / STUDY) for name, units in UNITS.items()}
    people = max(20, round(80 * sizes[ATTRIBUTE_QUALITY] / UNITS[ATTRIBUTE_QUALITY]))
    tables = _material(rng, people, sizes)
    units = {name: _units(rng, name, sizes) for name in sizes}
    tables["judgments"] = pl.concat([_judgments(rng, name, units[name]) for name in sizes])
    voted = [units[RELEVANCE], units[PREFERENCE]] if models else []
    votes = [_votes(rng, frame, model) for frame in voted for model in _voters(frame)]
    tables["model_votes"] = pl.concat(votes) if votes else _filled("model_votes", pl.DataFrame())
    tables["items"] = pl.concat([_items(name, frame) for name, frame in units.items()])
    return release_from_frames({name: frame.sort(TABLES[name].sort_by) for name, frame in tables.items()})


def _filled(name: str, frame: pl.DataFrame) -> pl.DataFrame:
    """``frame`` as table ``name``: columns not given are null where they may be, else "", 0, False or an empty list."""
    columns = []
    for column in TABLES[name].columns:
        if column.name in frame.columns:
            columns.append(pl.col(column.name).cast(column.dtype))
            continue
        many = isinstance(column.dtype, pl.List)
        blank = None if column.nullable else [] if many else _BLANK[column.dtype]
        columns.append(pl.lit(blank, dtype=column.dtype).alias(column.name))
    return frame.select(columns) if frame.width else pl.DataFrame(schema=TABLES[name].polars_schema)


def _names(word: str, numbers: Ints) -> pl.Series:
    return pl.Series(numbers).cast(pl.String).str.zfill(7).str.replace("^", f"{word}-")


def _material(rng: np.random.Generator, people: int, sizes: dict[str, int]) -> dict[str, pl.DataFrame]:
    attributes = np.arange(sizes[ATTRIBUTE_QUALITY])
    corpora = pl.Series(["wildchat", "cupid"]).gather(np.arange(people) % 2)
    kinds = corpora.replace({"wildchat": "human", "cupid": "synthetic"})
    person = _names("person", np.arange(people))
    frame = pl.DataFrame({"person": person, "corpus": corpora, "corpus_title": corpora, "corpus_kind": kinds})
    made = {"attribute": _names("attribute", attributes), "person": _names("person", attributes % people)}
    confidence = pl.Series("confidence", rng.uniform(0.4, 1.0, len(attributes)))
    runs = [{"run": "extract", "stage": "extract", "model": "llama", "backend": "recorded"}]
    runs += [{"run": f"run-{model}", "stage": "select", "model": model, "backend": "recorded"} for model in MODELS]
    runs += [{"run": f"run-{name}", "stage": "select", "model": name, "backend": "baselines"} for name in BASELINES]
    pairs = np.arange(max(1, sizes[PREFERENCE] // 5 + 1))
    responses = {
        "pair": _names("pair", pairs),
        "person": _names("person", pairs % people),
        "prompt": _names("prompt", pairs % 41),
        "generator": pl.Series(MODELS).gather(pairs % len(MODELS)),
        "generic": _names("generic", pairs),
        "personalized": _names("personalized", pairs),
    }
    campaigns = [
        {"campaign": name, "slug": name, "title": name, "instrument": name, "origin": "human", "k": K} for name in sizes
    ]
    return {
        "people": _filled("people", frame),
        "attributes": _filled(
            "attributes", pl.DataFrame(made).with_columns(confidence, pl.lit("extract").alias("run"))
        ),
        "prompts": _filled("prompts", pl.DataFrame({"prompt": _names("prompt", np.arange(41))})),
        "runs": _filled("runs", pl.DataFrame(runs)),
        "response_pairs": _filled("response_pairs", pl.DataFrame(responses)),
        "campaigns": _filled("campaigns", pl.DataFrame(campaigns)),
        "raters": _filled("raters", _raters(list(sizes))),
    }


def _raters(campaigns: list[str]) -> pl.DataFrame:
    names = _names("rater", np.arange(RATERS))
    return (
        pl.DataFrame({"rater": names})
        .join(pl.DataFrame({"campaign": campaigns}), how="cross")
        .with_columns(pl.lit("human").alias("kind"), pl.lit("active").alias("state"))
    )


def _units(rng: np.random.Generator, instrument: str, sizes: dict[str, int]) -> pl.DataFrame:
    """The unit columns and ``truth``, the place of the value that answers are drawn around."""
    n = sizes[instrument]
    number = np.arange(n)
    attribute = _names("attribute", number % sizes[ATTRIBUTE_QUALITY])
    other = {RELEVANCE: ("prompt", number % 41), PREFERENCE: ("pair", number // 5)}.get(instrument)
    chances = {ATTRIBUTE_QUALITY: (0.15, 0.25, 0.6), RELEVANCE: (0.75, 0.25), PREFERENCE: (0.08, 0.2, 0.35, 0.25, 0.12)}
    columns = {
        "unit": _names(f"{instrument[0]}:", number),
        "instrument": pl.repeat(instrument, n, eager=True),
        "attribute": attribute,
        "prompt": pl.repeat(None, n, dtype=pl.String, eager=True),
        "pair": pl.repeat(None, n, dtype=pl.String, eager=True),
        "truth": pl.Series(rng.choice(len(VALUES[instrument]), n, p=chances[instrument])),
    }
    if other:
        columns[other[0]] = _names(*other)
    return pl.DataFrame(columns)


def _answers(rng: np.random.Generator, units: pl.DataFrame, right: float) -> pl.DataFrame:
    """``units`` with value, score and side: as the truth with chance ``right``, else anything."""
    instrument = units["instrument"][0]
    values, n = VALUES[instrument], units.height
    place = np.where(rng.random(n) < right, units["truth"].to_numpy(), rng.integers(0, len(values), n))
    side = rng.integers(0, 2, n) if instrument == PREFERENCE else np.full(n, 1)
    given = np.where(side == 1, place, len(values) - 1 - place)
    word = pl.Series(["left", "right"]).gather(side) if instrument == PREFERENCE else pl.repeat("", n, eager=True)
    return units.with_columns(
        pl.Series("value", list(values)).gather(given).alias("value"),
        pl.Series("score", place + float(instrument == PREFERENCE)),
        word.alias("side"),
    )


def _judgments(rng: np.random.Generator, instrument: str, units: pl.DataFrame) -> pl.DataFrame:
    """``K`` different raters a unit."""
    first = rng.integers(0, RATERS, units.height)
    steps = np.sort(np.stack([rng.choice(RATERS - 1, K - 1, replace=False) for _ in range(997)]) + 1, axis=1)
    steps = np.concatenate([np.zeros((997, 1), dtype=np.int64), steps], axis=1)[np.arange(units.height) % 997]
    raters = (first[:, None] + steps) % RATERS
    answered = _answers(rng, units[np.repeat(np.arange(units.height), K)], 0.6).with_columns(
        pl.lit(instrument).alias("campaign"),
        pl.lit(f"{instrument}-item").alias("item"),
        _names("rater", raters.ravel()).alias("rater"),
        *(pl.lit(word).alias(name) for name, word in (("rater_kind", "human"), ("role", "work"))),
        pl.lit("submitted").alias("assignment_state"),
        pl.lit(True).alias("counted"),
        *(pl.lit(WHEN).alias(name) for name in ("submitted_at", "made_at")),
        pl.Series("seat", np.tile(np.arange(K), units.height)),
    )
    named = answered.with_columns(pl.format("{}-{}", "rater", "unit").alias("assignment"))
    return _filled("judgments", named)


def _voters(units: pl.DataFrame) -> tuple[str, ...]:
    return MODELS if units["instrument"][0] == PREFERENCE else (*MODELS, *BASELINES)


def _votes(rng: np.random.Generator, units: pl.DataFrame, model: str) -> pl.DataFrame:
    voted = _answers(rng, units, 0.45).with_columns(
        pl.lit(f"run-{model}").alias("run"), pl.lit(model).alias("rater"), pl.lit("answered").alias("status")
    )
    return _filled("model_votes", voted)


def _items(instrument: str, units: pl.DataFrame) -> pl.DataFrame:
    question = pl.struct(pl.int_range(pl.len()).alias("position"), "unit", "attribute", pl.lit("").alias("text"))
    head = {"item": f"{instrument}-item", "campaign": instrument, "role": "work"}
    return _filled(
        "items", units.select(question.implode().alias("questions"), **{k: pl.lit(v) for k, v in head.items()})
    )
