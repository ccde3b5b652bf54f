"""Which workers take a run: those that hold models in memory, those that wait for servers, or any."""

from __future__ import annotations

from pipeline.models import Run
from pipeline.stages import BY_VECTORS
from pipeline.stages.pools import embedder_of

USUAL, CALLS, LOCAL = "celery", "calls", "local"
BY_BACKEND = {"openai_api": CALLS, "local": LOCAL}

_START = {
    LOCAL: "make venv-models && .venv-models/bin/celery -A config worker -Q local --concurrency 1",
    CALLS: ".venv/bin/celery -A config worker -Q calls",
    USUAL: ".venv/bin/celery -A config worker -Q celery",
}


def queue_of(run: Run) -> str:
    """The queue that hints of this run's work go to."""
    by_vectors = (run.stage, run.backend) in BY_VECTORS
    return BY_BACKEND.get(embedder_of(run.backend_options) if by_vectors else run.backend, USUAL)


def start_of_worker(queue: str) -> str:
    """The command that starts a worker of this queue, in the project's folder."""
    return _START[queue]
