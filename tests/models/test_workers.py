"""Which process holds models: the workers of `local`, and no other."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.processes import ROOT, manage, own_environment, processes_on, until

HEAVY = "('torch', 'transformers', 'sentence_transformers', 'outlines', 'accelerate')"
# Hands two runs to the workers, and waits for the one that every worker can carry out.
QUEUE_BOTH = """
import time
from pipeline.domain.planning import plan_run
from pipeline.domain.runs import start_run
from pipeline.tasks import enqueue_run
from tests import factories
from tests.pipeline.backing import small_study
small = small_study(factories.make_study("figs"))
for backend, values in (("local", {{"max_tokens": 8}}), ("bm25", {{}})):
    run = plan_run(study=small.study, stage="select", backend=backend, model={model!r} if backend == "local" else "",
                   parameters=values, inputs=[small.merge])
    enqueue_run(start_run(run=run))
"""
WAIT_FOR = """
import time
from pipeline.models import Run
from pipeline.tasks import hints_waiting
deadline = time.monotonic() + 60
while Run.objects.get(backend={backend!r}).state != "complete" and time.monotonic() < deadline:
    time.sleep(0.1)
run = Run.objects.get(backend="local")
versions = {{row.backend_version.split()[0] for row in run.completions.all()}}
usual = Run.objects.get(backend="bm25").state
print(usual, run.state, run.n_done, run.completions.count(), versions, hints_waiting("local"))
"""


def say(environment: dict[str, str], code: str) -> str:
    done = manage(environment, "shell", "--verbosity", "0", "-c", code)
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


def test_web_process_loads_no_model_though_it_could(tmp_path: Path) -> None:
    """Every URL, command, task, stage and backend that is listed, in the environment that has torch."""
    code = f"""
import sys
import config.wsgi, config.asgi, config.urls, config.celery
from importlib import import_module
from django.core.management import get_commands, load_command_class
from django.urls import get_resolver
config.celery.app.loader.import_default_modules()
get_resolver().url_patterns
for name, app in get_commands().items():
    load_command_class(app, name)
from pipeline.backends import BACKENDS
from pipeline.backends.embedders import EMBEDDERS
for module in (*BACKENDS.values(), *EMBEDDERS.values()):
    import_module(module)
import pipeline.stages, pipeline.domain.executing
print([name for name in {HEAVY} if name in sys.modules])
"""
    with own_environment(tmp_path / "data") as environment:
        assert say(environment, code) == "[]"


@pytest.fixture
def environment(tmp_path: Path) -> Iterator[dict[str, str]]:
    with own_environment(tmp_path / "data", migrated=True) as variables:
        yield variables


def worker(environment: dict[str, str], *words: str) -> subprocess.Popen[bytes]:
    command = [sys.executable, "-m", "celery", "-A", "config", "--quiet", "worker", "--concurrency", "1", *words]
    command += ["--loglevel", "WARNING", "--without-mingle", "--without-gossip"]
    return subprocess.Popen(command, env=environment, cwd=ROOT)


def test_run_of_a_local_model_waits_for_a_worker_of_its_queue(environment: dict[str, str], tiny_llama: Path) -> None:
    workers = [worker(environment)]
    try:
        said = say(environment, QUEUE_BOTH.format(model=str(tiny_llama)) + WAIT_FOR.format(backend="bm25"))
        assert said == "complete running 0 0 set() 1"
        workers.append(worker(environment, "-Q", "local", "--hostname", "local@%h"))
        assert say(environment, WAIT_FOR.format(backend="local")) == "complete complete 3 3 {'transformers'} 0"
    finally:
        for process in workers:
            process.terminate()
            process.wait(30)
    until(lambda: processes_on(Path(environment["DATA_DIR"])) == [], seconds=10)
