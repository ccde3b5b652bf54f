"""A report's files as they are looked at and taken home: only what lies in its own folder."""

from __future__ import annotations

import base64
import hashlib
import re
from pathlib import Path

from annotation.enums import JobState
from annotation.models import Release, Report
from annotation.reports.drawing import folder_of

PAGE, COLUMNS = "report.html", "TABLES.md"
STYLE = re.compile(r"<style>(.*?)</style>", re.DOTALL)


def files_of(release: Release) -> list[str]:
    """Names of the report's files, tables included; [] where no report was drawn."""
    if not Report.objects.filter(release=release, state=JobState.DONE).exists():
        return []
    folder = folder_of(release)
    paths = sorted(path for path in folder.rglob("*") if path.is_file() and not path.is_symlink())
    return [path.relative_to(folder).as_posix() for path in paths]


def file_of(release: Release, name: str) -> Path | None:
    """The file of that very name. Names are compared before they are joined, so nothing else can be reached."""
    return folder_of(release) / name if name in files_of(release) else None


def policy_for(page: str) -> str:
    """The Content Security Policy under which a report's page is shown: its own style and nothing else, in a sandbox.

    The page holds texts of many hands. All of it is escaped; were something not, it could neither run nor call home.
    """
    hashes = [base64.b64encode(hashlib.sha256(text.encode()).digest()).decode() for text in STYLE.findall(page)]
    styles = " ".join(f"'sha256-{found}'" for found in hashes) or "'none'"
    rest = "base-uri 'none'; form-action 'none'; frame-ancestors 'none'; sandbox"
    return f"default-src 'none'; style-src {styles}; {rest}"
