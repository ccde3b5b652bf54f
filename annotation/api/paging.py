"""What every view of the API shares: the size of a page, and who asks."""

from __future__ import annotations

from rest_framework.pagination import LimitOffsetPagination
from rest_framework.request import Request

from studies.models import User


class Pages(LimitOffsetPagination):
    default_limit = 50
    max_limit = 200


def actor_of(request: Request) -> User:
    assert isinstance(request.user, User)
    return request.user
