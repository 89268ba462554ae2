"""The room log in Redis: appended to by a Function, in batches, in the order of calls."""

from __future__ import annotations

import asyncio
import logging
import secrets
from collections import deque
from collections.abc import Coroutine
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any, Final, TypeVar

from redis.exceptions import RedisError

from fourhands_protocol.entries import Entry
from fourhands_server.log.clock import wall_clock
from fourhands_server.log.errors import LogError, NotOpened, NotRecorded, Unreadable
from fourhands_server.log.lock import StoreLock
from fourhands_server.log.log import PAGE_BYTES, ROOM, Appended, Clock, Head, Intent, Loss, RoomSummary
from fourhands_server.log.mark import Mark
from fourhands_server.log.redis import library
from fourhands_server.log.redis.answers import Committed, Stale, answers
from fourhands_server.log.redis.connect import connection
from fourhands_server.log.redis.identity import Identity
from fourhands_server.log.redis.reading import Reading, Wanted
from fourhands_server.log.redis.settings import check_settings
from fourhands_server.log.staging import check_call

_log = logging.getLogger(__name__)

CALLS_WAITING: Final = 20_000
BYTES_WAITING: Final = 64 * 2**20
"""Appends that may wait (seconds of a busy server); past either they are refused."""

BATCH_CALLS: Final = 1_000
BATCH_BYTES: Final = 8 * 2**20
"""Bounds of what is sent at once, so that the first who waits need not wait for the last."""

FAILURES: Final = (RedisError, OSError, TimeoutError)
T = TypeVar("T")


class _Call:
    """One append that waits; a question (no intents) waits for all that was asked before it."""

    __slots__ = ("answer", "intents", "now", "room", "size")

    def __init__(
        self, room: str, intents: tuple[Intent, ...], now: int, size: int, answer: asyncio.Future[Any]
    ) -> None:
        self.room = room
        self.intents = intents
        self.now = now
        self.size = size
        self.answer = answer


