"""A study from its plan to its campaigns: every step found where it stands, else made; what is on record is not asked.

Steps of one stage (several models side by side) are carried out together, all others one after another. Who carries
out a run, this process or the workers, is the caller's affair.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import Enum
from itertools import groupby

from annotation.domain.errors import AnnotationError
from annotation.domain.importing import ImportRefused
from annotation.domain.stepping import KINDS, Done, Found, Notice, Waits
from annotation.models import Campaign
from pipeline.domain.errors import NothingToDo, RunError
from pipeline.domain.progress import failures_of, run_progress
from pipeline.domain.runs import finish_run, start_run
from pipeline.enums import RunState, Stage
from pipeline.models import Run
from pipeline.plans import Plan
from pipeline.plans.steps import CampaignStep, StageStep, Step, steps_of
from studies.models import Study

NOTHING = Found()
Carry = Callable[[Sequence[Run]], None]  # carries started runs out, or waits while others do


class State(Enum):
    DONE = "done"
    NOTHING = "nothing"  # there is nothing for it to do, and no other step reads it
    READY = "ready"  # everything it reads is there
    BEGUN = "begun"  # planned, running or paused
    FAILED = "failed"  # over, with more failures than the plan bears
    REFUSED = "refused"  # it cannot be made; detail says why
    WAITS = "waits"  # for another step, or for people


GOES_ON = (State.DONE, State.NOTHING, State.WAITS)  # what does not keep later steps from being tried


@dataclass(frozen=True)
class Standing:
    """Where a step stands. ``detail`` is for people: counts, a reason, or what it waits for."""

    step: Step
    state: State
    detail: str = ""
    found: Found = NOTHING


@dataclass(frozen=True)
class Journey:
    """Where every step stands; ``stopped`` are those because of which the rest was not tried."""

    standings: tuple[Standing, ...]
    stopped: tuple[Standing, ...] = ()

    @property
    def waiting(self) -> list[Standing]:
        return [standing for standing in self.standings if standing.state == State.WAITS]

    @property
    def campaigns(self) -> list[Campaign]:
        return [standing.found.campaign for standing in self.standings if standing.found.campaign]


def show_study(study: Study, plan: Plan) -> Journey:
    """Where the steps of the plan stand. Reads only."""
    done: dict[str, Found] = {}
    standings = []
    for step in steps_of(plan):
        standings.append(_note(_stand(study, plan, step, done), done))
    return Journey(tuple(standings))


def run_study(
    *, study: Study, plan: Plan, carry: Carry, notice: Notice = lambda _: None, retry: bool = False
) -> Journey:
    """Takes every step that can be taken, in order, until one fails or only people can bring it on.

    Repeatable: what is done is found again and nothing of it is asked. A run that ended with failures the plan bears
    is done, unless ``retry`` asks for another try of those. No transaction is held; each step has its own.
    """
    done: dict[str, Found] = {}
    standings: list[Standing] = []
    groups = [tuple(group) for _, group in groupby(steps_of(plan), key=_together)]
    for number, group in enumerate(groups):
        taken = _take(study, plan, group, done, carry, notice, retry)
        standings += taken
        if stopped := tuple(each for each in taken if each.state not in GOES_ON):
            rest = (step for group in groups[number + 1 :] for step in group)
            standings += [_note(_stand(study, plan, step, done), done) for step in rest]
            return Journey(tuple(standings), stopped)
    return Journey(tuple(standings))


def _together(step: Step) -> str:
    return step.stage if isinstance(step, StageStep) else step.name


def _take(
    study: Study, plan: Plan, group: Sequence[Step], done: dict[str, Found], carry: Carry, notice: Notice, retry: bool
) -> list[Standing]:
    """Where the steps of one group stand after all of them that could be taken were."""
    standings = {step.name: _stand(study, plan, step, done) for step in group}
    open_steps = [step for step in group if _is_open(standings[step.name], retry)]
    for step in open_steps:
        standings[step.name] = _made(study, step, done, notice)
    runs = [run for step in open_steps if (run := standings[step.name].found.run)]
    if started := [run for run in runs if _goes_on(run)]:
        notice(", ".join(step.name for step in open_steps))
        carry(started)
    for step in open_steps:
        if standings[step.name].state != State.REFUSED:
            standings[step.name] = _stand(study, plan, step, done)
    return [_note(standings[step.name], done) for step in group]


def _goes_on(run: Run) -> bool:
    """Whether there is work to carry out; a run whose end nobody noticed is ended."""
    start_run(run=run)
    if run.state in (RunState.PLANNED, RunState.PAUSED):
        finish_run(run=run)
    return run.state == RunState.RUNNING


def _is_open(standing: Standing, retry: bool) -> bool:
    if standing.state in (State.READY, State.BEGUN, State.FAILED):
        return True
    run = standing.found.run
    return retry and run is not None and run.state == RunState.INCOMPLETE


def _made(study: Study, step: Step, done: Done, notice: Notice) -> Standing:
    try:
        return Standing(step, State.BEGUN, found=KINDS[type(step)].make(study, step, done, notice))
    except ImportRefused as refusal:
        return Standing(step, State.REFUSED, "\n".join(map(str, refusal.report.problems[:10])))
    except (RunError, AnnotationError) as error:
        return Standing(step, State.REFUSED, error.message)


def _stand(study: Study, plan: Plan, step: Step, done: Done) -> Standing:
    missing = [name for name in step.reads if name not in done]
    if missing:
        return Standing(step, State.WAITS, ", ".join(missing))
    try:
        found = KINDS[type(step)].find(study, step, done)
    except Waits as waits:
        return Standing(step, State.WAITS, str(waits))
    except NothingToDo as error:
        read = any(step.name in other.reads for other in steps_of(plan))
        return Standing(step, State.REFUSED if read else State.NOTHING, error.message)
    except RunError as error:
        return Standing(step, State.REFUSED, error.message)
    if found is None:
        return Standing(step, State.READY)
    if found.run:
        return Standing(step, _state_of(found.run, plan.tolerate), _run_in_words(found.run), found)
    return Standing(step, State.DONE, _campaign_in_words(found, step, done), found)


def _note(standing: Standing, done: dict[str, Found]) -> Standing:
    if standing.state == State.DONE:
        done[standing.step.name] = standing.found
    return standing


def _state_of(run: Run, tolerate: float) -> State:
    if run.state == RunState.COMPLETE:
        return State.DONE
    if run.state == RunState.INCOMPLETE:
        return State.DONE if run.n_done and run.n_failed <= tolerate * run.n_units else State.FAILED
    return State.REFUSED if run.state == RunState.CANCELLED else State.BEGUN


# Runs that draw or publish have rows and no units of work.
ROWS = {
    Stage.PEOPLE: "people",
    Stage.MATCH: "prompts put to people",
    Stage.SAMPLE: "units drawn",
    Stage.LABEL: "labels",
}


def _run_in_words(run: Run) -> str:
    rows = ROWS.get(Stage(run.stage))
    said = f"run {run.public_id[:8]}: {f'{run.n_done} {rows}' if rows else run_progress(run)}"
    if run.problem:
        said += f"; {run.problem}"
    elif run.state == RunState.CANCELLED:
        said += "; it was cancelled: change the step's parameters for another run"
    elif run.state == RunState.INCOMPLETE:
        said += "".join(f"; {count} failed: {reason}" for reason, count in failures_of(run)[:1])
    return said


def _campaign_in_words(found: Found, step: Step, done: Done) -> str:
    campaign = found.campaign
    if campaign is None or not isinstance(step, CampaignStep):
        return ""
    said = f"{campaign.items.count()} items, K = {campaign.k}, {campaign.get_state_display().lower()}"
    wanted = {run.public_id for name in step.reads if (run := done[name].run)}
    built = {token for runs in campaign.parameters.values() for token in runs}
    return said if built <= wanted else f"{said}; built from earlier runs: give the plan another slug to build it anew"
