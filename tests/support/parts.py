"""What a room's host works with, obedient to the test: a log in memory, documents and kernels that answer
when they are told to, wires that take what they get or nothing.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from fourhands_kernels.kernel import Attachment, Availability, Execution, Listener, Offer
from fourhands_server.blobs.memory import MemoryBlobs
from fourhands_server.core.seat import Dialect, Seat
from fourhands_server.live.host import RoomHost
from fourhands_server.live.hub import Hub
from fourhands_server.live.parts import Parts
from fourhands_server.log.memory import MemoryLog


@dataclass
class Wire:
    """One connection's end; a stuck one takes nothing."""

    stuck: bool = False
    sent: list[bytes] = field(default_factory=list)
    waiting: int = 0
    closed: tuple[int, str] | None = None
    freed: asyncio.Event = field(default_factory=asyncio.Event)

    def write(self, frames: list[bytes]) -> None:
        if self.closed is None:
            self.sent += frames
            self.waiting += sum(map(len, frames)) if self.stuck else 0

    def close(self, code: int, reason: str) -> None:
        if self.closed is None:
            self.closed = code, reason

    def buffered(self) -> int:
        return self.waiting

    def taken(self) -> int:
        return sum(map(len, self.sent)) - self.waiting

    async def drained(self) -> None:
        if self.stuck and self.waiting:
            await self.freed.wait()

    def free(self) -> None:
        """The network takes everything again."""
        self.stuck, self.waiting = False, 0
        self.freed.set()


@dataclass
class Documents:
    """Answers every question with `answer`, an error or bytes; None lets questions wait in `asked`."""

    answer: Any = b"\x00\x00"
    asked: list[asyncio.Future[Any]] = field(default_factory=list)

    def diff(self, room: str, vector: bytes | None) -> asyncio.Future[Any]:
        return self._ask(self.answer)

    def parts(self, room: str) -> None:
        """No document is at hand."""

    def text(self, room: str, root: str, *, at: int) -> asyncio.Future[Any]:
        return self._ask(self.answer if isinstance(self.answer, Exception) else "pass")

    def text_at(self, room: str, root: str, seq: int) -> asyncio.Future[Any]:
        return self.text(room, root, at=seq)

    def texts(self, room: str, roots: Sequence[str], *, at: int) -> asyncio.Future[Any]:
        return self._ask(self.answer if isinstance(self.answer, Exception) else ["pass"] * len(roots))

    def texts_at(self, room: str, roots: Sequence[str], seq: int) -> asyncio.Future[Any]:
        return self.texts(room, roots, at=seq)

    def apply(self, room: str, seq: int, update: bytes) -> None:
        pass

    def drop(self, room: str) -> None:
        pass

    def _ask(self, answer: Any) -> asyncio.Future[Any]:
        future: asyncio.Future[Any] = asyncio.get_running_loop().create_future()
        self.asked.append(future)
        if isinstance(answer, Exception):
            future.set_exception(answer)
        elif answer is not None:
            future.set_result(answer)
        return future


@dataclass
class Kernels:
    """A kernel host that takes every command; while it is `hung` it answers none."""

    hung: bool = False
    attachment: Attachment = field(default_factory=lambda: Attachment("", "journal", "none"))
    listeners: dict[str, Listener] = field(default_factory=dict)
    executed: list[Execution] = field(default_factory=list)
    stopped: list[str] = field(default_factory=list)
    acknowledged: list[int] = field(default_factory=list)
    offers: list[Offer] = field(default_factory=lambda: [Offer("default", "Python")])

    async def environments(self) -> list[Offer]:
        return self.offers

    async def availability(self) -> Availability:
        return Availability(ok=True)

    async def attach(self, room: str, listener: Listener, *, after: Any = None) -> Attachment:
        self.listeners[room] = listener
        await self._answer()
        return self.attachment

    async def execute(self, room: str, execution: Execution) -> None:
        await self._answer()
        self.executed.append(execution)

    async def stop(self, room: str, *, why: str | None = None) -> None:
        await self._answer()
        self.stopped.append(room)

    async def detach(self, room: str) -> None:
        self.listeners.pop(room, None)

    def acknowledge(self, room: str, n: int) -> None:
        self.acknowledged.append(n)

    async def _answer(self) -> None:
        if self.hung:
            await asyncio.Event().wait()


@dataclass
class House:
    """A hub on such parts; `now` is µs."""

    log: MemoryLog = field(default_factory=MemoryLog)
    documents: Documents = field(default_factory=Documents)
    kernels: Kernels = field(default_factory=Kernels)
    blobs: MemoryBlobs = field(default_factory=MemoryBlobs)
    now: int = 1_700_000_000_000_000
    seats: int = 0

    def __post_init__(self) -> None:
        parts: Any = (
            self.log,
            self.documents,
            self.kernels,
            lambda: self.now,
            lambda room, seat: ("t", 7200),
            self.blobs,
        )
        self.hub = Hub(Parts(*parts))
        self.hub.kernel_refused = None

    async def room(self) -> RoomHost:
        """A new room with ada, a candidate, and ivy, an interviewer."""
        host = await self.hub.create(title="T", settings={})
        await host.join("ada", name="Ada", role="candidate", invite="candidate/1")
        await host.join("ivy", name="Ivy", role="interviewer", invite="interviewer/1")
        return host

    def connect(
        self, host: RoomHost, person: str, *, dialect: Dialect = "stock", role: str = "candidate"
    ) -> tuple[str, Wire]:
        """A connection that has said nothing yet: its seat and its wire."""
        self.seats += 1
        wire = Wire()
        seat = Seat(f"seat-{self.seats}", person, role, dialect, self.now + 10**12)
        host.open(seat, wire)
        return seat.id, wire


async def turns(count: int = 20) -> None:
    """Let the loop turn: all that can happen without waiting has happened after it."""
    for _ in range(count):
        await asyncio.sleep(0)
