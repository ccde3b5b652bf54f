"""A campaign as it stands, in the tables of a release: its own rows, nothing written, ready for any table."""

from __future__ import annotations

import polars as pl
import pytest
from polars.testing import assert_frame_equal

from analysis.answers import comparisons, people_answers
from analysis.attribute_quality import quality_answers
from analysis.longform import campaign_units
from analysis.release import Release as Frames
from analysis.release import release_from_frames
from analysis.schema import TABLES
from analysis.tables import context_of
from annotation.models import Campaign, Release
from annotation.releases.live import live_release
from annotation.releases.tables import TABLE_FRAMES, TABLE_ROWS
from annotation.releases.tables.scope import Scope
from pipeline.enums import Stage
from pipeline.models import AttributeOrigin, Label
from tests import factories
from tests.annotation.releases.rich_study import RichStudy, build_rich_study

# Quick ones that between them read every table and column that any other reads.
NUMBERS = (
    "campaigns",
    "failure_shares",
    "calibration",
    "agreement_pairs",
    "selection",
    "threshold_curves",
    "marked_relevant",
    "preference",
    "mention_rates",
    "judgment_outcomes",
)


@pytest.fixture
def rich(db: None) -> RichStudy:
    return build_rich_study()


def whole_release(campaign: Campaign) -> Frames:
    """All rows of the study's release, of the tables that have campaigns those of this one."""
    scope = Scope(campaign.study)
    frames = {}
    for name, table in TABLES.items():
        read = TABLE_FRAMES.get(name)
        rows = [pl.DataFrame(schema=table.polars_schema)]
        rows += read(scope) if read else [pl.DataFrame(list(TABLE_ROWS[name](scope)), schema=table.polars_schema)]
        frame = pl.concat(rows)
        own = pl.col("campaign").is_in([campaign.public_id, ""]) if "campaign" in frame.columns else True
        frames[name] = frame.filter(own)
    return release_from_frames(frames)


def made_from_elsewhere(rich: RichStudy) -> None:
    """An attribute that no campaign asks about stands behind one that is; labels that rest on no campaign."""
    asked = rich.quality.questions.earliest("pk").attribute
    elder = factories.make_attribute(asked.person, factories.make_run(rich.study, model_name="elder"))
    AttributeOrigin.objects.filter(attribute=asked).delete()
    AttributeOrigin.objects.create(attribute=asked, source=elder, position=0)
    for campaign in (rich.quality, rich.relevance):
        label = Label.objects.filter(campaign=campaign.public_id).earliest("pk")
        label.pk, label.campaign, label.run = None, "", factories.make_run(rich.study, Stage.LABEL)
        label.save(force_insert=True)


def test_live_release_gives_the_numbers_that_a_release_of_the_study_would(rich: RichStudy) -> None:
    made_from_elsewhere(rich)
    for campaign in (rich.quality, rich.relevance, rich.preference, rich.historic, rich.simulated):
        live, whole = context_of(live_release(campaign)), context_of(whole_release(campaign))
        assert_frame_equal(live.long, whole.long)
        for name in NUMBERS:
            assert_frame_equal(live[name], whole[name])
        for read in (quality_answers, comparisons):
            assert_frame_equal(read(live.long, live.release), read(whole.long, whole.release))
        own = live.release.labels.select("unit", "run", "campaign", "value", "n", "share").collect().sort("unit", "run")
        labels = whole.release.labels.join(campaign_units(whole.release), on=["unit", "instrument"], how="semi")
        assert_frame_equal(own, labels.select(own.columns).collect().sort("unit", "run"))
        reasons, expected = (people_answers(each.long, each.release, "reason", "role") for each in (live, whole))
        assert_frame_equal(reasons, expected)
    assert not Release.objects.exists()


def test_live_release_reads_nothing_of_other_campaigns(rich: RichStudy) -> None:
    lonely = factories.make_campaign(rich.study, slug="lonely", n_items=1, n_questions=2)
    factories.submit(factories.claim(factories.make_rater(lonely)))
    live = live_release(lonely)
    heights = {name: live.tables[name].collect().height for name in TABLES}
    attributes = lonely.questions.values("attribute").distinct().count()
    assert {name: n for name, n in heights.items() if n and name != "runs"} == {
        "campaigns": 1,
        "items": 1,
        "people": lonely.questions.values("attribute__person").distinct().count(),
        "attributes": attributes,
        "judgments": 2,
    }


def test_live_release_gives_the_numbers_of_now(db: None) -> None:
    study = factories.make_study()
    campaign = factories.make_campaign(study, slug="one", n_items=1, n_questions=2, k=3)
    other = factories.make_campaign(study, slug="other", n_items=1)
    for target, value in ((campaign, "yes"), (campaign, "no"), (other, "no")):
        factories.submit(factories.claim(factories.make_rater(target)), value)
    numbers = context_of(live_release(campaign))
    assert numbers["campaigns"].select("campaign", "judgments", "raters").rows() == [("one", 4, 2)]
    assert numbers["agreement_pairs"]["agreement"].to_list() == [0.0]
    factories.submit(factories.claim(factories.make_rater(campaign)), "yes")
    assert context_of(live_release(campaign))["campaigns"]["judgments"].to_list() == [6]
