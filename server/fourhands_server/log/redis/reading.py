"""Reading entries and heads out of Redis."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Final

from redis.asyncio import Redis

from fourhands_protocol.chain import GENESIS, link
from fourhands_protocol.entries import Entry
from fourhands_server.log.errors import Unreadable
from fourhands_server.log.log import ROOM, Head, RoomSummary
from fourhands_server.log.redis import keys
from fourhands_server.log.redis.connect import ask
from fourhands_server.log.redis.fields import stored

FIRST: Final = 32  # entries of the first piece; a later one has more where entries are small
MOST: Final = 1000
PIECE_BYTES: Final = 256 * 1024  # of bodies; a piece that has more is followed by a smaller one
CHECKPOINT: Final = 2_000  # entries hashed after which the chain is worth keeping
ROOMS_KEPT: Final = 4_096


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which entries of a room a reader wants; see `RoomLog.read`."""

    room: str
    stream: str = ROOM
    after: int = 0
    limit: int = 1000
    without: frozenset[str] = frozenset()
    only: frozenset[str] | None = None
    upto: int | None = None
    size: int = PIECE_BYTES


class Reading:
    """Answers questions about committed entries; all raise `Unreadable` where one is missing."""

    def __init__(self, redis: Redis) -> None:
        self._redis = redis
        self._chains: dict[str, tuple[int, bytes]] = {}

    def forget(self) -> None:
        """Another incarnation has begun: what was hashed may not be there any more."""
        self._chains.clear()

    async def page(self, wanted: Wanted) -> list[Entry]:
        """See `RoomLog.read`."""
        page: list[Entry] = []
        size = wanted.size
        if wanted.limit <= 0:
            return page
        async for entry in self._entries(wanted.room, wanted.stream, max(wanted.after, 0), wanted.upto):
            if entry.kind in wanted.without or (wanted.only is not None and entry.kind not in wanted.only):
                continue
            page.append(entry)
            size -= len(entry.body)
            if size <= 0 or len(page) == wanted.limit:
                break
        return page

    async def head(self, room: str, stream: str, incarnation: str) -> Head:
        """See `RoomLog.head`."""
        fields = [f"seq:{stream}", f"at:{stream}", "chain"]
        seq, at, chain = await ask(self._redis, "HMGET", keys.meta(room), *fields)
        if stream != ROOM:
            return Head(int(seq or 0), int(at or 0), b"", incarnation)
        return Head(int(seq or 0), int(at or 0), await self._chain(room, int(seq or 0), chain), incarnation)

    async def counters(self, room: str) -> dict[str, int]:
        """Every producer with its highest pseq."""
        found = await ask(self._redis, "HGETALL", keys.producers(room))
        return {name.decode(): int(pseq) for name, pseq in found.items()}

    async def settled(self, room: str, producer: str) -> int:
        """The highest pseq of one producer."""
        return int(await ask(self._redis, "HGET", keys.producers(room), producer) or 0)

    async def count(self, room: str) -> int:
        """How many entries the room has in all its streams."""
        return int(await ask(self._redis, "HGET", keys.meta(room), "n") or 0)

    async def rooms(self) -> list[RoomSummary]:
        """See `RoomLog.rooms`."""
        names = [name.decode() for name in await ask(self._redis, "ZRANGE", keys.ROOMS, 0, -1)]
        summaries: list[RoomSummary] = []
        for start in range(0, len(names), MOST):
            some = names[start : start + MOST]
            pipeline = self._redis.pipeline(transaction=False)
            for name in some:
                pipeline.xrange(keys.stream(name, ROOM), count=1)
                pipeline.xrevrange(keys.stream(name, ROOM), count=1)
            ends = iter(await pipeline.execute())
            for name, first, last in zip(some, ends, ends, strict=False):
                if first and last:
                    made = [stored(ROOM, *one[0]).entry for one in (first, last)]
                    summaries.append(RoomSummary(name, *made))
        return summaries

    async def _entries(self, room: str, stream: str, after: int, upto: int | None) -> AsyncIterator[Entry]:
        """Entries one by one; they are dense, or some are lost."""
        key, count = keys.stream(room, stream), FIRST
        last = f"{upto}-0" if upto is not None else "+"
        while upto is None or after < upto:
            found = await ask(self._redis, "XRANGE", key, f"{after + 1}-0", last, "COUNT", count)
            size = 0
            for identifier, fields in found:
                entry = stored(stream, identifier, fields).entry
                if entry.seq != after + 1:
                    raise Unreadable(f"{stream} of room {room} lacks {after + 1} to {entry.seq - 1}")
                after, size = entry.seq, size + len(entry.body)
                yield entry
            if len(found) < count:
                return
            count = max(1, count // 4) if size > PIECE_BYTES else min(MOST, count * 4)

    async def _chain(self, room: str, seq: int, kept: bytes | None) -> bytes:
        """The hash of the chain up to `seq`, from the furthest point that is known."""
        at, chain = self._chains.get(room, (0, GENESIS))
        if kept is not None:
            known, _, digest = kept.partition(b" ")
            if at < int(known) <= seq:
                at, chain = int(known), bytes.fromhex(digest.decode())
        if at > seq:
            at, chain = 0, GENESIS
        begun = at
        async for entry in self._entries(room, ROOM, at, seq):
            at, chain = entry.seq, link(chain, entry)
        if at < seq:
            raise Unreadable(f"room {room} ends at {at}, not at {seq}")
        if at - begun >= CHECKPOINT:
            await ask(self._redis, "HSET", keys.meta(room), "chain", f"{at} {chain.hex()}")
        if len(self._chains) >= ROOMS_KEPT:
            self._chains.pop(next(iter(self._chains)))
        self._chains[room] = (at, chain)
        return chain
