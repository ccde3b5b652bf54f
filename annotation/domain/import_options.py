"""What an import is told: which format, what the corpus is called. Checked before anything is read."""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path

from django.utils.text import slugify

from pipeline.sources.base import Place, Problem, ReadOptions
from pipeline.sources.oasst import MADE_UP
from pipeline.sources.reading import LONGEST_SLUG
from pipeline.sources.recognising import recognise

LONGEST_LICENCE = 200
LONGEST_CORPUS = LONGEST_SLUG - len(MADE_UP)  # a source may make a second corpus of it


def problems_of(options: ReadOptions) -> list[Problem]:
    """What no corpus and no licence can be called."""
    problems = []
    if options.corpus and (slugify(options.corpus) != options.corpus or len(options.corpus) > LONGEST_CORPUS):
        remedy = f"use small letters, digits, - and _, at most {LONGEST_CORPUS}"
        problems.append(Problem(Place("--corpus"), "", "no name for a corpus", remedy, options.corpus))
    if len(options.licence) > LONGEST_LICENCE:
        remedy = "name the licence, and say the rest in your data's own papers"
        problems.append(Problem(Place("--licence"), "", f"longer than {LONGEST_LICENCE} characters", remedy))
    return problems


def problems_of_names(files: Iterable[Path]) -> list[Problem]:
    """Files whose names are no text, which no run could record."""
    return [
        Problem(Place(ascii(file.name)), "", "a name that is not UTF-8", "rename the file")
        for file in files
        if file.name.encode("utf-8", "ignore") != os.fsencode(file.name)
    ]


def format_of(path: Path, options: ReadOptions) -> str | Problem:
    """The format of the path, said to whoever listens; a Problem where it is not plain."""
    found = recognise(path)
    if isinstance(found, Problem):
        return found
    options.notice(f"{path} as {found.source}: {found.why}")
    return found.source
