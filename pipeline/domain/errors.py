from __future__ import annotations


class RunError(Exception):
    """A run cannot be planned or go on. ``message`` is for a person: the value and the remedy."""

    def __init__(self, message: str) -> None:
        super().__init__(message)
        self.message = message


class NothingToDo(RunError):
    """A run would have no unit: what it reads made nothing for it."""
