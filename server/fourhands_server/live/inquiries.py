"""What one room asks of log, engine, kernel and networks, and how the answers get back to it."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from typing import Any, TypeVar

from fourhands_protocol.entries import Entry
from fourhands_protocol.errors import CausalGap, MalformedFrame, NotRecorded, SlowReader
from fourhands_server.core.effects import AskCode, AskDiff, AskEntries, AskKernel, AskTexts
from fourhands_server.core.room import Room
from fourhands_server.engine.documents import NOTHING
from fourhands_server.live.outbox import Outbox
from fourhands_server.live.parts import Parts
from fourhands_server.live.story import Story
from fourhands_server.log.errors import LogError

logger = logging.getLogger(__name__)

T = TypeVar("T")
Event = Callable[..., None]
"""event(what, *details): let the core hear of something, then do what it asks for."""


class Inquiries:
    """The questions of one room that have no answer yet; after `cancel` nobody hears of any."""

    def __init__(
        self, room: Room, parts: Parts, event: Event, outbox_of: Callable[[str], Outbox | None]
    ) -> None:
        self._room = room
        self._parts = parts
        self._event = event
        self._outbox_of = outbox_of
        self._open: set[asyncio.Future[Any]] = set()
        self.story = Story(parts.log, room.room)
        self._ended = False

    def __bool__(self) -> bool:
        """Whether an answer is still to come."""
        return bool(self._open)

    def cancel(self) -> None:
        """The room is gone."""
        self._ended = True
        for question in self._open:
            question.cancel()

    def diff(self, ask: AskDiff) -> None:
        """What a seat's document lacks."""
        documents, room = self._parts.documents, self._room

        def read(update: bytes, *more: bytes) -> None:
            self._event(room.diff_read, ask.seat, update, *more)

        def failed(error: Exception) -> None:
            self._turn_away(ask.seat, error)

        if ask.in_parts and ask.vector in (None, NOTHING) and (parts := documents.parts(room.room)):
            self._answered(parts, lambda parts: read(*parts), failed)
        else:
            self._answered(documents.diff(room.room, ask.vector), read, failed)

    def entries(self, ask: AskEntries) -> None:
        """A page of the log for a seat."""
        self._answered(
            asyncio.ensure_future(self._page(ask)),
            lambda page: self._event(self._room.entries_read, ask.seat, *page),
            lambda error: self._turn_away(ask.seat, error),
        )

    async def _page(self, ask: AskEntries) -> tuple[list[Entry], int]:
        """A page for a seat, once it has taken the last one; and the seq up to which that is all."""
        if not ask.held and (outbox := self._outbox_of(ask.seat)):
            await outbox.wire.drained()
        return await self.story.page(ask)

    def drained(self, outbox: Outbox) -> None:
        """When the network will have taken what waits for a seat."""
        seat = outbox.seat.id
        self._answered(
            asyncio.ensure_future(outbox.wire.drained()),
            lambda drained: self._event(self._room.drained, seat),
            lambda error: self._room.drop_seat(seat, SlowReader.close_code, str(error)),
        )

    def texts(self, ask: AskCode | AskTexts) -> None:
        """The texts of files as they stood at a moment."""
        documents, room = self._parts.documents, self._room
        asked = (
            documents.texts_at(room.room, ask.roots, ask.seq)
            if ask.past
            else documents.texts(room.room, ask.roots, at=ask.seq)
        )
        name, read, failed = (
            (ask.run, room.kernel.code_read, room.kernel.run_failed)
            if isinstance(ask, AskCode)
            else (ask.judgement, room.kernel.texts_read, room.kernel.judgement_failed)
        )
        why = "the text of the room's files could not be read"
        self._answered(
            asked,
            lambda texts: self._event(read, name, dict(zip(ask.roots, texts, strict=True))),
            lambda error: self._event(failed, name, f"{why}: {error}"),
        )

    def kernel(self, ask: AskKernel) -> None:
        """How code may go on, or what stands at a place."""
        kernels, room = self._parts.kernels, self._room
        asked = (
            kernels.complete(room.room, ask.code, ask.cursor)
            if ask.what == "complete"
            else kernels.inspect(room.room, ask.code, ask.cursor, ask.detail)
        )
        self._answered(
            asyncio.ensure_future(asked),
            lambda content: self._event(room.kernel.answered, ask.number, content),
            lambda error: self._event(room.kernel.answered, ask.number, None),
        )

    def _answered(
        self, question: asyncio.Future[T], take: Callable[[T], None], lack: Callable[[Exception], None]
    ) -> None:
        """Hand on an answer; where there is none, somebody waits to be told."""

        def answer(done: asyncio.Future[T]) -> None:
            self._open.discard(done)
            if self._ended or done.cancelled():
                return
            error = done.exception()
            if error is None:
                take(done.result())
            elif isinstance(error, Exception):
                logger.error("room %s: a question has no answer: %s", self._room.room, error)
                lack(error)

        self._open.add(question)
        question.add_done_callback(answer)

    def _turn_away(self, seat: str, error: Exception) -> None:
        """A newcomer cannot be given what it lacks."""
        match error:
            case LogError():
                code, reason = NotRecorded.close_code, "the room cannot be read; come back"
            case ValueError():
                code, reason = MalformedFrame.close_code, "this state vector cannot be read"
            case _:
                code, reason = CausalGap.close_code, "the document is being rebuilt; come back"
        self._event(lambda *, now: self._room.drop_seat(seat, code, reason))
