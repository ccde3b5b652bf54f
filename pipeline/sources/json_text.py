"""JSON from bytes: by orjson where it is sound, by the standard library where a message has to say what is wrong."""

from __future__ import annotations

import codecs
import json
import re
from collections.abc import Iterator
from json import JSONDecodeError, JSONDecoder
from typing import Any, BinaryIO, NoReturn

import orjson

from pipeline.sources.fields import FieldError
from pipeline.sources.opening import LARGEST_RECORD, BrokenAt, too_long

_CHUNK = 2**20
_BLANK = re.compile(r"[ \t\r\n]*")
_TAIL = 3  # characters behind a number that may belong to it: 1, of 1e+9
_UNFINISHED = 32  # an error this near to the end of what is read may be for want of the rest
WHOLE_LINES = "each line must be one whole JSON object; mend or remove the line"


def parse_line(raw: bytes) -> Any:
    """The JSON value of a line. Raises FieldError; half characters are left for whoever reads the text to find."""
    try:
        return orjson.loads(raw)
    except orjson.JSONDecodeError:
        return _parse_carefully(raw)


def _parse_carefully(raw: bytes) -> Any:
    try:
        return json.loads(decoded(raw), parse_constant=_no_number)
    except JSONDecodeError as error:
        raise _broken(error, WHOLE_LINES) from None
    except RecursionError:
        raise FieldError("", "JSON nested too deeply", "mend or remove the line") from None
    except ValueError as error:
        raise FieldError("", f"a number that cannot be read: {error}", "mend or remove the line") from None


def decoded(raw: bytes) -> str:
    try:
        return raw.decode("utf-8")
    except UnicodeDecodeError as error:
        byte = raw[error.start : error.start + 1]
        what = f"not UTF-8 at byte {error.start + 1} of the line"
        raise FieldError("", what, "save the file as UTF-8", byte) from None


def _no_number(word: str) -> NoReturn:
    raise FieldError("", "a number that is none", "write a number, or null where it is unknown", word)


def _broken(error: JSONDecodeError, remedy: str) -> FieldError:
    near = error.doc[max(error.pos - 10, 0) : error.pos + 20].strip()
    return FieldError("", f"broken JSON at character {error.pos + 1}: {error.msg}", remedy, near)


def elements(stream: BinaryIO) -> Iterator[tuple[int, Any]]:
    """(line, value) of each element of a JSON list, or of each value that stands by itself. Raises BrokenAt."""
    window = _Window(stream)
    if window.next() != "[":
        while window.next():
            yield window.line, window.value()
        return
    window.step()
    if window.next() == "]":
        window.step()
    else:
        yield from _listed(window)
    if window.next():
        raise window.wrong("something follows the end of the list", "keep one list in a file")


def _listed(window: _Window) -> Iterator[tuple[int, Any]]:
    while True:
        window.next()
        line = window.line
        yield line, window.value()
        mark = window.next()
        if mark not in (",", "]"):
            raise window.wrong("expected a comma or the end of the list", "mend the file; what follows was not read")
        window.step()
        if mark == "]":
            return


class _Window:
    """The text of a stream from where reading stands, never more of it than one record may be."""

    def __init__(self, stream: BinaryIO) -> None:
        self._stream, self._decoder = stream, codecs.getincrementaldecoder("utf-8-sig")()
        self._json = JSONDecoder(parse_constant=_no_number)
        self._text, self._at, self._ended = "", 0, False
        self.line = 1

    def next(self) -> str:
        """The next character that is not blank; "" at the end."""
        while True:
            end = _blank_to(self._text, self._at)
            self._go(end)
            if self._at < len(self._text):
                return self._text[self._at]
            if self._ended:
                return ""
            self._more()

    def step(self) -> None:
        self._go(self._at + 1)

    def value(self) -> Any:
        while True:
            try:
                value, end = self._json.raw_decode(self._text, self._at)
                if self._ended or end + _TAIL <= len(self._text) or self._text[self._at] in '{["':
                    self._go(end)
                    return value
            except JSONDecodeError as error:
                if self._ended or not self._unfinished(error):
                    self.line += self._text.count("\n", self._at, error.pos)
                    remedy = "mend the file; what follows was not read"
                    raise BrokenAt(self.line, _broken(error, remedy)) from None
            except RecursionError:
                raise self.wrong("JSON nested too deeply", "mend the file") from None
            except FieldError as error:
                raise BrokenAt(self.line, error) from None
            except ValueError as error:
                raise self.wrong(f"a number that cannot be read: {error}", "mend the file") from None
            self._more()

    def wrong(self, what: str, remedy: str) -> BrokenAt:
        return BrokenAt(self.line, FieldError("", what, remedy, self._text[self._at : self._at + 20]))

    def _unfinished(self, error: JSONDecodeError) -> bool:
        return error.msg.startswith("Unterminated") or error.pos > len(self._text) - _UNFINISHED

    def _go(self, to: int) -> None:
        self.line += self._text.count("\n", self._at, to)
        self._at = to

    def _more(self) -> None:
        """Read on: as much again as stands here, so that a long element is not parsed over and over."""
        rest = self._text[self._at :]
        if len(rest) > LARGEST_RECORD:
            raise BrokenAt(self.line, too_long())
        chunk = self._stream.read(max(_CHUNK, len(rest)))
        try:
            text = self._decoder.decode(chunk, final=not chunk)
        except UnicodeDecodeError as error:
            line = self.line + rest.count("\n") + chunk.count(b"\n", 0, error.start)
            byte = error.object[error.start : error.start + 1]
            raise BrokenAt(line, FieldError("", "not UTF-8", "save the file as UTF-8", byte)) from None
        self._text, self._at, self._ended = rest + text, 0, not chunk


def _blank_to(text: str, at: int) -> int:
    match = _BLANK.match(text, at)
    return match.end() if match else at
