"""A run's numbers as a person would say them."""

from __future__ import annotations

from decimal import Decimal

from pipeline.domain.progress import RunProgress
from pipeline.enums import RunState
from pipeline.models import Run

MINUTE, HOUR, DAY = 60.0, 3600.0, 86400.0


def run_in_words(run: Run, progress: RunProgress) -> str:
    """One sentence on how the run is; what a lead reads first."""
    done, units = f"{progress.done:,}", units_in_words(progress.units)
    if run.state == RunState.PLANNED:
        return f"Planned and not started: {units} to do."
    if run.state == RunState.RUNNING:
        return f"Running: {done} of {units} done{_to_go(progress)}."
    if run.state == RunState.PAUSED:
        word = "Stands still" if run.problem else "Paused"
        return f"{word}: {units_in_words(progress.left)} left of {progress.units:,}."
    if run.state == RunState.INCOMPLETE:
        return f"Incomplete: {progress.failed:,} of {units} failed."
    if run.state == RunState.CANCELLED:
        return f"Cancelled: {done} of {units} were done, and stay on record."
    return f"Complete: {units}." if progress.units else "Complete."


def units_in_words(count: int) -> str:
    return f"{count:,} unit" + ("" if count == 1 else "s")


def _to_go(progress: RunProgress) -> str:
    seconds = progress.seconds_left
    return "" if seconds is None or not progress.left else f", {duration_in_words(seconds)} to go"


def duration_in_words(seconds: float) -> str:
    """Roughly: "less than a minute", "about 12 minutes", "about 3 days"."""
    if seconds < MINUTE:
        return "less than a minute"
    for size, name in ((DAY, "day"), (HOUR, "hour"), (MINUTE, "minute")):
        if seconds >= 1.5 * size or name == "minute":
            number = max(1, round(seconds / size))
            return f"about {number:,} {name}" + ("" if number == 1 else "s")
    raise AssertionError("minutes take the rest")


def pace_in_words(per_minute: float | None) -> str:
    """Units a minute, or an hour where that is less than one a minute; "" where it is not known."""
    if per_minute is None:
        return ""
    if per_minute < 1:
        return f"{per_minute * 60:.1f} units an hour"
    return f"{per_minute:,.0f} units a minute" if per_minute >= 10 else f"{per_minute:.1f} units a minute"


def cost_in_words(cost: Decimal | None, currency: str) -> str:
    """``USD 1.23``, with more digits where it is less than one; "n/a" where no price is known."""
    if cost is None:
        return "n/a"
    return f"{currency} {cost:,.2f}" if cost == 0 or cost >= 1 else f"{currency} {cost:.4f}"
