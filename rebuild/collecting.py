"""The people's side of the study: campaigns, simulated raters at the real pages, labels."""

from __future__ import annotations

import json
import subprocess
import sys
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass

from django.conf import settings
from django.db import transaction

from annotation.domain.assignment import complete_if_done
from annotation.domain.building import build_campaign
from annotation.domain.campaigns import start_campaign
from annotation.domain.labelling import publish_labels
from annotation.domain.progress import progress_for
from annotation.enums import CampaignState, Origin
from annotation.instruments import Material
from annotation.models import Campaign
from pipeline.enums import InstrumentName, Stage
from pipeline.models import Run
from rebuild.driver import Job, Login
from rebuild.material import LOOK, Told
from rebuild.plan import Folder, K, Plan, RebuildFailed
from studies.models import Study

TITLES = {
    InstrumentName.ATTRIBUTE_QUALITY: "Do these statements fit the person?",
    InstrumentName.RELEVANCE: "What would change the answer?",
    InstrumentName.PREFERENCE: "Which response serves this person better?",
}
QUESTIONS_PER_ITEM = 12
LEASE_SECONDS = 120  # of an item whose simulated rater does not come back: RATERS was lowered since
DRIVERS = 4  # processes that the raters are spread over
ROUNDS_PATIENCE = 2 * LEASE_SECONDS
BETWEEN_ROUNDS = 5.0  # seconds, where nobody found anything to judge


@transaction.atomic
def ensure_campaign(*, study: Study, instrument: InstrumentName, material: Material, seed: str) -> Campaign:
    """The study's one campaign of the instrument, simulated, collecting as soon as it is there."""
    slug = instrument.value.replace("_", "-")
    found = Campaign.objects.filter(study=study, slug=slug).first()
    if found is not None and found.state != CampaignState.DRAFT:
        return found
    campaign = found or build_campaign(
        study=study,
        slug=slug,
        title=TITLES[instrument],
        instrument=instrument,
        k=K,
        material=material,
        origin=Origin.SIMULATED,
        questions_per_item=QUESTIONS_PER_ITEM,
        lease_seconds=LEASE_SECONDS,
        seed=seed,
    )
    return start_campaign(campaign=campaign, actor=None)


def ensure_labels(campaign: Campaign) -> Run:
    """The campaign's majority labels, published once."""
    known = campaign.study.runs.filter(stage=Stage.LABEL, parameters__campaign=campaign.public_id)
    return known.order_by("pk").first() or publish_labels(campaign=campaign)


@dataclass(frozen=True)
class Raters:
    """Simulated people with logins, and the web server whose pages they use."""

    logins: Sequence[Login]
    origin: str
    plan: Plan
    folder: Folder

    def judge(self, campaigns: Sequence[Campaign], told: Told) -> str:
        """Sends everybody to the pages until the campaigns are complete; in a few words what that took.

        One round is enough, unless a rater who held an item does not come back: then its lease is waited for.
        Raises RebuildFailed where a rater was stuck, or the leases are over and a campaign still is not complete.
        """
        said = Said()
        deadline = time.monotonic() + ROUNDS_PATIENCE
        while not _complete(campaigns, told):
            if time.monotonic() > deadline:
                open_ones = ", ".join(
                    campaign.slug for campaign in campaigns if campaign.state != CampaignState.COMPLETE
                )
                raise RebuildFailed(f"nobody finds anything to judge in {open_ones}, which is not complete")
            saved = said.saved
            self._send_all(campaigns, told, said)
            if said.saved > saved:
                deadline = time.monotonic() + ROUNDS_PATIENCE
            else:
                time.sleep(BETWEEN_ROUNDS)
        return f"{said.requests} requests, {said.retries} sent again" if said.requests else "was complete"

    def _send_all(self, campaigns: Sequence[Campaign], told: Told, said: Said) -> None:
        drivers = [_Driver(job, said) for job in self._jobs(campaigns)]
        try:
            while any(driver.works() for driver in drivers) and not said.problem:
                _complete(campaigns, told)
                time.sleep(LOOK)
        finally:
            for driver in drivers:
                driver.end()
        if said.problem or any(driver.process.returncode for driver in drivers):
            raise RebuildFailed(said.problem or "a driver of raters was killed")

    def _jobs(self, campaigns: Sequence[Campaign]) -> list[Job]:
        count = min(DRIVERS, len(self.logins))
        return [
            Job(
                origin=self.origin,
                campaigns=tuple(campaign.public_id for campaign in campaigns),
                logins=tuple(self.logins[number::count]),
                world_seed=self.plan.seed,
                world_scale=self.plan.scale,
                log=str(self.folder.access / f"driver-{number + 1}.jsonl"),
            )
            for number in range(count)
        ]


@dataclass
class Said:
    """What drivers report, all together."""

    saved: int = 0
    requests: int = 0
    retries: int = 0
    problem: str = ""


class _Driver:
    """A process of rebuild.driver. It lives no longer than we do: our end closes its standard input."""

    def __init__(self, job: Job, said: Said) -> None:
        command = [sys.executable, "-m", "rebuild.driver"]
        self.process = subprocess.Popen(  # noqa: S603
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, cwd=settings.BASE_DIR
        )
        assert self.process.stdin is not None
        self.process.stdin.write(job.as_line())
        self.process.stdin.flush()
        self.said = said
        self.listener = threading.Thread(target=self._listen, daemon=True)
        self.listener.start()

    def works(self) -> bool:
        return self.listener.is_alive()

    def end(self) -> None:
        assert self.process.stdin is not None
        self.process.stdin.close()
        self.process.wait()
        self.listener.join()

    def _listen(self) -> None:
        assert self.process.stdout is not None
        for line in self.process.stdout:
            words = json.loads(line)
            with LOCK:
                self.said.saved += words.get("saved", 0)
                self.said.requests += words.get("requests", 0)
                self.said.retries += words.get("retries", 0)
                self.said.problem = self.said.problem or words.get("problem", "")


LOCK = threading.Lock()


def _complete(campaigns: Sequence[Campaign], told: Told) -> bool:
    """Whether all of them are; says how far they are together."""
    progress = progress_for(campaigns).values()
    told(sum(each.counted for each in progress), sum(each.wanted for each in progress))
    for campaign in campaigns:
        complete_if_done(campaign=campaign)
        campaign.refresh_from_db(fields=["state"])
    return all(campaign.state == CampaignState.COMPLETE for campaign in campaigns)
