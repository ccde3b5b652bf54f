from __future__ import annotations

import signal
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from annotation.domain import demo
from annotation.domain.running import Journey, State, run_study, show_study
from annotation.enums import CampaignState
from pipeline.domain.executing import LEASE_SECONDS
from pipeline.domain.stepping import plan_of, set_plan
from pipeline.management.carrying import carry_by_workers, carry_here
from pipeline.models import Run
from pipeline.plans import Plan, PlanRefused, parse_plan
from studies.domain.errors import StudyInvalid
from studies.domain.studies import create_study
from studies.models import Study


class Command(BaseCommand):
    help = "Takes a study from its conversations to its campaigns, by its plan; stopped, the same command goes on."
    requires_system_checks = ()  # they load what only the web needs

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("study", help="slug of the study; made where there is none and a plan is given")
        parser.add_argument("--plan", type=Path, metavar="FILE", help="the study's plan from now on")
        parser.add_argument("--show", action="store_true", help="say where every step stands, and do nothing")
        parser.add_argument("--queue", action="store_true", help="leave the runs to the workers, and look on")
        parser.add_argument(
            "--tolerate", type=_share, metavar="SHARE", help="of a run's units may fail (plan's own: 0)"
        )
        parser.add_argument("--retry", action="store_true", help="try again what failed and was tolerated")
        parser.add_argument("--lease", type=float, default=LEASE_SECONDS, help="as for run_stage")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            study, plan = self.prepared(options["study"], options["plan"])
        except (PlanRefused, StudyInvalid) as error:
            raise CommandError(str(error)) from error
        if options["tolerate"] is not None:
            plan = plan.model_copy(update={"tolerate": options["tolerate"]})
        if options["show"]:
            self.table(show_study(study, plan))
            return
        signal.signal(signal.SIGTERM, signal.default_int_handler)
        lease = options["lease"]
        carry = carry_by_workers if options["queue"] else lambda runs: carry_all(runs, lease)
        try:
            journey = run_study(study=study, plan=plan, carry=carry, notice=self.stdout.write, retry=options["retry"])
        except KeyboardInterrupt:
            raise CommandError("stopped; the same command goes on", returncode=130) from None
        self.table(journey)
        self.next(study, journey)

    def prepared(self, slug: str, file: Path | None) -> tuple[Study, Plan]:
        """The study and its plan, which ``file`` replaces. A plan that is refused makes no study."""
        study = Study.objects.filter(slug=slug).first()
        if file is None and slug == demo.SLUG:
            return demo.prepare_demo()
        if file is None:
            plan = plan_of(study) if study else None
            if study is None or plan is None:
                raise CommandError(f"study {slug!r} has no plan: give it one with --plan FILE")
            return study, plan
        text = read(file)
        plan = parse_plan(text, file.name)
        study = study or create_study(slug=slug, title=plan.title or slug)
        return study, set_plan(study=study, text=text, file=file.name)

    def table(self, journey: Journey) -> None:
        width = max(len(standing.step.name) for standing in journey.standings)
        for standing in journey.standings:
            self.stdout.write(f"{standing.step.name:<{width}}  {standing.state.value:<7}  {standing.detail}".rstrip())

    def next(self, study: Study, journey: Journey) -> None:
        """What there is to do now. Raises CommandError where something stands in the way."""
        for standing in journey.stopped:
            run = standing.found.run
            where = f" Its failures: /s/{study.slug}/runs/{run.public_id}/" if run else ""
            self.stderr.write(f"{standing.step.name}: {standing.detail or standing.state.value}.{where}")
        if journey.stopped:
            raise CommandError(
                "stopped here; the same command goes on, and tries what failed again"
                + (" (--tolerate SHARE bears some)" if any(s.state == State.FAILED for s in journey.stopped) else "")
            )
        for campaign in journey.campaigns:
            if campaign.state == CampaignState.DRAFT:
                page = f"/s/{study.slug}/c/{campaign.slug}/"
                self.stdout.write(f"Campaign {campaign.slug} is a draft: look at it and start it at {page}")
        if journey.waiting:
            self.stdout.write("When what the others wait for is there, the same command goes on.")


def read(file: Path) -> str:
    try:
        return file.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise CommandError(f"{file}: cannot be read ({error}): name a plan in TOML") from error


def carry_all(runs: Sequence[Run], lease: float) -> None:
    """One after the other: a process writes from one thread, and that is what they would share."""
    for run in runs:
        carry_here(run, lease)


def _share(text: str) -> float:
    share = float(text)
    if not 0 <= share <= 1:
        raise ValueError
    return share
