"""Where the rows of each table of a release come from: one function a table, in the order of the contract."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import polars as pl

from annotation.releases.tables import answers, campaigns, judgments, material, taking_part
from annotation.releases.tables.rows import Row
from annotation.releases.tables.scope import Scope

TABLE_ROWS: dict[str, Callable[[Scope], Iterator[Row]]] = {
    "people": material.people,
    "conversations": material.conversations,
    "attributes": material.attributes,
    "prompts": material.prompts,
    "responses": material.responses,
    "response_pairs": material.response_pairs,
    "model_votes": answers.model_votes,
    "findings": answers.findings,
    "labels": answers.labels,
    "runs": material.runs,
    "campaigns": campaigns.campaigns,
    "consent_forms": taking_part.consent_forms,
    "items": campaigns.items,
    "raters": taking_part.raters,
    "consents": taking_part.consents,
    "exclusions": taking_part.exclusions,
    "assignments": answers.assignments,
    "remarks": answers.remarks,
    "closings": taking_part.closings,
}
# Those of many rows give them by the row group.
TABLE_FRAMES: dict[str, Callable[[Scope], Iterator[pl.DataFrame]]] = {"judgments": judgments.judgments}
