"""Leads' and researchers' pages."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from django.conf import settings
from django.db.models.functions import Now

from annotation.domain.assignment import return_assignment
from annotation.domain.releasing import ask_release, withdraw_release
from annotation.domain.rolling import roll_up
from annotation.enums import JobState, ReleaseState, ReturnReason
from annotation.models import Campaign, Rater, Release, ReleaseJob, Report
from annotation.releases.write import make_release
from annotation.reports.drawing import folder_of
from pipeline.domain.people import PeopleParameters, sample_people
from pipeline.enums import FailureKind, RunState, Stage
from pipeline.models import Run
from studies.enums import Role
from tests import factories
from tests.annotation.releases.describing import describe
from tests.gallery.walking import View
from tests.gallery.world import Place, World
from tests.pipeline.domain.failing import PRICES, make_failed_run
from tests.pipeline.domain.people.crowd import WordEmbedder, crowd

Open = Callable[[World], Place]


def of_study(path: str = "") -> Open:
    return lambda world: Place(f"/s/rich/{path}", world.rich.lead)


def empty_study(path: str = "") -> Open:
    def make(world: World) -> Place:
        study = factories.make_study(title="Nothing yet")
        return Place(f"/s/{study.slug}/{path}", factories.make_member(study, Role.LEAD))

    return make


def run_of(stage: Stage) -> Open:
    def make(world: World) -> Place:
        run = Run.objects.filter(study=world.rich.study, stage=stage)[0]
        return Place(f"/s/rich/runs/{run.public_id}/", world.rich.lead)

    return make


def failed_run(path: str = "", **fields: object) -> Open:
    def make(world: World) -> Place:
        study = factories.make_study()
        failures = {FailureKind.UNPARSEABLE: 2, FailureKind.NO_ANSWER: 1}
        run = make_failed_run(study, failures, done=7, prices=PRICES, **fields)
        return Place(f"/s/{study.slug}/runs/{run.public_id}/{path}", factories.make_member(study, Role.LEAD))

    return make


def people_run(world: World) -> Place:
    study = factories.make_study()
    corpus = factories.make_corpus(study, "chats")
    crowd(corpus, factories.make_run(study, Stage.IMPORT), [f"p{number}" for number in range(6)])
    rules = PeopleParameters(n_people=3, seed="s")
    run = sample_people(
        study=study, corpus_slug="chats", parameters=rules, model="word-counts", embedder=WordEmbedder()
    )
    return Place(f"/s/{study.slug}/people/{run.public_id}/", factories.make_member(study, Role.LEAD))


def conversation(world: World) -> Place:
    chat = world.rich.people[0].conversations.get(model_name="chat-model")
    return Place(f"/s/rich/conversations/{chat.public_id}/", world.rich.lead)


def nearly_done(path: str) -> Open:
    """Of a campaign in its last hour: one item done, one held, one handed back by half of those who are there."""

    def make(world: World) -> Place:
        study = factories.make_study(title="Nearly done")
        campaign = factories.make_campaign(study, n_items=3, k=2)
        quick, slow = factories.make_rater(campaign), factories.make_rater(campaign)
        for _ in range(2):
            factories.submit(factories.claim(quick))
        factories.submit(factories.claim(slow))
        factories.claim(slow)
        return_assignment(assignment=factories.claim(quick), reason=ReturnReason.BROKEN)
        holder = slow.participant.pseudonym
        return Place(
            f"/s/{study.slug}/c/{campaign.slug}/{path.format(rater=holder)}", factories.make_member(study, Role.LEAD)
        )

    return make


def rater_page(state: str) -> Open:
    def make(world: World) -> Place:
        rater = Rater.objects.filter(campaign=world.rich.quality, state=state).order_by("pk")[0]
        return Place(f"/s/rich/c/quality/raters/{rater.participant.pseudonym}/", world.rich.lead)

    return make


REPORT_HEAD = '<p class="kicker">Fitting Room report, release 0.{}.0</p><h1>What figs say about people</h1>'
LONG_MODEL = "meta-llama/Llama-4-Maverick-17B-128E-Instruct-FP8"
LONG = (
    "Two people of the second corpus had asked that their conversations be left out before the release was made, "
    "and were in it all the same; https://example.org/a/very/long/address/that/goes/on-and-on-without-a-place-to-break-it"
)


def releases(path: str = "", state: str = "") -> Open:
    """A study with a withdrawn release, a final one and a draft, each of which changed something."""

    def make(world: World) -> Place:
        study, lead = world.rich.study, world.rich.lead
        if not study.releases.exists():
            first = make_release(study=study, actor=lead)
            factories.make_person(study.corpora.order_by("pk")[0])
            describe(study)
            make_release(study=study, actor=lead, final=True, version="1.0.0")
            Campaign.objects.filter(study=study, slug="quality").update(title="Quality, in other words")
            make_release(study=study, actor=lead)
            withdraw_release(release=first, because=LONG, actor=lead)
        found = study.releases.filter(state=state).order_by("pk").first()
        return Place(f"/s/rich/releases/{f'{found.public_id}/' if found else ''}{path}", lead)

    return make


def release_job(path: str = "releases/", **fields: object) -> Open:
    def make(world: World) -> Place:
        study = factories.make_study(title="Being released")
        lead = factories.make_member(study, Role.LEAD)
        job = ask_release(study=study, actor=lead)
        ReleaseJob.objects.filter(pk=job.pk).update(**fields)
        return Place(f"/s/{study.slug}/{path}", lead)

    return make


def agreement(slug: str) -> Open:
    def make(world: World) -> Place:
        roll_up(campaign=getattr(world.rich, slug))
        return Place(f"/s/rich/c/{slug}/agreement/", world.rich.lead)

    return make


def report(state: str, **fields: object) -> Open:
    """The page of a report, by its state; one that is there has a page and two tables."""

    def make(world: World) -> Place:
        study = factories.make_study(title="Being drawn")
        release = Release.objects.create(study=study, version="0.1.0", manifest={}, data_sha256="0" * 64)
        Path(settings.RELEASES_DIR, release.public_id).mkdir(parents=True)
        Report.objects.create(release=release, state=state, asked_at=Now(), **fields)
        if state == JobState.DONE:
            tables = folder_of(release) / "tables"
            tables.mkdir(parents=True)
            for name in ("../report.html", "judges.csv", "judges.md", "selection.csv", "selection.md"):
                (tables / name).write_text("")
        lead = factories.make_member(study, Role.LEAD)
        return Place(f"/s/{study.slug}/releases/{release.public_id}/report/", lead)

    return make


def comparison(*, n_reports: int) -> Open:
    """Of reports in which a simulated campaign's shares moved, one judge is new, and names are long."""

    def make(world: World) -> Place:
        study = factories.make_study(title="Compared")
        lead = factories.make_member(study, Role.LEAD)
        for number in range(n_reports):
            release = Release.objects.create(study=study, version=f"0.{number}.0", manifest={}, data_sha256="0" * 64)
            Report.objects.create(release=release, state=JobState.DONE, asked_at=Now(), ended_at=Now())
            tables = folder_of(release) / "tables"
            tables.mkdir(parents=True)
            (tables / "../report.html").write_text(REPORT_HEAD.format(number))
            for name, text in compared_tables(number).items():
                (tables / f"{name}.csv").write_text(text)
        return Place(f"/s/{study.slug}/compare/", lead)

    return make


