"""A small invented release with every table and every corner a report must show, in memory and as a folder."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from pathlib import Path
from random import Random
from typing import Any

import polars as pl

from analysis.schema import ATTRIBUTE_QUALITY, PREFERENCE, RELEVANCE, SCHEMA_VERSION, TABLES, VALUES
from tests.analysis.frames import EPOCH, campaign, item, judgment, table, unit_of, vote

MODELS = ("gpt-5.4", "claude-sonnet-4-6", "meta-llama/Llama-3.3-70B-Instruct")
GENERATORS = ("gpt-5.4", "claude-sonnet-4-6")


def synthetic_frames(seed: int = 7, raters: int = 4) -> dict[str, pl.DataFrame]:
    """Four campaigns: quality, relevance and preference by humans, and relevance by simulated raters."""
    random = Random(seed)
    rows: dict[str, list[dict[str, Any]]] = {name: [] for name in TABLES}
    _material(rows, random)
    quality = [unit_of(ATTRIBUTE_QUALITY, row["attribute"]) for row in rows["attributes"] if row["run"] != "extract"]
    relevance = [unit_of(RELEVANCE, row["attribute"], f"prompt-{n}") for row in rows["attributes"][:20] for n in (0, 1)]
    preference = [unit_of(PREFERENCE, "attr-0", row["pair"]) for row in rows["response_pairs"]]
    chances = {"quality": (0.12, 0.25, 0.63), "relevance": (0.7, 0.3), "simulated": (0.5, 0.5)}
    chances["preference"] = (0.08, 0.2, 0.35, 0.25, 0.12)
    plan = (("quality", quality, "human"), ("relevance", relevance, "human"), ("preference", preference, "human"))
    for slug, units, origin in (*plan, ("simulated", relevance, "simulated")):
        _campaign(rows, random, slug, units, origin, chances[slug], raters)
    _votes(rows, random, relevance, preference)
    rows["judgments"][0] |= {"counted": False, "not_counted_because": "surplus", "assignment_state": "surplus"}
    rows["judgments"][1] |= {"value": None, "score": None, "erased_at": EPOCH}
    return {name: table(name, found) for name, found in rows.items()}


def _material(rows: dict[str, list[dict[str, Any]]], random: Random) -> None:
    for n, (corpus, kind) in enumerate([("wildchat", "human"), ("wildchat", "human"), ("cupid", "synthetic")]):
        rows["people"].append({"person": f"person-{n}", "corpus": corpus, "corpus_title": corpus, "corpus_kind": kind})
        rows["conversations"].append({"conversation": f"conversation-{n}", "person": f"person-{n}"})
    rows["attributes"] = [
        {"attribute": f"attr-{n}", "person": f"person-{n % 3}", "run": "extract", "confidence": random.random()}
        for n in range(30)
    ]
    rows["attributes"] += [
        {"attribute": f"merged-{n}", "person": f"person-{n % 3}", "run": "merge", "made_from": [f"attr-{n}"]}
        for n in range(30)
    ]
    rows["runs"] = [
        {"run": "extract", "stage": "extract", "model": "meta-llama/Llama-3.3-70B-Instruct"},
        {"run": "merge", "stage": "merge", "model": "all-MiniLM-L6-v2"},
        {"run": "respond", "stage": "respond"},
        {"run": "run-BM25", "stage": "select", "backend": "baselines", "model": "BM25"},
        *[{"run": f"run-{model}", "stage": "select", "backend": "recorded", "model": model} for model in MODELS],
    ]
    rows["prompts"] = [{"prompt": f"prompt-{n}", "text": "Where should I go?"} for n in (0, 1)]
    for n in range(24):
        generator, person = GENERATORS[n % 2], f"person-{n % 3}"
        prompt = f"prompt-{n // 6 % 2}"
        made = {"generator": generator, "prompt": prompt, "run": "respond"}
        rows["responses"].append({"response": f"generic-{n}", "condition": "generic", **made})
        rows["responses"].append({"response": f"own-{n}", "condition": "personalized", "person": person, **made})
        pair = {"pair": f"pair-{n:02}", "person": person, "prompt": prompt, "generator": generator}
        rows["response_pairs"].append(pair | {"generic": f"generic-{n}", "personalized": f"own-{n}"})


def _campaign(
    rows: dict[str, list[dict[str, Any]]],
    random: Random,
    slug: str,
    units: list[dict[str, Any]],
    origin: str,
    chances: tuple[float, ...],
    raters: int,
) -> None:
    instrument = units[0]["instrument"]
    rows["campaigns"].append(campaign(slug, instrument, origin) | {"title": f"Study of {slug}", "state": "complete"})
    rows["items"].append(item(slug, units))
    names = [f"{origin[0]}{number:02}" for number in range(1, raters + 1)]
    rows["raters"] += [{"rater": name, "campaign": slug, "kind": origin, "state": "active"} for name in names]
    for unit in units:
        usual = random.choices(VALUES[instrument], chances)[0]
        for name in random.sample(names, 3):
            value = usual if random.random() < 0.6 else random.choices(VALUES[instrument], chances)[0]
            side = random.choice(["left", "right"]) if instrument == PREFERENCE else ""
            rows["judgments"].append(judgment(slug, unit, name, value, rater_kind=origin, side=side))


def _votes(rows: dict[str, list[dict[str, Any]]], random: Random, relevance: Any, preference: Any) -> None:
    for model, chance in zip((*MODELS, "BM25"), (0.5, 0.4, 0.65, 0.5), strict=True):
        for unit in relevance:
            value = (
                None
                if random.random() < 0.03 and model != "BM25"
                else random.choices(["yes", "no"], [chance, 1 - chance])[0]
            )
            rows["model_votes"].append(vote(unit, model, value))
    for unit in preference:
        for side in ("left", "right"):
            rows["model_votes"].append(vote(unit, "gpt-5.4", random.choice("2345"), side=side))


def write_folder(folder: Path, frames: Mapping[str, pl.DataFrame], **manifest: Any) -> Path:
    """``frames`` as a release folder: Parquet, JSONL, manifest and checksums."""
    (folder / "data").mkdir(parents=True)
    for name, frame in frames.items():
        frame.write_parquet(folder / "data" / f"{name}.parquet")
        frame.write_ndjson(folder / "data" / f"{name}.jsonl")
    tables = {name: {"rows": frame.height} for name, frame in frames.items()}
    head = {"schema_version": SCHEMA_VERSION, "study": "synthetic", "title": "A synthetic study", "tables": tables}
    (folder / "manifest.json").write_text(json.dumps(head | manifest), encoding="utf-8")
    write_sums(folder)
    return folder


def write_sums(folder: Path) -> None:
    files = sorted(path for path in folder.glob("**/*") if path.is_file() and path.name != "SHA256SUMS")
    lines = [
        f"{hashlib.sha256(path.read_bytes()).hexdigest()}  {path.relative_to(folder).as_posix()}\n" for path in files
    ]
    (folder / "SHA256SUMS").write_text("".join(lines), encoding="utf-8")
