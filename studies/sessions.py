"""Sessions in the database that bring their user along: one look-up a request instead of two.

Nothing is kept between requests, so a session that is deleted, a login that is closed and a password that is changed
take effect at the very next one. Set as SESSION_ENGINE; the middleware stands where Django's own would.
"""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.contrib import auth
from django.contrib.auth.middleware import AuthenticationMiddleware as DjangosMiddleware
from django.contrib.auth.models import AnonymousUser
from django.contrib.sessions.backends.db import SessionStore as DatabaseStore
from django.db import OperationalError, connection
from django.http import HttpRequest
from django.utils.crypto import constant_time_compare
from django.utils.functional import SimpleLazyObject

from studies.models import Session, User

QUESTION = """
SELECT u.*, s.session_data FROM studies_session s LEFT JOIN studies_user u ON u.id = s.user_id
WHERE s.session_key = %s AND s.expire_date > CURRENT_TIMESTAMP"""


class SessionStore(DatabaseStore):
    user: User | None = None  # whose session it is, as it was loaded

    @classmethod
    def get_model_class(cls) -> type[Session]:
        return Session

    def create_model_instance(self, data: dict[str, Any]) -> Session:
        session: Session = super().create_model_instance(data)
        session.user_id = data.get(auth.SESSION_KEY)
        return session

    def load(self) -> dict[str, Any]:
        try:
            row = self._row()
        except OperationalError:
            # The first look-up of a request on a connection that was kept: the database may have been started again.
            if connection.in_atomic_block:
                raise
            connection.close()
            row = self._row()
        if row is None:
            self._session_key = None
            return {}
        self.user = None if row.pk is None else row
        data: dict[str, Any] = self.decode(row.session_data)
        return data

    def _row(self) -> Any:
        """The user with the session's data as one attribute more; a user without key where the session is nobody's."""
        return next(iter(User.objects.raw(QUESTION, [self.session_key])), None)


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
