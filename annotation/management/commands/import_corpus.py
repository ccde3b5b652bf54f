"""``manage.py import_corpus PATH --study SLUG [--format NAME]``: a thin door to annotation.domain.importing."""

from __future__ import annotations

import sys
import time
from argparse import ArgumentParser, ArgumentTypeError
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from tqdm import tqdm

from annotation.domain.importing import ImportRefused, import_corpus, summary
from pipeline.domain.executing import execute_run
from pipeline.domain.importing import ImportReport
from pipeline.domain.masking import mask_summary, plan_masks, plan_masks_of_texts
from pipeline.domain.runs import start_run
from pipeline.enums import CorpusKind
from pipeline.models import Run
from pipeline.sources import SOURCES
from pipeline.sources.base import ReadOptions
from studies.models import Study


class Command(BaseCommand):
    help = "Import conversations, attributes, prompts, responses, votes and historic answers into a study."
    requires_system_checks = ()  # they load what only the web needs

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("path", type=Path, help="a file, or the folder that holds it")
        formats = "what the files are, where it is not recognised from their names and first records"
        parser.add_argument("--format", choices=list(SOURCES), default="", metavar="NAME", help=formats)
        parser.add_argument("--study", required=True, metavar="SLUG", help="made if there is none")
        parser.add_argument("--skip-bad", action="store_true", help="import all records but the bad ones")
        kind = "whether the people of a corpus (or of all: just KIND) are human or synthetic; may be repeated"
        parser.add_argument("--kind", action="append", default=[], type=_kind, metavar="CORPUS=KIND", help=kind)
        parser.add_argument("--corpus", default="", metavar="SLUG", help="what to call it, if not as the source does")
        parser.add_argument("--no-masks", action="store_true", help="leave personal data for run_stage STUDY mask")
        parser.add_argument("--licence", default="", help="the licence of the texts, if not as the source states it")

    def handle(self, *args: Any, **options: Any) -> None:
        started = time.monotonic()
        reading = ReadOptions(
            dict(options["kind"]),
            lambda said: self.stderr.write(_printable(f"reading {said}")),
            options["corpus"],
            options["licence"],
        )
        try:
            report = import_corpus(
                source=options["format"],
                path=options["path"],
                slug=options["study"],
                options=reading,
                skip_bad=options["skip_bad"],
            )
        except ImportRefused as refusal:
            self._print_problems(refusal.report)
            raise CommandError(f"{_counted(len(refusal.report.problems), 'problem')}; nothing was imported") from None
        self._print_problems(report)
        self._print_summary(report)
        self.stdout.write(f"Done in {time.monotonic() - started:.1f} s.")
        if not options["no_masks"]:
            self._mask(Study.objects.get(slug=options["study"]), report.run)

    def _mask(self, study: Study, imported: Run | None) -> None:
        """What was imported stands whatever becomes of this; stopped, it goes on by run_stage STUDY mask."""
        runs = [plan_masks(study=study, imported=imported)] if imported else []
        runs += filter(None, [plan_masks_of_texts(study=study)])
        for run in runs:
            start_run(run=run)
            with tqdm(total=run.n_units, unit="block", desc="looking for personal data", disable=None) as bar:
                execute_run(run=run, on_settled=bar.update)
            if run.problem:
                self.stderr.write(run.problem)
        if runs:
            self.stdout.write(str(mask_summary(study)))

    def _print_problems(self, report: ImportReport) -> None:
        for problem in report.problems:
            self.stderr.write(_printable(str(problem)))

    def _print_summary(self, report: ImportReport) -> None:
        rows = summary(report)
        width = max([len(kind) for kind, _, _ in rows], default=0)
        self.stdout.write(f"{'':{width}}  {'new':>8}  {'known already':>13}")
        for kind, new, known in rows:
            self.stdout.write(f"{kind:{width}}  {new:>8}  {known:>13}")
        for reason, count in report.left_out.items():
            self.stdout.write(f"not imported: {count} {reason}")
        if report.problems:
            self.stdout.write(f"skipped: {_counted(report.skipped, 'bad record')} (see above)")
        if report.adds_nothing:
            self.stdout.write("Nothing new: all of it stands already.")


def _printable(text: str) -> str:
    encoding = getattr(sys.stderr, "encoding", None) or "utf-8"
    return text.encode(encoding, "backslashreplace").decode(encoding)


def _counted(count: int, word: str) -> str:
    return f"{count} {word}" if count == 1 else f"{count} {word}s"


def _kind(text: str) -> tuple[str, str]:
    corpus, equals, kind = text.rpartition("=")
    if (equals and not corpus) or kind not in CorpusKind.values:
        raise ArgumentTypeError(f"{text!r} is not CORPUS=KIND with a kind of {' or '.join(CorpusKind.values)}")
    return corpus, kind
