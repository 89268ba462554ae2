"""The interface of the room log: append, commit, and only then does anybody see an entry."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from functools import partial
from typing import Final, NamedTuple, Protocol, runtime_checkable

from fourhands_protocol.entries import Entry

ROOM: Final = "room"
"""The stream that everybody in the room reads; the only one that is hashed."""

PAGE_BYTES: Final = 4 * 2**20
"""Of bodies: what a reader holds at a time, however large the entries of a room are."""

Told = Callable[["list[Appended]", Exception | None], None]
"""told(what the intents made, None), or told([], why they are not recorded)."""

Submit = Callable[["tuple[Intent, ...]", Told], None]
"""submit(intents of one room, told): `RoomLog.append` for whoever needs no future."""

Clock = Callable[[], int]
"""Microseconds since the epoch; may jump, the log clamps it so that a room's time never goes back."""


class Intent(NamedTuple):
    """What somebody wants recorded. The log adds the seq and the time.

    `producer` and `pseq` make it idempotent: a producer numbers its intents 1, 2, 3 … within a room
    (gaps are fine), and an intent sent again is answered with the entry it made the first time.
    `fence` is the number of the room's owner where rooms have owners; 0 where they have none.
    """

    room: str
    stream: str
    producer: str
    pseq: int
    actor: str
    kind: str
    body: bytes
    fence: int = 0


class Appended(NamedTuple):
    """One intent's entry; `fresh` is False where an earlier append of (producer, pseq) had made it."""

    entry: Entry
    fresh: bool


class Head(NamedTuple):
    """Where a stream stands: its last seq and time (0 and 0 where it is empty).

    `hash` is the room stream's chain up to `seq`, 32 zero bytes for an empty room; other streams are not
    hashed and have `b""`. `incarnation` is new when the log may have lost its tail: seqs do not carry over.
    """

    seq: int
    at: int
    hash: bytes
    incarnation: str


class Loss(NamedTuple):
    """That a log may have lost its tail: when (µs of the wall clock), and the incarnations of before."""

    since: int
    before: frozenset[str]


class RoomSummary(NamedTuple):
    """A room in the list of rooms: the first and the last entry of its `room` stream."""

    room: str
    first: Entry
    last: Entry


class RoomLog(Protocol):
    """An ordered, durable log per room and stream. Used from one event loop."""

    def append(self, *intents: Intent) -> asyncio.Future[list[Appended]]:
        """Record the intents of one room; the future resolves when they are durable.

        The order of calls is the order of seqs, and futures resolve in the order of calls. The intents of one
        call commit together or not at all. Errors: `NotRecorded`, `Fenced`, `PseqReused`; ValueError at once
        for intents of several rooms, of none, or a pseq below 1.

        After `NotRecorded` every later append to that room fails with it too, so that no hole can arise
        behind the back of a caller who had more under way, until `reopen`. (Overload alone is answered at
        once and so may come before the answers to earlier calls.) A cancelled future cancels nothing.
        """
        ...

    async def reopen(self, room: str) -> Head:
        """The room's head as committed; from here on appends are taken again after a failed one.

        For whoever has thrown away what it knew of the room and builds it anew from the log, and nobody else.
        """
        ...

    def rest(self, room: str) -> None:
        """Nobody here will append to this room soon: what is kept at hand of it alone may go."""
        ...

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
        """Committed entries by seq: those with after < seq <= upto, at most `limit`, filtered by kind.

        A page ends early with the entry that brings its bodies to `size` bytes: one that is shorter than
        `limit` and smaller than `size` is the last.
        """
        ...

    async def head(self, room: str, stream: str = ROOM) -> Head:
        """Where the stream stands, committed entries only."""
        ...

    async def loss(self, room: str) -> Loss | None:
        """When the room's tail may last have been lost, so that others may hold more of it; None: never."""
        ...

    async def settled(self, room: str, producer: str) -> int:
        """The highest pseq of that producer in that room, over all streams; 0 where there is none."""
        ...

    async def producers(self, room: str) -> dict[str, int]:
        """Every producer of the room with its highest pseq."""
        ...

    async def rooms(self) -> list[RoomSummary]:
        """Every room that has an entry in its `room` stream, oldest first."""
        ...

    async def aclose(self) -> None:
        """Commit what waits, then stop. Later calls fail with `NotRecorded` or `Unreadable`."""
        ...


@runtime_checkable
class _Submits(Protocol):
    def submit(self, intents: tuple[Intent, ...], told: Told) -> None: ...


def submit_to(log: RoomLog) -> Submit:
    """How to append to this log and be told by a call: its own way, if it has one without a future.

    `told` is called in the order of the appends, never before the call that appends has returned.
    """
    if isinstance(log, _Submits):
        return log.submit

    def submit(intents: tuple[Intent, ...], told: Told) -> None:
        log.append(*intents).add_done_callback(partial(_tell, told))

    return submit


def _tell(told: Told, done: asyncio.Future[list[Appended]]) -> None:
    if not done.cancelled():
        error = done.exception()
        if error is None or isinstance(error, Exception):
            told([] if error is not None else done.result(), error)
