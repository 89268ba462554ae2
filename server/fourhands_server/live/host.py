"""Runs one room: carries out what its core asks for, in order, and brings the answers back.

Append, commit, then fan out: the core hears of an entry only after the log holds it. Where an append
fails the host is finished: connections are closed as "not recorded" and the hub builds the room anew
from the log.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Coroutine, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, TypeVar

from fourhands_kernels.kernel import Kernels
from fourhands_protocol import envelope
from fourhands_protocol.errors import NotRecorded
from fourhands_server.core.delivery import STORY_WITHOUT
from fourhands_server.core.effects import (
    Append,
    ApplyEdit,
    AskCode,
    AskDiff,
    AskEntries,
    CloseSeat,
    Effect,
    Origin,
    RenewToken,
    Settle,
)
from fourhands_server.core.operations import Refused
from fourhands_server.core.room import Room
from fourhands_server.core.seat import Seat
from fourhands_server.core.state import RoomState
from fourhands_server.engine.documents import Documents
from fourhands_server.engine.errors import EngineError
from fourhands_server.live.kernel_desk import KernelDesk
from fourhands_server.live.outbox import Outbox, Wire
from fourhands_server.live.pages import read_all
from fourhands_server.log.errors import LogError
from fourhands_server.log.log import Appended, Head, Intent, RoomLog

logger = logging.getLogger(__name__)

Clock = Callable[[], int]
Renew = Callable[[str, Seat], tuple[str, int]]  # (room, seat) → (token, seconds it lasts)
T = TypeVar("T")
NOT_RECORDED = "not recorded: the log could not take an entry"


class RoomFailed(Exception):
    """The log could not take an entry of this room; what was asked is not recorded."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


@dataclass(frozen=True, slots=True)
class Parts:
    """What every room's host works with; chosen in one place, shared by all."""

    log: RoomLog
    documents: Documents
    kernels: Kernels
    clock: Clock
    renew: Renew


