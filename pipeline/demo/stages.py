"""The demo study's runs, as its plan has them. Recording and loading both go by this."""

from __future__ import annotations

from collections.abc import Callable

from pipeline.demo import authored
from pipeline.domain.runs import start_run
from pipeline.domain.stepping import plan_step
from pipeline.models import Run
from pipeline.plans import Plan, parse_plan
from pipeline.plans.steps import StageStep, steps_of
from studies.models import Study

PLAN = authored.FOLDER / "plan.toml"
RECORDED = authored.FOLDER / "recorded.jsonl"

DemoRuns = dict[str, Run]  # by the names of the plan's steps
Execute = Callable[[Run], None]


def demo_plan() -> Plan:
    return parse_plan(PLAN.read_text(encoding="utf-8"), PLAN.name)


def run_demo_stages(study: Study, execute: Execute) -> DemoRuns:
    """Plans and starts each run of a stage and hands it to ``execute``, which carries it out; nothing is imported."""
    runs: DemoRuns = {}
    for step in steps_of(demo_plan()):
        if isinstance(step, StageStep):
            run = plan_step(study=study, step=step, runs=[runs[name] for name in step.reads if name in runs])
            execute(start_run(run=run))
            runs[step.name] = run
    return runs
