"""Is a release what it says it is? Streams: one row group of one table is in memory at a time, ids go to disk."""

from __future__ import annotations

import json
from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from typing import Any

from analysis.check import SUMS, checksum_problems
from analysis.release import REMEDY, ReleaseError, read_manifest
from analysis.schema import TABLES
from annotation.releases.crowding import CampaignRules, Crowding
from annotation.releases.files import DATA, read_rows
from annotation.releases.index import Index, Reference
from annotation.releases.inspecting import Inspection
from annotation.releases.manifest import CELLS, Tally, counts_of, is_noticed
from annotation.releases.papers import PAPERS
from annotation.releases.settings import DEFAULTS
from annotation.releases.singling_out import Demographics
from annotation.releases.stopping import Steps, Stop

SHOWN_PER_TABLE = 20
OF_A_RELEASE = {
    SUMS,
    "manifest.json",
    *PAPERS,
    *(f"{DATA}/{name}.{end}" for name in TABLES for end in ("jsonl", "parquet")),
}


def verify_release(path: Path, *, stop: Stop | None = None) -> list[str]:
    """Every problem of the release, a sentence each with file, line, field, value and remedy; [] when sound.

    Files that are missing, changed or not of the release are all that is reported where there are any: their contents
    say nothing. Else every row of both formats is read: types and nulls, equal rows in JSONL and Parquet, order and
    repeated keys, vocabularies, units and scores, references, who judged what how often, and the manifest's counts.
    Raises ReleaseStopped when ``stop``, which is asked every few thousand rows, says so.
    """
    path = Path(path)
    problems = _file_problems(path)
    if problems:
        return problems
    manifest = json.loads((path / "manifest.json").read_text(encoding="utf-8"))
    together = (manifest.get("settings") or {}).get("cells") == CELLS
    demographics = Demographics(_min_cell(manifest), together=together, chosen=_chosen(manifest))
    crowding = Crowding(_campaign_rules(path))
    with Index() as index:
        inspection = Inspection(path, index, crowding, demographics, Tally(), Steps(stop=stop))
        for name in TABLES:
            problems += _few(name, list(_capped(inspection.problems(name))))
        problems += [f"{DATA}/raters.jsonl:{line}: demographics: {what}; {REMEDY}" for line, what in demographics.few()]
        problems += [_dangling(reference) for reference in islice(inspection.dangling(), SHOWN_PER_TABLE)]
    return problems + _manifest_problems(manifest, inspection.tally)


def _file_problems(path: Path) -> list[str]:
    if not path.is_dir():
        return [f"{path}: no such folder; give the folder written by make_release"]
    try:
        read_manifest(path)
    except ReleaseError as error:  # of another schema, or none: its files are not for this program to judge
        return list(error.problems)
    problems = checksum_problems(path)
    there = {file.relative_to(path).as_posix() for file in path.rglob("*") if file.is_file() or file.is_symlink()}
    problems += [f"{path / name}: is missing; {REMEDY}" for name in sorted(OF_A_RELEASE - there)]
    problems += [f"{path / name}: is no file of a release; take it away" for name in sorted(there - OF_A_RELEASE)]
    listed = _listed(path)
    problems += [f"{path / name}: not listed in {SUMS}; {REMEDY}" for name in sorted(OF_A_RELEASE - listed - {SUMS})]
    return list(dict.fromkeys(problems))


def _listed(path: Path) -> set[str]:
    sums = path / SUMS
    if not sums.is_file():
        return OF_A_RELEASE
    lines = sums.read_text(encoding="utf-8", errors="replace").splitlines()
    return {line.partition("  ")[2] for line in lines}


def _campaign_rules(path: Path) -> dict[str, CampaignRules]:
    """Kept in memory: a study has a handful. A file that cannot be read is reported when its turn comes."""
    try:
        rows = [row for _, row in read_rows(path, "campaigns")]
        return {row["campaign"]: CampaignRules(row["k"], row["origin"], row["instrument"]) for row in rows}
    except (ValueError, KeyError, TypeError):
        return {}


def _dangling(reference: Reference) -> str:
    shown = reference.key.replace("\x1f", ", ")
    return f"{reference.place}: there is no {reference.kind} {shown!r} in the release; {REMEDY}"


def _capped(problems: Iterator[str]) -> Iterator[str]:
    """One more than are shown, so that _few can tell."""
    for number, problem in enumerate(problems):
        if number <= SHOWN_PER_TABLE:
            yield problem


def _few(name: str, problems: list[str]) -> list[str]:
    if len(problems) <= SHOWN_PER_TABLE:
        return problems
    return [*problems[:SHOWN_PER_TABLE], f"{DATA}/{name}.jsonl: and more of the kind; correct these first"]


def _min_cell(manifest: dict[str, Any]) -> int:
    """As the release was made with; a manifest that does not say is taken to mean the usual."""
    found = (manifest.get("settings") or {}).get("min_cell")
    return found if isinstance(found, int) else DEFAULTS.min_cell


def _chosen(manifest: dict[str, Any]) -> list[str] | None:
    found = (manifest.get("settings") or {}).get("demographics")
    return found if isinstance(found, list) else None


def _manifest_problems(manifest: dict[str, Any], tally: Tally) -> list[str]:
    """The manifest's counts and its marks of simulated and imported answers, against the rows."""
    return [
        f"manifest.json: {key}: is {manifest.get(key)!r}, the rows give {value!r}; {REMEDY}"
        for key, value in counts_of(tally).items()
        if manifest.get(key) != value and not (key == "notices" and is_noticed(manifest, tally))
    ]
