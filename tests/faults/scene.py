"""The database's side of a fault test: a process on the copy's settings that makes the rows, watches and checks them.

python -m tests.faults.scene      one JSON object per line in ({"verb": ...}), one per line out
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
import time
import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

if __name__ == "__main__":
    import django

    os.environ["DJANGO_SETTINGS_MODULE"] = "config.settings"
    django.setup()

from tests.faults.raters import PASSWORD
from tests.processes import ROOT

if TYPE_CHECKING:
    from annotation.models import Campaign
    from pipeline.models import Run
    from studies.models import Study

MODEL = "model-a"


class Scene:
    """The tests' side."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self.process = process

    def ask(self, verb: str, **words: Any) -> Any:
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        self.process.stdin.write(json.dumps({"verb": verb, **words}) + "\n")
        self.process.stdin.flush()
        reply = json.loads(self.process.stdout.readline())
        assert "error" not in reply, reply["error"]
        return reply["answer"]


@contextmanager
def scene(environment: dict[str, str], module: str = "tests.faults.scene") -> Iterator[Scene]:
    """The module run as a process on these settings; it ends by ``answer_verbs``."""
    command = [sys.executable, "-m", module]
    process = subprocess.Popen(
        command, env=environment, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    try:
        yield Scene(process)
    finally:
        process.kill()
        process.wait()


class Backstage:
    """The other side, on the copy's database."""

    def __init__(self) -> None:
        self.campaign: Campaign
        self.study: Study
        self.run: Run
        self.looks = 0
        self.seen: list[str] = []

    def make(self, *, raters: int, items: int, questions: int, k: int, instrument: str) -> dict[str, Any]:
        """Tables, static files, a collecting campaign and its raters."""
        from django.contrib.auth.hashers import make_password

        from config.preparing import collect_static, migrate_database
        from studies.models import Membership, User
        from tests import factories

        migrate_database()
        collect_static()
        study = self.study = factories.make_study("trial")
        self.campaign = factories.make_campaign(
            study, n_items=items, n_questions=questions, k=k, instrument=instrument, slug="small"
        )
        password = make_password(PASSWORD)
        names = [f"rater-{number}" for number in range(raters)]
        users = User.objects.bulk_create(User(username=name, password=password) for name in names)
        Membership.objects.bulk_create(Membership(study=study, user=user, role="rater") for user in users)
        return {"names": names, "rate_url": f"/c/{self.campaign.public_id}/rate/"}

    def make_study(self) -> None:
        """No more than a study, in a database that has its tables."""
        from tests import factories

        self.study = factories.make_study("trial")

    def plan(self, *, units: int) -> dict[str, Any]:
        """A run over that many units, planned; what the model server has to know for it."""
        from pipeline.domain.planning import plan_run
        from pipeline.stages import stage_for
        from tests import factories

        study = self.study
        merge = factories.make_run(study, "merge")
        person = factories.make_person(factories.make_corpus(study))
        factories.make_prompt(study, "What goes with figs?", (person,))
        for number in range(units):
            factories.make_attribute(person, merge, f"Keeps {number} bees.")
        self.run = plan_run(study=study, stage="select", backend="openai_api", model=MODEL, inputs=[merge])
        stage = stage_for("select", "openai_api")
        rows = []
        for material in stage.load(self.run, list(self.run.work_units.all())):
            asked = next(stage.work(self.run, material)).as_json()
            rows.append({"model": asked["model"], "messages": asked["messages"], "text": "YES\nIt would."})
        return {"source": merge.public_id, "rows": rows}

    def watch(self) -> None:
        """Looks at the campaign over and over, from a thread of its own."""
        threading.Thread(target=self._look_on, daemon=True).start()

    def _look_on(self) -> None:
        from django.db import DatabaseError, connection

        from tests.faults.checking import problems_now

        while True:
            try:
                for problem in problems_now(self.campaign):
                    if problem not in self.seen:
                        self.seen.append(problem)
                self.looks += 1
            except DatabaseError:
                connection.close()
            time.sleep(0.02)

    def status(self) -> str:
        self.run.refresh_from_db()
        return str(self.run.state)

    def check(self, *, records: list[dict[str, Any]]) -> dict[str, Any]:
        from tests.faults.checking import problems_now, problems_of

        problems = [*self.seen, *problems_now(self.campaign), *problems_of(self.campaign, records)]
        return {"problems": problems, "looks": self.looks}

    def check_run(self, *, counts: dict[str, int]) -> dict[str, Any]:
        from pipeline.models import Completion
        from tests.faults.checking import problems_of_run

        abandoned = Completion.objects.filter(run=self.run, state="abandoned").count()
        return {"problems": problems_of_run(self.run, counts), "abandoned": abandoned}

    def check_kills(self, *, seen: dict[str, int]) -> dict[str, Any]:
        """What ``problems_of_kills`` finds, and the run's own counts."""
        from pipeline.domain.progress import run_progress
        from tests.faults.checking import problems_of_kills

        progress = run_progress(self.run)
        counts = {"done": progress.done, "asked": progress.asked, "paid twice": progress.possibly_paid_twice}
        return {"problems": problems_of_kills(self.run, seen), "counts": counts}


def answer_verbs(backstage: object) -> None:
    """Does what is asked on standard input, a line each, until it closes."""
    from django.db import connection

    for line in sys.stdin:
        words = json.loads(line)
        try:
            connection.close()  # it may have died with its server since
            reply = {"answer": getattr(backstage, words.pop("verb"))(**words)}
        except Exception:
            reply = {"error": traceback.format_exc()}
        print(json.dumps(reply), flush=True)


if __name__ == "__main__":
    answer_verbs(Backstage())
