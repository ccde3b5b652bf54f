"""README.md: the dataset card, whose YAML Hugging Face reads, and what a human must know before using the data."""

from __future__ import annotations

from typing import Any

import yaml

from analysis.schema import TABLES, Column, Table
from annotation.domain.describing import Described, blanks_of
from annotation.enums import Origin
from annotation.releases.papers.citation import bibtex_of, citation_text, display_authors
from annotation.releases.papers.facts import Facts
from annotation.releases.papers.known import missing_in_words, of_campaign, workers_in_words
from annotation.releases.papers.types import type_in_words
from annotation.releases.papers.words import about_column, about_table
from annotation.releases.plurals import counted, noun
from pipeline.enums import CorpusKind, InstrumentName

# What Hugging Face calls them; it has no name for any other.
LICENCES = {
    "CC-BY-4.0": "cc-by-4.0",
    "CC-BY-SA-4.0": "cc-by-sa-4.0",
    "CC-BY-NC-4.0": "cc-by-nc-4.0",
    "CC-BY-NC-SA-4.0": "cc-by-nc-sa-4.0",
    "CC0-1.0": "cc0-1.0",
    "ODC-By-1.0": "odc-by",
    "ODbL-1.0": "odbl",
    "PDDL-1.0": "pddl",
    "CDLA-Permissive-2.0": "cdla-permissive-2.0",
    "Apache-2.0": "apache-2.0",
    "MIT": "mit",
}
SIZES = ((10**3, "n<1K"), (10**4, "1K<n<10K"), (10**5, "10K<n<100K"), (10**6, "100K<n<1M"), (10**7, "1M<n<10M"))
TASKS = {
    InstrumentName.ATTRIBUTE_QUALITY: "text-classification",
    InstrumentName.RELEVANCE: "text-classification",
    InstrumentName.PREFERENCE: "text-ranking",
}
ANNOTATORS = {Origin.HUMAN: "crowdsourced", Origin.IMPORTED: "found", Origin.SIMULATED: "machine-generated"}
SPDX = "https://spdx.org/licenses/"


def card_of(described: Described, facts: Facts, manifest: dict[str, Any]) -> str:
    header = yaml.safe_dump(metadata_of(described, facts, manifest), sort_keys=False, allow_unicode=True, width=120)
    return f"---\n{header}---\n\n" + "\n\n".join(_parts(described, facts, manifest)) + "\n"


def metadata_of(described: Described, facts: Facts, manifest: dict[str, Any]) -> dict[str, Any]:
    languages = sorted({tag.partition("-")[0] for tag in described.languages})
    return {
        **({"language": languages} if languages else {}),
        **_licence(described.licence),
        "annotations_creators": _annotators(facts, manifest),
        "language_creators": _writers(facts, manifest),
        "size_categories": [_size(manifest)],
        "source_datasets": [f"extended|{corpus.slug}" for corpus in facts.corpora] or ["original"],
        "task_categories": sorted({TASKS[InstrumentName(row["instrument"])] for row in facts.campaigns}) or ["other"],
        "tags": ["personalization", "human-feedback", "croissant", *_origin_tags(facts)],
        "pretty_name": described.title,
        "configs": [
            {
                "config_name": name,
                **({"default": True} if name == "judgments" else {}),
                "data_files": [{"split": "train", "path": f"data/{name}.parquet"}],
            }
            for name in manifest["tables"]
        ],
    }


def _licence(licence: str) -> dict[str, str]:
    if licence in LICENCES:
        return {"license": LICENCES[licence]}
    return {"license": "other", "license_name": licence.lower(), "license_link": "DATASHEET.md"} if licence else {}


def _annotators(facts: Facts, manifest: dict[str, Any]) -> list[str]:
    found = {ANNOTATORS[Origin(origin)] for origin in facts.origins()}
    votes = manifest["tables"]["model_votes"]["rows"]
    return sorted(found | ({"machine-generated"} if votes else set())) or ["no-annotation"]


def _writers(facts: Facts, manifest: dict[str, Any]) -> list[str]:
    kinds = {corpus.kind for corpus in facts.corpora}
    found = {"found"} if CorpusKind.HUMAN in kinds else set()
    machines = CorpusKind.SYNTHETIC in kinds or manifest["tables"]["responses"]["rows"] > 0
    return sorted(found | ({"machine-generated"} if machines else set())) or ["other"]


