"""What the papers of a release that lies here answer by themselves, for the page that asks for the rest."""

from __future__ import annotations

from pathlib import Path

from django.conf import settings

from annotation.domain.describing import Described
from annotation.models import Release
from annotation.releases.papers.facts import facts_of
from annotation.releases.papers.known import known_answers


def known_of(release: Release, described: Described) -> dict[str, str]:
    """Markdown by question; {} where the release's data are elsewhere."""
    folder = Path(settings.RELEASES_DIR, release.public_id)
    if not (folder / "data" / "judgments.parquet").is_file():
        return {}
    return known_answers(described, facts_of(folder), release.manifest)
