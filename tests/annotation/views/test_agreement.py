"""Agreement so far: what was counted, as of when, and honest where there is nothing to say."""

from __future__ import annotations

import math
from dataclasses import replace

import pytest

from annotation.domain.agreeing import Figure
from annotation.domain.rolling import roll_up
from annotation.enums import Origin
from annotation.models import Rollup
from annotation.views.agreement import floor_of, place
from pipeline.enums import InstrumentName
from tests import factories
from tests.annotation.views.test_studies import text_of


def answer(campaign, *values):
    for value in values:
        factories.submit(factories.claim(factories.make_rater(campaign)), value)


def test_agreement_shows_what_was_counted(client, study, researcher):
    campaign = factories.make_campaign(study, slug="one", n_items=2, n_questions=2, k=3)
    answer(campaign, "yes", "no", "yes")
    roll_up(campaign=campaign)
    client.force_login(researcher)
    said = text_of(client.get("/s/figs/c/one/agreement/"))
    assert "6 judgments that count on 2 units, as of" in said
    assert "yes 66.7 %" in said
    assert "0 2 units 3 2 units" in said
    assert "Same answer: 33.3 %" in said  # one of the three couples of answers to each unit
    assert "over 2 units that two or more have answered" in said
    assert "Fleiss" in said


def test_agreement_is_counted_when_asked(client, study, lead, django_capture_on_commit_callbacks):
    campaign = factories.make_campaign(study, slug="one")
    answer(campaign, "yes")
    client.force_login(lead)
    assert "Nothing to compare yet" in text_of(client.get("/s/figs/c/one/agreement/"))
    with django_capture_on_commit_callbacks(execute=True):
        assert client.post("/s/figs/c/one/agreement/count/").status_code == 303
    assert Rollup.objects.get().n_judgments == 2
    assert "No unit has two answers yet" in text_of(client.get("/s/figs/c/one/agreement/"))


@pytest.mark.parametrize("origin", [Origin.SIMULATED, Origin.IMPORTED])
def test_agreement_of_no_people_is_marked(client, study, lead, origin):
    factories.make_campaign(study, slug="one", origin=origin, state="closed")
    client.force_login(lead)
    assert f"These are {origin.label.lower()} answers" in text_of(client.get("/s/figs/c/one/agreement/"))


def test_agreement_of_preferences_is_in_words(client, study, lead):
    campaign = factories.make_campaign(
        study, slug="one", n_items=1, n_questions=1, k=2, instrument=InstrumentName.PREFERENCE
    )
    answer(campaign, "5", "5")
    roll_up(campaign=campaign)
    client.force_login(lead)
    said = text_of(client.get("/s/figs/c/one/agreement/"))
    assert "1, generic much better 50.0 %" in said
    assert "5, personalized much better 50.0 %" in said


def test_pictures_of_agreement_reach_as_low_as_their_intervals():
    kappa = Figure("fleiss", n_units=9, value=0.1, low=-0.2, high=0.4)
    assert floor_of([kappa]) == -0.25
    low = replace(kappa, low=-0.5)
    assert floor_of([kappa, low, replace(kappa, value=math.nan, low=math.nan)]) == -1
    assert place(-0.5, -0.25) == place(-0.25, -0.25) < place(-0.5, -1) < place(1.0, -1)


def test_agreement_asks_the_same_queries_whatever_there_is(client, study, lead, django_assert_max_num_queries):
    campaign = factories.make_campaign(study, slug="one", n_items=3)
    answer(campaign, "yes", "no", "yes")
    roll_up(campaign=campaign)
    client.force_login(lead)
    with django_assert_max_num_queries(7):
        client.get("/s/figs/c/one/agreement/")
