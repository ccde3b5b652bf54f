"""A campaign as it stands, in the tables of a release: its own rows, nothing written, ready for any table."""

from __future__ import annotations

from analysis.schema import TABLES
from analysis.tables import context_of
from annotation.models import Release
from annotation.releases.live import UNSEEN, live_release
from tests import factories
from tests.annotation.releases.rich_study import build_rich_study


def test_live_release_holds_the_campaign_and_the_studys_material(db: None) -> None:
    rich = build_rich_study()
    live = live_release(rich.preference)
    assert not Release.objects.exists()
    assert live.campaigns.collect()["slug"].to_list() == ["preference"]
    for name in TABLES:
        rows = live.tables[name].collect()
        if name in UNSEEN:
            assert not rows.height
        elif "campaign" in rows.columns:
            assert set(rows["campaign"]) <= {rich.preference.public_id, ""}
    assert live.judgments.collect().height
    assert live.response_pairs.collect().height


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
