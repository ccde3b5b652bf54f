"""DATASHEET.md: every question of Datasheets for Datasets, answered by data or researcher, or named as a blank."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import groupby
from typing import Any

from annotation.domain.datasheet import QUESTIONS, Question
from annotation.domain.describing import Described, blanks_of
from annotation.releases.plurals import noun

BLANK = "**BLANK.** Nobody has answered this yet."


def datasheet_of(described: Described, known: Mapping[str, str], manifest: dict[str, Any]) -> str:
    parts = [
        f"# Datasheet: {described.title}",
        f"Version {manifest['version']}. Questions: *Datasheets for Datasets* (Gebru et al., arXiv 1803.09010).",
        *(f"> **{notice}**" for notice in manifest["notices"]),
        *_blanks(described),
    ]
    for section, questions in groupby(QUESTIONS, key=lambda question: question.section):
        parts.append(f"## {section}")
        for question in questions:
            parts += [f"### {question.text}", _answer(question, described, known)]
    return "\n\n".join(parts) + "\n"


def _blanks(described: Described) -> list[str]:
    blanks = blanks_of(described)
    if not blanks:
        return []
    listed = "\n".join(f"> - {blank.wanted if blank.field.startswith('answers.') else blank}" for blank in blanks)
    return [f"> **This is a draft.** {len(blanks)} {noun(len(blanks), 'blank is', 'blanks are')} left:\n>\n{listed}"]


def _answer(question: Question, described: Described, known: Mapping[str, str]) -> str:
    if question.asked:
        return described.answers.get(question.key, "").strip() or BLANK
    return known.get(question.key, BLANK)
