"""CITATION.cff (Citation File Format 1.2.0), and the same citation as a sentence and as BibTeX."""

from __future__ import annotations

from typing import Any

from annotation.domain.describing import LICENCES, Author, Described
from annotation.releases.papers.known import name_in_order


def citation_of(described: Described, manifest: dict[str, Any]) -> dict[str, Any]:
    cff: dict[str, Any] = {
        "cff-version": "1.2.0",
        "message": "If you use this dataset, please cite it as below.",
        "type": "dataset",
        "title": described.title,
        "version": manifest["version"],
        "date-released": day_of(manifest),
        "authors": [_author(author) for author in described.authors] or [{"name": f"The authors of {described.title}"}],
    }
    if described.licence in LICENCES:
        cff["license"] = described.licence
    if described.doi:
        cff["doi"] = described.doi
    return cff


def _author(author: Author) -> dict[str, str]:
    family, comma, given = (part.strip() for part in author.name.partition(","))
    who = {"family-names": family, "given-names": given} if comma else {"name": family}
    if author.affiliation and comma:
        who["affiliation"] = author.affiliation
    if author.orcid:
        who["orcid"] = f"https://orcid.org/{author.orcid}"
    return who


def citation_text(described: Described, manifest: dict[str, Any]) -> str:
    """One line: authors (year). title, version. DOI."""
    authors = "; ".join(author.name for author in described.authors) or f"The authors of {described.title}"
    doi = f" https://doi.org/{described.doi}" if described.doi else ""
    return f"{authors} ({day_of(manifest)[:4]}). {described.title}, version {manifest['version']} [data set].{doi}"


def bibtex_of(described: Described, manifest: dict[str, Any]) -> str:
    authors = " and ".join(author.name if "," in author.name else f"{{{author.name}}}" for author in described.authors)
    entries = {
        "title": f"{{{described.title}}}",
        "author": authors or f"{{The authors of {described.title}}}",
        "year": day_of(manifest)[:4],
        "version": manifest["version"],
        "doi": described.doi,
    }
    lines = [f"  {name} = {{{value}}}," for name, value in entries.items() if value]
    return "\n".join([f"@misc{{{manifest['study']['slug']}-{manifest['version']},", *lines, "}"])


def day_of(manifest: dict[str, Any]) -> str:
    return str(manifest["made_at"])[:10]


def display_authors(described: Described) -> str:
    return ", ".join(name_in_order(author.name) for author in described.authors)
