"""A campaign as it stands, in the tables of a release: its own rows, nothing written, ready for any table."""

from __future__ import annotations

from collections.abc import Mapping

import polars as pl
import pytest
from polars.testing import assert_frame_equal

from analysis.answers import comparisons, people_answers
from analysis.attribute_quality import quality_answers
from analysis.release import release_from_frames
from analysis.schema import TABLES
from analysis.tables import Context, context_of
from annotation.models import Campaign, Release
from annotation.releases.live import LEFT_OUT, live_release
from annotation.releases.tables import TABLE_FRAMES, TABLE_ROWS
from annotation.releases.tables.scope import Scope
from pipeline.enums import MaskKind, Stage
from pipeline.models import AttributeOrigin, Label, Mask, Prompt, Response
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


def table_in(scope: Scope, name: str) -> pl.DataFrame:
    schema, read = TABLES[name].polars_schema, TABLE_FRAMES.get(name)
    rows = read(scope) if read else iter([pl.DataFrame(list(TABLE_ROWS[name](scope)), schema=schema)])
    frames = [pl.DataFrame(schema=schema), *rows]
    return pl.concat(frames)


def of_campaign(whole: Mapping[str, pl.DataFrame], campaign: Campaign) -> dict[str, pl.DataFrame]:
    """Of a whole release what belongs to one campaign: its rows, the material that it asks about, the answers to its
    units; all of the tables that say nothing of campaigns or material."""
    items = whole["items"].filter(pl.col("campaign") == campaign.public_id)
    questions = items["questions"].explode().struct.unnest()

    def among(table: str, column: str, *keys: pl.Series) -> pl.DataFrame:
        return whole[table].filter(pl.col(column).is_in(pl.concat(keys).implode()))

    people = among("attributes", "attribute", questions["attribute"])["person"]
    pairs = among("response_pairs", "pair", items["pair"])
    own = {
        **{name: among(name, "person", people) for name in ("people", "conversations", "attributes")},
        "response_pairs": pairs,
        "prompts": among("prompts", "prompt", items["prompt"], pairs["prompt"]),
        "responses": among("responses", "response", pairs["generic"], pairs["personalized"]),
        **{name: among(name, "unit", questions["unit"]) for name in ("model_votes", "findings", "labels")},
    }
    named = pl.col("campaign").is_in([campaign.public_id, ""])
    return {
        name: frame.filter(named) if "campaign" in frame.columns else frame for name, frame in {**whole, **own}.items()
    }


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


def mask_all_texts(rich: RichStudy) -> None:
    run = factories.make_run(rich.study, Stage.MASK)
    texts: list[Prompt | Response] = [*Prompt.objects.all(), *Response.objects.all()]
    Mask.objects.bulk_create(
        Mask(run=run, start=0, end=1, kind=MaskKind.NAME, **{text._meta.model_name or "": text}) for text in texts
    )


def test_live_release_is_what_a_release_of_the_study_holds_of_the_campaign(rich: RichStudy) -> None:
    made_from_elsewhere(rich)
    mask_all_texts(rich)
    whole = {name: table_in(Scope(rich.study), name) for name in TABLES}
    for campaign in (rich.quality, rich.relevance, rich.preference, rich.historic, rich.simulated):
        expected = of_campaign(whole, campaign)
        live = live_release(campaign)
        for name, frame in expected.items():
            assert_frame_equal(live.tables[name].collect(), frame.clear() if name in LEFT_OUT else frame)
        for name in LEFT_OUT:
            assert_frame_equal(table_in(Scope(rich.study, campaign=campaign), name), expected[name])
        assert_same_numbers(context_of(live), context_of(release_from_frames(expected)))
    assert not Release.objects.exists()


def assert_same_numbers(live: Context, whole: Context) -> None:
    """No number rests on a table that live state leaves out."""
    assert_frame_equal(live.long, whole.long)
    for name in NUMBERS:
        assert_frame_equal(live[name], whole[name])
    for read in (quality_answers, comparisons):
        assert_frame_equal(read(live.long, live.release), read(whole.long, whole.release))
    reasons, expected = (people_answers(each.long, each.release, "reason", "role") for each in (live, whole))
    assert_frame_equal(reasons, expected)


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
