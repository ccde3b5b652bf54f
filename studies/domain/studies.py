from __future__ import annotations

from django.core.exceptions import ValidationError
from django.db import transaction

from studies.domain.audit import record_event
from studies.domain.errors import StudyInvalid
from studies.models import Study, User


def create_study(*, slug: str, title: str, description: str = "", actor: User | None = None) -> Study:
    """A new study without members. Raises StudyInvalid naming the field for a bad or taken slug or an empty title."""
    study = Study(slug=slug, title=title.strip(), description=description.strip())
    try:
        study.full_clean()
    except ValidationError as error:
        raise _invalid(study, error) from error
    with transaction.atomic():
        study.save()
        record_event(study=study, actor=actor, verb="create_study", subject=f"study:{slug}")
    return study


def _invalid(study: Study, error: ValidationError) -> StudyInvalid:
    field = next(iter(error.message_dict))
    value = getattr(study, field, "")
    remedies = {
        "slug": "use letters, digits, - and _, at most 64, that no other study has",
        "title": "give it a title of 1 to 200 characters",
    }
    reason = " ".join(error.message_dict[field])
    return StudyInvalid(field, f"study {field} {value!r}: {reason} Remedy: {remedies.get(field, 'correct it')}.")
