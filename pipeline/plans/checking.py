"""What pydantic cannot see in a plan: names nobody has, steps without what they read, secrets, wrong parameters."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from pydantic import BaseModel, ValidationError

from pipeline.backends import BACKENDS
from pipeline.backends.embedders import EMBEDDERS
from pipeline.domain.people.parameters import MatchParameters, PeopleParameters
from pipeline.enums import InstrumentName
from pipeline.enums import Stage as StageName
from pipeline.plans.form import LABELS, Plan
from pipeline.plans.places import KeyPath, Wrong
from pipeline.stages import BASELINES, STAGES

EMBEDDING = "embedding"  # the baseline that needs a model
SECRET = re.compile(r"key|secret|token$|password|credential", re.IGNORECASE)


def problems_in(plan: Plan) -> list[Wrong]:
    """Parameters are looked at only where all else is right."""
    found = [*_unknown_names(plan), *_secrets(plan), *_gaps(plan)]
    return found or list(_wrong_parameters(plan))


def models_named(plan: Plan) -> Iterator[tuple[KeyPath, str]]:
    """Every place in the plan that names a model, with the name."""
    for stage in ("extract", "evidence", "refine"):
        if one := getattr(plan, stage):
            yield (stage, "model"), one.model
    for stage in ("verify", "select", "respond", "judge", "mention", "why"):
        if many := getattr(plan, stage):
            yield from (((stage, "models", place), name) for place, name in enumerate(many.models))
    if plan.merge:
        yield ("merge", "embedder"), plan.merge.embedder
    if plan.people and plan.people.embedder:
        yield ("people", "embedder"), plan.people.embedder
    for name, baseline in plan.select.baselines.items() if plan.select else ():
        if baseline.embedder:
            yield ("select", "baselines", name, "embedder"), baseline.embedder


def _unknown_names(plan: Plan) -> Iterator[Wrong]:
    for path, name in models_named(plan):
        if name not in plan.models:
            yield Wrong(path, f"no model is called {name!r}: use {_one_of(plan.models)}, or add [models.{name}]")
    for key, model in plan.models.items():
        if model.server not in plan.servers:
            remedy = f"use {_one_of(plan.servers)}, or add [servers.{model.server}]"
            yield Wrong(("models", key, "server"), f"no server is called {model.server!r}: {remedy}")
    for key, server in plan.servers.items():
        if server.backend not in {**BACKENDS, **EMBEDDERS}:
            yield Wrong(("servers", key, "backend"), f"{server.backend!r} is no backend: use {_one_of(BACKENDS)}")
    if plan.respond and plan.select and plan.respond.select:
        choices = [*plan.select.models, *plan.select.baselines, LABELS]
        if plan.respond.select not in choices:
            yield Wrong(("respond", "select"), f"{plan.respond.select!r} selects nothing: use {_one_of(choices)}")
    if plan.refine and plan.verify and plan.refine.verifier not in ("", *plan.verify.models):
        remedy = f"use {_one_of(plan.verify.models)}"
        yield Wrong(("refine", "verifier"), f"{plan.refine.verifier!r} verifies nothing: {remedy}")

    if plan.why and plan.why.judged_by not in (LABELS, *(plan.verify.models if plan.verify else ())):
        remedy = f"use {_one_of([LABELS, *(plan.verify.models if plan.verify else ())])}"
        yield Wrong(("why", "judged_by"), f"{plan.why.judged_by!r} judges nothing: {remedy}")
    yield from _unknown_baselines(plan)


def _unknown_baselines(plan: Plan) -> Iterator[Wrong]:
    known = [name for stage, name in BASELINES if stage == StageName.SELECT]
    for name, baseline in plan.select.baselines.items() if plan.select else ():
        path: KeyPath = ("select", "baselines", name)
        if name not in known:
            yield Wrong(path, f"no baseline is called {name!r}: use {_one_of(known)}")
        elif name == EMBEDDING and not baseline.embedder:
            yield Wrong(path, "it compares embeddings: name a model as its embedder")


def _one_of(names: Any) -> str:
    return "one of " + ", ".join(names) if names else "a name that the plan has"


def _secrets(plan: Plan) -> Iterator[Wrong]:
    tables = (("servers", plan.servers), ("models", plan.models))
    options = ((table, name, option) for table, parts in tables for name in parts for option in parts[name].options)
    for table, name, option in options:
        if SECRET.search(option):
            remedy = "keys stand in the environment, as OPENAI_API_KEY; a plan is stored and shown"
            yield Wrong((table, name, "options", option), f"a plan holds no secret: {remedy}")


# What a step cannot do without.
NEEDS: tuple[tuple[str, tuple[str, ...]], ...] = (
    ("merge", ("extract",)),
    ("evidence", ("extract",)),
    ("verify", ("extract",)),
    ("refine", ("verify",)),
    ("select", ("extract",)),
    ("respond", ("select",)),
    ("judge", ("respond",)),
    ("mention", ("respond",)),
    ("why", ("extract",)),
)
MATERIAL = {
    InstrumentName.ATTRIBUTE_QUALITY: "extract",
    InstrumentName.RELEVANCE: "extract",
    InstrumentName.PREFERENCE: "respond",
}


def _gaps(plan: Plan) -> Iterator[Wrong]:
    for stage, needed in NEEDS:
        for other in needed:
            if getattr(plan, stage) and not getattr(plan, other):
                yield Wrong((stage,), f"it reads what {other} makes: add [{other}], or leave [{stage}] out")
    if plan.attributes and not getattr(plan, plan.attributes):
        yield Wrong(("attributes",), f"{plan.attributes!r} is no step of this plan: add [{plan.attributes}]")
    for slug, campaign in plan.campaigns.items():
        if not getattr(plan, MATERIAL[campaign.instrument]):
            yield Wrong(("campaigns", slug), f"it asks about what {MATERIAL[campaign.instrument]} makes: add it")
    for path, from_people, instrument in (
        (("respond", "select"), plan.respond and plan.respond.select == LABELS, InstrumentName.RELEVANCE),
        (("why", "judged_by"), plan.why and plan.why.judged_by == LABELS, InstrumentName.ATTRIBUTE_QUALITY),
    ):
        if from_people and plan.campaign_of(instrument) is None:
            yield Wrong(path, f"labels come from a campaign of {instrument.value}: add one to [campaigns]")
    if plan.select and not plan.select.models and not plan.select.baselines:
        yield Wrong(("select",), "nobody selects: give it models or baselines")
    yield from _unsampled(plan)


def _unsampled(plan: Plan) -> Iterator[Wrong]:
    asked = {
        "select": InstrumentName.RELEVANCE,
        "judge": InstrumentName.PREFERENCE,
        "mention": InstrumentName.PREFERENCE,
    }
    for stage, instrument in asked.items():
        part, campaign = getattr(plan, stage), plan.campaigns.get(plan.campaign_of(instrument) or "")
        if part and part.only_sampled and (campaign is None or campaign.sample is None):
            yield Wrong((stage, "only_sampled"), f"no campaign of {instrument.value} draws a sample: give one a sample")


def _wrong_parameters(plan: Plan) -> Iterator[Wrong]:
    rooms: dict[str, type[BaseModel]] = {"people": PeopleParameters, "match": MatchParameters}
    rooms |= {name: stage.parameters for name, stage in STAGES.items()}
    for stage, room in rooms.items():
        if part := getattr(plan, stage):
            yield from _parameters_of(room, (stage, "parameters"), part.parameters)
    for name, baseline in plan.select.baselines.items() if plan.select else ():
        room = BASELINES["select", name].parameters
        yield from _parameters_of(room, ("select", "baselines", name, "parameters"), baseline.parameters)


def _parameters_of(room: type[BaseModel], path: KeyPath, values: Mapping[str, Any]) -> Iterator[Wrong]:
    try:
        room.model_validate(dict(values))
    except ValidationError as error:
        for each in error.errors():
            place = (*path, *each["loc"])
            yield Wrong(place, f"{each['input']!r}: {each['msg']}. It takes {', '.join(room.model_fields)}")
