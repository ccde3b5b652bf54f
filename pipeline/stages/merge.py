"""Merge: one attribute for each thing that several conversations show about a person.

Filtering is a parameter here and no run of its own: attributes are immutable and belong to the run that inferred them,
so a filter could only copy them or keep a second list of the same rows. ``min_confidence`` stands on the merge run, and
what it dropped is what no merged attribute was made from. A ``distance`` of 0 filters and merges nothing.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from math import prod

from django.db.models import QuerySet
from pydantic import Field

from pipeline.backends.base import FinalError
from pipeline.backends.embedders import Vectors, open_embedder
from pipeline.enums import FailureKind
from pipeline.enums import Stage as StageName
from pipeline.models import Attribute, AttributeOrigin, Evidence, Run, WorkUnit
from pipeline.stages.base import Scope, StageParameters, UnitFailed, UnitSpec, Work
from pipeline.stages.places import Place, longest, place_columns


class MergeParameters(StageParameters):
    distance: float = Field(default=0.3, ge=0, le=2)  # cosine distance at or above which two groups stay apart
    min_confidence: float = Field(default=0.4, ge=0, le=1)  # below it an attribute is dropped


@dataclass(frozen=True)
class Found:
    """An attribute as extracted, with its place in the person's history."""

    pk: int
    person: int
    text: str
    reason: str
    confidence: float | None
    evidence: tuple[Place, ...]


@dataclass(frozen=True)
class Merged:
    """A group: ``members`` in their order, the first of the most confident among them as its wording."""

    members: tuple[Found, ...]
    representative: Found
    confidence: float | None


class Merge:
    name = StageName.MERGE.value
    template = ""
    accepts: tuple[str, ...] = (StageName.EXTRACT, StageName.REFINE, StageName.IMPORT)
    parameters: type[StageParameters] = MergeParameters

    def units(self, scope: Scope) -> Iterable[UnitSpec]:
        """One per person of whom anything passes the filter."""
        assert isinstance(scope.parameters, MergeParameters)
        people = passing(scope.inputs, scope.parameters.min_confidence).values_list("person_id", "person__public_id")
        for pk, public_id in people.distinct().order_by("person_id"):
            yield UnitSpec(public_id, {"person": pk})

    def load(self, run: Run, units: Sequence[WorkUnit]) -> list[list[Found]]:
        people = [unit.subject["person"] for unit in units]
        rows = passing(list(run.inputs.all()), run.parameters["min_confidence"]).filter(person_id__in=people)
        evidence = evidence_of(rows)
        by_person: dict[int, list[Found]] = defaultdict(list)
        columns = rows.order_by("run_id", "position").values_list("pk", "person_id", "text", "reason", "confidence")
        for pk, person, text, reason, confidence in columns:
            by_person[person].append(Found(pk, person, text or "", reason, confidence, tuple(evidence.get(pk, ()))))
        return [by_person[person] for person in people]

    def work(self, run: Run, material: list[Found]) -> Work[list[Merged]]:
        embedder = open_embedder(run.backend, run.model_name, run.backend_options)
        try:
            vectors = embedder.embed([found.text for found in material])
        except FinalError as error:
            raise UnitFailed(str(error), error.kind) from error
        groups = group_by_distance(vectors, run.parameters["distance"])
        return [merge_group([material[place] for place in group]) for group in groups]
        yield  # a generator that asks no model

    def record(self, run: Run, unit: WorkUnit, material: list[Found], result: list[Merged]) -> None:
        attributes = Attribute.objects.bulk_create(
            Attribute(
                run=run,
                person_id=unit.subject["person"],
                position=place,
                text=merged.representative.text,
                reason=merged.representative.reason,
                confidence=merged.confidence,
            )
            for place, merged in enumerate(result)
        )
        pairs = list(zip(attributes, result, strict=True))
        AttributeOrigin.objects.bulk_create(
            AttributeOrigin(attribute=attribute, source_id=member.pk, position=place)
            for attribute, merged in pairs
            for place, member in enumerate(merged.members)
        )
        Evidence.objects.bulk_create(
            Evidence(attribute=attribute, **place_columns(place))
            for attribute, merged in pairs
            for place in united_evidence(merged.members)
        )

    def finish(self, run: Run) -> None:
        """Nothing: people are merged one by one."""


def passing(runs: Sequence[Run], min_confidence: float) -> QuerySet[Attribute]:
    """Attributes of these runs that have a text and are not below ``min_confidence`` (unknown confidence passes)."""
    rows = Attribute.objects.filter(run__in=runs, text__isnull=False)
    return rows.exclude(confidence__lt=min_confidence)


def group_by_distance(vectors: Vectors, distance: float) -> list[list[int]]:
    """Agglomerative clustering, average linkage, cosine distance below ``distance``: places of each group's members.

    Groups stand in the order of their first member. Raises UnitFailed for a vector without direction.
    """
    import numpy as np
    from sklearn.cluster import AgglomerativeClustering

    matrix = np.asarray(vectors, dtype=np.float64)
    if not np.all(np.isfinite(matrix)) or not np.all(np.any(matrix, axis=1)):
        problem = "an embedding is all zeros or not a number: its cosine distance is undefined"
        raise UnitFailed(problem, FailureKind.NO_MATERIAL)
    if len(vectors) < 2:
        return [[place] for place in range(len(vectors))]
    model = AgglomerativeClustering(n_clusters=None, metric="cosine", linkage="average", distance_threshold=distance)
    groups: dict[int, list[int]] = defaultdict(list)
    for place, label in enumerate(model.fit_predict(matrix)):
        groups[int(label)].append(place)
    return sorted(groups.values())


def merge_group(members: Sequence[Found]) -> Merged:
    """The most confident member speaks for all, the earliest of several; unknown confidence ranks lowest.

    The group's confidence is noisy-or, 1 - prod(1 - c), over the members that have one.
    """
    known = [member.confidence for member in members if member.confidence is not None]
    confidence = min(1.0, max(0.0, 1 - prod(1 - value for value in known))) if known else None
    best = max(members, key=lambda member: -1.0 if member.confidence is None else member.confidence)
    return Merged(tuple(members), best, confidence)


def united_evidence(members: Sequence[Found]) -> list[Place]:
    """Each place once; of spans that begin at one point the longest."""
    return longest({place for member in members for place in member.evidence})


def evidence_of(attributes: QuerySet[Attribute]) -> dict[int, list[Place]]:
    """The places that support each of these attributes, by its key. Values, as objects cost more than the grouping."""
    places: dict[int, list[Place]] = defaultdict(list)
    rows = Evidence.objects.filter(attribute__in=attributes.values("pk")).order_by("pk")
    for pk, chat, turn, start, end in rows.values_list("attribute_id", "conversation_id", "turn", "start", "end"):
        places[pk].append(Place(chat, turn, start, end))
    return places
