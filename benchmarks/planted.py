"""A study drawn at random from a known truth, as a release in memory: what benchmarks.coverage holds intervals against.

Everybody answers by a latent scale: a person's, an attribute's, a prompt's, a pair's and a rater's own normal effects,
and noise of variance 1, cut at fixed thresholds. Who and what is drawn depends on two seeds, one for the people and
all that is theirs, one for the raters, so that either can be held while the other varies.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import polars as pl

from analysis.release import Release, release_from_frames
from analysis.schema import ATTRIBUTE_QUALITY, FAILURES, PREFERENCE, RELEVANCE, TABLES, VALUES

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]

# Standard deviations on the latent scale; the noise's is 1.
PERSON, ATTRIBUTE, PROMPT, PAIR, RATER = 0.4, 0.5, 0.3, 0.4, 0.4
REAL_IS_WORSE = 0.6  # latent: attributes of real people are rejected more often
CONFIDENCE = 0.5  # latent, for each unit that the extractor's own confidence lies above its middle
SIDE, LENGTH, MENTION = 0.25, 0.5, 0.3  # latent effects on preference: on the right, log length ratio, openly mentioned
CUTS = {ATTRIBUTE_QUALITY: (-0.6, 0.2), RELEVANCE: (0.8,), PREFERENCE: (-1.4, -0.5, 0.5, 1.4)}
CHANCES = (0.4, 0.25, 0.15, 0.1, 0.1)  # of FAILURES, on average; every rater has a taste of their own
TASTE = 20  # the larger, the more alike tastes are: the sum of a Dirichlet distribution's parameters
# name: how far it follows what people see, and how eagerly it says yes or likes the personalized
MODELS = {"m-careful": (0.8, -0.2), "m-eager": (0.6, 0.7), "m-noisy": (0.2, 0.4)}
GENERATORS = {"m-careful": 0.3, "m-eager": -0.1, "m-noisy": 0.0}
EXTRACTOR = "m-extract"
EPOCH = "2026-01-01T00:00:00.000000Z"
_BLANK: dict[Any, Any] = {pl.String: "", pl.Int64: 0, pl.Float64: 0.0, pl.Boolean: False}


@dataclass(frozen=True)
class Size:
    """``people``, half of them synthetic, with ``attributes`` and ``prompts`` each; ``raters``, ``k`` on each unit.

    ``copies``: every unit so many times, with the same latent place and other raters.
    """

    people: int = 40
    attributes: int = 6
    prompts: int = 3
    raters: int = 16
    k: int = 3
    copies: int = 1


@dataclass(frozen=True)
class Units:
    """One instrument's units, arrays of one length. ``page``: units of one page have the same raters and side."""

    instrument: str
    attribute: Ints
    person: Ints
    prompt: Ints | None
    pair: Ints | None
    page: Ints
    place: Floats  # on the latent scale, before rater and noise

    def __len__(self) -> int:
        return len(self.place)


@dataclass(frozen=True)
class Drawn:
    """What the seed of the people decides: effects, material and places."""

    size: Size
    confidence: Floats
    length: Floats  # log of the personalized response's length over the generic one's, by pair
    mention: Ints  # by pair: is the person's attribute openly mentioned
    generator: Ints
    pair_prompt: Ints
    pair_person: Ints
    quality: Units
    relevance: Units
    preference: Units


def planted(people_seed: int, rater_seed: int, size: Size = Size()) -> Release:
    """The release of one draw. The same seeds and size give the same frames."""
    drawn = draw_people(np.random.default_rng([1, people_seed]), size)
    raters = np.random.default_rng([2, rater_seed]).normal(0, RATER, size.raters)
    noise = np.random.default_rng([3, people_seed, rater_seed])
    models = np.random.default_rng([4, people_seed])
    frames = material(drawn)
    every = (drawn.quality, drawn.relevance, drawn.preference)
    tastes = np.random.default_rng([5, rater_seed]).dirichlet(TASTE * np.array(CHANCES), size.raters)
    judged = [judgments_of(units, raters, tastes, size, noise) for units in every]
    frames["judgments"] = pl.concat(judged).sort(TABLES["judgments"].sort_by)
    votes = [votes_of(units, models) for units in (drawn.relevance, drawn.preference)]
    frames["model_votes"] = pl.concat(votes).sort(TABLES["model_votes"].sort_by)
    frames["items"] = pl.concat([items_of(units) for units in every]).sort("item")
    return release_from_frames(frames)


