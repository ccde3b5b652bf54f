"""What a study's plan may hold. docs/running-a-study.md shows one."""

from __future__ import annotations

from decimal import Decimal
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from pipeline.enums import InstrumentName

LABELS = "labels"  # respond.select: what people said, not a model
SEED = "1"


class Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class ImportPlan(Part):
    """A file or folder to take in first. ``path`` counts from the folder of manage.py; a format of "" is recognised.

    ``corpus``, ``licence`` and ``kind`` (of its people) stand in for what the source says of itself.
    """

    path: str = Field(min_length=1)
    format: str = ""
    corpus: str = ""
    licence: str = ""
    kind: Literal["", "human", "synthetic"] = ""
    skip_bad: bool = False


class ServerPlan(Part):
    """What answers, and how it is reached. ``budget_*`` bound each run, not the study."""

    backend: str = "openai_api"
    options: dict[str, str | int | float | bool] = {}
    budget_tokens: int | None = Field(default=None, ge=1)
    budget_money: Decimal | None = Field(default=None, gt=0, max_digits=12, decimal_places=4)


class ModelPlan(Part):
    """A model, as its server knows it. Stages name it by its key in [models]; ``options`` go before its server's."""

    name: str = Field(min_length=1)
    revision: str = ""
    server: str
    options: dict[str, str | int | float | bool] = {}


class StagePlan(Part):
    parameters: dict[str, Any] = {}


class ByOne(StagePlan):
    model: str


class ByMany(StagePlan):
    """Each model runs side by side with the others, over the same units."""

    models: tuple[str, ...] = Field(min_length=1)


class Merging(StagePlan):
    embedder: str


class Refining(ByOne):
    verifier: str = ""  # whose flags count; "" the first of verify.models


class Baseline(StagePlan):
    embedder: str = ""  # for the one that compares embeddings


class Selecting(StagePlan):
    models: tuple[str, ...] = ()
    baselines: dict[str, Baseline] = {}
    only_sampled: bool = False  # only what the relevance campaign's sample drew


class Responding(ByMany):
    select: str = ""  # whose choice is given: a model or baseline of [select], or "labels"; "" its first model


class Judging(ByMany):
    """Of judges, and of those who look for open mentions."""

    only_sampled: bool = False  # only what the preference campaign's sample drew


class Explaining(ByMany):
    """Of attributes that were not accepted: by people, or by a verifier where one is named."""

    judged_by: str = LABELS


class Choosing(StagePlan):
    """People drawn from a corpus; "" where the study has only one."""

    corpus: str = ""
    embedder: str = ""


class CampaignPlan(Part):
    """Built as a draft: somebody looks at it before people are asked."""

    instrument: InstrumentName
    title: str = ""
    k: int = Field(default=3, ge=1)
    questions_per_item: int = Field(default=24, ge=1)
    lease_minutes: int = Field(default=30, ge=1)
    sample: int | None = Field(default=None, ge=1)  # units drawn by the seed; None: all of them
    seed: str = SEED
    origin: Literal["human", "simulated"] = "human"


class Plan(Part):
    title: str = ""
    tolerate: float = Field(default=0, ge=0, le=1)  # share of a run's units that may fail without stopping the study
    imports: tuple[ImportPlan, ...] = Field(default=(), alias="import")
    servers: dict[str, ServerPlan] = {}
    models: dict[str, ModelPlan] = {}
    mask: StagePlan | None = None
    people: Choosing | None = None
    match: StagePlan | None = None
    extract: ByOne | None = None
    merge: Merging | None = None
    evidence: ByOne | None = None
    verify: ByMany | None = None
    refine: Refining | None = None
    select: Selecting | None = None
    respond: Responding | None = None
    judge: Judging | None = None
    mention: Judging | None = None
    why: Explaining | None = None
    # Whose attributes are put to prompts and to raters; "" the last of these that the plan has.
    attributes: Literal["", "extract", "merge", "refine"] = ""
    campaigns: dict[str, CampaignPlan] = {}

    def campaign_of(self, instrument: str) -> str | None:
        """The slug of the first campaign of an instrument."""
        return next((slug for slug, plan in self.campaigns.items() if plan.instrument == instrument), None)
