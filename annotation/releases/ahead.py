"""Work on one part of a table while the next one is read."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TypeVar

Before = TypeVar("Before")
After = TypeVar("After")


def one_ahead(work: Callable[[Before], After], parts: Iterable[Before]) -> Iterator[After]:
    """What ``work`` makes of each part, in order. It runs in a thread, so it must leave the database alone; at most one
    part waits, and what goes wrong with a part is raised where its result is due.
    """
    with ThreadPoolExecutor(max_workers=1) as thread:
        before: Future[After] | None = None
        for part in parts:
            now = thread.submit(work, part)
            if before is not None:
                yield before.result()
            before = now
        if before is not None:
            yield before.result()
