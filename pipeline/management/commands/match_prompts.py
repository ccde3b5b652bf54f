from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from pipeline.domain.errors import RunError
from pipeline.domain.people import MatchParameters, put_prompts_to_people, read_parameters
from pipeline.domain.runs import run_named
from pipeline.enums import RunState, Stage
from pipeline.models import Run
from studies.models import Study


class Command(BaseCommand):
    help = "Puts prompts to people: a seeded draw in which each person and each prompt gets as many as asked for."
    requires_system_checks = ()  # they load what only the web needs

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("study", help="slug of the study")
        parser.add_argument("--from", default="", dest="people", metavar="RUN", help="the run that drew the people")
        parser.add_argument("--everybody", action="store_true", help="put them to everybody in the study's corpora")
        parser.add_argument("--source", default="", help="of the prompts, where the study has several")
        parser.add_argument("--prompts-per-person", default="2-5", metavar="MIN-MAX", help="(2-5)")
        parser.add_argument("--people-per-prompt", default="2-4", metavar="MIN-MAX", help="(2-4)")
        parser.add_argument("--prompts", type=int, dest="n_prompts", help="how many to use; as the ranges ask for")
        parser.add_argument("--seed", default="", help="the same seed puts the same prompts to the same people")

    def handle(self, *args: Any, **options: Any) -> None:
        study = Study.objects.filter(slug=options["study"]).first()
        if study is None:
            known = ", ".join(Study.objects.values_list("slug", flat=True)) or "none yet"
            raise CommandError(f"no study is called {options['study']!r}; there are: {known}")
        try:
            run = put_prompts_to_people(
                study=study,
                people=None if options["everybody"] else people_run(study, options["people"]),
                parameters=read_parameters(MatchParameters, given_parameters(options)),
            )
        except RunError as error:
            raise CommandError(error.message) from error
        self.report(run)

    def report(self, run: Run) -> None:
        outcome = run.outcome
        self.stdout.write(
            f"run {run.public_id}: {outcome['prompts']:,} prompts of {outcome['source']} put to {outcome['people']:,} "
            f"people, {outcome['pairs']:,} times; {outcome['prompts_left']:,} prompts left"
        )
        for name, words in (("prompts_per_person", "people get"), ("people_per_prompt", "prompts are put to")):
            for number, times in outcome[name].items():
                self.stdout.write(f"{times:>8,} {words} {number}")


def people_run(study: Study, token: str) -> Run:
    """The run named, else the only one. Raises RunError."""
    if token:
        return run_named(study, token)
    found = list(study.runs.filter(stage=Stage.PEOPLE, state=RunState.COMPLETE).order_by("pk"))
    if len(found) == 1:
        return found[0]
    listed = "".join(f"\n  {run.public_id}  {run.n_done} people of {run.parameters['corpus']}" for run in found)
    raise RunError(f"put to whom? Draw people with sample_people, name a run with --from, or --everybody{listed}")


def given_parameters(options: dict[str, Any]) -> dict[str, Any]:
    given = {name: options[name] for name in ("source", "seed", "n_prompts")}
    for name in ("prompts_per_person", "people_per_prompt"):
        low, dash, high = options[name].partition("-")
        given |= {f"{name}_min": low, f"{name}_max": high if dash else low}
    return given
