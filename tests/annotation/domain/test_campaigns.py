from __future__ import annotations

import pytest

from annotation.domain.campaigns import close_campaign, pause_campaign, start_campaign
from annotation.domain.errors import WrongState
from annotation.enums import CampaignState as S
from annotation.enums import Origin
from annotation.models import Campaign
from studies.models import AuditEvent
from tests import factories

STEPS = {"start": start_campaign, "pause": pause_campaign, "close": close_campaign}
LEADS_TO = {
    ("start", S.DRAFT): S.COLLECTING,
    ("start", S.PAUSED): S.COLLECTING,
    ("start", S.COLLECTING): S.COLLECTING,
    ("pause", S.COLLECTING): S.PAUSED,
    ("pause", S.PAUSED): S.PAUSED,
    ("close", S.COLLECTING): S.CLOSED,
    ("close", S.PAUSED): S.CLOSED,
    ("close", S.COMPLETE): S.CLOSED,
    ("close", S.CLOSED): S.CLOSED,
    ("start", S.COMPLETE): S.COLLECTING,  # the factory's seats are all free
}


@pytest.mark.parametrize("state", list(S))
@pytest.mark.parametrize("step", STEPS)
def test_step_goes_where_it_may_and_nowhere_else(study, lead, step, state):
    campaign = factories.make_campaign(study, state=state, title="Figs")
    target = LEADS_TO.get((step, state))
    if target is None:
        with pytest.raises(WrongState, match="“Figs” cannot be"):
            STEPS[step](campaign=campaign, actor=lead)
    else:
        assert STEPS[step](campaign=campaign, actor=lead).state == target
    assert Campaign.objects.get(pk=campaign.pk).state == (target or state)
    changed = target is not None and target != state
    events = AuditEvent.objects.filter(verb=f"{step}_campaign", actor=lead)
    assert [event.detail for event in events] == ([{"before": state, "after": target}] if changed else [])


def test_step_looks_at_the_database_and_not_at_what_it_was_given(study, lead):
    stale = factories.make_campaign(study, state=S.DRAFT)
    Campaign.objects.filter(pk=stale.pk).update(state=S.CLOSED)
    with pytest.raises(WrongState, match="closed for good"):
        start_campaign(campaign=stale, actor=lead)


def test_start_campaign_without_items_says_what_to_do(study, lead):
    campaign = factories.make_campaign(study, state=S.DRAFT, n_items=0)
    with pytest.raises(WrongState, match="Build its items"):
        start_campaign(campaign=campaign, actor=lead)


def test_start_campaign_that_is_complete_says_that_nothing_is_left(study, lead):
    campaign = factories.make_campaign(study, state=S.COMPLETE)
    campaign.items.update(open_seats=0)
    with pytest.raises(WrongState, match="nothing is left"):
        start_campaign(campaign=campaign, actor=lead)


def test_imported_campaign_stays_closed(study, lead):
    campaign = factories.make_campaign(study, state=S.CLOSED, origin=Origin.IMPORTED)
    with pytest.raises(WrongState):
        start_campaign(campaign=campaign, actor=lead)
    with pytest.raises(WrongState):
        pause_campaign(campaign=campaign, actor=lead)