def draw_people(rng: np.random.Generator, size: Size) -> Drawn:
    n, copies = size.people, size.copies
    person = rng.normal(0, PERSON, n)
    attribute = rng.normal(0, ATTRIBUTE, (n, size.attributes))
    confidence = rng.random((n, size.attributes))
    prompts = max(2, n * size.prompts // 3)  # three people a prompt
    prompt_effect = rng.normal(0, PROMPT, prompts)
    asked = (np.arange(n)[:, None] * size.prompts + np.arange(size.prompts)) % prompts

    owner = np.repeat(np.arange(n), size.attributes)
    key = np.arange(n * size.attributes)
    worse = np.where(owner % 2 == 0, REAL_IS_WORSE, 0.0)
    place = person[owner] + attribute.ravel() - worse + CONFIDENCE * (confidence.ravel() > 0.5) + 0.9
    quality = Units(ATTRIBUTE_QUALITY, key, owner, None, None, owner, place)

    matched = np.repeat(key, size.prompts)
    prompt = asked[owner].ravel()
    page = owner[matched] * prompts + prompt
    place = person[owner[matched]] + attribute.ravel()[matched] + prompt_effect[prompt]
    relevance = Units(RELEVANCE, matched, owner[matched], prompt, None, page, place)

    pair_person = np.repeat(np.arange(n), size.prompts)
    pair_prompt = asked.ravel()
    generator = rng.integers(0, len(GENERATORS), len(pair_person))
    length = rng.normal(0.2, 0.4, len(pair_person))
    mention = (rng.random(len(pair_person)) < 0.3 + 0.2 * generator).astype(np.int64)
    liked = np.array(list(GENERATORS.values()))[generator] + LENGTH * length + MENTION * mention
    place_of_pair = liked + rng.normal(0, PAIR, len(pair_person)) + person[pair_person] + prompt_effect[pair_prompt]
    first = pair_person * size.attributes
    about = np.stack([first, first + 1], axis=1).ravel()  # two attributes of the person on each pair
    pair = np.repeat(np.arange(len(pair_person)), 2)
    place = place_of_pair[pair] + 0.5 * attribute.ravel()[about]
    preference = Units(PREFERENCE, about, pair_person[pair], None, pair, pair, place)
    three = (_copied(units, copies) for units in (quality, relevance, preference))
    return Drawn(size, confidence.ravel(), length, mention, generator, pair_prompt, pair_person, *three)


def _copied(units: Units, copies: int) -> Units:
    """Each page again with other raters; its units keep their names but for a number at the end."""
    if copies == 1:
        return units
    span = int(units.page.max()) + 1
    prompt, pair = (None if ids is None else np.tile(ids, copies) for ids in (units.prompt, units.pair))
    attribute, person = np.tile(units.attribute, copies), np.tile(units.person, copies)
    page = np.concatenate([units.page + span * n for n in range(copies)])
    return Units(units.instrument, attribute, person, prompt, pair, page, np.tile(units.place, copies))


def _names(units: Units) -> dict[str, pl.Series]:
    attribute = pl.Series([f"a{n}" for n in units.attribute])
    blank = pl.Series([None] * len(units), dtype=pl.String)
    prompt = blank if units.prompt is None else pl.Series([f"q{n}" for n in units.prompt])
    pair = blank if units.pair is None else pl.Series([f"x{n}" for n in units.pair])
    other = pair if units.prompt is None else prompt
    letter = {ATTRIBUTE_QUALITY: "q", RELEVANCE: "r", PREFERENCE: "p"}[units.instrument]
    parts = [f"{letter}:{a}" if o is None else f"{letter}:{a}:{o}" for a, o in zip(attribute, other, strict=True)]
    seen: dict[str, int] = {}
    for place, name in enumerate(parts):  # copies of a unit are units of their own
        seen[name] = seen.get(name, -1) + 1
        parts[place] = name if not seen[name] else f"{name}+{seen[name]}"
    return {"unit": pl.Series(parts), "attribute": attribute, "prompt": prompt, "pair": pair}


def judgments_of(units: Units, raters: Floats, tastes: Floats, size: Size, rng: np.random.Generator) -> pl.DataFrame:
    """``k`` raters drawn for each page answer all of its units; the side is drawn for each rater and page. ``tastes``:
    each rater's chances of the reasons, shape (raters, reasons).
    """
    pages, page = np.unique(units.page, return_inverse=True)
    drawn = np.argsort(rng.random((len(pages), size.raters)), axis=1)[:, : size.k]
    right = rng.random((len(pages), size.k)) < 0.5
    rater, on_right = drawn[page].ravel(), right[page].ravel()
    unit = np.repeat(np.arange(len(units)), size.k)
    latent = units.place[unit] + raters[rater] + rng.normal(0, 1, len(unit))
    if units.instrument == PREFERENCE:
        latent += SIDE * np.where(on_right, 0.5, -0.5)
    code = np.searchsorted(CUTS[units.instrument], latent)
    names = {name: values.gather(unit) for name, values in _names(units).items()}
    value, score, side = _answers(units.instrument, code, on_right)
    named = (rng.random(len(unit))[:, None] > tastes.cumsum(axis=1)[rater, :-1]).sum(axis=1)
    reason = np.where(code == 0, np.array(FAILURES)[named], "")
    own = pl.Series([f"{units.instrument[0]}{units.page[u]}-{r}" for u, r in zip(unit, rater, strict=True)])
    columns = {
        **names,
        "campaign": units.instrument,
        "instrument": units.instrument,
        "item": pl.Series([f"{units.instrument[0]}{units.page[u]}" for u in unit]),
        "assignment": own,
        "rater": pl.Series([f"rater-{r:05}" for r in rater]),
        "rater_kind": "human",
        "value": value,
        "score": score,
        "side": side,
        "reason": reason if units.instrument == ATTRIBUTE_QUALITY else "",
        "role": "work",
        "seat": 0,
        "assignment_state": "submitted",
        "counted": True,
        "submitted_at": EPOCH,
        "made_at": EPOCH,
    }
    return filled("judgments", columns)


def _answers(instrument: str, code: Ints, on_right: npt.NDArray[np.bool_]) -> tuple[Any, Floats, Any]:
    """Value as given, score towards the personalized, side."""
    if instrument != PREFERENCE:
        return np.array(VALUES[instrument])[code], code.astype(np.float64), ""
    given = np.where(on_right, code + 1, 5 - code)
    return given.astype(str), (code + 1).astype(np.float64), np.where(on_right, "right", "left")


def votes_of(units: Units, rng: np.random.Generator) -> pl.DataFrame:
    """Every model's vote on every unit; preferences in both orders."""
    names = _names(units)
    frames = []
    for model, (follows, eager) in MODELS.items():
        common = follows * units.place + eager + rng.normal(0, 0.6, len(units))
        for side in ("left", "right") if units.instrument == PREFERENCE else ("",):
            shift = {"left": -0.2, "right": 0.2, "": 0.0}[side]
            code = np.searchsorted(CUTS[units.instrument], common + shift + rng.normal(0, 0.5, len(units)))
            value, score, _ = _answers(units.instrument, code, np.full(len(units), side == "right"))
            columns = {**names, "instrument": units.instrument, "run": f"{units.instrument[0]}-{model}", "rater": model}
            more = {"status": "answered", "value": value, "score": score, "side": side, "raw_score": None}
            frames.append(filled("model_votes", columns | more))
    return pl.concat(frames)


def items_of(units: Units) -> pl.DataFrame:
    names = _names(units)
    frame = pl.DataFrame({"page": units.page, "unit": names["unit"], "attribute": names["attribute"]})
    question = pl.struct(position=pl.lit(0, pl.Int64), unit="unit", attribute="attribute", text=pl.lit(""))
    pages = frame.group_by("page", maintain_order=True).agg(question.alias("questions"))
    item = pl.format("{}{}", pl.lit(units.instrument[0]), "page")
    named = pages.with_columns(item=item, campaign=pl.lit(units.instrument), role=pl.lit("work"))
    return filled("items", {name: named[name] for name in ("item", "campaign", "role", "questions")})


def material(drawn: Drawn) -> dict[str, pl.DataFrame]:
    """Every table but items, judgments and votes."""
    frames = {
        **_people_of(drawn),
        **_responses_of(drawn),
        "runs": _runs(),
        "findings": _mentions_of(drawn),
        "campaigns": _campaigns(drawn.size),
    }
    return {name: filled(name, columns).sort(TABLES[name].sort_by) for name, columns in frames.items()}


def _people_of(drawn: Drawn) -> dict[str, dict[str, Any]]:
    size = drawn.size
    person = [f"p{n}" for n in range(size.people)]
    synthetic = np.arange(size.people) % 2 == 1
    owner = np.repeat(np.arange(size.people), size.attributes)
    people = {
        "person": pl.Series(person),
        "corpus": np.where(synthetic, "invented", "chats"),
        "corpus_title": np.where(synthetic, "invented", "chats"),
        "corpus_kind": np.where(synthetic, "synthetic", "human"),
    }
    attributes = {
        "attribute": pl.Series([f"a{n}" for n in range(len(owner))]),
        "person": pl.Series([person[n] for n in owner]),
        "run": "extract",
        "confidence": drawn.confidence,
    }
    prompts = {"prompt": pl.Series([f"q{n}" for n in range(int(drawn.pair_prompt.max()) + 1)]), "text": "?"}
    return {"people": people, "attributes": attributes, "prompts": prompts}


def _responses_of(drawn: Drawn) -> dict[str, dict[str, Any]]:
    pairs = len(drawn.generator)
    generator = np.array(list(GENERATORS))[drawn.generator]
    lengths = np.stack([np.full(pairs, 400), np.round(400 * np.exp(drawn.length))], axis=1).ravel().astype(int)
    response = {
        "response": pl.Series([f"{letter}{n}" for n in range(pairs) for letter in ("g", "o")]),
        "run": "respond",
        "prompt": pl.Series([f"q{n}" for n in np.repeat(drawn.pair_prompt, 2)]),
        "person": pl.Series([None if k == 0 else f"p{n}" for n in drawn.pair_person for k in (0, 1)]),
        "generator": np.repeat(generator, 2),
        "condition": pl.Series(["generic", "personalized"] * pairs),
        "text": pl.Series(["x" * n for n in lengths]),
    }
    numbers = [str(n) for n in range(pairs)]
    pair = {
        "pair": pl.Series([f"x{n}" for n in numbers]),
        "person": pl.Series([f"p{n}" for n in drawn.pair_person]),
        "prompt": pl.Series([f"q{n}" for n in drawn.pair_prompt]),
        "generator": generator,
        "generic": pl.Series([f"g{n}" for n in numbers]),
        "personalized": pl.Series([f"o{n}" for n in numbers]),
    }
    return {"responses": response, "response_pairs": pair}


def _mentions_of(drawn: Drawn) -> dict[str, Any]:
    return {
        **_names(drawn.preference),
        "instrument": PREFERENCE,
        "run": "mention",
        "rater": "m-careful",
        "kind": "mention",
        "status": "answered",
        "value": np.array(["no", "yes"])[drawn.mention[drawn.preference.pair]],
    }


def _runs() -> dict[str, Any]:
    stages = (("r", "select"), ("p", "judge"))
    runs = [("extract", "extract", EXTRACTOR), ("respond", "respond", "")]
    runs += [(f"{letter}-{model}", stage, model) for letter, stage in stages for model in MODELS]
    runs += [("mention", "mention", "m-careful")]
    names = ("run", "stage", "model")
    return {name: pl.Series([run[place] for run in runs]) for place, name in enumerate(names)} | {"backend": "recorded"}


def _campaigns(size: Size) -> dict[str, Any]:
    named = pl.Series((ATTRIBUTE_QUALITY, RELEVANCE, PREFERENCE))
    names = dict.fromkeys(("campaign", "slug", "title", "instrument"), named)
    return {**names, "origin": "human", "state": "complete", "k": size.k}


def filled(name: str, columns: Mapping[str, Any]) -> pl.DataFrame:
    """``columns`` as table ``name``; a single value stands in every row, what is not given is null, or blank."""
    height = next(len(values) for values in columns.values() if not isinstance(values, str | int | float | None))
    series = []
    for column in TABLES[name].columns:
        given = columns.get(column.name, _blank(column))
        if isinstance(given, str | int | float | list | None):
            given = pl.repeat(given, height, dtype=column.dtype, eager=True) if given != [] else [[]] * height
        series.append(pl.Series(column.name, given, dtype=column.dtype, strict=False))
    return pl.DataFrame(series)


def _blank(column: Any) -> Any:
    if isinstance(column.dtype, pl.List):
        return []
    return None if column.nullable else _BLANK[column.dtype]
