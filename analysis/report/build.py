"""From a release to the files of its report, and onto the disk."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

from analysis.markup import csv_text, markdown_text
from analysis.release import Release
from analysis.report import columns
from analysis.report.page import page_of
from analysis.report.sections import SECTIONS
from analysis.tables import BUILDERS, Settings, compute_all, context_of

PAGE = "report.html"


@dataclass(frozen=True)
class Report:
    """The files of a report, by path inside its folder."""

    files: dict[str, str]


def build_report(release: Release, settings: Settings | None = None) -> Report:
    """All files of the report of ``release``; nothing is written."""
    context = context_of(release, settings)
    compute_all(context)
    files = {PAGE: page_of(context, [section(context) for section in SECTIONS])}
    files[columns.FILE] = columns.tables_text({name: context[name] for name in BUILDERS})
    for name in BUILDERS:
        files[f"tables/{name}.csv"] = csv_text(context[name])
        files[f"tables/{name}.md"] = markdown_text(context[name])
    return Report(files)


def write_report(report: Report, folder: Path) -> None:
    """Write the files into ``folder``, made where it is not there; each file appears whole or not at all."""
    for name, text in report.files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        part = path.with_name(f".{path.name}.part")
        part.write_text(text, encoding="utf-8", newline="\n")
        os.replace(part, path)
