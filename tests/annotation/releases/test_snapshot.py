"""What holds while others write, and however much there is."""

from __future__ import annotations

import threading
import tracemalloc
from datetime import UTC, datetime
from pathlib import Path

import pytest
from django.db import connection

from annotation.domain.joining import import_rater
from annotation.enums import AssignmentState, CampaignState, Origin
from annotation.models import Assignment, Campaign, Judgment, Revision
from annotation.releases import files
from annotation.releases.tables import judgments
from annotation.releases.tables import rows as reading
from annotation.releases.verify import verify_release
from annotation.releases.write import make_release
from studies.models import Study
from tests import factories
from tests.annotation.releases.test_write import rows

MOMENT = datetime(2026, 1, 31, tzinfo=UTC)


@pytest.mark.django_db(transaction=True)
def test_release_is_one_moment_and_holds_nobody_up(tmp_path: Path) -> None:
    """A rater submits while the release is being written: the submit is stored at once, and none of it is released."""
    study = factories.make_study()
    campaign = factories.make_campaign(study, n_items=1)
    first, second = (factories.claim(factories.make_rater(campaign)) for _ in range(2))
    factories.submit(first)
    waits: list[bool] = []

    def submit_second() -> None:
        factories.submit(second)
        connection.close()

    def between_tables(table: str, n: int) -> None:
        if table == "people":
            writer = threading.Thread(target=submit_second)
            writer.start()
            writer.join(timeout=10)
            waits.append(writer.is_alive())

    make_release(study=study, out=tmp_path / "out", progress=between_tables)
    assert waits == [False]
    second.refresh_from_db()
    assert second.state == AssignmentState.SUBMITTED
    assert [row["assignment"] for row in rows(tmp_path / "out", "assignments")] == [first.public_id]
    assert {row["assignment"] for row in rows(tmp_path / "out", "judgments")} == {first.public_id}
    make_release(study=study, out=tmp_path / "next")
    assert len(rows(tmp_path / "next", "assignments")) == 2


def many_judgments(study: Study, n_items: int, n_raters: int = 20) -> Campaign:
    """An imported campaign in which every rater answered every item's one question."""
    campaign = factories.make_campaign(
        study, origin=Origin.IMPORTED, state=CampaignState.CLOSED, n_items=n_items, n_questions=1
    )
    questions = {question.item_id: question for question in campaign.questions.all()}
    raters = [import_rater(campaign=campaign, source_id=f"{campaign.pk}-{number}") for number in range(n_raters)]
    tenures = Assignment.objects.bulk_create(
        Assignment(campaign=campaign, item_id=item, rater=rater, state=AssignmentState.SUBMITTED, submitted_at=MOMENT)
        for item in questions
        for rater in raters
    )
    judgments = Judgment.objects.bulk_create(
        Judgment(
            question=questions[tenure.item_id],
            rater_id=tenure.rater_id,
            assignment=tenure,
            instrument=campaign.instrument,
            value="yes",
            made_at=MOMENT,
        )
        for tenure in tenures
    )
    Revision.objects.bulk_create(
        Revision(judgment=judgment, number=1, value="yes", made_at=MOMENT) for judgment in judgments
    )
    return campaign


def test_memory_does_not_grow_with_the_judgments(
    study: Study, other_study: Study, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(files, "ROWS_PER_GROUP", 100)
    monkeypatch.setattr(reading, "CHUNK", 100)
    monkeypatch.setattr(judgments, "ROWS", 100)

    def peak(of: Study, out: str) -> int:
        tracemalloc.start()
        make_release(study=of, out=tmp_path / out)
        highest = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        return highest

    many_judgments(study, 10)
    many_judgments(other_study, 100)
    peak(study, "warm")
    peak(other_study, "warmer")  # what is kept once and for all is kept by now
    few, many = peak(study, "few"), peak(other_study, "many")
    assert len(rows(tmp_path / "many", "judgments")) == 10 * len(rows(tmp_path / "few", "judgments")) == 2000
    assert many < 1.5 * few
    assert verify_release(tmp_path / "many") == []
