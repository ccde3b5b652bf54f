"""Labels by majority: from counted answers only, a tie without a value, preferences towards the personalized side."""

from __future__ import annotations

import pytest

from annotation.domain.errors import AnnotationError, MaterialMissing
from annotation.domain.judging import Answer, Submission, submit_assignment
from annotation.domain.labelling import majority, publish_labels
from annotation.domain.withdrawing import withdraw_rater
from annotation.models import Campaign
from pipeline.enums import InstrumentName, RunState, Stage
from pipeline.models import Label
from studies.models import Study
from tests import factories


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        (["yes"], ("yes", 1.0)),
        (["yes", "no", "yes"], ("yes", 2 / 3)),
        (["yes", "no"], (None, 0.5)),
        (["1", "2", "5"], (None, 1 / 3)),
    ],
)
def test_majority_is_more_than_half(values: list[str], expected: tuple[str | None, float]) -> None:
    assert majority(values) == expected


def answer(campaign: Campaign, *values: str) -> None:
    for value in values:
        factories.submit(factories.claim(factories.make_rater(campaign)), value)


def test_labels_carry_value_share_and_number(study: Study) -> None:
    campaign = factories.make_campaign(study, n_items=1, n_questions=2, k=3)
    answer(campaign, "yes", "no", "yes")
    run = publish_labels(campaign=campaign)
    assert (run.stage, run.state, run.n_done) == (Stage.LABEL, RunState.COMPLETE, 2)
    for label in run.labels.all():
        assert (label.value, label.score, label.n, label.campaign) == ("yes", 1.0, 3, campaign.public_id)
        assert label.share == pytest.approx(2 / 3)
        assert label.unit_key.endswith(label.prompt.public_id if label.prompt else "?")


def test_labels_leave_out_who_withdrew(study: Study) -> None:
    campaign = factories.make_campaign(study, n_items=1, n_questions=1, k=2)
    answer(campaign, "yes")
    gone = factories.submit(factories.claim(factories.make_rater(campaign)), "no")
    withdraw_rater(rater=gone.rater, erase=False)
    publish_labels(campaign=campaign)
    assert Label.objects.get().value == "yes"


def test_labels_of_a_tie_have_no_value(study: Study) -> None:
    campaign = factories.make_campaign(study, n_items=1, n_questions=1, k=2)
    answer(campaign, "yes", "no")
    publish_labels(campaign=campaign)
    label = Label.objects.get()
    assert (label.value, label.score, label.share) == (None, None, 0.5)


def test_preference_labels_are_turned_towards_the_personalized_response(study: Study) -> None:
    campaign = factories.make_campaign(study, instrument=InstrumentName.PREFERENCE, n_items=1, n_questions=1, k=2)
    for _ in range(2):  # one sees it left, one right; both prefer the personalized one much
        assignment = factories.claim(factories.make_rater(campaign))
        value = "1" if assignment.side == "left" else "5"
        submit_assignment(assignment=assignment, submission=Submission("key", {0: Answer(value)}))
    publish_labels(campaign=campaign)
    label = Label.objects.get()
    assert (label.value, label.score) == ("5", 5.0)


def test_labels_of_nothing_or_by_an_unknown_method_are_refused(study: Study) -> None:
    campaign = factories.make_campaign(study)
    with pytest.raises(MaterialMissing):
        publish_labels(campaign=campaign)
    with pytest.raises(AnnotationError, match="'wisdom'"):
        publish_labels(campaign=campaign, method="wisdom")
    assert not campaign.study.runs.filter(stage=Stage.LABEL).exists()
