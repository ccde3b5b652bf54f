"""Sessions in the database that bring their user along: one look-up a request instead of two.

Nothing is kept between requests, so a session that is deleted, a login that is closed and a password that is changed
take effect at the very next one. Set as SESSION_ENGINE; the middleware stands where Django's own would.
"""

from __future__ import annotations

from typing import Any, cast

from django.conf import settings
from django.contrib import auth
from django.contrib.auth.middleware import AuthenticationMiddleware as DjangosMiddleware
from django.contrib.auth.models import AnonymousUser
from django.contrib.sessions.backends.db import SessionStore as DatabaseStore
from django.db import OperationalError, connection
from django.db.models import BooleanField, DateTimeField
from django.http import HttpRequest
from django.utils.crypto import constant_time_compare
from django.utils.functional import SimpleLazyObject

from studies.models import Session, User
from studies.statements import one_row

# All of a user but the dates, which SQLite would give as text: they are fetched when somebody asks. In the order of the
# model's fields, by which from_db tells them apart.
FIELDS = [field.attname for field in User._meta.concrete_fields if not isinstance(field, DateTimeField)]
FLAGS = [isinstance(field, BooleanField) for field in map(User._meta.get_field, FIELDS)]
QUESTION = f"""
SELECT s.session_data, {", ".join(f"u.{name}" for name in FIELDS)}
FROM studies_session s LEFT JOIN studies_user u ON u.id = s.user_id
WHERE s.session_key = %s AND s.expire_date > CURRENT_TIMESTAMP"""  # noqa: S608 - our own words


class SessionStore(DatabaseStore):
    user: User | None = None  # whose session it is, as it was loaded

    @classmethod
    def get_model_class(cls) -> type[Session]:
        return Session

    def create_model_instance(self, data: dict[str, Any]) -> Session:
        session = cast(Session, super().create_model_instance(data))
        session.user_id = data.get(auth.SESSION_KEY)
        return session

    def load(self) -> dict[str, Any]:
        try:
            row = one_row(QUESTION, [self.session_key])
        except OperationalError:
            # The first look-up of a request on a connection that was kept: the database may have been started again.
            if connection.in_atomic_block:
                raise
            connection.close()
            row = one_row(QUESTION, [self.session_key])
        if row is None:
            self._session_key = None
            return {}
        session_data, *values = row
        if values[0] is not None:
            typed = [bool(value) if is_flag else value for value, is_flag in zip(values, FLAGS, strict=True)]
            self.user = User.from_db(connection.alias, FIELDS, typed)
        data: dict[str, Any] = self.decode(session_data)
        return data


class AuthenticationMiddleware(DjangosMiddleware):
    def process_request(self, request: HttpRequest) -> None:
        super().process_request(request)
        request.user = SimpleLazyObject(lambda: user_of(request))  # type: ignore[assignment]


def user_of(request: HttpRequest) -> User | AnonymousUser:
    """django.contrib.auth.get_user, with the user that came with the session where that is beyond doubt.

    Whatever is not (nobody logged in, a password changed, a key rotated, a login closed) goes Django's own way.
    """
    if not hasattr(request, "_cached_user"):
        request._cached_user = _user_with(request.session) or auth.get_user(request)  # type: ignore[attr-defined]
    user: User | AnonymousUser = request._cached_user  # type: ignore[attr-defined]
    return user


def _user_with(session: Any) -> User | None:
    number, backend = session.get(auth.SESSION_KEY), session.get(auth.BACKEND_SESSION_KEY)
    user: User | None = session.user
    if user is None or not user.is_active or str(user.pk) != number:
        return None
    given = session.get(auth.HASH_SESSION_KEY)
    known = backend in settings.AUTHENTICATION_BACKENDS
    return user if known and given and constant_time_compare(given, user.get_session_auth_hash()) else None