class RedisLog:
    """A `RoomLog` in Redis. Make one with `open`."""

    def __init__(self, url: str, mark: Mark, *, clock: Clock, calls_waiting: int, bytes_waiting: int) -> None:
        self._clock = clock
        self._redis = connection(url)
        self._node = secrets.token_hex(4)
        self._identity = Identity(self._redis, mark, clock)
        self._reading = Reading(self._redis)
        self._known: dict[str, int] = {}  # entries of each room, as this server has seen them committed
        self._broken: set[str] = set()
        self._waiting: deque[_Call] = deque()
        self._calls_left = calls_waiting
        self._bytes_left = bytes_waiting
        self._asked = asyncio.Event()
        self._closed = False
        self._writing: asyncio.Task[None] | None = None
        self._beside = AsyncExitStack()

    @classmethod
    async def open(
        cls,
        url: str,
        folder: Path,
        *,
        clock: Clock = wall_clock,
        calls_waiting: int = CALLS_WAITING,
        bytes_waiting: int = BYTES_WAITING,
    ) -> RedisLog:
        """Open the log at `url`, with this server's mark in `folder`; raises `NotOpened`."""
        async with AsyncExitStack() as opened:
            try:
                lock, mark = _beside(folder)
                opened.callback(lock.close)
                opened.callback(mark.close)
                log = cls(url, mark, clock=clock, calls_waiting=calls_waiting, bytes_waiting=bytes_waiting)
                opened.push_async_callback(log._redis.aclose)
                await check_settings(log._redis)
                await library.load(log._redis)
                await log._identity.begin()
            except (*FAILURES, ValueError) as error:
                raise NotOpened(folder, f"Redis at {_without_secret(url)}: {error}") from error
            log._beside = opened.pop_all()
        log._writing = asyncio.create_task(log._write())
        return log

    def append(self, *intents: Intent) -> asyncio.Future[list[Appended]]:
        """See `RoomLog.append`."""
        room, size = check_call(intents)
        answer: asyncio.Future[list[Appended]] = asyncio.get_running_loop().create_future()
        if self._closed:
            answer.set_exception(NotRecorded("closed"))
        elif self._calls_left < 1 or self._bytes_left < size:
            self._broken.add(room)
            answer.set_exception(NotRecorded("overloaded"))
        else:
            self._calls_left -= 1
            self._bytes_left -= size
            self._put(_Call(room, intents, self._clock(), size, answer))
        return answer

    async def reopen(self, room: str) -> Head:
        """See `RoomLog.reopen`."""
        self._check_open()
        answer: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._put(_Call(room, (), 0, 0, answer))
        await answer
        return await self.head(room)

    def rest(self, room: str) -> None:
        """See `RoomLog.rest`: nothing is kept here but how long each room is, and that tells of losses."""

    async def read(
        self,
        room: str,
        stream: str = ROOM,
        *,
        after: int = 0,
        limit: int = 1000,
        without: frozenset[str] = frozenset(),
        only: frozenset[str] | None = None,
        upto: int | None = None,
        size: int = PAGE_BYTES,
    ) -> list[Entry]:
        """See `RoomLog.read`."""
        wanted = Wanted(room, stream, after, limit, without, only, upto, size)
        return await self._read(self._reading.page(wanted))

    async def head(self, room: str, stream: str = ROOM) -> Head:
        """See `RoomLog.head`."""
        return await self._read(self._reading.head(room, stream, self._identity.present))

    async def loss(self, room: str) -> Loss | None:
        """See `RoomLog.loss`."""
        return self._identity.loss

    async def settled(self, room: str, producer: str) -> int:
        """See `RoomLog.settled`."""
        return await self._read(self._reading.settled(room, producer))

    async def producers(self, room: str) -> dict[str, int]:
        """See `RoomLog.producers`."""
        return await self._read(self._reading.counters(room))

    async def rooms(self) -> list[RoomSummary]:
        """See `RoomLog.rooms`."""
        return await self._read(self._reading.rooms())

    async def aclose(self) -> None:
        """See `RoomLog.aclose`."""
        if not self._closed:
            self._closed = True
            self._asked.set()
            if self._writing is not None:
                await self._writing
            await self._beside.aclose()

    # Inside

    def _check_open(self) -> None:
        if self._closed:
            raise Unreadable("closed")

    async def _read(self, question: Coroutine[Any, Any, T]) -> T:
        if self._closed:
            question.close()
            raise Unreadable("closed")
        try:
            return await question
        except FAILURES as error:
            raise Unreadable(f"Redis: {error or type(error).__name__}") from error

    def _put(self, call: _Call) -> None:
        self._waiting.append(call)
        self._asked.set()

    async def _write(self) -> None:
        """Send what waits; what comes meanwhile waits for the next turn. Ends when closed and empty."""
        while True:
            await self._asked.wait()
            self._asked.clear()
            while self._waiting:
                if self._waiting[0].intents:
                    await self._send(self._batch())
                else:
                    await self._reopen(self._waiting.popleft())
            if self._closed:
                return

    def _batch(self) -> list[_Call]:
        batch: list[_Call] = []
        size = 0
        while self._waiting and self._waiting[0].intents and len(batch) < BATCH_CALLS and size < BATCH_BYTES:
            batch.append(self._waiting.popleft())
            size += batch[-1].size
        return batch

    async def _reopen(self, question: _Call) -> None:
        """All that was asked for before is settled: from here on the room takes appends again."""
        room = question.room
        try:
            self._known[room] = await self._reading.count(room)
        except FAILURES as error:
            failed: Exception = Unreadable(f"Redis: {error or type(error).__name__}")
            if not question.answer.done():
                question.answer.set_exception(failed)
            return
        self._broken.discard(room)
        if not question.answer.done():
            question.answer.set_result(None)

    async def _send(self, batch: list[_Call]) -> None:
        rooms: dict[str, list[_Call]] = {}
        for call in batch:
            if call.room not in self._broken:
                rooms.setdefault(call.room, []).append(call)
        outcomes: dict[_Call, list[Appended] | LogError] = {}
        try:
            replies = await self._exchange(rooms)
        except FAILURES as error:
            reason = f"Redis: {error or type(error).__name__}"
            replies = [NotRecorded(reason)] * len(rooms)
        stale = False
        for (room, calls), reply in zip(rooms.items(), replies, strict=True):
            if isinstance(reply, Committed):
                self._known[room] = reply.known
                self._identity.committed(reply.entries)
                outcomes.update(zip(calls, reply.outcomes, strict=True))
                continue
            stale = stale or isinstance(reply, Stale)
            self._broken.add(room)
            failure = reply if isinstance(reply, NotRecorded) else NotRecorded(str(reply))
            outcomes.update(dict.fromkeys(calls, failure))
        if stale:
            await self._look_again()
        for call in batch:
            self._calls_left += 1
            self._bytes_left += call.size
            outcome = outcomes.get(call) or NotRecorded("an earlier append to this room failed")
            _settle(call.answer, outcome)

    async def _exchange(self, rooms: dict[str, list[_Call]]) -> list[Committed | Stale | NotRecorded]:
        """One call of the Function for each room, all sent at once; their answers in the same order."""
        if not rooms:
            return []
        for room in rooms.keys() - self._known.keys():
            self._known[room] = await self._reading.count(room)
        pipeline = self._redis.pipeline(transaction=False)
        for room, calls in rooms.items():
            arguments = library.append(
                room,
                [(call.now, call.intents) for call in calls],
                incarnation=self._identity.present,
                node=self._node,
                known=self._known[room],
                seen=self._identity.entries,
            )
            pipeline.execute_command("FCALL", *arguments)
        replies = await pipeline.execute(raise_on_error=False)
        asked = [[call.intents for call in calls] for calls in rooms.values()]
        return [answers(reply, calls) for reply, calls in zip(replies, asked, strict=True)]

    async def _look_again(self) -> None:
        """What Redis holds is not what this server has seen: every room is to be read anew."""
        try:
            await library.load(self._redis)
            before = self._identity.present
            await self._identity.lost()
        except FAILURES as error:
            _log.error("Redis has lost something and cannot be asked: %s", error)
            return
        if self._identity.present != before:
            _log.error("Redis has lost entries that were committed; rooms are rebuilt and heal")
            self._reading.forget()
            self._broken.update(self._known)
            self._known.clear()


def _beside(folder: Path) -> tuple[StoreLock, Mark]:
    """What stands in the data folder: two servers with one mark would not know what the other has seen."""
    folder.mkdir(parents=True, exist_ok=True)
    lock = StoreLock(folder / "redis")
    try:
        return lock, Mark(folder / "redis")
    except BaseException:
        lock.close()
        raise


def _settle(answer: asyncio.Future[list[Appended]], outcome: list[Appended] | LogError) -> None:
    if answer.done():
        return
    if isinstance(outcome, LogError):
        answer.set_exception(outcome)
    else:
        answer.set_result(outcome)


def _without_secret(url: str) -> str:
    """The address without who logs in there."""
    scheme, _, rest = url.partition("://")
    return f"{scheme}://{rest.rpartition('@')[2]}"
