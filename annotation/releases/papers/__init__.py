"""The papers of a release: pure functions of its data, its manifest, the study's description and what changed.

README.md (Hugging Face card), DATASHEET.md, croissant.json, CITATION.cff, CHANGES.md. No time, maker or tool stands in
them; the one date, which Croissant and CFF want, is the day in the manifest's ``made_at``.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import yaml

from annotation.domain.describing import Described
from annotation.releases.changes import Changes
from annotation.releases.files import flush_to_disk
from annotation.releases.papers.card import card_of
from annotation.releases.papers.changelog import changelog_of
from annotation.releases.papers.citation import citation_of
from annotation.releases.papers.croissant import croissant_of
from annotation.releases.papers.datasheet import datasheet_of
from annotation.releases.papers.facts import facts_of
from annotation.releases.papers.known import known_answers

PAPERS = ("README.md", "DATASHEET.md", "croissant.json", "CITATION.cff", "CHANGES.md")


def write_papers(folder: Path, *, described: Described, manifest: dict[str, Any], changes: Changes) -> None:
    """Writes PAPERS into a release folder whose data/ is written, and nothing else. ``manifest`` is manifest.json's.

    Blanks of the description are named in the papers; whether a release may have any is not asked here.
    """
    facts = facts_of(folder)
    known = known_answers(described, facts, manifest)
    texts = {
        "README.md": card_of(described, facts, manifest),
        "DATASHEET.md": datasheet_of(described, known, manifest),
        "croissant.json": json.dumps(croissant_of(described, facts, known, manifest), ensure_ascii=False, indent=2)
        + "\n",
        "CITATION.cff": as_yaml(citation_of(described, manifest)),
        "CHANGES.md": changelog_of(changes, manifest),
    }
    for name, text in texts.items():
        (folder / name).write_text(text, encoding="utf-8", newline="\n")
        flush_to_disk(folder / name)


def as_yaml(value: dict[str, Any]) -> str:
    return yaml.safe_dump(value, sort_keys=False, allow_unicode=True, width=120)
