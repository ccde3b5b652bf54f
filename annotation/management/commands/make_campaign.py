from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from annotation.domain.building import build_campaign
from annotation.domain.campaigns import start_campaign
from annotation.domain.errors import AnnotationError
from annotation.enums import Origin
from annotation.instruments import INSTRUMENTS, Material
from pipeline.domain.errors import RunError
from pipeline.domain.runs import run_named
from pipeline.enums import Stage
from pipeline.models import Run
from studies.models import Study

ATTRIBUTE_STAGES = (Stage.EXTRACT, Stage.FILTER, Stage.MERGE, Stage.REFINE)


class Command(BaseCommand):
    help = "Builds a campaign's items from runs: those that made the attributes, the responses and the labels."
    requires_system_checks = ()  # they load what only the web needs

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("study", help="slug of the study")
        parser.add_argument("slug", help="slug of the new campaign")
        parser.add_argument("--instrument", required=True, choices=list(INSTRUMENTS))
        parser.add_argument("--from", nargs="+", required=True, dest="runs", metavar="RUN", help="runs, or their start")
        parser.add_argument("--title", default="", help="what raters read; the slug by default")
        parser.add_argument("--k", type=int, default=3, help="judgments wanted of each question (3)")
        parser.add_argument("--questions", type=int, default=24, help="at most so many questions an item (24)")
        parser.add_argument("--lease-minutes", type=int, default=30, help="how long a seat is kept for a rater (30)")
        parser.add_argument("--seed", default="", help="the same seed gives the same pages")
        parser.add_argument("--simulated", action="store_true", help="for simulated raters only")
        parser.add_argument("--start", action="store_true", help="collect at once")

    def handle(self, *args: Any, **options: Any) -> None:
        study = Study.objects.filter(slug=options["study"]).first()
        if study is None:
            known = ", ".join(Study.objects.values_list("slug", flat=True)) or "none yet"
            raise CommandError(f"no study is called {options['study']!r}; there are: {known}")
        try:
            campaign = build_campaign(
                study=study,
                slug=options["slug"],
                title=options["title"] or options["slug"],
                instrument=options["instrument"],
                k=options["k"],
                material=material_of([run_named(study, token) for token in options["runs"]]),
                origin=Origin.SIMULATED if options["simulated"] else Origin.HUMAN,
                questions_per_item=options["questions"],
                lease_seconds=options["lease_minutes"] * 60,
                seed=options["seed"],
            )
            if options["start"]:
                campaign = start_campaign(campaign=campaign, actor=None)
        except (AnnotationError, RunError) as error:
            raise CommandError(error.message) from error
        self.stdout.write(
            f"{campaign.slug}: {campaign.items.count()} items, {campaign.questions.count()} questions, "
            f"K = {campaign.k}, {campaign.state}"
        )


def material_of(runs: list[Run]) -> Material:
    """Each run in the part its stage plays. Raises CommandError for a run that made nothing to build from."""
    parts: dict[str, list[Run]] = {f"{part}_runs": [] for part in ("attribute", "respond", "label", "sample")}
    for run in runs:
        if run.stage in ATTRIBUTE_STAGES:
            parts["attribute_runs"].append(run)
        elif run.stage in (Stage.RESPOND, Stage.LABEL, Stage.SAMPLE):
            parts[f"{run.stage}_runs"].append(run)
        else:
            raise CommandError(
                f"run {run.public_id} is of stage {run.stage}, which makes no attributes, pairs, labels or sample"
            )
    return Material(**{name: tuple(of_part) for name, of_part in parts.items()})
