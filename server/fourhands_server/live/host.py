"""Runs one room: carries out what its core asks for, in order, and brings the answers back.

Append, commit, then fan out: the core hears of an entry only after the log holds it. Where an append
fails the host is finished: connections are closed as "not recorded" and the hub builds the room anew
from the log.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from functools import partial
from typing import Any, cast

from fourhands_protocol import envelope
from fourhands_protocol.errors import NotRecorded, ProtocolError
from fourhands_protocol.heartbeat import HEARTBEATS
from fourhands_protocol.sync import AWARENESS
from fourhands_server.core.effects import (
    Append,
    ApplyEdit,
    AskCode,
    AskDiff,
    AskEntries,
    AskKernel,
    AskTexts,
    CloseSeat,
    Effect,
    Origin,
    RenewToken,
    Report,
    Settle,
)
from fourhands_server.core.operations import Refused
from fourhands_server.core.reception import Undecoded
from fourhands_server.core.room import Room
from fourhands_server.core.seat import Seat
from fourhands_server.core.state import RoomState
from fourhands_server.live.calls import Calls, RoomFailed
from fourhands_server.live.inquiries import Inquiries
from fourhands_server.live.kernel_desk import KernelDesk
from fourhands_server.live.outbox import Wire
from fourhands_server.live.outboxes import Outboxes
from fourhands_server.live.parts import Parts
from fourhands_server.live.together import Together
from fourhands_server.live.told import Told
from fourhands_server.log.log import Appended, Head, Intent, submit_to

logger = logging.getLogger(__name__)

MAY_REPEAT = (*HEARTBEATS, bytes([AWARENESS]))  # how the frames of an idle page begin
NOT_RECORDED = "not recorded: the log could not take an entry"


class RoomHost:
    """One live room. Used from the event loop only; every method returns at once unless it is async."""

    def __init__(
        self,
        room: Room,
        parts: Parts,
        *,
        boot: str,
        together: Together,
        woken: Callable[[str], None] = lambda room: None,
    ) -> None:
        self.room = room
        self.woken = woken
        self.failed: str | None = None
        self.used_at = parts.clock()
        self.edit_lock = asyncio.Lock()
        self.told = Told(room, parts.log)
        self.kernel = KernelDesk(room, parts.kernels, parts.blobs, self._event)
        self._parts = parts
        self._together = together
        self._submit = submit_to(parts.log)
        self._outboxes = Outboxes(room)
        self._inquiries = Inquiries(room, parts, self._event, self._outboxes.of)
        self._outboxes.filled = self._inquiries.drained
        self._calls = Calls(boot)
        self._carrying = False
        self._telling = False
        self._rests = False
        self._rested = 0

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
        busy = self._outboxes or self._calls.open or self._inquiries or self.room.expects
        return not busy and not self.state.waiting_runs() and self.kernel.quiet

    def rest_until(self) -> int:
        """Until when (µs) `tick` has nothing to do here, unless `woken` is called before; 0: it has."""
        if self._rests:
            return self._rested
        if self.failed is not None or not self._outboxes or self._outboxes.wait:
            return 0
        self._rested = self.room.rests_until
        self._rests = self._rested > 0
        return self._rested

    # Connections

    def open(self, seat: Seat, wire: Wire) -> None:
        """A connection with a valid token; the wire is the host's to close from here on."""
        if self.failed is not None:
            wire.close(NotRecorded.close_code, NOT_RECORDED)
            return
        self._outboxes.open(seat, wire)
        self._event(self.room.open, seat)

    def receive(self, seat_id: str, frame: bytes) -> None:
        """A binary frame of a seat."""
        if frame.startswith(MAY_REPEAT) and self._answer(seat_id, frame):
            return
        try:
            append = self.room.typed(seat_id, frame, now=self._parts.clock())
            if append is not None and self.failed is None:
                origin, actor, kind, body, stream = append
                intent = Intent(self.room.room, stream, origin.producer, origin.pseq, actor, kind, body)
                self._submit((intent,), partial(self._committed, [append]))
        except Exception as error:
            self._mistaken(error)
            return
        if append is None:
            self._event(self.room.receive, seat_id, frame)

    def closed(self, seat_id: str, code: int) -> None:
        """The connection is gone."""
        if self._outboxes.gone(seat_id):
            self._event(self.room.closed, seat_id, code)

    @property
    def pages(self) -> list[str]:
        """The connections of our own client."""
        return [seat.id for seat in self.room.seats.values() if seat.dialect == "fourhands"]

    def go_away(self, seat_id: str, wait: int) -> None:
        """Tell a page that the server goes, and when to be back, in ms; it is closed later."""
        self.room.go_away(seat_id, wait)
        self.carry_out()

    def send_away(self, seat_ids: Iterable[str]) -> None:
        """Close connections because the server goes."""
        for seat_id in seat_ids:
            self.room.drop_seat(seat_id, 1001, "the server is restarting")
        self.carry_out()

    async def settled(self) -> None:
        """Return when all that the room has taken in by now is committed; raises RoomFailed."""
        upto = self.room.admitted
        while self.state.head < upto:
            await self._calls.changed()

    def tick(self) -> None:
        """Time went on."""
        if self._rests and self._rest():
            return
        self._outboxes.tick(self._now())
        self._event(self.room.tick)

    def _rest(self) -> bool:
        """Nothing has happened since `rest_until` said so; whether that is all there is to do."""
        self._rests = False
        rest = self.room.rest(now=self._now())
        if rest is None:
            return False
        self._rested, said = rest
        self._rests = all([self._outboxes.say(seat_id, frames) for seat_id, frames in said])
        if not self._rests:
            self.carry_out()
        return True

    def let_go(self) -> None:
        """The room leaves memory: whoever still holds this host must ask the hub for the next one."""
        if self.failed is None:
            self.failed = "the room was let go while idle; try again"
            self._inquiries.cancel()
            self._calls.fail(self.failed)
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
        await self._calls.changed()

    # Carrying out

    def carry_out(self) -> None:
        """Do what the core asks for until it asks for nothing more, then write to the connections."""
        if self._rests:
            self._wake()
        if self._carrying or self.failed is not None:
            return
        self._carrying = True
        try:
            while self.failed is None:
                if effects := self.room.take_effects():
                    self._carry(effects)
                elif not self._outboxes.flush():
                    break
        except Exception as error:
            self._mistaken(error)
        finally:
            self._carrying = False

    def _wake(self) -> None:
        self._rests = False
        self.woken(self.id)

    def _answer(self, seat_id: str, frame: bytes) -> bool:
        """Answer a heartbeat at once, if all that was said before is on its way; it wakes nobody."""
        if self._carrying or self.failed is not None:
            return False
        try:
            answer = self.room.beat(seat_id, frame, now=self._parts.clock())
            if answer:
                outbox = self._outboxes.of(seat_id)
                if outbox is None or outbox.wire.buffered():
                    return False  # a ping may be taken in twice
                outbox.wire.write([answer])
        except Exception:
            return False  # whose fault it is comes out on the long way
        return answer is not None

    def _event(self, event: Callable[..., None], *details: Any) -> None:
        """Let the core hear of something, then do what it asks for."""
        try:
            event(*details, now=self._now())
        except Undecoded as error:
            logger.error("room %s: a mistake of ours over a frame", self.id, exc_info=error)
        except Exception as error:
            self._mistaken(error)
        self.carry_out()

    def _carry(self, effects: list[Effect]) -> None:
        apply, room = self._parts.documents.apply, self.room.room
        others = [e for e in effects if type(e) is not ApplyEdit]
        if not others:  # of typing there is nothing else
            for edit in cast(list[ApplyEdit], effects):
                apply(room, edit.seq, edit.update)
            self._outboxes.flush()
            return
        appends = [e for e in others if type(e) is Append]
        if appends:
            self._append(appends)
        for effect in effects:
            if type(effect) is ApplyEdit:
                apply(room, effect.seq, effect.update)
            elif not isinstance(effect, Append | CloseSeat):
                self._do(effect)
        self._outboxes.flush()
        for effect in others:
            if isinstance(effect, CloseSeat):
                self._close(effect)

    def _do(self, effect: Effect) -> None:
        match effect:
            case AskDiff():
                self._inquiries.diff(effect)
            case AskEntries():
                self._inquiries.entries(effect)
            case AskKernel():
                self._inquiries.kernel(effect)
            case AskCode() | AskTexts():
                self._inquiries.texts(effect)
            case Settle():
                self._calls.settle(effect)
            case RenewToken(seat):
                self._renew(seat)
            case Report(words):
                logger.warning("room %s: %s", self.id, words)
            case Append() | ApplyEdit() | CloseSeat():
                raise AssertionError("these are done in batches")
            case _:
                self.kernel.do(effect)

    def _append(self, appends: list[Append]) -> None:
        room = self.room.room
        intents = tuple(
            [
                Intent(room, stream, origin.producer, origin.pseq, actor, kind, body)
                for origin, actor, kind, body, stream in appends
            ]
        )
        self._submit(intents, partial(self._committed, appends))

    def _committed(self, appends: list[Append], done: list[Appended], error: Exception | None) -> None:
        if error is not None:
            self.carry_out()  # what was committed before this is on the record
            self._fail(str(error))
            return
        if self.failed is not None:
            return
        try:
            for (entry, fresh), append in zip(done, appends, strict=True):
                if not fresh:
                    raise AssertionError("the core filters what the log already has")
                self.room.committed(entry, append.origin)
            if story := self._inquiries.story:
                story.follow(done)
        except Exception as mistake:
            self._mistaken(mistake)
        if not self._telling:
            self._telling = True
            self._together.soon(self._tell)

    def _tell(self) -> None:
        """What one commit of the log has brought for this room goes out together."""
        self._telling = False
        self.carry_out()
        self._calls.wake()

    def _mistaken(self, error: Exception) -> None:
        """A mistake of ours has left the core between two states: what is right only the log can tell."""
        logger.error("room %s: a mistake of ours", self.id, exc_info=error)
        self._fail(f"a mistake of ours ({type(error).__name__})")

    def _fail(self, reason: str) -> None:
        """Nothing of what is in memory can be trusted to be in the log: let go of it all."""
        if self.failed is not None:
            return
        self.failed = reason
        self._wake()
        logger.error("room %s is not recorded: %s", self.id, reason)
        self._outboxes.close_all(NotRecorded.close_code, NOT_RECORDED)
        self._calls.fail(reason)
        self._inquiries.cancel()
        self.kernel.let_go()

    def _close(self, effect: CloseSeat) -> None:
        if self._outboxes.close(effect.seat, effect.code, effect.reason):
            self.room.closed(effect.seat, effect.code, now=self._now())

    def _renew(self, seat_id: str) -> None:
        if outbox := self._outboxes.of(seat_id):
            token, seconds = self._parts.renew(self.id, outbox.seat)
            outbox.seat.expires_at = self._now() + seconds * 1_000_000
            outbox.seat.send(envelope.encode(envelope.Token(token, seconds)))

    @contextmanager
    def _asked(self, person: str, role: str) -> Iterator[tuple[Origin, asyncio.Future[int]]]:
        self.used_at = self._now()
        try:
            with self._calls.asked(person, role) as asked:
                yield asked
        except (ProtocolError, Refused, RoomFailed):
            raise
        except Exception as error:
            self._mistaken(error)
            raise

    def _now(self) -> int:
        return self._parts.clock()
