"""The check at the end, on a small rebuild that is right, and on what is wrong with it in each way it must notice."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from analysis.__main__ import main as analysis
from annotation.domain.joining import enroll_simulated, join_campaign
from annotation.domain.submissions import questions_on_page
from annotation.domain.withdrawing import exclude_rater
from annotation.enums import AssignmentState, Origin
from annotation.models import Assignment, Rater
from annotation.releases.write import make_release
from pipeline.enums import InstrumentName, Side
from rebuild import plan as sizes
from rebuild.access_log import AccessLog
from rebuild.checking import Checked, check_rebuild, figures_in
from rebuild.plan import Folder, Plan
from studies.models import Study, User
from tests import factories

pytestmark = pytest.mark.django_db

Check = Callable[[], Checked]


@pytest.fixture
def folder(tmp_path: Path) -> Folder:
    return Folder(tmp_path)


@pytest.fixture
def check(study: Study, folder: Folder, monkeypatch: pytest.MonkeyPatch) -> Check:
    """Three campaigns of two pages with two questions, judged by three simulated raters each, in the access log."""
    for name, number in {"ATTRIBUTES": 4, "MATCHES": 4, "QUESTIONS": 4, "PAIRS": 2, "FEWEST_PAIRS": 2}.items():
        monkeypatch.setattr(sizes, name, number)
    users = [factories.make_member(study) for _ in range(3)]
    log = AccessLog(folder.access / "driver-1.jsonl")
    for user in users:
        enroll_simulated(study=study, user=user)
    for instrument in InstrumentName:
        campaign = factories.make_campaign(study, instrument=instrument, origin=Origin.SIMULATED)
        if instrument == InstrumentName.PREFERENCE:
            for item in campaign.items.all():
                for seat in item.seats.all():
                    seat.side = (Side.LEFT, Side.RIGHT)[(seat.number + item.position) % 2]
                    seat.save()
        for user in users:
            judge_all(join_campaign(user=user, campaign=campaign), log)

    def checked() -> Checked:
        make_release(study=study, out=folder.release)
        assert analysis(["report", str(folder.release), "--out", str(folder.report)]) == 0
        return check_rebuild(study=study, plan=Plan(raters=3), folder=folder)

    return checked


def judge_all(rater: Rater, log: AccessLog) -> None:
    for _ in range(2):
        assignment = factories.submit(factories.claim(rater))
        stored = {judgment.question_id: judgment.value for judgment in assignment.judgments.all()}
        values = [stored[question.pk] or "" for question in questions_on_page(assignment)]
        log.append(rater=1, token=assignment.token, values=values)


def test_check_finds_nothing_wrong_with_what_is_right(check: Check) -> None:
    checked = check()
    assert checked.problems == []
    assert "relevance: 12 judgments, 3 on each unit" in checked.said
    assert "access log: 18 pages acknowledged, 0 of them lost; 0 saved untold" in checked.said
    assert "sides: 3 pages with the personalized response left, 3 right" in checked.said


def test_check_notices_an_acknowledged_page_that_is_gone(check: Check, folder: Folder) -> None:
    log = AccessLog(folder.access / "driver-2.jsonl")
    log.append(rater=7, token="nowhere", values=["yes", "no"])
    [problem] = check().problems
    assert problem.startswith("rater 7 was told at 2")
    assert problem.endswith("the release has none of them")


def test_check_notices_a_value_that_is_another(check: Check) -> None:
    judgment = Assignment.objects.filter(campaign__instrument="relevance").first().judgments.first()
    judgment.value = "no"
    judgment.save()
    judgment.revisions.update(value="no")
    [problem] = check().problems
    assert problem.endswith("the release has others")


def test_check_notices_judgments_that_are_missing(check: Check, lead: User) -> None:
    rater = Rater.objects.filter(campaign__instrument="relevance").earliest("pk")
    exclude_rater(rater=rater, reason="test", actor=lead)
    problems = check().problems
    assert "relevance: 8 counted judgments, expected 4 x 3 = 12" in problems
    assert sum("has 2 counted judgments, expected 3" in problem for problem in problems) == 4


def test_check_notices_another_number_of_units(check: Check, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sizes, "ATTRIBUTES", 5)
    assert check().problems == [
        "attribute_quality: 12 counted judgments, expected 5 x 3 = 15",
        "attribute_quality: 4 units, expected 5",
    ]


def test_check_notices_sides_that_lean(check: Check) -> None:
    Assignment.objects.filter(campaign__instrument="preference").update(side=Side.LEFT)
    item_seats = Assignment.objects.filter(campaign__instrument="preference", state=AssignmentState.SUBMITTED)
    for assignment in item_seats.select_related("seat"):
        assignment.seat.side = Side.LEFT
        assignment.seat.save()
    problems = check().problems
    assert "the personalized response stood left on 6 pages and right on 0" in problems
    assert sum("leans to one side by 3" in problem for problem in problems) == 2


def test_check_notices_a_changed_file(check: Check, folder: Folder, study: Study) -> None:
    check()
    path = folder.release / "data" / "judgments.jsonl"
    path.write_bytes(path.read_bytes().replace(b'"yes"', b'"no"', 1))
    problems = check_rebuild(study=study, plan=Plan(raters=3), folder=folder).problems
    assert any("judgments.jsonl" in problem for problem in problems)


def test_check_notices_a_figure_without_its_mark(check: Check, folder: Folder, study: Study) -> None:
    check()
    page = folder.report / "report.html"
    assert len(figures_in(page)) >= 3
    text = page.read_text()
    first, rest = text.split("</figure>", 1)
    page.write_text(first.replace("SIMULATED.", "") + "</figure>" + rest)
    problems = check_rebuild(study=study, plan=Plan(raters=3), folder=folder).problems
    assert problems == [f"{page}: figure 1 is not marked as simulated"]


def test_check_notices_a_manifest_that_keeps_quiet(check: Check, folder: Folder, study: Study) -> None:
    """Checksums would tell first, so the judge of the marks is asked alone."""
    from rebuild.checking import _mark_problems, _table

    check()
    path = folder.release / "manifest.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | {"notices": []}))
    assert list(_mark_problems(folder, _table(folder, "judgments"), [])) == [
        "manifest.json does not say that all 36 judgments are simulated"
    ]
