from __future__ import annotations

from io import StringIO
from pathlib import Path

import pytest
from django.core.management import call_command
from pytest_django.fixtures import Settings

from annotation.domain import demo
from annotation.domain.assignment import claim_assignment
from annotation.domain.demo import DemoIncomplete, load_demo
from annotation.domain.demo_logins import LOGINS, PASSWORD
from annotation.domain.joining import join_campaign
from annotation.models import Campaign, Item, Question
from pipeline.demo import stages
from pipeline.models import Attribute, Completion, Run, Vote
from studies.models import Membership, Study, User

pytestmark = pytest.mark.django_db


def counts() -> list[int]:
    models = (Study, Run, Attribute, Vote, Completion, Campaign, Item, Question, User, Membership)
    return [model._default_manager.count() for model in models]


def test_load_demo_makes_three_collecting_campaigns_and_logins_and_changes_nothing_again() -> None:
    study = load_demo(logins=True)
    before = counts()
    load_demo(logins=True)
    assert counts() == before
    campaigns = study.campaigns.order_by("pk")
    assert [(campaign.instrument, campaign.state, campaign.k, campaign.origin) for campaign in campaigns] == [
        ("attribute_quality", "collecting", 3, "human"),
        ("relevance", "collecting", 3, "human"),
        ("preference", "collecting", 3, "human"),
    ]
    assert set(study.runs.values_list("state", flat=True)) == {"complete"}
    for name, role in LOGINS.items():
        user = User.objects.get(username=name)
        assert user.check_password(PASSWORD)
        assert user.memberships.get().role == role
        assert not user.is_superuser
    for campaign in campaigns:
        rater = join_campaign(user=User.objects.get(username="rater"), campaign=campaign)
        assert claim_assignment(rater=rater) is not None


def test_load_demo_goes_on_where_it_was_killed(monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as broken:
        broken.setattr(demo, "start_campaign", _killed)
        with pytest.raises(KeyboardInterrupt):
            load_demo(logins=True)
    answers = Completion.objects.count()
    study = load_demo(logins=True)
    assert list(study.campaigns.values_list("state", flat=True)) == ["collecting"] * 3
    assert Completion.objects.count() == answers


def _killed(**_: object) -> None:
    raise KeyboardInterrupt


def test_load_demo_with_stale_answers_names_the_request(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    stale = tmp_path / "plan.toml"
    stale.write_text(stages.PLAN.read_text().replace("demo/recorded.jsonl", "demo/corpus/demo_prompts.jsonl"))
    monkeypatch.setattr(demo, "PLAN", stale)
    with pytest.raises(DemoIncomplete, match=r"demo_prompts\.jsonl:1: key is None"):
        load_demo(logins=False)


@pytest.mark.once("words of the command")
def test_load_demo_command_prints_the_three_logins_where_demo_is_on(settings: Settings) -> None:
    settings.DEMO = True
    said = StringIO()
    call_command("load_demo", stdout=said)
    lines = said.getvalue().splitlines()
    assert [line.split()[0] for line in lines[1:]] == ["rater", "lead", "researcher"]


@pytest.mark.once("words of the command")
def test_load_demo_command_makes_no_public_login_where_demo_is_off(settings: Settings) -> None:
    settings.DEMO = False
    said = StringIO()
    call_command("load_demo", stdout=said)
    assert not User.objects.exists()
    assert PASSWORD not in said.getvalue()
