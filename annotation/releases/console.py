from __future__ import annotations

import sys
from collections.abc import Callable

from django.core.management.base import CommandError

from annotation.models import Release
from annotation.releases.plurals import counted
from studies.models import Study


def progress_on_stderr(verb: str) -> Callable[[str, int], None]:
    """A line for each step, on stderr, so that what a command prints can be piped."""

    def show(table: str, rows: int) -> None:
        sys.stderr.write(f"{verb} {table}: {counted(rows, 'row')}\n")
        sys.stderr.flush()

    return show


def study_of(slug: str) -> Study:
    """The study that a command was given. Raises CommandError naming those there are."""
    study = Study.objects.filter(slug=slug).first()
    if study is None:
        slugs = ", ".join(Study.objects.values_list("slug", flat=True)) or "there is none yet"
        raise CommandError(f"there is no study {slug!r}; the studies are: {slugs}")
    return study


def release_of(study: Study, version: str) -> Release:
    """The study's release of that version. Raises CommandError naming those there are."""
    release = study.releases.select_related("study").filter(version=version).first()
    if release is None:
        versions = ", ".join(study.releases.order_by("pk").values_list("version", flat=True)) or "there is none yet"
        raise CommandError(f"{study.slug} has no release {version!r}; the releases are: {versions}")
    return release
