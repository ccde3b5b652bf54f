"""The worker that writes a release is killed with -9, at named points or at any moment, and the sweep takes over.

python -m tests.faults.releasing      the database's side, see tests.faults.scene; each worker is a fork of it
"""

from __future__ import annotations

import json
import os
import random
import signal
import time
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

if __name__ == "__main__":
    import django

    os.environ["DJANGO_SETTINGS_MODULE"] = "config.settings"
    django.setup()

from tests.faults.scene import answer_verbs, scene
from tests.faults.trial import Report
from tests.processes import own_environment
from tests.services import private_postgres

if TYPE_CHECKING:
    from annotation.models import ReleaseJob
    from studies.models import Study

# (module, the name in it at which the worker dies, whether it is done first)
POINTS: dict[str, tuple[str, str, bool]] = {
    "in the first table": ("annotation.releases.writing", "TableWriter.add", True),
    "before the papers": ("annotation.releases.dressing", "write_papers", False),
    "before it is verified": ("annotation.releases.write", "verify_release", False),
    "before the row": ("annotation.releases.publishing", "erasures_in", False),
    "between row and move": ("annotation.releases.jobs", "finish_job", True),
    "between move and commit": ("pathlib", "Path.rename", True),
    "after the commit": ("annotation.releases.write", "publish", True),
}
ANY = "at any moment"


def release_killed(folder: Path, seed: str, points: Sequence[str]) -> Report:
    """A release asked for, its worker killed and the sweep run, once for each point; then everything is looked at."""
    report, began = Report(f"a release killed {len(points)} times", seed), time.monotonic()
    with own_environment(folder / "data", migrated=True) as environment:
        with scene(environment, "tests.faults.releasing") as press:
            press.ask("make", seed=seed)
            for point in points:
                report.problems += [f"{point}: {problem}" for problem in press.ask("kill", point=point)]
            report.problems += press.ask("check", releases=len(points))
        report.figures["releases"] = len(points)
    report.seconds = time.monotonic() - began
    return report


def release_killed_anywhere(folder: Path, seed: str, *, postgres: bool) -> Report:
    """The longer form, with a server of its own: every point, and moments drawn by the seed."""
    points = [*POINTS, *[ANY] * 8]
    random.Random(seed).shuffle(points)
    with ExitStack() as stack:
        if postgres:
            os.environ["DATABASE_URL"] = stack.enter_context(private_postgres())
            stack.callback(os.environ.pop, "DATABASE_URL")
        return release_killed(folder, seed, points)


class Press:
    """The other side, on the copy's database. It starts no thread and reads no table itself, so that it can fork."""

    def __init__(self) -> None:
        self.study: Study
        self.chance = random.Random()

    def make(self, *, seed: str) -> None:
        from annotation.releases import write  # noqa: F401 -- imported once, not by every fork
        from tests import factories

        self.chance.seed(seed)
        campaign = factories.make_campaign(factories.make_study("trial"), n_items=2)
        for _ in range(2):
            factories.submit(factories.claim(factories.make_rater(campaign)))
        self.study = campaign.study

    def kill(self, *, point: str) -> list[str]:
        """The problems of one worker's death and of what came after it."""
        from annotation import tasks
        from annotation.domain.releasing import ask_release
        from annotation.models import ReleaseJob
        from annotation.releases import jobs

        job, before = ask_release(study=self.study, actor=None), self.study.releases.count()
        delay = self.chance.uniform(0, 1) if point == ANY else None
        ended = fork(lambda: (die_at(point), jobs.run_job(job_id=job.pk)), delay)
        problems = [] if ended == -signal.SIGKILL or point == ANY else [f"the worker was not killed, it ended {ended}"]
        problems += [f"{path.name} of no release can be seen" for path in self._strange() if point not in MOVED]
        ReleaseJob.objects.filter(pk=job.pk).update(beaten_at=job.asked_at - 2 * jobs.DEAD, asked_at=long_ago(job))
        if fork(lambda: (setattr(jobs, "LEFT_OVER", timedelta(0)), tasks.task_sweep_releases())):
            problems.append("the sweep failed")
        job.refresh_from_db()
        if job.state != "done" or job.release is None or self.study.releases.count() != before + 1:
            problems.append(f"the job is {job.state} ({job.problem}), {self.study.releases.count() - before} releases")
        return problems

    def check(self, *, releases: int) -> list[str]:
        """Every release is there, whole and the same; nothing else is."""
        from django.conf import settings

        made = {release.public_id: release for release in self.study.releases.all()}
        problems = [f"{path.name} is no release" for path in self._strange()]
        problems += [] if len(made) == releases else [f"{len(made)} releases instead of {releases}"]
        problems += [] if len({release.data_sha256 for release in made.values()}) == 1 else ["their data differ"]
        folders = [Path(settings.RELEASES_DIR, public_id) for public_id in made]
        return problems + ([f"a release of {sorted(made)} does not verify"] if fork(lambda: verify(folders)) else [])

    def _strange(self) -> list[Path]:
        """Folders under the name of a release that is not recorded."""
        from django.conf import settings

        known = set(self.study.releases.values_list("public_id", flat=True))
        return [path for path in Path(settings.RELEASES_DIR).glob("[!.]*") if path.name not in known]


MOVED = ("between move and commit", ANY)  # such a folder is whole; nobody looks at it, and the sweep takes it away


def long_ago(job: ReleaseJob) -> Any:
    return job.asked_at - timedelta(hours=1)


def verify(folders: list[Path]) -> None:
    from annotation.releases.verify import verify_release

    problems = [problem for folder in folders for problem in verify_release(folder)]
    if problems:
        raise AssertionError(json.dumps(problems, indent=1))


def die_at(point: str) -> None:
    """From now on this process kills itself there."""
    if point == ANY:
        return
    from importlib import import_module

    module, path, first = POINTS[point]
    place: Any = import_module(module)
    *outer, name = path.split(".")
    for part in outer:
        place = getattr(place, part)
    real = getattr(place, name)

    def dying(*args: Any, **words: Any) -> None:
        if first:
            real(*args, **words)
        os.kill(os.getpid(), signal.SIGKILL)

    setattr(place, name, dying)


def fork(work: Callable[[], object], delay: float | None = None) -> int:
    """Does it in a process of its own, killed after so many seconds; 0 where it went well, -9 where it was killed."""
    from django.db import connections

    connections.close_all()
    number = os.fork()
    if number == 0:
        status = 1
        try:
            work()
            status = 0
        except BaseException:
            import traceback

            traceback.print_exc()
        finally:
            os._exit(status)
    if delay is not None:
        time.sleep(delay)
        os.kill(number, signal.SIGKILL)
    return os.waitstatus_to_exitcode(os.waitpid(number, 0)[1])


if __name__ == "__main__":
    answer_verbs(Press())
