"""croissant.json: the release for machines, in Croissant 1.1 with the RAI 1.0 vocabulary.

RAI keys are spelled as mlcroissant reads and writes them (``dataCollectionTimeFrame``), which is what checkers run.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import polars as pl

from analysis.schema import TABLES, Table, links_of
from annotation.domain.describing import LICENCES, Described
from annotation.enums import Origin
from annotation.releases.papers.citation import bibtex_of, day_of
from annotation.releases.papers.facts import Facts
from annotation.releases.papers.known import missing_in_words, name_in_order, of_campaign
from annotation.releases.papers.types import croissant_type
from annotation.releases.papers.words import about_column, about_table

Json = dict[str, Any]
CONFORMS = ["http://mlcommons.org/croissant/1.1", "http://mlcommons.org/croissant/RAI/1.0"]
_CR = (
    "arrayShape",
    "citeAs",
    "column",
    "containedIn",
    "equivalentProperty",
    "extract",
    "field",
    "fileProperty",
    "fileObject",
    "fileSet",
    "format",
    "includes",
    "isArray",
    "isLiveDataset",
    "jsonPath",
    "key",
    "md5",
    "parentField",
    "path",
    "recordSet",
    "references",
    "regex",
    "repeated",
    "replace",
    "samplingRate",
    "separator",
    "source",
    "subField",
    "transform",
    "annotation",
)
CONTEXT: Json = {
    "@language": "en",
    "@vocab": "https://schema.org/",
    **{name: f"cr:{name}" for name in _CR},
    "conformsTo": "dct:conformsTo",
    "cr": "http://mlcommons.org/croissant/",
    "rai": "http://mlcommons.org/croissant/RAI/",
    "data": {"@id": "cr:data", "@type": "@json"},
    "dataType": {"@id": "cr:dataType", "@type": "@vocab"},
    "dct": "http://purl.org/dc/terms/",
    "description": {"@container": "@language"},
    "examples": {"@id": "cr:examples", "@type": "@json"},
    "name": {"@container": "@language"},
    "prov": "http://www.w3.org/ns/prov#",
    "sc": "https://schema.org/",
}
FORMATS = {"parquet": "application/x-parquet", "jsonl": "application/jsonlines"}
# Whose answer a value is: Croissant 1.1 says it of a field by an annotation that carries the annotator.
ATTRIBUTED = {"judgments": "value", "model_votes": "value", "findings": "value"}


def croissant_of(described: Described, facts: Facts, known: Mapping[str, str], manifest: Json) -> Json:
    metadata: Json = {
        "@context": CONTEXT,
        "@type": "sc:Dataset",
        "name": manifest["study"]["slug"],
        "alternateName": described.title,
        "description": _description(described, manifest),
        "conformsTo": CONFORMS,
        "version": manifest["version"],
        "datePublished": day_of(manifest),
        "license": _licence(described.licence),
        "citeAs": bibtex_of(described, manifest),
        "isLiveDataset": False,
        "creator": [{"@type": "sc:Person", "name": name_in_order(author.name)} for author in described.authors],
        "inLanguage": list(described.languages),
        "keywords": ["personalization", "human feedback", *sorted(facts.origins())],
        **({"identifier": f"https://doi.org/{described.doi}"} if described.doi else {}),
        **_rai(described, facts, known, manifest),
        "distribution": [_file(name, entry) for name, entry in manifest["files"].items()],
        "recordSet": [_record_set(TABLES[name]) for name in manifest["tables"] if name in TABLES],
    }
    return {key: value for key, value in metadata.items() if value not in ("", [], None)}


def _description(described: Described, manifest: Json) -> str:
    said = manifest["study"].get("description", "").strip() or f"Release of the study {described.title}."
    return " ".join([*manifest["notices"], said])


def _licence(licence: str) -> str:
    return f"https://spdx.org/licenses/{licence}.html" if licence in LICENCES else licence


def _file(name: str, entry: Json) -> Json:
    return {
        "@type": "cr:FileObject",
        "@id": name,
        "name": name.rpartition("/")[2],
        "contentUrl": name,
        "contentSize": f"{entry['bytes']} B",
        "encodingFormat": FORMATS[name.rpartition(".")[2]],
        "sha256": entry["sha256"],
    }


def _record_set(table: Table) -> Json:
    return {
        "@type": "cr:RecordSet",
        "@id": table.name,
        "name": table.name,
        "description": about_table(table.name),
        "key": [{"@id": f"{table.name}/{name}"} for name in table.sort_by],
        "field": [_field(table.name, column.name, column.dtype) for column in table.columns],
    }


def _field(table: str, column: str, dtype: Any) -> Json:
    name = f"{table}/{column}"
    field: Json = {"@type": "cr:Field", "@id": name, "name": column, "description": about_column(column)}
    inner = dtype.inner if isinstance(dtype, pl.List) else dtype
    if isinstance(dtype, pl.List):
        field |= {"isArray": True, "arrayShape": "-1"}
    if isinstance(inner, pl.Struct):
        return field | {"subField": [_part(table, column, part.name, part.dtype) for part in inner.fields]}
    field |= {"dataType": _type(column, inner), "source": _source(table, column)}
    if column in links_of(table):
        # Not by the field's id: mlcroissant 1.1 then fails where several record sets are read one after the other.
        field["references"] = _source(*links_of(table)[column])
    if ATTRIBUTED.get(table) == column:
        field["annotation"] = [_annotator(table, name)]
    return field


def _part(table: str, column: str, part: str, dtype: Any) -> Json:
    return {
        "@type": "cr:Field",
        "@id": f"{table}/{column}/{part}",
        "name": part,
        "dataType": _type(part, dtype),
        "source": _source(table, column) | {"transform": {"jsonPath": part}},
    }


def _annotator(table: str, name: str) -> Json:
    return {
        "@type": "cr:Field",
        "@id": f"{name}/rater",
        "name": "rater",
        "description": "Who gave the value.",
        "dataType": "sc:Text",
        "equivalentProperty": "prov:wasAttributedTo",
        "source": _source(table, "rater"),
    }


def _type(column: str, dtype: Any) -> str:
    is_time = dtype == pl.String and (column == "at" or column.endswith("_at"))
    return "sc:DateTime" if is_time else croissant_type(dtype)


def _source(table: str, column: str) -> Json:
    return {"fileObject": {"@id": f"data/{table}.parquet"}, "extract": {"column": column}}


def _rai(described: Described, facts: Facts, known: Mapping[str, str], manifest: Json) -> Json:
    """What RAI asks, from the tables where they tell and from the datasheet where a human must."""
    said = described.answers
    campaigns = [of_campaign(row) for row in facts.campaigns]
    answers: Json = {
        "dataCollection": known["acquired"],
        "dataCollectionType": _collection_types(facts),
        "dataCollectionTimeFrame": [moment for moment in (facts.first, facts.last) if moment],
        "dataCollectionMissingData": missing_in_words(manifest),
        "dataCollectionRawData": said.get("raw", ""),
        "dataPreprocessingProtocol": [known["processing"]],
        "dataManipulationProtocol": "Values are as given; scores are the same values on a common scale.",
        "dataImputationProtocol": "None: what is missing is null.",
        "dataAnnotationProtocol": campaigns,
        "dataAnnotationPlatform": ["Fitting Room"],
        "dataAnnotationAnalysis": [
            "Agreement with intervals, ceilings and label methods: python -m analysis report DIR"
        ],
        "annotationsPerItem": "; ".join(f"{row['slug']}: {row['k']}" for row in facts.campaigns),
        "annotatorDemographics": [known["subpopulations"], known["workers"]],
        "machineAnnotationTools": sorted({name for names in facts.models.values() for name in names}),
        "dataBiases": _one(said, "biases"),
        "dataLimitations": [*_one(said, "errors"), *_one(said, "not_for"), *manifest["notices"]],
        "dataUseCases": [*_one(said, "purpose"), *_one(said, "other_uses")],
        "dataSocialImpact": said.get("impact", ""),
        "personalSensitiveInformation": [*_one(said, "identifiable"), *_one(said, "sensitive")],
        "dataReleaseMaintenancePlan": " ".join([*_one(said, "maintainer"), *_one(said, "updates")]),
    }
    return {f"rai:{name}": value for name, value in answers.items()}


def _one(answers: Mapping[str, str], key: str) -> list[str]:
    return [answers[key]] if answers.get(key) else []


def _collection_types(facts: Facts) -> list[str]:
    names = {
        Origin.HUMAN: "Manual Human Curator",
        Origin.SIMULATED: "Software Collection",
        Origin.IMPORTED: "Secondary Data Analysis",
    }
    return sorted({names[Origin(origin)] for origin in facts.origins()})
