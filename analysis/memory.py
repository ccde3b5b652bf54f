"""Memory that is not needed any more, back to the system."""

from __future__ import annotations

import ctypes
import sys


def give_back() -> None:
    """Hand what numpy has freed to the system; nothing where the C library has no such call (it is glibc's).

    glibc keeps freed arrays of up to 32 MB for the next ones. After a table of a million judgments that is 0.2 GB in
    pieces, which would lie under every later table: polars, who makes most of them, has an allocator of its own.
    """
    if not sys.platform.startswith("linux"):
        return
    trim = getattr(ctypes.CDLL(None), "malloc_trim", None)
    if trim is not None:
        trim(0)
