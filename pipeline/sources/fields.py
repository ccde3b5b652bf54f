"""Reading lines of JSON and their fields, with messages that a person can act on."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from pipeline.sources.base import NO_VALUE, Place, Problem, excerpt

ID_LENGTH = 200
_LATEST_SECOND = 10**11  # the year 5138; a larger number counts milliseconds


class FieldError(Exception):
    """A field of a record is wrong; becomes a Problem where the record's place is known."""

    def __init__(self, field: str, what: str, remedy: str, value: object = NO_VALUE) -> None:
        super().__init__(f"{field}: {what}")
        self.field, self.what, self.remedy, self.value = field, what, remedy, value

    def at(self, place: Place) -> Problem:
        return Problem(place, self.field, self.what, self.remedy, excerpt(self.value))


def kind_of(value: object) -> str:
    names = {dict: "an object", list: "a list", str: "a text", bool: "true or false", type(None): "null"}
    if isinstance(value, int | float):
        names.setdefault(type(value), "a number")
    return names.get(type(value), f"a value of type {type(value).__name__}")  # Parquet has bytes, times and more


class Fields:
    """One JSON object. Every getter returns what it promises or raises a FieldError with the field's full path."""

    def __init__(self, data: dict[str, Any], path: str = "") -> None:
        self._data, self._path = data, path

    def __contains__(self, name: str) -> bool:
        return self._data.get(name) is not None

    def path(self, name: str) -> str:
        return f"{self._path}.{name}" if self._path else name

    def fail(self, name: str, what: str, remedy: str, value: object = NO_VALUE) -> FieldError:
        return FieldError(self.path(name), what, remedy, value)

    def need(self, name: str) -> Any:
        if name not in self._data:
            keys = ", ".join(sorted(map(str, self._data))[:6]) or "nothing"
            raise self.fail(
                name, f"missing; the record has {keys}", f"add {name}, or check that this is the right file"
            )
        return self._data[name]

    def names(self) -> list[str]:
        return list(self._data)

    def copied(self, *names: str) -> dict[str, Any]:
        """These fields as they stand, where they are there."""
        return {name: self._data[name] for name in names if name in self._data}

    def child(self, name: str) -> Fields:
        value = self.need(name)
        if not isinstance(value, dict):
            raise self.fail(name, f"expected an object, found {kind_of(value)}", "write it in { }", value)
        return Fields(value, self.path(name))

    def value(self, name: str) -> Any:
        """Whatever stands there; None where it is absent."""
        return self._data.get(name)

    def text(self, name: str, *, blank: bool = True) -> str:
        value = _text(self.path(name), self.need(name))
        if not blank and not value.strip():
            raise self.fail(name, "empty", "write the text, or remove the record", value)
        return value

    def optional_text(self, name: str) -> str:
        return self.text(name) if name in self else ""

    def label(self, name: str, longest: int) -> str:
        """A short text such as a language or a model's name; "" where it is null or absent."""
        value = self._data.get(name)
        if value is None or value == "":
            return ""
        if len(_text(self.path(name), value)) > longest:
            raise self.fail(name, f"longer than {longest} characters", "shorten it, or leave it out", value)
        return value  # type: ignore[no-any-return]

    def identifier(self, name: str) -> str:
        """A text or whole number that names something, as text; at most 200 characters."""
        return identified(self.path(name), self.need(name))

    def first_identifier(self, *names: str) -> str:
        """The first of these that is there, as ``identifier``; "" where none is."""
        for name in names:
            value = self._data.get(name)
            if value is not None and value != "":
                return identified(self.path(name), value)
        return ""

    def integer(self, name: str) -> int:
        value = self.need(name)
        if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value < 2**31:
            raise self.fail(name, "not a whole number from 0", "write a number such as 0, 1, 2", value)
        return value

    def optional_share(self, name: str) -> float | None:
        """A number from 0 to 1, or None where it is null or absent."""
        return _share(self.path(name), self._data.get(name))

    def flag(self, name: str) -> bool:
        value = self.need(name)
        if not isinstance(value, bool):
            raise self.fail(name, f"expected true or false, found {kind_of(value)}", "write true or false", value)
        return value

    def optional_flag(self, name: str) -> bool | None:
        return self.flag(name) if name in self else None

    def entries(self, name: str) -> list[Any]:
        value = self.need(name)
        if not isinstance(value, list):
            raise self.fail(name, f"expected a list, found {kind_of(value)}", "write it in [ ]", value)
        return value

    def objects(self, name: str) -> list[Fields]:
        return objects_in(self.path(name), self.entries(name))

    def texts(self, name: str) -> list[str]:
        return [_text(f"{self.path(name)}[{i}]", value) for i, value in enumerate(self.entries(name))]

    def identifiers(self, name: str) -> list[str]:
        return [identified(f"{self.path(name)}[{i}]", value) for i, value in enumerate(self.entries(name))]

    def shares(self, name: str) -> list[float | None]:
        return [_share(f"{self.path(name)}[{i}]", value) for i, value in enumerate(self.entries(name))]

    def time(self, name: str) -> datetime:
        """An ISO 8601 time; one without a zone is read as UTC."""
        value = self.text(name)
        try:
            return _in_utc(datetime.fromisoformat(value))
        except (ValueError, OverflowError):
            raise self.fail(name, "not a time", "write it like 2026-04-07T11:04:44+00:00", value) from None

    def moment(self, *names: str) -> datetime | None:
        """The first of these that is there: a time as ``time`` reads it, or seconds or milliseconds since 1970."""
        for name in names:
            value = self._data.get(name)
            if value is None or value == "":
                continue
            if isinstance(value, datetime | int | float) and not isinstance(value, bool):
                return self._plain_time(name, value)
            return self.time(name)
        return None

    def _plain_time(self, name: str, value: datetime | float) -> datetime:
        try:
            if isinstance(value, datetime):  # Parquet has times of its own
                return _in_utc(value)
            return datetime.fromtimestamp(value / 1000 if value > _LATEST_SECOND else value, UTC)
        except (ValueError, OverflowError, OSError):
            raise self.fail(name, "not a time", "write it like 2026-04-07T11:04:44+00:00", value) from None


