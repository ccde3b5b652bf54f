from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from annotation.domain.importing_label_studio import LabelStudioRefused, import_label_studio
from annotation.models import Campaign, Judgment
from annotation.releases.exports.writing import export_release
from annotation.releases.files import read_rows
from annotation.releases.verify import verify_release
from annotation.releases.write import make_release
from studies.models import Study
from tests import factories
from tests.annotation.releases.rich_study import build_rich_study


def task(unit: str, *annotations: dict[str, Any]) -> dict[str, Any]:
    return {"data": {"unit": unit}, "annotations": list(annotations)}


def annotation(choice: str, by: Any = 7, **more: Any) -> dict[str, Any]:
    result = [{"type": "choices", "from_name": "answer", "to_name": "x", "value": {"choices": [choice]}}]
    return {"result": result, "completed_by": by, "created_at": "2026-03-01T12:00:00.000000Z", **more}


@pytest.fixture
def units(study: Study) -> list[str]:
    campaign = factories.make_campaign(study)
    return [question.unit_key for question in campaign.items.all()[0].questions.all()]


def written(path: Path, tasks: Any, indent: int | None = None) -> Path:
    path.write_text(json.dumps(tasks, indent=indent))
    return path


def test_release_goes_out_to_label_studio_and_comes_back(db: None, tmp_path: Path) -> None:
    rich = build_rich_study()
    make_release(study=rich.study, out=tmp_path / "r")
    export_release(folder=tmp_path / "r", form="label-studio", out=tmp_path / "ls")
    for slug in ("quality", "relevance", "preference"):
        path = tmp_path / "ls" / f"{slug}.json"
        done = import_label_studio(study=rich.study, path=path, slug=f"back-{slug}")
        assert done.new > 0
        again = import_label_studio(study=rich.study, path=path, slug=f"back-{slug}")
        assert (again.new, again.known) == (0, done.new)
    assert rich.study.audit_events.filter(verb="import_label_studio").count() == 3
    make_release(study=rich.study, out=tmp_path / "again")
    assert verify_release(tmp_path / "again") == []
    campaigns = {row["campaign"]: row["slug"] for _, row in read_rows(tmp_path / "again", "campaigns")}
    rows = [row for _, row in read_rows(tmp_path / "again", "judgments")]
    for slug in ("quality", "relevance", "preference"):
        ours = [row for row in rows if campaigns[row["campaign"]] == slug and row["counted"]]
        back = [row for row in rows if campaigns[row["campaign"]] == f"back-{slug}"]
        assert {row["rater_kind"] for row in back} == {"imported"}
        facts = ("unit", "score", "reason", "seconds", "submitted_at")
        key = [sorted([tuple(row[name] for name in facts) for row in group], key=str) for group in (ours, back)]
        assert key[0] == key[1]


def test_label_studios_own_form_is_read(study: Study, units: list[str], tmp_path: Path) -> None:
    tasks = [
        task(units[0], annotation("yes", 7), annotation("no", {"id": 8, "email": "who@example.org"}, lead_time=3.5)),
        task(units[1], annotation("no", 7), {"was_cancelled": True, "result": []}),
    ]
    done = import_label_studio(study=study, path=written(tmp_path / "a.json", tasks, indent=2), slug="back")
    assert (done.new, done.skipped, done.campaign.origin, done.campaign.state) == (3, 1, "imported", "closed")
    values = Judgment.objects.filter(rater__campaign=done.campaign).values_list("value", "assignment__seconds")
    assert sorted(values, key=str) == [("no", 3.5), ("no", None), ("yes", None)]
    assert "example.org" not in "".join(row.participant.source_id for row in done.campaign.raters.all())
    more = [*tasks, task(units[1], annotation("yes", 9))]
    again = import_label_studio(study=study, path=written(tmp_path / "b.json", more), slug="back")
    assert (again.new, again.known) == (1, 3)


@pytest.mark.parametrize(
    ("second", "said"),
    [
        ({"data": {"unit": "q"}}, r"a\.json:3: data\.unit: 'q' is no unit; tasks come from"),
        ("x", r"a\.json:3: data\.unit: None is no unit"),
        (task("q:nothing"), r"a\.json:3: data\.unit: a unit of attribute_quality among units of relevance"),
        (task("r:no:thing", annotation("yes")), r"a\.json:3: data\.unit: the study has no unit 'r:no:thing'"),
        (task("{1}", annotation("maybe")), r"3: annotations\[0\]\.result\.value\.choices: \['maybe'\] is no answer of"),
        (task("{1}", {"result": []}), r"3: annotations\[0\]\.result: 0 results of type choices; .*cancel it"),
        (task("{1}", annotation("yes", None)), r"3: annotations\[0\]\.completed_by: None names nobody"),
        (task("{1}", annotation("yes", created_at="soon")), r"3: annotations\[0\]\.created_at: 'soon' is no time"),
        (task("{0}", annotation("no")), r"3: annotations\[0\]: 'account 7' answered r:.* already on line 2"),
    ],
)
def test_wrong_line_is_named_and_nothing_is_imported(
    study: Study, units: list[str], tmp_path: Path, second: Any, said: str
) -> None:
    text = json.dumps(second).replace("{0}", units[0]).replace("{1}", units[1])
    path = tmp_path / "a.json"
    path.write_text(f"[\n{json.dumps(task(units[0], annotation('yes')))},\n{text}\n]\n")
    with pytest.raises(LabelStudioRefused, match=said):
        import_label_studio(study=study, path=path, slug="back")
    assert not Campaign.objects.filter(slug="back").exists()


@pytest.mark.parametrize("text", ["", "{}", "[{}", '[{"a": 1}] x', '[{"a": NaN', "\xff"])
def test_file_that_is_no_array_of_tasks_is_refused(study: Study, tmp_path: Path, text: str) -> None:
    path = tmp_path / "a.json"
    path.write_bytes(text.encode("latin-1"))
    with pytest.raises(CommandError, match=r"a\.json:1: "):
        call_command("import_label_studio", "figs", path, campaign="back")


def test_changed_answer_and_another_kind_of_campaign_are_refused(
    study: Study, units: list[str], tmp_path: Path
) -> None:
    import_label_studio(
        study=study, path=written(tmp_path / "a.json", [task(units[0], annotation("yes"))]), slug="back"
    )
    changed = written(tmp_path / "b.json", [task(units[1], annotation("yes")), task(units[0], annotation("no"))])
    with pytest.raises(LabelStudioRefused, match=r"said 'yes' of .* before, now 'no'"):
        import_label_studio(study=study, path=changed, slug="back")
    assert Judgment.objects.filter(rater__campaign__slug="back").count() == 1
    slug = Campaign.objects.exclude(slug="back").get().slug
    with pytest.raises(LabelStudioRefused, match="is a campaign of relevance with human raters"):
        import_label_studio(study=study, path=tmp_path / "a.json", slug=slug)
