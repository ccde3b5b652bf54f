from __future__ import annotations

from annotation.instruments.attribute_quality import AttributeQuality
from annotation.models import Assignment, Question
from pipeline.enums import InstrumentName
from pipeline.models import Evidence
from studies.models import Study
from tests import factories


def test_page_shows_a_turn_once_by_its_quotes_where_it_has_any(study: Study) -> None:
    campaign = factories.make_campaign(study, n_items=1, n_questions=1, instrument=InstrumentName.ATTRIBUTE_QUALITY)
    question = Question.objects.get(campaign=campaign)
    turns = [{"role": "user", "content": "I keep bees 🐝 here."}, {"role": "user", "content": "Rye?"}]
    chat = factories.make_conversation(question.attribute.person, question.attribute.run, turns)
    for turn, start, end in ((0, None, None), (0, 7, 13), (1, None, None)):
        Evidence.objects.create(attribute=question.attribute, conversation=chat, turn=turn, start=start, end=end)
    (view,) = AttributeQuality().page(Assignment(), [question]).questions
    assert [(place.turn, place.quote) for place in view.evidence] == [(0, "bees 🐝"), (1, "")]
