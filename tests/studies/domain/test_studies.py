from __future__ import annotations

import pytest

from studies.domain.errors import StudyInvalid
from studies.domain.studies import create_study
from studies.models import AuditEvent, Study


def test_create_study_is_recorded(db):
    study = create_study(slug="figs", title="  Figs and people ")
    assert study.title == "Figs and people"
    assert AuditEvent.objects.get(study=study).verb == "create_study"


@pytest.mark.parametrize(
    ("slug", "title", "field"),
    [("two words", "Title", "slug"), ("", "Title", "slug"), ("x" * 65, "Title", "slug"), ("ok", "  ", "title")],
)
def test_create_study_names_field_value_and_remedy(db, slug, title, field):
    with pytest.raises(StudyInvalid, match="Remedy") as caught:
        create_study(slug=slug, title=title)
    assert caught.value.field == field
    assert not Study.objects.exists()


def test_create_study_refuses_a_taken_slug(study):
    with pytest.raises(StudyInvalid, match="'figs'"):
        create_study(slug=study.slug, title="Again")
