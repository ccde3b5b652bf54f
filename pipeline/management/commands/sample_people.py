from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from pipeline.backends.embedders import EMBEDDERS
from pipeline.domain.errors import RunError
from pipeline.domain.people import PeopleParameters, read_parameters, sample_people
from pipeline.management.commands.run_stage import backend_options, parse_parameter
from pipeline.models import Run
from studies.models import Study

FIGURES = (
    ("drawn_mean", "mean distance between two of the people drawn"),
    ("eligible_mean", "mean distance between two of all eligible people"),
    ("random_mean", "mean distance in a random draw of as many"),
    ("drawn_min", "distance of the closest two of the people drawn"),
    ("random_min", "distance of the closest two in a random draw of as many"),
)


class Command(BaseCommand):
    help = "Draws people of a corpus who differ from each other, and shows what each filter took."
    requires_system_checks = ()  # they load what only the web needs

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("study", help="slug of the study")
        parser.add_argument("--corpus", required=True, metavar="SLUG", help="the corpus they are drawn from")
        parser.add_argument("-n", "--people", type=int, required=True, help="how many")
        parser.add_argument("--seed", default="", help="the same seed draws the same people")
        parser.add_argument("--language", help="of their conversations (English); '' for any")
        parser.add_argument("--min-conversations", type=int, help="of a person, after the filters (3)")
        parser.add_argument("--min-turns", type=int, help="messages of a person's conversations together (15)")
        parser.add_argument(
            "--param",
            action="append",
            default=[],
            metavar="NAME=VALUE",
            help=f"may be repeated: {', '.join(PeopleParameters.model_fields)}",
        )
        parser.add_argument("--backend", default="local", help=f"what embeds openings: {', '.join(EMBEDDERS)} (local)")
        parser.add_argument("--model", default="all-MiniLM-L6-v2", help="the embedding model (all-MiniLM-L6-v2)")
        parser.add_argument("--recorded", default="", metavar="FILE", help="recorded embeddings")
        parser.add_argument("--base-url", default="", help="the embedding server, http://host:port/v1")

    def handle(self, *args: Any, **options: Any) -> None:
        study = Study.objects.filter(slug=options["study"]).first()
        if study is None:
            known = ", ".join(Study.objects.values_list("slug", flat=True)) or "none yet"
            raise CommandError(f"no study is called {options['study']!r}; there are: {known}")
        try:
            run = sample_people(
                study=study,
                corpus_slug=options["corpus"],
                parameters=read_parameters(PeopleParameters, given_parameters(options)),
                backend=options["backend"],
                model=options["model"],
                backend_options=backend_options(options),
                notice=self.stderr.write,
            )
        except RunError as error:
            raise CommandError(error.message) from error
        except KeyboardInterrupt:
            raise CommandError(
                "stopped: nothing is changed, and the same command goes on with what was embedded", returncode=130
            ) from None
        self.report(run)

    def report(self, run: Run) -> None:
        outcome = run.outcome
        self.stdout.write("\n".join(aligned(funnel_rows(outcome))))
        self.stdout.write("")
        if outcome["drawn"] < outcome["wanted"]:
            self.stdout.write(f"Only {outcome['drawn']:,} people are eligible, {outcome['wanted']:,} were wanted: all.")
        figures = outcome["diversity"]
        for name, words in FIGURES:
            if figures[name] is not None:
                self.stdout.write(f"{figures[name]:.3f}  {words}")
        if figures["without_direction"]:
            self.stdout.write(f"{figures['without_direction']:,} people say nothing that can be compared; drawn last")
        self.stdout.write(f"run {run.public_id}: {outcome['drawn']:,} people drawn")


def given_parameters(options: dict[str, Any]) -> dict[str, Any]:
    named = {name: options[name] for name in ("language", "min_conversations", "min_turns")}
    given = {name: value for name, value in named.items() if value is not None}
    return (
        given | {"n_people": options["people"], "seed": options["seed"]} | dict(map(parse_parameter, options["param"]))
    )


def funnel_rows(outcome: dict[str, Any]) -> list[tuple[str, ...]]:
    """What is left after each filter, and what it took, for people and conversations."""
    rows = [("", "people", "taken", "conversations", "taken")]
    rows.append(("everybody", f"{outcome['people']:,}", "", f"{outcome['conversations']:,}", ""))
    for step in outcome["funnel"]:
        counts = [step[name] for name in ("people_left", "people_taken", "conversations_left", "conversations_taken")]
        rows.append((step["says"], *(f"{count:,}" for count in counts)))
    drawn = sum(person["conversations"] for person in outcome["drawn_people"])
    return [*rows, ("drawn", f"{outcome['drawn']:,}", "", f"{drawn:,}", "")]


def aligned(rows: Sequence[Sequence[str]]) -> list[str]:
    """Lines of a table: the first column to the left, numbers to the right."""
    widths = [max(len(row[place]) for row in rows) for place in range(len(rows[0]))]
    return [
        "  ".join(
            [row[0].ljust(widths[0]), *(cell.rjust(width) for cell, width in zip(row[1:], widths[1:], strict=True))]
        ).rstrip()
        for row in rows
    ]
