from __future__ import annotations

from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.utils.translation import gettext

from studies.domain.errors import StudyInvalid
from studies.models import User


def create_user(*, username: str, password: str) -> User:
    """A new login with a hashed password. Raises StudyInvalid for a bad or taken name or a weak password."""
    user = User(username=User.normalize_username(username.strip()))
    try:
        user.clean_fields(exclude={"password"})
        validate_password(password, user)
    except ValidationError as error:
        field = "username" if hasattr(error, "error_dict") else "password"
        raise StudyInvalid(field, " ".join(error.messages)) from error
    user.set_password(password)
    try:
        with transaction.atomic():
            user.save()
    except IntegrityError as error:
        taken = gettext("The name “%(name)s” is taken. Please choose another.") % {"name": user.username}
        raise StudyInvalid("username", taken) from error
    return user
