"""The demo study, from its corpus to campaigns that collect: every stage really runs, on answers from a file."""

from __future__ import annotations

from collections.abc import Sequence

from annotation.domain.campaigns import start_campaign
from annotation.domain.demo_logins import LOGINS, PASSWORD
from annotation.domain.running import run_study
from annotation.enums import CampaignState
from pipeline.demo.stages import PLAN
from pipeline.domain.executing import execute_run
from pipeline.domain.stepping import set_plan
from pipeline.models import Run
from pipeline.plans import Plan
from studies.domain.members import add_member
from studies.domain.studies import create_study
from studies.domain.users import create_user
from studies.models import Study, User

SLUG = "demo"
ABOUT = "Six invented people, their conversations, and what three invented models made of them."


class DemoIncomplete(Exception):
    """A demo run did not complete; the message says why. pipeline/demo/recorded.jsonl may be older than a template."""


def prepare_demo() -> tuple[Study, Plan]:
    """The demo study with its plan, made where it is not there; nothing is run."""
    study = Study.objects.filter(slug=SLUG).first() or create_study(slug=SLUG, title="Demo study", description=ABOUT)
    return study, set_plan(study=study, text=PLAN.read_text(encoding="utf-8"), file=PLAN.name)


def load_demo(*, logins: bool) -> Study:
    """The demo study with its runs and three collecting campaigns; ``logins`` adds the public ones.

    Repeatable: what stands is left as it is, what a killed process left undone is done. Raises DemoIncomplete.
    """
    study, plan = prepare_demo()
    if study.campaigns.exclude(state=CampaignState.DRAFT).count() < len(plan.campaigns):
        journey = run_study(study=study, plan=plan, carry=_carry)
        for standing in journey.stopped:
            raise DemoIncomplete(f"{standing.step.name} did not complete: {standing.detail}")
        for campaign in journey.campaigns:
            start_campaign(campaign=campaign, actor=None)
    for name, role in LOGINS.items() if logins else ():
        user = User.objects.filter(username=name).first() or create_user(username=name, password=PASSWORD)
        add_member(study=study, user=user, role=role)
    return study


def _carry(runs: Sequence[Run]) -> None:
    for run in runs:
        execute_run(run=run)