def _size(manifest: dict[str, Any]) -> str:
    rows = sum(entry["rows"] for entry in manifest["tables"].values())
    return next((name for most, name in SIZES if rows < most), "10M<n<100M")


def _origin_tags(facts: Facts) -> list[str]:
    return [str(origin) for origin in (Origin.SIMULATED, Origin.IMPORTED) if origin in facts.origins()]


def _parts(described: Described, facts: Facts, manifest: dict[str, Any]) -> list[str]:
    description = manifest["study"].get("description", "").strip()
    return [
        f"# {described.title}",
        *(f"> [!WARNING]\n> **{notice}**" for notice in manifest["notices"]),
        *_draft(described),
        *([description] if description else []),
        _about(described, manifest),
        f"## What it is\n\n{WHAT}",
        "## How it was collected\n\n" + _collected(facts, manifest),
        "## Tables\n\n" + _overview(manifest),
        *(_columns(TABLES[name], manifest) for name in manifest["tables"] if name in TABLES),
        "## How to load it\n\n" + LOADING,
        "## How to recompute its numbers\n\n" + RECOMPUTING,
        "## How to cite it\n\n" + _citation(described, manifest),
    ]


LOADING = """```python
import polars, pandas, datasets

polars.read_parquet("data/judgments.parquet")
pandas.read_parquet("data/judgments.parquet")
datasets.load_dataset("parquet", data_files="data/judgments.parquet", split="train")
```

The same rows stand in `data/*.jsonl`. `sha256sum -c SHA256SUMS` tells whether the files are whole; `croissant.json`
describes them to machines; `DATASHEET.md` answers what to ask before use; `CHANGES.md` says what is new."""

RECOMPUTING = """`python -m analysis report DIR --out REPORT` (Fitting Room) draws every table and figure from this
folder alone. `counted` is true for the judgments that numbers rest on; `not_counted_because` says why the others do
not count. `value` is the answer as given, `score` the same towards what is measured: rejected 0, uncertain 1, accepted
2; no 0, yes 1; preference 1 to 5, where 5 is "personalized much better" whichever side it stood on."""

WHAT = """What machines made of people's conversations (attributes, responses, votes), and what raters said of it. Every
judgment of every rater is given, not only a consensus; `judgments` and `model_votes` share `unit`, `rater` and `value`,
so that people against models is one join."""


def _draft(described: Described) -> list[str]:
    blanks = len(blanks_of(described))
    left = f"{blanks} {noun(blanks, 'blank of its datasheet is', 'blanks of its datasheet are')} not filled in yet"
    return [f"> [!NOTE]\n> A draft: {left}."] if blanks else []


def _about(described: Described, manifest: dict[str, Any]) -> str:
    rows = {
        "Version": f"{manifest['version']}",
        "Authors": display_authors(described),
        "Licence": described.licence,
        "Contact": described.contact,
        "Languages": ", ".join(described.languages),
        "DOI": described.doi and f"https://doi.org/{described.doi}",
    }
    return "\n".join(["| | |", "|---|---|", *(f"| {name} | {value} |" for name, value in rows.items() if value)])


def _collected(facts: Facts, manifest: dict[str, Any]) -> str:
    campaigns = "\n".join(f"- {of_campaign(row)}" for row in facts.campaigns) or "There is no campaign."
    return f"{campaigns}\n\n{workers_in_words(facts)}\n\n{missing_in_words(manifest)}"


def _overview(manifest: dict[str, Any]) -> str:
    lines = ["| table | rows | |", "|---|--:|---|"]
    return "\n".join(
        [
            *lines,
            *(f"| `{name}` | {entry['rows']:,} | {about_table(name)} |" for name, entry in manifest["tables"].items()),
        ]
    )


def _columns(table: Table, manifest: dict[str, Any]) -> str:
    sorted_by = ", ".join(f"`{name}`" for name in table.sort_by)
    head = f"{counted(manifest['tables'][table.name]['rows'], 'row')}, sorted by {sorted_by}."
    lines = [f"### {table.name}", "", head, "", "| column | type | |", "|---|---|---|", *map(_column, table.columns)]
    return "\n".join(lines)


def _column(column: Column) -> str:
    null = ", may be null" if column.nullable else ""
    return f"| `{column.name}` | {type_in_words(column.dtype)}{null} | {about_column(column.name)} |"


def _citation(described: Described, manifest: dict[str, Any]) -> str:
    return f"{citation_text(described, manifest)}\n\n```bibtex\n{bibtex_of(described, manifest)}\n```"
