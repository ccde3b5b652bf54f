"""Where the rows of each table of a release come from: one function a table, study in, sorted rows out."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from annotation.releases.tables import answers, campaigns, material
from annotation.releases.tables.rows import Row
from studies.models import Study

TABLE_ROWS: dict[str, Callable[[Study], Iterator[Row]]] = {
    "people": material.people,
    "conversations": material.conversations,
    "attributes": material.attributes,
    "prompts": material.prompts,
    "responses": material.responses,
    "response_pairs": material.response_pairs,
    "runs": material.runs,
    "campaigns": campaigns.campaigns,
    "items": campaigns.items,
    "raters": campaigns.raters,
    "assignments": answers.assignments,
    "judgments": answers.judgments,
    "remarks": answers.remarks,
    "model_votes": answers.model_votes,
    "findings": answers.findings,
    "labels": answers.labels,
}
