"""What the page of a run knows: how it is, why, what may be done about it, what it is made of."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from annotation.views.run_wording import cost_in_words, pace_in_words, run_in_words
from pipeline.domain.failures import FailureGroup, failures_by_kind, retry_may_help
from pipeline.domain.overview import Hands, PromptText, as_facts, hands_on, progress_of, prompt_of
from pipeline.domain.progress import FINDING, VOTING, RunProgress
from pipeline.domain.queues import queue_of, start_of_worker
from pipeline.domain.runs import ENDED
from pipeline.domain.steering import CANCEL, PAUSE, RESUME, may_take
from pipeline.enums import RunState
from pipeline.models import Run

POLL_SECONDS = 4.0
BUDGET_STATES = (RunState.PLANNED, RunState.RUNNING, RunState.PAUSED, RunState.INCOMPLETE)


@dataclass(frozen=True)
class Shares:
    """Percent of the units, for the picture."""

    done: float
    failed: float

    @property
    def over(self) -> float:
        return self.done + self.failed


@dataclass(frozen=True)
class Live:
    """The part that changes while a run is under way."""

    run: Run
    progress: RunProgress
    hands: Hands
    asks: bool  # it has units of work, which workers claim
    retry_helps: bool  # it is over, and some of what failed may go better next time
    sentence: str
    cost: str
    projected: str  # what it comes to in the end, "" where that is not known or the same
    pace: str
    queue: str

    @property
    def worker(self) -> str:
        """What starts a worker for it."""
        return start_of_worker(self.queue)

    @property
    def over(self) -> bool:
        return self.run.state in ENDED

    @property
    def judges(self) -> bool:
        """Its answers are votes or findings; one that cannot be read is an outcome of its own."""
        return self.run.stage in (*VOTING, *FINDING)

    @property
    def over_budget(self) -> bool:
        """It stands still for its budget, which the page can raise."""
        return self.run.problem.startswith("budget of ")

    @property
    def polls(self) -> bool:
        """Until the run is over, or paused and its last answers are in."""
        return self.run.state == RunState.RUNNING or self.hands.held > 0

    @property
    def every(self) -> str:
        return f"every {POLL_SECONDS:g}s"

    @property
    def shares(self) -> Shares:
        units = max(1, self.progress.units)
        return Shares(round(100 * self.progress.done / units, 2), round(100 * self.progress.failed / units, 2))

    @property
    def percent(self) -> int:
        """Rounded down, so that 100 means that all is done."""
        return 100 * self.progress.done // self.progress.units if self.progress.units else 0

    @property
    def said(self) -> str:
        """Changes when there is something new to be said aloud: the state, a tenth of the way, that nobody works."""
        return f"{self.run.state}-{self.percent // 10}" + ("-idle" if self.hands.idle else "")

    @property
    def aloud(self) -> str:
        more = "No worker has been at it for a minute." if self.hands.idle else self.run.problem
        return f"{self.sentence} {more}".strip()

    @property
    def tokens(self) -> int | None:
        counted = (self.progress.prompt_tokens, self.progress.completion_tokens)
        return None if counted == (None, None) else sum(number or 0 for number in counted)

    @property
    def may_resume(self) -> bool:
        return may_take(RESUME, self.run)

    @property
    def may_pause(self) -> bool:
        return may_take(PAUSE, self.run)

    @property
    def may_cancel(self) -> bool:
        return may_take(CANCEL, self.run)

    @property
    def may_set_budget(self) -> bool:
        return self.asks and bool(self.run.template_sha256) and self.run.state in BUDGET_STATES


def live_view(run: Run) -> Live:
    progress = progress_of(run)
    return Live(
        run=run,
        progress=progress,
        hands=hands_on(run),
        asks=run.work_units.exists(),
        retry_helps=run.state == RunState.INCOMPLETE and retry_may_help(run),
        sentence=run_in_words(run, progress),
        cost=cost_in_words(progress.cost, progress.currency),
        projected=cost_in_words(progress.projected, progress.currency) if progress.projected and progress.left else "",
        pace=pace_in_words(progress.per_minute),
        queue=queue_of(run),
    )


@dataclass(frozen=True)
class About:
    """What the run is, which does not change while it runs."""

    parameters: list[tuple[str, str]]
    reached: list[tuple[str, str]]
    prompt: PromptText | None
    inputs: list[Run]
    outputs: list[Run]


def about_run(run: Run) -> About:
    return About(
        parameters=as_facts(run.parameters),
        reached=as_facts(run.backend_options),
        prompt=prompt_of(run),
        inputs=list(run.inputs.order_by("pk")),
        outputs=list(run.outputs.order_by("pk")),
    )


def run_context(run: Run, live: Live) -> dict[str, Any]:
    """What the whole changing part needs: figures, outcome, failures."""
    failures: list[FailureGroup] = failures_by_kind(run) if live.progress.failed else []
    return {"run": run, "study": run.study, "live": live, "failures": failures, "outcome": as_facts(run.outcome)}
