"""Promise 6: human, simulated and imported raters never meet in one campaign."""

from __future__ import annotations

import pytest

from annotation.domain.errors import NotAllowed
from annotation.domain.joining import enroll_simulated, import_rater, join_campaign
from annotation.enums import CampaignState, Origin
from annotation.models import Rater
from studies.models import Study, User
from tests import factories


def test_join_twice_is_one_rater(study: Study, rater_a: User) -> None:
    campaign = factories.make_campaign(study)
    assert join_campaign(user=rater_a, campaign=campaign) == join_campaign(user=rater_a, campaign=campaign)


def test_pseudonym_is_one_in_a_study_and_another_in_the_next(study: Study, other_study: Study, rater_a: User) -> None:
    first, second = (join_campaign(user=rater_a, campaign=factories.make_campaign(study)) for _ in range(2))
    elsewhere = join_campaign(user=rater_a, campaign=factories.make_campaign(other_study))
    assert first.participant == second.participant
    assert elsewhere.participant.pseudonym != first.participant.pseudonym
    assert rater_a.username not in first.participant.pseudonym


def test_join_of_a_campaign_that_is_not_open_is_refused(study: Study, rater_a: User) -> None:
    for state in (CampaignState.DRAFT, CampaignState.CLOSED):
        with pytest.raises(NotAllowed):
            join_campaign(user=rater_a, campaign=factories.make_campaign(study, state=state))


def test_human_account_cannot_join_a_simulated_campaign(study: Study, rater_a: User) -> None:
    with pytest.raises(NotAllowed):
        join_campaign(user=rater_a, campaign=factories.make_campaign(study, origin=Origin.SIMULATED))
    assert not Rater.objects.exists()


def test_simulated_account_joins_simulated_campaigns_only(study: Study, rater_a: User) -> None:
    enroll_simulated(study=study, user=rater_a)
    rater = join_campaign(user=rater_a, campaign=factories.make_campaign(study, origin=Origin.SIMULATED))
    assert rater.kind == Origin.SIMULATED
    with pytest.raises(NotAllowed):
        join_campaign(user=rater_a, campaign=factories.make_campaign(study))


def test_account_that_judged_as_a_human_cannot_become_simulated(study: Study, rater_a: User) -> None:
    join_campaign(user=rater_a, campaign=factories.make_campaign(study))
    with pytest.raises(NotAllowed):
        enroll_simulated(study=study, user=rater_a)


def test_no_login_joins_an_imported_campaign(study: Study, rater_a: User) -> None:
    campaign = factories.make_campaign(study, origin=Origin.IMPORTED, state=CampaignState.CLOSED)
    with pytest.raises(NotAllowed):
        join_campaign(user=rater_a, campaign=campaign)


def test_imported_rater_is_one_participant_over_campaigns(study: Study) -> None:
    campaigns = [factories.make_campaign(study, origin=Origin.IMPORTED, state=CampaignState.CLOSED) for _ in range(2)]
    raters = [import_rater(campaign=campaign, source_id="rater-01", group="team") for campaign in campaigns]
    assert raters[0].participant == raters[1].participant
    with pytest.raises(NotAllowed):
        import_rater(campaign=factories.make_campaign(study), source_id="rater-01")
