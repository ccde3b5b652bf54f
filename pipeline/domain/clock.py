"""Leases live by the database's clock, so that several workers' machines need not agree on the time."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django.db.models import DateTimeField, ExpressionWrapper, Value
from django.db.models.functions import Now


def from_now(seconds: float) -> ExpressionWrapper[Any]:
    """The database's time ``seconds`` from now, as an expression for writes and filters."""
    return ExpressionWrapper(Now() + Value(timedelta(seconds=seconds)), output_field=DateTimeField())
