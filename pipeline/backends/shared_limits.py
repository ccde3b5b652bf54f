"""The same book as ``limits``, kept in Redis for all machines that ask one account for one model.

Places are leases: those of a killed worker come back. Where places are short, each worker gets its share in turn. With
Redis gone the process goes on alone, with the places that it had, says so once, and looks for Redis again later.
"""

from __future__ import annotations

import logging
import time

import redis.asyncio
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import RedisError

from pipeline.backends.limits import (
    CUT,
    FEWEST,
    FORGOTTEN,
    GROWTH,
    IN_USE,
    POLL,
    SOON,
    Bounds,
    Grant,
    LocalLimits,
    Verdict,
)
from studies.tokens import new_token

LEASE = 5.0  # seconds until a place that nobody renews is free again
SEEN = 1.0  # seconds that a worker counts as one that waits, or works, without asking again
PATIENCE = 1.0  # seconds for an answer of Redis
AWAY = 15.0  # seconds until Redis is looked for again
KEPT = 86_400  # seconds that a book is kept which nobody uses

log = logging.getLogger(__name__)

# Times are seconds by Redis's own clock. KEYS: book (hash), places and tickets and workers (sorted sets by time).
COMMON = """
local clock = redis.call('TIME')
local now = tonumber(clock[1]) + tonumber(clock[2]) / 1000000
local function read(name, other) return tonumber(redis.call('HGET', KEYS[1], name) or other) end
local function write(name, value) redis.call('HSET', KEYS[1], name, string.format('%.6f', value)) end
"""

TAKE = (
    COMMON
    + """
local worker, place, own = ARGV[1], ARGV[2], tonumber(ARGV[3])
local most, start, tokens = tonumber(ARGV[4]), tonumber(ARGV[5]), tonumber(ARGV[6])
local per_request, per_token = tonumber(ARGV[7]), tonumber(ARGV[8])
local lease, seen, poll, soon = tonumber(ARGV[9]), tonumber(ARGV[10]), tonumber(ARGV[11]), tonumber(ARGV[12])
local forgotten = tonumber(ARGV[13])
for number = 1, 4 do redis.call('EXPIRE', KEYS[number], ARGV[14]) end
redis.call('ZREMRANGEBYSCORE', KEYS[2], '-inf', now)
redis.call('ZREMRANGEBYSCORE', KEYS[4], '-inf', now - seen)
redis.call('ZADD', KEYS[4], now, worker)
for _, other in ipairs(redis.call('ZRANGE', KEYS[3], 0, -1)) do
  if not redis.call('ZSCORE', KEYS[4], other) then redis.call('ZREM', KEYS[3], other) end
end
if now - read('cut_at', 0) > forgotten and read('limit', 0) < start then write('limit', start) end
local limit = math.floor(math.min(read('limit', start), most))
local free = limit - redis.call('ZCARD', KEYS[2])
local share = math.max(1, math.floor(limit / redis.call('ZCARD', KEYS[4])))
local function answer(granted, wait)
  return {granted, string.format('%.6f', wait), string.format('%.6f', now), math.max(0, free), limit}
end
local ahead = redis.call('ZRANK', KEYS[3], worker) or redis.call('ZCARD', KEYS[3])
local waits = redis.call('ZCARD', KEYS[3]) > (redis.call('ZSCORE', KEYS[3], worker) and 1 or 0)
local blocked = read('blocked_until', 0)
if blocked > now then return answer(0, blocked - now) end
if free <= 0 or (waits and (own >= share or free <= ahead)) then
  if own < share then redis.call('ZADD', KEYS[3], 'NX', now, worker) end
  return answer(0, poll)
end
local turn = math.max(now, read('next_request', 0), read('next_token', 0))
if turn - now > soon then return answer(0, turn - now) end
if per_request > 0 then write('next_request', turn + per_request) end
if per_token > 0 then write('next_token', turn + tokens * per_token) end
redis.call('ZREM', KEYS[3], worker)
redis.call('ZADD', KEYS[2], now + lease, place)
write('busiest', math.max(read('busiest', 0), redis.call('ZCARD', KEYS[2])))
free = free - 1
return answer(1, turn - now)
"""
)

