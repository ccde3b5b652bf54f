"""Every text that models are sent and raters read, as files beside this one.

A guideline (attribute_quality.md, relevance.md, preference.md) is Markdown written for raters. A stage's template is
the request's text with ``${name}`` where material goes (string.Template: one pass, so that a ``$`` in the material is
only a dollar). ``${guideline}`` stands where the raters' own instruction is put in, word for word.
"""

from __future__ import annotations

import hashlib
import re
from functools import cache
from pathlib import Path
from string import Template

FOLDER = Path(__file__).resolve().parent
GUIDELINES = ("attribute_quality", "relevance", "preference")
# Which instrument's guideline a template takes in.
INCLUDES = {"select": "relevance", "judge": "preference", "verify": "attribute_quality"}

_NAME = re.compile(r"\$\{(\w+)\}")


def guideline_text(instrument: str) -> str:
    """The instruction that raters of an instrument read, Markdown. Raises ValueError for an unknown instrument."""
    if instrument not in GUIDELINES:
        raise ValueError(f"no guideline for {instrument!r}: there is one for each of {', '.join(GUIDELINES)}")
    return _read(instrument)


def template(name: str) -> str:
    """A stage's template with the raters' guideline already in it, where it has one."""
    text = _read(name)
    if name in INCLUDES:
        text = text.replace("${guideline}", guideline_text(INCLUDES[name]).strip())
    return text


def render(name: str, **material: str) -> str:
    """The template filled. Raises ValueError when the names given are not exactly those that the template has."""
    text = template(name)
    wanted = set(_NAME.findall(text))
    if wanted != set(material):
        raise ValueError(f"template {name}.md takes {sorted(wanted)}, got {sorted(material)}")
    return Template(text).substitute(material).strip()


def text_sha256(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


@cache
def _read(name: str) -> str:
    return (FOLDER / f"{name}.md").read_text(encoding="utf-8")
