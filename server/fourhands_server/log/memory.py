"""A room log in memory, for tests and demos: the same answers as a durable one, gone with the process.

A test can stand in for the disk: `hold` lets appends wait as if a commit took long, `release` commits them,
and `refuse` makes commits fail until `accept`.
"""

from __future__ import annotations

import asyncio
import secrets
from dataclasses import dataclass, field
from itertools import islice

from fourhands_protocol.entries import Entry

from .clock import wall_clock
from .counters import Counters
from .errors import LogError, NotRecorded, Unreadable
from .log import PAGE_BYTES, ROOM, Appended, Clock, Head, Intent, Loss, RoomSummary
from .staging import check_call, stage


@dataclass(slots=True)
class _Room:
    counters: Counters = field(default_factory=Counters)
    streams: dict[str, list[Entry]] = field(default_factory=dict)
    made: dict[tuple[str, int], Entry] = field(default_factory=dict)

    def earlier(self, intent: Intent) -> Entry | None:
        return self.made.get((intent.producer, intent.pseq))


@dataclass(frozen=True, slots=True)
class _Call:
    intents: tuple[Intent, ...]
    now: int
    answer: asyncio.Future[list[Appended]]


class MemoryLog:
    """A `RoomLog` without a disk; an append commits in the next turn of the loop."""

    def __init__(self, *, clock: Clock = wall_clock, capacity: int = 10_000) -> None:
        self._clock = clock
        self._capacity = capacity
        self._rooms: dict[str, _Room] = {}
        self._broken: set[str] = set()
        self._waiting: list[_Call] = []
        self._incarnation = secrets.token_hex(8)
        self._before: list[str] = []
        self._lost_at = 0
        self._refusal: str | None = None
        self._held = False
        self._closed = False

    def append(self, *intents: Intent) -> asyncio.Future[list[Appended]]:
        """See `RoomLog.append`."""
        check_call(intents)
        loop = asyncio.get_running_loop()
        answer: asyncio.Future[list[Appended]] = loop.create_future()
        if self._closed or len(self._waiting) >= self._capacity:
            self._broken.add(intents[0].room)
            answer.set_exception(NotRecorded("closed" if self._closed else "overloaded"))
            return answer
        if not self._waiting and not self._held:
            loop.call_soon(self._commit)
        self._waiting.append(_Call(intents, self._clock(), answer))
        return answer

    def hold(self) -> None:
        """Let appends wait from here on."""
        self._held = True

    def release(self) -> None:
        """Commit what waits, and again at once from here on."""
        self._held = False
        self._commit()

    def refuse(self, reason: str) -> None:
        """Make every commit fail, like a disk that is full."""
        self._refusal = reason

    def accept(self) -> None:
        """Let commits succeed again."""
        self._refusal = None

    def lose(self, room: str, *, after: int) -> None:
        """Lose what the room's stream has beyond a seq, like a disk whose backup was put back."""
        self._before.append(self._incarnation)
        self._incarnation = secrets.token_hex(8)
        self._lost_at = self._clock()
        before, self._rooms[room] = self._rooms[room], _Room()
        for (producer, pseq), entry in sorted(before.made.items(), key=lambda one: one[1].seq):
            if entry.stream == ROOM and entry.seq <= after:
                again = Intent(room, ROOM, producer, pseq, entry.actor, entry.kind, entry.body)
                made = self._rooms[room].counters.number(again, now=entry.at)
                self._rooms[room].streams.setdefault(ROOM, []).append(made)
                self._rooms[room].made[producer, pseq] = made

    def _commit(self) -> None:
        if self._held:
            return
        waiting, self._waiting = self._waiting, []
        for call in waiting:
            try:
                answer = self._record(call)
            except LogError as error:
                _settle(call.answer, error)
            else:
                _settle(call.answer, answer)

    def _record(self, call: _Call) -> list[Appended]:
        name = call.intents[0].room
        if self._refusal is not None:
            self._broken.add(name)
            raise NotRecorded(self._refusal)
        if name in self._broken:
            raise NotRecorded("an earlier append to this room failed")
        room = self._rooms.get(name) or _Room()
        answers, fresh = stage(room.counters, call.intents, now=call.now, earlier=room.earlier)
        for intent, entry, _ in fresh:
            room.streams.setdefault(entry.stream, []).append(entry)
            room.made[intent.producer, intent.pseq] = entry
        self._rooms[name] = room
        return answers

    async def reopen(self, room: str) -> Head:
        """See `RoomLog.reopen`."""
        self._check_open()
        self._commit()
        self._broken.discard(room)
        return self._room(room).counters.head(ROOM, self._incarnation)

    def rest(self, room: str) -> None:
        """See `RoomLog.rest`: all that is here is the log itself."""

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
        self._check_open()
        entries = self._room(room).streams.get(stream, [])[max(after, 0) : upto]
        wanted = (e for e in entries if e.kind not in without and (only is None or e.kind in only))
        page: list[Entry] = []
        for entry in islice(wanted, max(limit, 0)):
            page.append(entry)
            size -= len(entry.body)
            if size <= 0:
                break
        return page

    async def head(self, room: str, stream: str = ROOM) -> Head:
        """See `RoomLog.head`."""
        self._check_open()
        return self._room(room).counters.head(stream, self._incarnation)

    async def loss(self, room: str) -> Loss | None:
        """See `RoomLog.loss`."""
        return Loss(self._lost_at, frozenset(self._before)) if self._before else None

    async def settled(self, room: str, producer: str) -> int:
        """See `RoomLog.settled`."""
        return (await self.producers(room)).get(producer, 0)

    async def producers(self, room: str) -> dict[str, int]:
        """See `RoomLog.producers`."""
        self._check_open()
        return dict(self._room(room).counters.pseqs)

    async def rooms(self) -> list[RoomSummary]:
        """See `RoomLog.rooms`."""
        self._check_open()
        streams = ((name, room.streams.get(ROOM)) for name, room in self._rooms.items())
        return [RoomSummary(name, entries[0], entries[-1]) for name, entries in streams if entries]

    async def aclose(self) -> None:
        """See `RoomLog.aclose`."""
        self._held = False
        self._commit()
        self._closed = True

    def _room(self, name: str) -> _Room:
        return self._rooms.get(name) or _Room()

    def _check_open(self) -> None:
        if self._closed:
            raise Unreadable("closed")


def _settle(answer: asyncio.Future[list[Appended]], outcome: list[Appended] | LogError) -> None:
    if answer.done():
        return
    if isinstance(outcome, LogError):
        answer.set_exception(outcome)
    else:
        answer.set_result(outcome)
