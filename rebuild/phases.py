"""The rebuild from import to verified release, phase after phase. Each finds in the database what is done already."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from collections.abc import Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from typing import TextIO

from django.conf import settings

from annotation.instruments import Material
from annotation.models import Campaign, Release
from annotation.releases.errors import ReleaseRefused
from annotation.releases.write import make_release
from pipeline.enums import InstrumentName, Stage
from pipeline.models import Run
from pipeline.sources.world.characters import EMBEDDINGS
from rebuild.checking import check_rebuild
from rebuild.collecting import Raters, ensure_campaign, ensure_labels
from rebuild.describing import ensure_description
from rebuild.journal import Journal, table_of
from rebuild.material import EXTRACTOR, MODELS, Machines, ensure_sample, import_world
from rebuild.plan import Folder, Plan, RebuildFailed
from rebuild.progress import Phase, phase
from rebuild.round_trip import check_round_trip
from rebuild.study import begin_study, claim_folder, enroll_raters
from rebuild.truth import problems_with, recovered
from studies.models import Study

QUALITY, RELEVANCE, PREFERENCE = (
    InstrumentName.ATTRIBUTE_QUALITY,
    InstrumentName.RELEVANCE,
    InstrumentName.PREFERENCE,
)


@dataclass(frozen=True)
class Servers:
    """Where the rebuild's own servers answer."""

    web: str
    models: str