class RoomHost:
    """One live room. Used from the event loop only; every method returns at once unless it is async."""

    def __init__(self, room: Room, parts: Parts, *, boot: str) -> None:
        self.room = room
        self.failed: str | None = None
        self.used_at = parts.clock()
        self.edit_lock = asyncio.Lock()
        self.kernel = KernelDesk(room, parts.kernels, parts.clock, self.carry_out)
        self._parts = parts
        self._boot = boot
        self._outboxes: dict[str, Outbox] = {}
        self._calls: dict[int, asyncio.Future[int]] = {}
        self._call = 0
        self._waiters: set[asyncio.Future[None]] = set()
        self._tasks: set[asyncio.Future[Any]] = set()
        self._carrying = False

    @property
    def id(self) -> str:
        """The room's id."""
        return self.room.room

    @property
    def state(self) -> RoomState:
        """The room as it is committed."""
        return self.room.state

    @property
    def idle(self) -> bool:
        """Whether nobody is here and nothing goes on, so that the room may leave memory."""
        busy = self._outboxes or self._calls or self._waiters or self._tasks
        return not busy and not self.state.waiting_runs() and self.kernel.quiet

    # Connections

    def open(self, seat: Seat, wire: Wire) -> None:
        """A connection with a valid token; the wire is the host's to close from here on."""
        if self.failed is not None:
            wire.close(NotRecorded.close_code, NOT_RECORDED)
            return
        self._outboxes[seat.id] = Outbox(seat, wire)
        self.room.open(seat, now=self._now())
        self.carry_out()

    def receive(self, seat_id: str, frame: bytes) -> None:
        """A binary frame of a seat."""
        self.room.receive(seat_id, frame, now=self._now())
        self.carry_out()

    def closed(self, seat_id: str, code: int) -> None:
        """The connection is gone."""
        if self._outboxes.pop(seat_id, None) is not None:
            self.room.closed(seat_id, code, now=self._now())
            self.carry_out()

    def tick(self) -> None:
        """Time went on."""
        self.room.tick(now=self._now())
        self.carry_out()

    def let_go(self) -> None:
        """The room leaves memory: whoever still holds this host must ask the hub for the next one."""
        self.failed = "the room was let go while idle; try again"
        self.kernel.let_go()

    # Calls by HTTP

    async def call(self, person: str, role: str, kind: str, body: Mapping[str, Any]) -> int:
        """An operation; returns the seq of its entry. Raises Refused or RoomFailed."""
        with self._asked(person, role) as (origin, answer):
            self.room.call(origin, kind, body, now=self._now())
            self.carry_out()
            return await answer

    async def join(self, person: str, *, name: str, role: str, invite: str) -> int:
        """A new participant; returns the seq of the entry. Raises RoomFailed."""
        with self._asked(person, role) as (origin, answer):
            self.room.join(origin, name=name, role=role, invite=invite, now=self._now())
            self.carry_out()
            return await answer

    async def edit(self, person: str, role: str, update: bytes, body: bytes) -> int:
        """An edit made here for a participant; returns its seq. Raises ProtocolError, Refused or
        RoomFailed.
        """
        with self._asked(person, role) as (origin, answer):
            self.room.edit(origin, update, body, now=self._now())
            self.carry_out()
            return await answer

    async def text(self, file: str) -> tuple[str, int]:
        """The committed text of a file and the seq at which it stood so."""
        seq = self.state.head
        return await self._parts.documents.text(self.id, file, at=seq), seq

    async def head(self) -> Head:
        """Where the log stands."""
        return await self._parts.log.head(self.id)

    async def changed(self) -> None:
        """Return when the next entry is committed; raises RoomFailed."""
        waiter: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiters.add(waiter)
        try:
            await waiter
        finally:
            self._waiters.discard(waiter)

    # Carrying out

    def carry_out(self) -> None:
        """Do what the core asks for until it asks for nothing more, then write to the connections."""
        if self._carrying or self.failed is not None:
            return
        self._carrying = True
        try:
            while effects := self.room.take_effects():
                appends = [e for e in effects if isinstance(e, Append)]
                if appends:
                    self._append(appends)
                for effect in effects:
                    if not isinstance(effect, Append | CloseSeat):
                        self._do(effect)
                self._flush()
                for effect in effects:
                    if isinstance(effect, CloseSeat):
                        self._close(effect)
            self._flush()
        finally:
            self._carrying = False

    def _do(self, effect: Effect) -> None:
        match effect:
            case ApplyEdit(seq, update):
                self._parts.documents.apply(self.id, seq, update)
            case AskDiff():
                self._ask_diff(effect)
            case AskEntries():
                self._spawn(self._ask_entries(effect))
            case AskCode():
                self._ask_code(effect)
            case Settle():
                self._settle(effect)
            case RenewToken(seat):
                self._renew(seat)
            case Append() | CloseSeat():
                raise AssertionError("appends and closes are done in batches")
            case _:
                self.kernel.do(effect)

    def _append(self, appends: list[Append]) -> None:
        intents = [
            Intent(self.id, "room", a.origin.producer, a.origin.pseq, a.actor, a.kind, a.body)
            for a in appends
        ]
        origins = [a.origin for a in appends]
        try:
            future = self._parts.log.append(*intents)
        except LogError as error:
            self._fail(str(error))
            return
        future.add_done_callback(lambda done: self._committed(done, origins))

    def _committed(self, done: asyncio.Future[list[Appended]], origins: list[Origin]) -> None:
        if done.cancelled():
            return
        if (error := done.exception()) is not None:
            self._fail(str(error))
            return
        if self.failed is not None:
            return
        for (entry, fresh), origin in zip(done.result(), origins, strict=True):
            if not fresh:
                raise AssertionError("the core filters what the log already has")
            self.room.committed(entry, origin)
        self.carry_out()
        self._wake()

    def _fail(self, reason: str) -> None:
        """Nothing of what is in memory can be trusted to be in the log: let go of it all."""
        if self.failed is not None:
            return
        self.failed = reason
        logger.error("room %s is not recorded: %s", self.id, reason)
        for outbox in self._outboxes.values():
            outbox.wire.close(NotRecorded.close_code, NOT_RECORDED)
        self._outboxes.clear()
        waiting: list[asyncio.Future[Any]] = [*self._calls.values(), *self._waiters]
        for future in waiting:
            if not future.done():
                future.set_exception(RoomFailed(reason))
        self.kernel.let_go()
        for task in self._tasks:
            task.cancel()

    def _flush(self) -> None:
        for seat in self.room.take_talking():
            outbox = self._outboxes.get(seat.id)
            if outbox is not None and not outbox.flush():
                self.room.drop_seat(seat.id, 4301, "this client reads too slowly")

    def _close(self, effect: CloseSeat) -> None:
        if outbox := self._outboxes.pop(effect.seat, None):
            outbox.wire.close(effect.code, effect.reason)
            self.room.closed(effect.seat, effect.code, now=self._now())

    # Questions

    def _ask_diff(self, ask: AskDiff) -> None:
        def answer(done: asyncio.Future[bytes]) -> None:
            if self.failed is not None or done.cancelled():
                return
            if isinstance(error := done.exception(), EngineError):
                logger.error("room %s: no document for a newcomer: %s", self.id, error)
                self.room.drop_seat(ask.seat, 4300, "the document is being rebuilt; come back")
            else:
                self.room.diff_read(ask.seat, done.result(), now=self._now())
            self.carry_out()

        self._watch(self._parts.documents.diff(self.id, ask.vector)).add_done_callback(answer)

    async def _ask_entries(self, ask: AskEntries) -> None:
        without = STORY_WITHOUT if ask.story else frozenset[str]()
        entries = await read_all(self._parts.log, self.id, after=ask.after, upto=ask.upto, without=without)
        self.room.entries_read(ask.seat, entries, now=self._now())
        self.carry_out()

    def _ask_code(self, ask: AskCode) -> None:
        def answer(done: asyncio.Future[str]) -> None:
            if self.failed is not None or done.cancelled():
                return
            if isinstance(error := done.exception(), EngineError):
                self.room.run_failed(
                    ask.run, f"the text of {ask.file} could not be read: {error}", now=self._now()
                )
            else:
                self.room.code_read(ask.run, done.result(), now=self._now())
            self.carry_out()

        documents = self._parts.documents
        asked = (
            documents.text_at(self.id, ask.file, ask.seq)
            if ask.past
            else documents.text(self.id, ask.file, at=ask.seq)
        )
        self._watch(asked).add_done_callback(answer)

    def _settle(self, effect: Settle) -> None:
        future = self._calls.get(effect.call) if isinstance(effect.call, int) else None
        if future is None or future.done():
            return
        if effect.refused:
            future.set_exception(Refused(effect.refused, effect.message))
        else:
            future.set_result(effect.seq)

    def _renew(self, seat_id: str) -> None:
        if outbox := self._outboxes.get(seat_id):
            token, seconds = self._parts.renew(self.id, outbox.seat)
            outbox.seat.send(envelope.encode(envelope.Token(token, seconds)))
            outbox.flush()

    # Small things

    @contextmanager
    def _asked(self, person: str, role: str) -> Iterator[tuple[Origin, asyncio.Future[int]]]:
        """What is asked by HTTP, and its answer; nothing of it stays behind, however it goes."""
        if self.failed is not None:
            raise RoomFailed(self.failed)
        self.used_at = self._now()
        self._call += 1
        call = self._call
        self._calls[call] = answer = asyncio.get_running_loop().create_future()
        try:
            yield Origin(person, role, f"api/{self._boot}", call, call=call), answer
        finally:
            self._calls.pop(call, None)

    def _wake(self) -> None:
        for waiter in self._waiters:
            if not waiter.done():
                waiter.set_result(None)

    def _watch(self, future: asyncio.Future[T]) -> asyncio.Future[T]:
        self._tasks.add(future)
        future.add_done_callback(self._tasks.discard)
        return future

    def _spawn(self, work: Coroutine[Any, Any, None]) -> None:
        self._watch(asyncio.ensure_future(work))

    def _now(self) -> int:
        return self._parts.clock()