def compared_tables(number: int) -> dict[str, str]:
    shares = [
        (value, share + number * moved)
        for value, share, moved in (("accepted", 0.4, 0.3), ("uncertain", 0.3, -0.02), ("rejected", 0.3, -0.1))
    ]
    measured = ",".join(f"no_better_{of}{end}" for of in ("judgments", "pairs") for end in ("", "_low", "_high"))
    return {
        "campaigns": "campaign,title,origin,judgments,raters,judged_units\n"
        f"c,What figs say about people,simulated,{70 + number},3,24\n",
        "origins": "origin,raters,judgments\nsimulated,3,70\n",
        "label_shares": "campaign,corpus,extractor,value,share,low,high,n\n"
        + "".join(f"c,wild,{LONG_MODEL},{value},{x:.2f},{x - 0.05:.2f},{x + 0.05:.2f},70\n" for value, x in shares),
        "preference_overall": f"campaign,judge,n,pairs,mean,low,high,{measured}\n"
        + "".join(f"c,m{judge},70,12,3.{judge},3,4,0.4,0.3,0.5,0.2,0.1,0.3\n" for judge in range(1, 3 + number)),
    }


LEADS_VIEWS = (
    View("study", of_study()),
    View("study-empty", empty_study()),
    View("campaign-quality", of_study("c/quality/")),
    View("campaign-relevance", of_study("c/relevance/")),
    View("campaign-imported", of_study("c/historic/")),
    View("campaign-simulated", of_study("c/simulated/")),
    View("agreement", agreement("quality")),
    View("agreement-preference", agreement("preference")),
    View("agreement-simulated", agreement("simulated")),
    View("agreement-empty", of_study("c/relevance/agreement/")),
    View("report", report(JobState.DONE, ended_at=Now())),
    View("report-asked", report(JobState.ASKED)),
    View("report-failed", report(JobState.FAILED, ended_at=Now(), problem=LONG)),
    View("comparison", comparison(n_reports=2)),
    View("comparison-empty", comparison(n_reports=1)),
    View("campaign-missing", nearly_done("")),
    View("missing", nearly_done("missing/")),
    View("missing-nothing", of_study("c/preference/missing/")),
    View("rater-holding", nearly_done("raters/{rater}/")),
    View("signals", of_study("c/preference/signals/")),
    View("signals-quality", of_study("c/quality/signals/")),
    View("rater", rater_page("active")),
    View("rater-excluded", rater_page("excluded")),
    View("runs", of_study("runs/")),
    View("runs-empty", empty_study("runs/")),
    View("run-import", run_of(Stage.IMPORT)),
    View("run-failed", failed_run()),
    View("run-paused", failed_run(state=RunState.PAUSED, problem="the key was refused (401)")),
    View("run-running", failed_run(state=RunState.RUNNING)),
    View("run-failures", failed_run("failures/")),
    View("people-run", people_run),
    View("corpora", of_study("corpora/")),
    View("corpora-empty", empty_study("corpora/")),
    View("conversation", conversation),
    View("releases", releases()),
    View("releases-empty", empty_study("releases/")),
    View(
        "releases-writing",
        release_job(state=JobState.RUNNING, table="judgments", n_rows=612_345, n_expected=1_400_000, beaten_at=Now()),
    ),
    View("releases-waiting", release_job()),
    View("releases-failed", release_job(state=JobState.FAILED, problem=f"judgments: {LONG}", ended_at=Now())),
    View("release-draft", releases(state=ReleaseState.DRAFT)),
    View("release-final", releases(state=ReleaseState.FINAL)),
    View("release-withdrawn", releases(state=ReleaseState.WITHDRAWN)),
    View("dataset-blank", empty_study("dataset/")),
    View("dataset", releases("../dataset/")),
)
