from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth import authenticate
from django.test import override_settings

from annotation.models import Participant
from rebuild.plan import Folder, Plan, RebuildRefused
from rebuild.study import begin_study, claim_folder, enroll_raters
from studies.models import Membership, Study
from tests import factories

pytestmark = pytest.mark.django_db


def test_begin_study_is_found_again_and_says_that_it_is_simulated() -> None:
    study = begin_study(plan=Plan("s", 0.1, raters=3))
    assert begin_study(plan=Plan("s", 0.1, raters=50)) == study
    assert study.description.startswith("SIMULATED")
    assert study.audit_events.filter(verb="begin_rebuild").count() == 1


@pytest.mark.parametrize("plan", [Plan("other", 0.1), Plan("s", 0.2)])
def test_begin_study_refuses_to_mix_with_another_world(plan: Plan) -> None:
    begin_study(plan=Plan("s", 0.1))
    with pytest.raises(RebuildRefused, match=r"holds a rebuild with seed 's' and scale 0\.1"):
        begin_study(plan=plan)


def test_begin_study_refuses_a_study_that_is_somebody_elses() -> None:
    factories.make_study("rebuild")
    with pytest.raises(RebuildRefused, match="that no rebuild began"):
        begin_study(plan=Plan())


def test_claim_folder_keeps_two_databases_apart(study: Study, other_study: Study, tmp_path: Path) -> None:
    folder = Folder(tmp_path / "new")
    claim_folder(study=study, folder=folder)
    claim_folder(study=study, folder=folder)
    with pytest.raises(RebuildRefused, match="in another database"):
        claim_folder(study=other_study, folder=folder)
    assert folder.owner.read_text() == study.public_id


def test_enroll_raters_are_simulated_before_they_do_anything(study: Study) -> None:
    logins = enroll_raters(study=study, count=4)
    assert enroll_raters(study=study, count=4) == logins
    assert Participant.objects.filter(study=study, kind="simulated").count() == 4
    assert set(Membership.objects.filter(study=study).values_list("role", flat=True)) == {"rater"}
    assert authenticate(username=logins[0].username, password=logins[0].password)


def test_enroll_raters_passwords_hang_on_the_secret_key(study: Study) -> None:
    [login] = enroll_raters(study=study, count=1)
    with override_settings(SECRET_KEY="another-" + "0123456789" * 5):
        [other] = enroll_raters(study=study, count=1)
    assert other.password != login.password


@pytest.mark.parametrize(
    ("words", "message"),
    [
        ({"scale": 0}, "SCALE=0"),
        ({"scale": 11}, "at most 10"),
        ({"raters": 2}, "each unit wants 3"),
        ({"seed": ""}, "SEED=''"),
    ],
)
def test_plan_refuses_nonsense(words: dict[str, Any], message: str) -> None:
    with pytest.raises(RebuildRefused, match=message):
        Plan(**words)


def test_plan_at_scale_one_is_the_published_study() -> None:
    plan = Plan()
    units = [plan.units(name) for name in ("attribute_quality", "relevance", "preference")]
    assert [3 * n for n in units] == [5949, 11919, 1101]
    assert sum(units) * 3 == 18969
    assert plan.pairs == 80
