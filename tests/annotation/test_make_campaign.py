from __future__ import annotations

import pytest
from django.core.management import CommandError, call_command

from annotation.enums import CampaignState, Origin
from annotation.models import Campaign
from pipeline.enums import Stage
from pipeline.models import Run
from studies.models import Study
from tests import factories


@pytest.fixture
def run(study: Study) -> Run:
    run = factories.make_run(study, Stage.MERGE)
    person = factories.make_person(factories.make_corpus(study))
    factories.make_attribute(person, run)
    factories.make_conversation(person, run)
    return run


def test_make_campaign_builds_and_starts(study: Study, run: Run, capsys: pytest.CaptureFixture[str]) -> None:
    words = ["--instrument", "attribute_quality", "--from", run.public_id[:8], "--k", "2", "--simulated", "--start"]
    call_command("make_campaign", study.slug, "round-1", *words)
    campaign = Campaign.objects.get(slug="round-1")
    assert (campaign.k, campaign.origin, campaign.state) == (2, Origin.SIMULATED, CampaignState.COLLECTING)
    assert "round-1: 1 items, 1 questions, K = 2, collecting" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("slug", "token", "says"),
    [("nowhere", "", "no study is called 'nowhere'"), ("figs", "zzzz", "has no such run")],
)
def test_make_campaign_names_what_is_wrong(study: Study, run: Run, slug: str, token: str, says: str) -> None:
    words = ["--instrument", "relevance", "--from", token or run.public_id]
    with pytest.raises(CommandError, match=says):
        call_command("make_campaign", slug, "round-1", *words)


def test_make_campaign_refuses_a_run_that_makes_no_material(study: Study) -> None:
    run = factories.make_run(study, Stage.JUDGE)
    with pytest.raises(CommandError, match="stage judge, which makes no"):
        call_command("make_campaign", study.slug, "round-1", "--instrument", "relevance", "--from", run.public_id)
    assert not Campaign.objects.exists()
