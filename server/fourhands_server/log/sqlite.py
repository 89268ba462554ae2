"""The durable room log of one server: SQLite, every commit synced, one writer thread for all rooms."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any, Final, TypeVar

from fourhands_protocol.entries import Entry

from .clock import wall_clock
from .counters import Counters
from .errors import NotRecorded, Unreadable
from .jobs import Call, Job, Outcome, Question
from .log import PAGE_BYTES, ROOM, Appended, Clock, Head, Intent, Loss, RoomSummary, Told
from .reader import Reader
from .rows import Wanted, read_entries
from .staging import check_call
from .summaries import summaries
from .writer import Writer

CALLS_WAITING: Final = 20_000
BYTES_WAITING: Final = 64 * 2**20
"""Appends that may wait for a commit (seconds of a busy server); past either they are refused."""

T = TypeVar("T")

_log = logging.getLogger(__name__)


class SqliteLog:
    """A `RoomLog` in a file. Make one with `open`."""

    def __init__(self, path: Path, *, clock: Clock, calls_waiting: int, bytes_waiting: int) -> None:
        self._clock = clock
        self._loop = asyncio.get_running_loop()
        self._writer = Writer(path, deliver=self._deliver)
        self._reader = Reader(path)
        self._calls_left = calls_waiting
        self._bytes_left = bytes_waiting
        self._incarnation = ""
        self._loss: Loss | None = None
        self._asked: list[Job] = []
        self._closed = False

    @classmethod
    async def open(
        cls,
        path: Path,
        *,
        clock: Clock = wall_clock,
        calls_waiting: int = CALLS_WAITING,
        bytes_waiting: int = BYTES_WAITING,
    ) -> SqliteLog:
        """Open the store, made if it is not there; raises `NotOpened`, so `StoreInUse` or `StoreNewer`."""
        log = cls(path, clock=clock, calls_waiting=calls_waiting, bytes_waiting=bytes_waiting)
        opened = await log._writer.start()
        log._incarnation = opened.present
        log._loss = Loss(opened.since, opened.before) if opened.before else None
        return log

    def append(self, *intents: Intent) -> asyncio.Future[list[Appended]]:
        """See `RoomLog.append`."""
        answer: asyncio.Future[list[Appended]] = self._loop.create_future()
        refused = self._take(intents, partial(_resolve, answer))
        if refused is not None:
            answer.set_exception(refused)
        return answer

    def submit(self, intents: tuple[Intent, ...], told: Told) -> None:
        """See `log.submit_to`."""
        refused = self._take(intents, told)
        if refused is not None:
            self._loop.call_soon(told, [], refused)

    def _take(self, intents: tuple[Intent, ...], told: Told) -> NotRecorded | None:
        """Let the intents of a call wait for a commit; or say why not."""
        room, size = check_call(intents)
        if self._closed:
            return NotRecorded("closed")
        if self._calls_left < 1 or self._bytes_left < size:
            self._writer.break_off(room)
            return NotRecorded("overloaded")
        self._calls_left -= 1
        self._bytes_left -= size
        self._hand_over_soon(Call(room, intents, self._clock(), size, told))
        return None

    def _hand_over_soon(self, job: Job) -> None:
        """What is asked for in one turn of the loop goes to the writer together: each wake-up costs both."""
        if not self._asked:
            self._loop.call_soon(self._hand_over)
        self._asked.append(job)

    def _hand_over(self) -> None:
        asked, self._asked = self._asked, []
        if asked:
            self._writer.put(asked)

    def _deliver(self, outcomes: list[Outcome]) -> None:
        """On the writer's thread: one wake-up of the loop for all that a commit answers."""
        if not self._loop.is_closed():
            self._loop.call_soon_threadsafe(self._settle, outcomes)

    def _settle(self, outcomes: list[Outcome]) -> None:
        for job, value, error in outcomes:
            if isinstance(job, Question):
                _resolve(job.answer, value, error)
                continue
            self._calls_left += 1
            self._bytes_left += job.size
            try:
                job.told(value, error)
            except Exception:  # the others are to be told all the same
                _log.exception("who appended to room %s could not be told", job.room)

    async def _told(self, room: str, ask: Callable[[Counters], T], *, reopens: bool = False) -> T:
        if self._closed:
            raise Unreadable("closed")
        answer: asyncio.Future[T] = self._loop.create_future()
        self._hand_over_soon(Question(room, ask, answer, reopens))
        return await answer

    def rest(self, room: str) -> None:
        """See `RoomLog.rest`."""
        if not self._closed:
            answer: asyncio.Future[None] = self._loop.create_future()
            self._hand_over_soon(Question(room, lambda counters: None, answer, forgets=True))

    async def reopen(self, room: str) -> Head:
        """See `RoomLog.reopen`."""
        return await self._told(
            room, partial(_head, stream=ROOM, incarnation=self._incarnation), reopens=True
        )

    async def head(self, room: str, stream: str = ROOM) -> Head:
        """See `RoomLog.head`."""
        return await self._told(room, partial(_head, stream=stream, incarnation=self._incarnation))

    async def loss(self, room: str) -> Loss | None:
        """See `RoomLog.loss`."""
        return self._loss

    async def settled(self, room: str, producer: str) -> int:
        """See `RoomLog.settled`."""
        return await self._told(room, lambda counters: counters.pseqs.get(producer, 0))

    async def producers(self, room: str) -> dict[str, int]:
        """See `RoomLog.producers`."""
        return await self._told(room, lambda counters: dict(counters.pseqs))

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
        wanted = Wanted(
            room, stream, after=after, limit=limit, without=without, only=only, upto=upto, size=size
        )
        return await self._reader.ask(partial(read_entries, wanted=wanted))

    async def rooms(self) -> list[RoomSummary]:
        """See `RoomLog.rooms`."""
        return await self._reader.ask(summaries)

    async def aclose(self) -> None:
        """See `RoomLog.aclose`."""
        if not self._closed:
            self._closed = True
            await self._reader.aclose()
            self._hand_over()
            await self._writer.stop()


def _resolve(answer: asyncio.Future[Any], value: object, error: Exception | None) -> None:
    if answer.done():
        return  # whoever asked has gone; the entry stays
    if error is None:
        answer.set_result(value)
    else:
        answer.set_exception(error)


def _head(counters: Counters, *, stream: str, incarnation: str) -> Head:
    return counters.head(stream, incarnation)
