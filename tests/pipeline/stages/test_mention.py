from __future__ import annotations

import pytest

from pipeline.models import ResponsePair, Run
from pipeline.units import unit_key
from studies.models import Study
from tests import factories
from tests.pipeline.backing import SmallStudy, run_stage, says_yes_of, small_study
from tests.pipeline.stages.flagged import statement


@pytest.fixture
def small(study: Study) -> SmallStudy:
    return small_study(study)


@pytest.fixture
def responded(small: SmallStudy) -> Run:
    selected, _ = run_stage(small.study, "select", [small.merge], says_yes_of("Keeps", "Never"))
    write = {True: "As you keep bees, yes.", False: "Yes."}
    return run_stage(small.study, "respond", [selected], lambda request: write["Keeps" in request.messages[0].content])[
        0
    ]


def test_mention_asks_each_attribute_given_of_the_personalized_response(small: SmallStudy, responded: Run) -> None:
    say = {True: "YES\n\u201cAs you keep bees\u201d", False: "NO"}
    run, backend = run_stage(small.study, "mention", [responded], lambda asked: say["Keeps" in statement(asked)])
    pair = ResponsePair.objects.get()
    found = {finding.attribute.text: finding for finding in run.findings.select_related("attribute")}
    assert {text: finding.value for text, finding in found.items()} == {"Keeps bees.": "yes", "Never eats honey.": "no"}
    finding = found["Keeps bees."]
    assert (finding.kind, finding.instrument, finding.pair) == ("mention", "preference", pair)
    assert finding.unit_key == unit_key("preference", small.attributes[0], pair=pair)
    assert finding.completion is not None
    for request in backend.sent:
        assert "Response:\n\nAs you keep bees, yes." in request.messages[0].content
        assert "Response:\n\nYes." not in request.messages[0].content


def test_mention_covers_the_units_of_judge(small: SmallStudy, responded: Run) -> None:
    pair = ResponsePair.objects.get()
    sample = factories.make_sample(small.study, "preference", [(small.attributes[1], None, pair)])
    for inputs in ([responded], [responded, sample]):
        mention, _ = run_stage(small.study, "mention", inputs, lambda _: "NO")
        judge, _ = run_stage(small.study, "judge", inputs, lambda _: "3")
        assert set(mention.findings.values_list("unit_key")) == set(judge.votes.values_list("unit_key"))


def test_mention_records_what_cannot_be_parsed_and_does_not_ask_again(small: SmallStudy, responded: Run) -> None:
    run, backend = run_stage(small.study, "mention", [responded], lambda _: "")
    assert set(run.findings.values_list("status", "value", "reason")) == {
        ("unparseable", None, "expected YES or NO first, got an empty answer")
    }
    assert (run.state, len(backend.sent)) == ("complete", 2)
