"""The demo study, from its corpus to campaigns that collect: every stage really runs, on answers from a file."""

from __future__ import annotations

from typing import NamedTuple

from django.db import transaction

from annotation.domain.building import build_campaign
from annotation.domain.campaigns import start_campaign
from annotation.domain.demo_logins import LOGINS, PASSWORD
from annotation.domain.importing import import_corpus
from annotation.enums import Origin
from annotation.instruments import Material
from annotation.models import Campaign
from pipeline.demo import authored
from pipeline.demo.stages import DemoRuns, run_demo_stages
from pipeline.domain.executing import execute_run
from pipeline.domain.progress import failures_of
from pipeline.enums import InstrumentName, RunState
from pipeline.models import Run
from studies.domain.members import add_member
from studies.domain.studies import create_study
from studies.domain.users import create_user
from studies.models import Study, User

SLUG, TITLE = "demo", "Demo study"
ABOUT = "Six invented people, their conversations, and what three invented models made of them."
K = 3


class Planned(NamedTuple):
    slug: str
    title: str
    instrument: InstrumentName
    questions_per_item: int


CAMPAIGNS = (
    Planned("attribute-quality", "Do these statements fit the person?", InstrumentName.ATTRIBUTE_QUALITY, 24),
    Planned("relevance", "What would change the answer?", InstrumentName.RELEVANCE, 12),
    Planned("preference", "Which response serves this person better?", InstrumentName.PREFERENCE, 24),
)


class DemoIncomplete(Exception):
    """A demo run did not complete; the message says why. pipeline/demo/recorded.jsonl may be older than a template."""


def load_demo(*, logins: bool) -> Study:
    """The demo study with its runs and three collecting campaigns; ``logins`` adds the public ones.

    Repeatable: what stands is left as it is, what a killed process left undone is done. Raises DemoIncomplete.
    """
    study = Study.objects.filter(slug=SLUG).first() or create_study(slug=SLUG, title=TITLE, description=ABOUT)
    if study.campaigns.count() < len(CAMPAIGNS):
        import_corpus(source="study", path=authored.PERSONAS.parent, slug=SLUG)
        runs = run_demo_stages(study, _execute)
        for plan in CAMPAIGNS:
            _ensure_campaign(study, plan, runs)
    for name, role in LOGINS.items() if logins else ():
        user = User.objects.filter(username=name).first() or create_user(username=name, password=PASSWORD)
        add_member(study=study, user=user, role=role)
    return study


def _execute(run: Run) -> None:
    execute_run(run=run)
    if run.state != RunState.COMPLETE:
        reason = run.problem or next((reason for reason, _ in failures_of(run)), run.state)
        raise DemoIncomplete(f"{run} did not complete: {reason}")


@transaction.atomic
def _ensure_campaign(study: Study, plan: Planned, runs: DemoRuns) -> Campaign:
    found = Campaign.objects.filter(study=study, slug=plan.slug).first()
    campaign = found or build_campaign(
        study=study,
        slug=plan.slug,
        title=plan.title,
        instrument=plan.instrument,
        k=K,
        material=_material(plan.instrument, runs),
        origin=Origin.HUMAN,
        questions_per_item=plan.questions_per_item,
        seed="demo",
    )
    return start_campaign(campaign=campaign, actor=None)


def _material(instrument: InstrumentName, runs: DemoRuns) -> Material:
    if instrument == InstrumentName.PREFERENCE:
        return Material(attribute_runs=(runs.merge,), respond_runs=runs.responds)
    return Material(attribute_runs=(runs.merge,))
