"""Importing a source into a study, historic answers included.

``pipeline.domain.importing`` writes the material; this room adds pages and answers, and owns the transaction.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from django.apps import apps
from django.core.exceptions import ValidationError
from django.core.validators import validate_slug
from django.db import transaction

from annotation.domain.import_options import format_of, problems_of, problems_of_names
from annotation.domain.importing_answers import write_answers, write_pages
from pipeline.domain.bulk import refresh_statistics
from pipeline.domain.importing import Importer, ImportReport, checksum
from pipeline.domain.importing_writers import MATERIAL_WRITERS, Writer, write_records
from pipeline.sources import SOURCES, records
from pipeline.sources.base import Place, Problem, ReadOptions
from studies.domain.audit import record_event
from studies.models import Study, User

WRITERS: dict[type, Writer] = MATERIAL_WRITERS | {
    records.PageRecord: write_pages,
    records.PageAnswersRecord: write_answers,
}


MANY = 1000  # new rows, from which on the database should know of them


class ImportRefused(Exception):
    """Nothing was written. ``report.problems`` says why, in the order of the files."""

    def __init__(self, report: ImportReport) -> None:
        super().__init__(f"{len(report.problems)} problems; nothing was imported")
        self.report = report


def import_corpus(
    *,
    path: Path,
    slug: str,
    source: str = "",
    options: ReadOptions | None = None,
    skip_bad: bool = False,
    actor: User | None = None,
) -> ImportReport:
    """Write what ``source`` ("": the format that is recognised) reads below ``path`` into the study ``slug`` (made if
    there is none), in one transaction.

    Repeating it adds nothing; two at once queue at the study's row. Raises ImportRefused, having changed nothing, where
    a record is bad; with ``skip_bad`` all the other records are written and the problems stand in the report.
    """
    _check_slug(slug)
    options = options or ReadOptions()
    _refuse(problems_of(options))
    source = source or _format_of(path, options)
    reader = SOURCES[source]
    files = reader.files(path) if path.exists() else []
    _refuse(problems_of_names(files))
    with transaction.atomic():
        study = _locked_study(slug, actor)
        importer = Importer(study, source, files)
        write_records(importer, reader.read(path, options), WRITERS)
        importer.save_counts()
        report = importer.report
        report.problems.sort(key=lambda problem: (problem.at.file, problem.at.line or 0))
        if report.problems and (not skip_bad or not report.has_records):
            raise ImportRefused(report)
        if not report.adds_nothing:
            detail: dict[str, Any] = {"source": source, "skipped": report.skipped, **report.new}
            if report.new["prompts"]:  # they belong to no run that could say which files they came from
                detail["files"] = sorted(f"{file.name} {checksum(file)}" for file in importer.files)
            record_event(study=study, actor=actor, verb="import_corpus", subject=f"study:{slug}", detail=detail)
    if report.new.total() >= MANY:
        for app in ("pipeline", "annotation"):
            refresh_statistics(apps.get_app_config(app).get_models())
    return report


def _check_slug(slug: str) -> None:
    try:
        validate_slug(slug)
        Study._meta.get_field("slug").run_validators(slug)
    except ValidationError:
        remedy = "use letters, digits, - and _, at most 64"
        raise ImportRefused(ImportReport(problems=[Problem(Place("--study"), "", "no slug", remedy, slug)])) from None


def _refuse(problems: list[Problem]) -> None:
    if problems:
        raise ImportRefused(ImportReport(problems=problems))


def _format_of(path: Path, options: ReadOptions) -> str:
    found = format_of(path, options)
    if isinstance(found, Problem):
        raise ImportRefused(ImportReport(problems=[found]))
    return found


def _locked_study(slug: str, actor: User | None) -> Study:
    """The study, its row locked to the end of the transaction: a second import waits, raters do not."""
    study, made = Study.objects.get_or_create(slug=slug, defaults={"title": slug})
    if made:
        record_event(study=study, actor=actor, verb="create_study", subject=f"study:{slug}")
    return Study.objects.select_for_update(no_key=True).get(pk=study.pk)


def summary(report: ImportReport) -> Sequence[tuple[str, int, int]]:
    """(what, new, standing already) for every kind of row, in the order in which they came."""
    kinds = dict.fromkeys([*report.new, *report.known])
    return [(kind, report.new[kind], report.known[kind]) for kind in kinds]
