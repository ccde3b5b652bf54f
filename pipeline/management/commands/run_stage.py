from __future__ import annotations

import json
import os
import signal
import time
from argparse import ArgumentTypeError
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser
from tqdm import tqdm

from pipeline.backends import BACKENDS
from pipeline.domain.errors import RunError
from pipeline.domain.executing import LEASE_SECONDS, execute_run
from pipeline.domain.planning import inputs_for, plan_run
from pipeline.domain.progress import failures_of, run_progress
from pipeline.domain.queues import queue_of, start_of_worker
from pipeline.domain.runs import run_named, start_run
from pipeline.enums import RunState, Stage
from pipeline.models import Run
from pipeline.stages import BASELINES, OWN_BACKENDS, STAGES
from pipeline.tasks import enqueue_run
from studies.models import Study

SHOWN_FAILURES = 3
BASELINE_NAMES = ", ".join(name for stage, name in BASELINES if stage == Stage.SELECT)
GIVEN_AS_IT_IS = ("base_url", "concurrency", "rpm", "tpm", "timeout", "embedder", "device", "dtype", "batch")


class Command(BaseCommand):
    help = "Runs a stage, or goes on with it where it was stopped; asked again, it asks no model what is on record."
    requires_system_checks = ()  # they load what only the web needs

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("study", help="slug of the study")
        parser.add_argument("stage", choices=list(STAGES))
        parser.add_argument("--model", default="", help="the model's name, as its server knows it")
        parser.add_argument("--revision", default="", help="the model's revision, where it matters")
        parser.add_argument(
            "--backend", default="", help=f"{', '.join(BACKENDS)}; for select {BASELINE_NAMES} too (default openai_api)"
        )
        parser.add_argument("--recorded", default="", metavar="FILE", help="recorded answers, or vectors")
        parser.add_argument("--embedder", default="", help="select by embedding: what makes the vectors (local ...)")
        parser.add_argument("--base-url", default="", help="the model server, http://host:port/v1")
        parser.add_argument("--concurrency", type=int, default=0, help="calls at once, at most")
        parser.add_argument("--rpm", type=float, default=0, help="requests per minute, of all machines together")
        parser.add_argument("--tpm", type=float, default=0, help="tokens per minute, of all machines together")
        parser.add_argument("--budget-tokens", type=int, help="tokens after which the run pauses")
        parser.add_argument("--budget-money", type=amount, help="... or money, in the currency of the model's price")
        parser.add_argument("--timeout", type=float, default=0, help="seconds until a call is given up")
        parser.add_argument("--model-path", default="", metavar="FOLDER", help="local: where the model lies")
        parser.add_argument("--device", default="", help="local: cpu, cuda, cuda:1 ...")
        parser.add_argument("--dtype", default="", help="local: bfloat16 (usual on a GPU), float16 or float32")
        parser.add_argument("--batch", type=int, default=0, help="local: prompts of one forward pass, at most")
        parser.add_argument("--from", nargs="+", default=[], dest="inputs", metavar="RUN", help="runs to read")
        parser.add_argument("--param", action="append", default=[], metavar="NAME=VALUE", help="may be repeated")
        parser.add_argument(
            "--lease",
            type=float,
            default=LEASE_SECONDS,
            metavar="SECONDS",
            help="how long units stay locked when this process is killed",
        )
        parser.add_argument("--queue", action="store_true", help="leave the work to the workers")

    def handle(self, *args: Any, **options: Any) -> None:
        study = Study.objects.filter(slug=options["study"]).first()
        if study is None:
            known = ", ".join(Study.objects.values_list("slug", flat=True)) or "none yet"
            raise CommandError(f"no study is called {options['study']!r}; there are: {known}")
        try:
            run = start_run(run=self.plan(study, options))
        except RunError as error:
            raise CommandError(error.message) from error
        self.stdout.write(f"run {run.public_id}: {run.stage} by {run.model_name} ({run.backend}), {run.n_units} units")
        if options["queue"]:
            enqueue_run(run)
            queue = queue_of(run)
            self.stdout.write(f"Left to the workers of queue {queue}; if none is running: {start_of_worker(queue)}")
            return
        self.work(run, options["lease"])
        self.report(run)

    def plan(self, study: Study, options: dict[str, Any]) -> Run:
        stage = options["stage"]
        backend = options["backend"] or OWN_BACKENDS.get(stage, "openai_api")
        named = [run_named(study, token) for token in options["inputs"]]
        return plan_run(
            study=study,
            stage=stage,
            backend=backend,
            model=options["model"],
            revision=options["revision"],
            parameters=dict(parse_parameter(text) for text in options["param"]),
            inputs=named or inputs_for(study, stage, backend),
            backend_options=backend_options(options),
            budget_tokens=options["budget_tokens"],
            budget_money=options["budget_money"],
        )

    def work(self, run: Run, lease: float) -> None:
        """Until the run is over; a unit that another worker held when it died is waited for."""
        signal.signal(signal.SIGTERM, signal.default_int_handler)
        with tqdm(total=run.n_units, initial=run_progress(run).done, unit="unit", desc=run.stage) as bar:
            while not execute_run(run=run, lease_seconds=lease, on_settled=bar.update):
                if run.state != RunState.RUNNING:
                    break
                bar.set_postfix_str("waiting for units that another worker holds")
                time.sleep(1)
                run.refresh_from_db()

    def report(self, run: Run) -> None:
        self.stdout.write(f"{run.get_state_display()}: {run_progress(run)}")
        for reason, count in failures_of(run)[:SHOWN_FAILURES]:
            self.stderr.write(f"{count} failed: {reason}")
        if run.problem:
            raise CommandError(run.problem)
        if run.state == RunState.INCOMPLETE:
            raise CommandError(f"run {run.public_id} is incomplete; the same command tries what failed again")


def amount(text: str) -> Decimal:
    """As written, for argparse. Raises ArgumentTypeError."""
    try:
        value = Decimal(text)
    except InvalidOperation:
        value = Decimal(0)
    if not value.is_finite() or value <= 0:
        raise ArgumentTypeError(f"{text!r} is no amount of money: write 12.50")
    return value


def parse_parameter(text: str) -> tuple[str, Any]:
    """``name=value``, the value as JSON where it is any (0.3, null, true), else as text."""
    name, equals, value = text.partition("=")
    if not equals or not name:
        raise RunError(f"--param {text!r} is not NAME=VALUE")
    try:
        return name, json.loads(value)
    except ValueError:
        return name, value


def backend_options(options: dict[str, Any]) -> dict[str, Any]:
    """What was given; a place inside the project by its path from there, so that the project may move."""
    given = {name: options[name] for name in GIVEN_AS_IT_IS if options.get(name)}
    for name in ("recorded", "model_path"):
        if options.get(name):
            path = Path(os.path.abspath(options[name]))
            inside = path.is_relative_to(settings.BASE_DIR)
            given[name] = str(path.relative_to(settings.BASE_DIR) if inside else path)
    return given
