"""How much may be asked of a server at once, in this process: places that adapt to its 429s, and rates.

Who is refused holds no place and asks again later. The number of places goes down by a fifth at a 429 (once for all
calls that were out by then) and up by 5 % per round of answers, where the places were in use; a 5xx changes nothing. A
Retry-After stops everybody until then. Requests and tokens per minute are spaced evenly, so that no minute has more of
them, but for the tokens of the last call. ``shared_limits`` keeps the same book for several machines.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum
from typing import Protocol

FEWEST, START, MOST = 1, 20, 200
CUT, GROWTH = 0.8, 1.05
IN_USE = 0.75  # of the places: below it, more would change nothing
SOON = 0.1  # seconds: a turn so near is given at once, with the wait
FORGOTTEN = 600.0  # seconds after a cut: who begins with more places may have them again
POLL = 0.05  # seconds until a place may have come free elsewhere


@dataclass(frozen=True)
class Bounds:
    """``most`` calls at once; per minute, None for no bound of ours."""

    most: int = MOST
    requests_per_minute: float | None = None
    tokens_per_minute: float | None = None

    @property
    def start(self) -> int:
        return min(START, self.most) if self.most == MOST else self.most


@dataclass(frozen=True)
class Grant:
    """``place``, and the seconds until the call may leave; without one, the seconds until asking again is worth it."""

    place: str
    wait: float
    taken: float = 0.0  # by the clock of the book, to be given back with the place


class Verdict(Enum):
    ANSWERED = "answered"
    LIMITED = "limited"  # 429
    OTHER = "other"


class Limits(Protocol):
    """A book of places, asked from one event loop."""

    @property
    def places(self) -> int:
        """How many calls this process may have out, as far as it knows."""
        ...

    async def take(self, tokens: int) -> Grant:
        """A place for a call of about so many tokens, or none."""
        ...

    async def give(self, grant: Grant, tokens: int, verdict: Verdict, retry_after: float | None = None) -> None:
        """The place back, with what the call took over its estimate (negative: under it)."""
        ...

    async def renew(self) -> None:
        """Keeps what this process holds from being taken for a dead one's."""
        ...

    async def close(self) -> None: ...


@dataclass
class Place:
    taken: float


class LocalLimits:
    """The book of this process; several backends and threads may use it."""

    def __init__(self, bounds: Bounds, clock: Callable[[], float] = time.monotonic) -> None:
        self.bounds, self.clock = bounds, clock
        self.limit = float(bounds.start)
        self.held: dict[str, Place] = {}
        self.lock = threading.Lock()
        self.clean = self.busiest = self.number = 0
        self.cut_at = self.blocked_until = self.next_request = self.next_token = float("-inf")

    @property
    def places(self) -> int:
        return int(min(self.limit, self.bounds.most))

    async def take(self, tokens: int) -> Grant:
        with self.lock:
            now = self.clock()
            if now - self.cut_at > FORGOTTEN:
                self.limit = max(self.limit, self.bounds.start)
            if self.blocked_until > now:
                return Grant("", self.blocked_until - now)
            if len(self.held) >= self.places:
                return Grant("", POLL)
            turn = max(now, self.next_request, self.next_token)
            if turn - now > SOON:
                return Grant("", turn - now)
            self._charge(turn, tokens)
            self.number += 1
            self.held[str(self.number)] = Place(now)
            self.busiest = max(self.busiest, len(self.held))
            return Grant(str(self.number), turn - now, now)

    async def give(self, grant: Grant, tokens: int, verdict: Verdict, retry_after: float | None = None) -> None:
        with self.lock:
            del self.held[grant.place]
            if self.bounds.tokens_per_minute:
                self.next_token += tokens * 60 / self.bounds.tokens_per_minute
            if verdict is Verdict.LIMITED:
                self._slow_down(grant.taken, retry_after or 0.0)
            elif verdict is Verdict.ANSWERED:
                self._speed_up()

    async def renew(self) -> None:
        """Nothing: what this process holds ends with it."""

    async def close(self) -> None:
        """Nothing: the book stays for the next backend."""

    def _charge(self, turn: float, tokens: int) -> None:
        if self.bounds.requests_per_minute:
            self.next_request = turn + 60 / self.bounds.requests_per_minute
        if self.bounds.tokens_per_minute:
            self.next_token = turn + tokens * 60 / self.bounds.tokens_per_minute

    def _slow_down(self, taken: float, retry_after: float) -> None:
        now = self.clock()
        self.blocked_until = max(self.blocked_until, now + retry_after)
        self.clean = self.busiest = 0
        if taken > self.cut_at:
            self.limit, self.cut_at = max(FEWEST, self.limit * CUT), now

    def _speed_up(self) -> None:
        self.clean += 1
        if self.clean >= self.limit:
            if self.busiest >= IN_USE * self.places:
                self.limit = max(self.limit, min(self.bounds.most, self.limit * GROWTH))
            self.clean, self.busiest = 0, len(self.held)