def _in_utc(time: datetime) -> datetime:
    return time.replace(tzinfo=UTC) if time.tzinfo is None else time.astimezone(UTC)


def objects_in(path: str, values: list[Any]) -> list[Fields]:
    """The objects of a list, each knowing its place in it."""
    for i, value in enumerate(values):
        if not isinstance(value, dict):
            raise FieldError(f"{path}[{i}]", f"expected an object, found {kind_of(value)}", "write it in { }", value)
    return [Fields(value, f"{path}[{i}]") for i, value in enumerate(values)]


def _text(path: str, value: object) -> str:
    if not isinstance(value, str):
        raise FieldError(path, f"expected a text, found {kind_of(value)}", "write it in quotation marks", value)
    if "\x00" in value:
        raise FieldError(path, "holds a NUL character, which no database keeps", "remove it", _around(value, "\x00"))
    if value.isascii():
        return value
    try:
        value.encode("utf-8")
    except UnicodeEncodeError as error:
        half = value[error.start]
        remedy = "write the whole character, or remove the half"
        raise FieldError(path, "holds half a character (a lone surrogate)", remedy, _around(value, half)) from None
    return value


def _around(value: str, letter: str) -> str:
    at = value.index(letter)
    return value[max(at - 10, 0) : at + 10]


def identified(path: str, value: object) -> str:
    if isinstance(value, int) and not isinstance(value, bool):
        value = str(value)
    text = _text(path, value)
    if not text.strip() or len(text) > ID_LENGTH:
        raise FieldError(path, f"not a name of 1 to {ID_LENGTH} characters", "write the source's own id", value)
    return text


def _share(path: str, value: object) -> float | None:
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise FieldError(
            path, f"expected a number, found {kind_of(value)}", "write a number from 0 to 1, or null", value
        )
    if not 0 <= value <= 1:  # not a number is outside too
        raise FieldError(path, "outside 0 to 1", "write a number from 0 to 1, or null where it is unknown", value)
    return float(value)
