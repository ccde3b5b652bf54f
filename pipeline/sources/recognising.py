"""Which format a path holds: by the names of its files and their first records, and why."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from pipeline.sources import SOURCES
from pipeline.sources.base import Place, Problem, Sample
from pipeline.sources.containers import input_files
from pipeline.sources.reading import sample_of
from pipeline.sources.study import FORMAT as STUDY

_ENOUGH = 200  # files of a folder that are looked into
_SHOWN = 5


@dataclass(frozen=True, slots=True)
class Recognised:
    """``why``: for a person to read, with the file that it was seen in."""

    source: str
    why: str


def recognise(path: Path) -> Recognised | Problem:
    """The one format that files at or below the path are in; a Problem that lists what was seen where there is none, or
    more than one.
    """
    if not path.exists():
        return Problem(Place(str(path)), "", "there is no such file or folder", "check the path")
    files = input_files(path)
    found: dict[str, str] = {}
    seen: list[str] = []
    broken: Problem | None = None
    for file in files[:_ENOUGH]:
        sample = sample_of(file)
        known = _formats_of(sample)
        for name, why in known.items():
            found.setdefault(name, why if path == file.path else f"{file.shown}: {why}")
        if not known:
            broken = broken or sample.problem
            seen.append(f"{file.shown} ({_content(sample)})")
    if len(found) == 1:
        ((name, why),) = found.items()
        return Recognised(name, why)
    if broken and not found:
        return broken
    return _several(path, found) if found else _none(path, seen)


def _formats_of(sample: Sample) -> dict[str, str]:
    """Why by format. The study's names say more than fields that other formats share: they go first."""
    if why := SOURCES[STUDY].knows(sample):
        return {STUDY: why}
    return {name: why for name, source in SOURCES.items() if (why := source.knows(sample))}


def _content(sample: Sample) -> str:
    if sample.problem:
        return sample.problem.what
    fields = list(sample.first())
    return f"fields {', '.join(map(str, fields[:_SHOWN]))}" if fields else "no objects with fields"


def _several(path: Path, found: dict[str, str]) -> Problem:
    what = "more than one format is here: " + "; ".join(f"{name} ({why})" for name, why in found.items())
    return Problem(Place(str(path)), "", what, "name the file or folder of one, or say which with --format")


def _none(path: Path, seen: list[str]) -> Problem:
    others = f" and {len(seen) - _SHOWN} more" if len(seen) > _SHOWN else ""
    there = ", ".join(seen[:_SHOWN]) + others if seen else "no file that could be read"
    remedy = f"say which format it is with --format: {', '.join(SOURCES)}"
    return Problem(Place(str(path)), "", f"no known format: there is {there}", remedy)
