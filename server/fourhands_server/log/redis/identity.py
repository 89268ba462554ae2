"""Which incarnation of its log a Redis holds, and how a server notices that it has lost its tail.

Redis may come back with an older append-only file, or with nothing. What this server saw committed stands
in a mark beside its other data; a Redis that has less begins another incarnation, under which no seq carries
over.
"""

from __future__ import annotations

import secrets

from redis.asyncio import Redis

from fourhands_server.log.log import Clock, Loss
from fourhands_server.log.mark import Mark, Position
from fourhands_server.log.redis import keys
from fourhands_server.log.redis.connect import ask
from fourhands_server.log.redis.fields import text
from fourhands_server.log.redis.library import RENEW


class Identity:
    """The present incarnation, as Redis and this server agree on it."""

    def __init__(self, redis: Redis, mark: Mark, clock: Clock) -> None:
        self.present = ""
        self.loss: Loss | None = None
        self._redis = redis
        self._mark = mark
        self._clock = clock
        self.entries = 0  # of all rooms, as the last answer had it

    async def begin(self) -> None:
        """Compare Redis with the mark; begins another incarnation where it is behind, or none was begun."""
        here, seen = await self._position(), self._mark.read()
        if not here.incarnation:
            await self._renew("", *([seen.incarnation] if seen else []))
        elif seen is not None and await self._is_behind(here, seen):
            await self._renew(here.incarnation, seen.incarnation)
        await self._learn()
        self._mark.begin(Position(self.present, self.entries))

    async def lost(self) -> None:
        """Redis has less than this server has seen, or another has noticed it: learn what holds now."""
        here = await self._position()
        if here.incarnation in ("", self.present):
            await self._renew(here.incarnation, self.present)
        await self._learn()
        self._mark.begin(Position(self.present, self.entries))

    def committed(self, entries: int) -> None:
        """So many entries have ever been committed."""
        if entries > self.entries:
            self.entries = entries
            self._mark.move(Position(self.present, entries))

    async def _is_behind(self, here: Position, seen: Position) -> bool:
        if here.incarnation == seen.incarnation:
            return here.entries < seen.entries
        before = text(await ask(self._redis, "HGET", keys.STORE, "before") or b"").split()
        return seen.incarnation not in before

    async def _position(self) -> Position:
        found = await ask(self._redis, "HMGET", keys.STORE, "incarnation", "entries")
        return Position(text(found[0] or b""), int(found[1] or 0))

    async def _renew(self, present: str, *before: str) -> None:
        names = [name for name in before if name]
        another, now = secrets.token_hex(8), self._clock()
        await ask(self._redis, "FCALL", RENEW, 1, keys.STORE, present, another, now, *names)

    async def _learn(self) -> None:
        found = await ask(self._redis, "HGETALL", keys.STORE)
        self.present = text(found[b"incarnation"])
        self.entries = int(found.get(b"entries", 0))
        before = frozenset(text(found.get(b"before", b"")).split())
        self.loss = Loss(int(found[b"since"]), before) if before else None