GIVE = (
    COMMON
    + """
local place, taken, verdict, retry_after = ARGV[1], tonumber(ARGV[2]), ARGV[3], tonumber(ARGV[4])
local most, start, extra = tonumber(ARGV[5]), tonumber(ARGV[6]), tonumber(ARGV[7])
local fewest, cut, growth, in_use = tonumber(ARGV[8]), tonumber(ARGV[9]), tonumber(ARGV[10]), tonumber(ARGV[11])
redis.call('ZREM', KEYS[2], place)
if extra ~= 0 then write('next_token', read('next_token', now) + extra) end
local limit = read('limit', start)
if verdict == 'limited' then
  write('blocked_until', math.max(read('blocked_until', 0), now + retry_after))
  write('clean', 0)
  write('busiest', 0)
  if taken > read('cut_at', 0) then
    write('limit', math.max(fewest, limit * cut))
    write('cut_at', now)
  end
elseif verdict == 'answered' then
  local clean = read('clean', 0) + 1
  if clean >= limit then
    if read('busiest', 0) >= in_use * math.floor(limit) then
      write('limit', math.max(limit, math.min(most, limit * growth)))
    end
    write('busiest', redis.call('ZCARD', KEYS[2]))
    clean = 0
  end
  write('clean', clean)
end
limit = math.floor(math.min(read('limit', start), most))
return {math.max(0, limit - redis.call('ZCARD', KEYS[2])), limit}
"""
)

LOST = (RedisError, OSError, TimeoutError)


class SharedLimits:
    """One worker's side of the book under ``name``. Used from one event loop only."""

    def __init__(self, url: str, name: str, bounds: Bounds, alone: LocalLimits) -> None:
        self.bounds, self.alone = bounds, alone
        self.worker = new_token()
        self.held: set[str] = set()
        self.free, self.limit, self.number = bounds.start, bounds.start, 0
        self.away_until: float | None = None
        patience = {"socket_timeout": PATIENCE, "socket_connect_timeout": PATIENCE}
        self.redis = redis.asyncio.from_url(url, retry=Retry(NoBackoff(), 0), **patience)
        self.keys = [f"limits:{{{name}}}", *(f"limits:{{{name}}}:{part}" for part in ("places", "tickets", "workers"))]
        self._take, self._give = self.redis.register_script(TAKE), self.redis.register_script(GIVE)

    @property
    def places(self) -> int:
        if self._is_away():
            return self.alone.places
        return max(1, min(self.bounds.most, len(self.held) + self.free))

    async def take(self, tokens: int) -> Grant:
        if self._is_away():
            return await self.alone.take(tokens)
        self.number += 1
        place = f"{self.worker}:{self.number}"
        rates = (self.bounds.requests_per_minute, self.bounds.tokens_per_minute)
        words: list[str | float] = [self.worker, place, len(self.held), self.bounds.most, self.bounds.start, tokens]
        words += [60 / rate if rate else 0 for rate in rates]
        try:
            reply = await self._take(keys=self.keys, args=[*words, LEASE, SEEN, POLL, SOON, FORGOTTEN, KEPT])
        except LOST as error:
            self._lose(error)
            return await self.alone.take(tokens)
        granted, wait, taken, self.free, self.limit = reply
        self.away_until = None
        if not granted:
            return Grant("", float(wait))
        self.held.add(place)
        return Grant(place, float(wait), float(taken))

    async def give(self, grant: Grant, tokens: int, verdict: Verdict, retry_after: float | None = None) -> None:
        if grant.place not in self.held:
            await self.alone.give(grant, tokens, verdict, retry_after)
            return
        self.held.discard(grant.place)
        if self._is_away():
            return
        rate = self.bounds.tokens_per_minute
        words: list[str | float] = [
            grant.place,
            grant.taken,
            verdict.value,
            retry_after or 0,
            self.bounds.most,
            self.bounds.start,
        ]
        words += [tokens * 60 / rate if rate else 0, FEWEST, CUT, GROWTH, IN_USE]
        try:
            self.free, self.limit = await self._give(keys=self.keys, args=words)
        except LOST as error:
            self._lose(error)

    async def renew(self) -> None:
        """Also puts on the book what a Redis that was started anew has forgotten."""
        if not self.held or self._is_away():
            return
        held = set(self.held)
        try:
            now = (await self.redis.time())[0]
            await self.redis.zadd(self.keys[1], dict.fromkeys(held, now + LEASE))
            if given := held - self.held:  # meanwhile
                await self.redis.zrem(self.keys[1], *given)
        except LOST as error:
            self._lose(error)

    async def close(self) -> None:
        """Its places come back at once."""
        try:
            if self.held and not self._is_away():
                await self.redis.zrem(self.keys[1], *self.held)
            await self.redis.aclose()
        except LOST:
            self.held.clear()

    def _is_away(self) -> bool:
        return self.away_until is not None and time.monotonic() < self.away_until

    def _lose(self, error: Exception) -> None:
        """The one word about it is said when Redis goes, not each time that it is still away."""
        if self.away_until is None:
            log.warning("Redis is gone (%s): this process goes on with %d calls at once of its own", error, self.places)
            self.alone.limit = float(max(FEWEST, min(self.places, self.bounds.most)))
        self.away_until = time.monotonic() + AWAY