@dataclass
class Rebuild:
    plan: Plan
    folder: Folder
    servers: Servers
    out: TextIO
    study: Study = field(init=False)

    def phase(self, name: str) -> AbstractContextManager[Phase]:
        return phase(name, self.folder, self.out)

    def carry_out(self) -> None:
        """All of it. Raises RebuildRefused, RebuildFailed; interrupted at any point, it may be called again."""
        self.study = begin_study(plan=self.plan)
        claim_folder(study=self.study, folder=self.folder)
        with self.phase("import"):
            import_world(study=self.study, corpus=self.folder.world / "corpus")
        merge = self.infer()
        relevance = self.judge_attributes(merge)
        labels = self.label(relevance)
        self.compare_responses(merge, labels)
        self.release()
        self.report()
        self.come_back()
        self.check()

    @property
    def machines(self) -> Machines:
        return Machines(self.study, self.servers.models, self.plan.queue)

    def run(
        self,
        stage: str,
        inputs: Sequence[Run],
        models: Sequence[str] = (EXTRACTOR,),
        backend: str = "openai_api",
        **parameters: str,
    ) -> tuple[Run, ...]:
        by = models[0] if len(models) == 1 else f"{len(models)} models"
        with self.phase(f"{stage} by {by}") as phase:
            return self.machines.run(stage, inputs, phase.told, models=models, backend=backend, **parameters)

    def infer(self) -> Run:
        """What the conversations say about their people, merged, with its evidence."""
        extracts = self.run(Stage.EXTRACT, [])
        merges = self.run(Stage.MERGE, extracts, [EMBEDDINGS])
        self.run(Stage.EVIDENCE, merges)
        return merges[0]

    def judge_attributes(self, merge: Run) -> Campaign:
        """Draws the attributes and matches; models vote on the matches, raters judge both."""
        quality, relevance = self.sample(QUALITY, Material((merge,))), self.sample(RELEVANCE, Material((merge,)))
        self.run(Stage.SELECT, [merge, relevance], MODELS)
        self.run(Stage.SELECT, [merge, relevance], ["bm25"], backend="bm25")
        of_quality = Material((merge,), sample_runs=(quality,))
        of_relevance = Material((merge,), sample_runs=(relevance,))
        campaigns = self.collect({QUALITY: of_quality, RELEVANCE: of_relevance})
        self.run(Stage.WHY, [self.label(campaigns[QUALITY])])
        return campaigns[RELEVANCE]

    def label(self, campaign: Campaign) -> Run:
        with self.phase(f"labels of {campaign.instrument}") as phase:
            run = ensure_labels(campaign)
            phase.said = f"{run.n_done:,} units"
            return run

    def compare_responses(self, merge: Run, labels: Run) -> None:
        """Responses with and without what raters called relevant; models and raters compare a sample of the pairs."""
        responds = self.run(Stage.RESPOND, [labels], MODELS)
        material = Material((merge,), responds, (labels,))
        sample = self.sample(PREFERENCE, material, self.plan.pairs)
        self.run(Stage.JUDGE, [*responds, labels, sample], MODELS, orders="both")
        self.run(Stage.MENTION, [*responds, labels, sample])
        self.collect({PREFERENCE: Material((merge,), responds, (labels,), (sample,))})

    def sample(self, instrument: InstrumentName, material: Material, n_pages: int | None = None) -> Run:
        with self.phase(f"sample for {instrument}") as phase:
            n = self.plan.units(instrument)
            run = ensure_sample(
                study=self.study,
                instrument=instrument,
                material=material,
                n=n,
                seed=self.plan.seed,
                n_pages=n_pages,
            )
            phase.said = f"{n:,} units"
            return run

    def collect(self, materials: dict[InstrumentName, Material]) -> dict[InstrumentName, Campaign]:
        """Campaigns of these instruments, complete."""
        names = " and ".join(materials)
        with self.phase(f"items for {names}") as phase:
            campaigns = {
                instrument: ensure_campaign(
                    study=self.study, instrument=instrument, material=material, seed=self.plan.seed
                )
                for instrument, material in materials.items()
            }
            phase.said = f"{sum(campaign.items.count() for campaign in campaigns.values()):,} items"
        with self.phase(f"judgments on {names}") as phase:
            logins = enroll_raters(study=self.study, count=self.plan.raters)
            raters = Raters(logins, self.servers.web, self.plan, self.folder)
            how = raters.judge(list(campaigns.values()), phase.told)
            phase.said = f"{phase.line.counts} by {len(logins)} raters, {how}"
        return campaigns

    def release(self) -> None:
        """The final release in its folder. One that a kill left without its row is not the study's: made anew."""
        with self.phase("release") as phase:
            if not self.is_released():
                for left in (self.folder.release, *self.folder.root.glob(".release.*.unfinished")):
                    shutil.rmtree(left, ignore_errors=True)
                try:
                    ensure_description(self.study)
                    make_release(study=self.study, out=self.folder.release, final=True)
                except ReleaseRefused as error:
                    raise RebuildFailed(error.message) from error
            phase.said = str(self.folder.release)

    def is_released(self) -> bool:
        try:
            manifest = json.loads((self.folder.release / "manifest.json").read_text(encoding="utf-8"))
        except (OSError, ValueError):
            return False
        return Release.objects.filter(study=self.study, public_id=manifest["release"]).exists()

    def report(self) -> None:
        """By the command that anybody would use, in a process of its own; once for a release."""
        with self.phase("report") as phase:
            phase.said = str(self.folder.report / "report.html")
            if self.folder.is_done_for_release("reported"):
                return
            command = [sys.executable, "-m", "analysis", "report", str(self.folder.release)]
            command += ["--out", str(self.folder.report)]
            done = subprocess.run(  # noqa: S603
                command, cwd=settings.BASE_DIR, capture_output=True, text=True, check=False
            )
            if done.returncode:
                raise RebuildFailed(f"the report could not be made: {done.stderr.strip()}")
            self.folder.note_done_for_release("reported")

    def come_back(self) -> None:
        with self.phase("round trip") as phase:
            phase.said = check_round_trip(self.folder)

    def check(self) -> None:
        with self.phase("check"):
            checked = check_rebuild(study=self.study, plan=self.plan, folder=self.folder)
            if not checked.problems:
                checked.problems.extend(problems_with(recovered(plan=self.plan, folder=self.folder), checked.said))
        for line in checked.said:
            self.out.write(f"  {line}\n")
        if checked.problems:
            raise RebuildFailed("\n".join(["what came out is not what was asked for:", *checked.problems]))
        self.out.write("\n".join(["", *table_of(Journal(self.folder.journal).entries()), ""]))
