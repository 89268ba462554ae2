"""The editor's help of one room: pages on sockets of their own, one language server behind them, the kernel
beside it.

Nothing of it is recorded or shared: what a page asks is about its own text, and only that page is answered.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import msgspec

from fourhands_kernels.kernel import KernelError, Kernels
from fourhands_protocol.errors import (
    BadToken,
    NotRecorded,
    ProtocolError,
    RoomEnded,
    SlowReader,
    Superseded,
    TooMany,
)
from fourhands_server.core.language import results
from fourhands_server.core.language.edits import edits
from fourhands_server.core.language.page import WORK, Ask, Effect, Features, Look, Page, Say
from fourhands_server.core.seat import Seat
from fourhands_server.core.settings import Settings
from fourhands_server.engine.errors import EngineError
from fourhands_server.live.host import RoomHost
from fourhands_server.live.language_server import LanguageServer, plain
from fourhands_server.live.outbox import LIMIT, Wire

logger = logging.getLogger(__name__)

PAUSE_S = 0.6  # after the last change of a text: who types is not told of each half-written line
PAGES = 6  # of one person at a time; one more takes the place of the oldest
TEXTS = 16 * 1024 * 1024  # characters that all pages of a room may have open
RATE, BURST = 40.0, 400.0  # messages of one page: two for each key, and what a reconnection brings
BYTES, BYTES_BURST = 2.0 * 2**20, 8.0 * 2**20  # a second, and at once
WORKS, WORKS_BURST = 64.0 * 2**20, float(WORK)  # of `Page.work`: a tenth of a second, at the worst
UNAVAILABLE = "the editor's help is not available at the moment"


class _Budget:
    """How much more may come; `spend` says whether that was still allowed."""

    def __init__(self, rate: float, burst: float) -> None:
        self._rate, self._burst = rate, burst
        self._left, self._at = burst, 0.0

    def spend(self, amount: float, now: float) -> bool:
        self._left = min(self._burst, self._left + (now - self._at) * self._rate) - amount
        self._at = now
        return self._left >= 0


@dataclass(slots=True)
class _Visitor:
    """One page and its connection."""

    seat: Seat
    wire: Wire
    page: Page
    messages: _Budget = field(default_factory=lambda: _Budget(RATE, BURST))
    bytes: _Budget = field(default_factory=lambda: _Budget(BYTES, BYTES_BURST))
    works: _Budget = field(default_factory=lambda: _Budget(WORKS, WORKS_BURST))
    tasks: set[asyncio.Task[None]] = field(default_factory=set)
    looks: dict[str, asyncio.TimerHandle] = field(default_factory=dict)


class LanguageDesk:
    """All pages of one room. Connections come as they do to a room: open, receive, closed."""

    def __init__(
        self, host: RoomHost, kernels: Kernels, *, clock: Callable[[], int], empty: Callable[[], None]
    ) -> None:
        """`clock` in microseconds since the epoch; `empty` is called when the last page has gone."""
        self._host = host
        self._kernels = kernels
        self._clock = clock
        self._empty = empty
        self._visitors: dict[str, _Visitor] = {}
        self._loop = asyncio.get_running_loop()
        self._server = LanguageServer(host, kernels)

    # Connections

    def open(self, seat: Seat, wire: Wire) -> None:
        """A page; who may come was checked."""
        own = [one for one in self._visitors.values() if one.seat.person == seat.person]
        if len(own) >= PAGES:
            self._turn_away(own[0], Superseded("more pages of the same person"))
        self._visitors[seat.id] = _Visitor(seat, wire, Page(features(self._host)))

    def receive(self, seat_id: str, frame: bytes) -> None:
        """A message of a page."""
        visitor = self._visitors.get(seat_id)
        if visitor is None:
            return
        try:
            self._check(visitor, len(frame))
            before = visitor.page.work
            effects = visitor.page.receive(frame)
            if not visitor.works.spend(visitor.page.work - before, self._clock() / 1_000_000):
                raise TooMany("too much is asked of a long text")
            if sum(one.page.size for one in self._visitors.values()) > TEXTS:
                raise TooMany("too much text is open in this room")
            self._carry_out(visitor, effects)
        except ProtocolError as error:
            self._turn_away(visitor, error)

    def closed(self, seat_id: str, code: int) -> None:
        """The connection is gone."""
        visitor = self._visitors.pop(seat_id, None)
        if visitor is None:
            return
        for task in visitor.tasks:
            task.cancel()
        for timer in visitor.looks.values():
            timer.cancel()
        if not self._visitors:
            self._empty()

    def _check(self, visitor: _Visitor, size: int) -> None:
        """Raise where this page may not go on."""
        state, now = self._host.state, self._clock()
        if self._host.failed is not None:
            raise NotRecorded("the room is being read anew; come back")
        if state.ended_at is not None:
            raise RoomEnded("the room has ended")
        if visitor.seat.expires_at <= now or not self._host.room.welcome(visitor.seat.person):
            raise BadToken("this token is not valid any more")
        at = now / 1_000_000
        if not visitor.messages.spend(1, at) or not visitor.bytes.spend(size, at):
            raise TooMany("too many messages")

    def _turn_away(self, visitor: _Visitor, error: ProtocolError) -> None:
        visitor.wire.close(error.close_code, error.reason)
        self.closed(visitor.seat.id, error.close_code)

    # Effects

    def _carry_out(self, visitor: _Visitor, effects: list[Effect]) -> None:
        for effect in effects:
            match effect:
                case Say(message):
                    self._say(visitor, message)
                case Ask():
                    task = self._loop.create_task(self._answer(visitor, effect))
                    visitor.tasks.add(task)
                    task.add_done_callback(visitor.tasks.discard)
                case Look(path):
                    if (waiting := visitor.looks.pop(path, None)) is not None:
                        waiting.cancel()
                    visitor.looks[path] = self._loop.call_later(PAUSE_S, self._look, visitor, path)

    def _say(self, visitor: _Visitor, message: Any) -> None:
        if visitor.wire.buffered() > LIMIT:
            raise SlowReader("this client reads too slowly")
        visitor.wire.write([msgspec.json.encode(message)])

    def _look(self, visitor: _Visitor, path: str) -> None:
        visitor.looks.pop(path, None)
        self._try(visitor, visitor.page.look(path))

    async def _answer(self, visitor: _Visitor, ask: Ask) -> None:
        page = visitor.page
        try:
            effects = page.answered(ask, await self._result(page, ask))
        except _Broken as error:
            effects = page.failed(ask, str(error))
        except (KernelError, EngineError) as error:
            logger.info("room %s: no help for the editor: %s", self._host.id, error)
            effects = page.failed(ask, UNAVAILABLE)
        except Exception:
            logger.exception("room %s: the editor's help", self._host.id)
            effects = page.failed(ask, UNAVAILABLE)
        self._try(visitor, effects)

    def _try(self, visitor: _Visitor, effects: list[Effect]) -> None:
        try:
            self._carry_out(visitor, effects)
        except ProtocolError as error:
            self._turn_away(visitor, error)

    # Questions

    async def _result(self, page: Page, ask: Ask) -> Any:
        """The answer as the protocol has it."""
        if ask.what == "completion":
            code, cursor = results.kernel_request(ask.text, ask.line, ask.character)
            kernel = asyncio.ensure_future(self._kernels.complete(self._host.id, plain(code), cursor))
            found = await self._or_nothing(page, ask)
            return results.completion(ask.text, ask.line, ask.character, found, await kernel)
        found = await self._server.consult(ask, wanted=lambda: ask.id is None or ask.id in page.open)
        match ask.what:
            case "hover":
                return results.hover(found)
            case "signature":
                return results.signature(found)
            case "diagnostics":
                return results.diagnostics(ask.text, found)
            case "lint":
                return results.lint(ask.text, found)
        if found is None or "text" not in found:
            raise _Broken(UNAVAILABLE if found is None else str(found["error"]))
        return await asyncio.to_thread(edits, ask.text, str(found["text"]))

    async def _or_nothing(self, page: Page, ask: Ask) -> Any:
        """The kernel may know where the language server is not to be had."""
        try:
            return await self._server.consult(ask, wanted=lambda: ask.id is None or ask.id in page.open)
        except (KernelError, EngineError) as error:
            logger.info("room %s: no completions: %s", self._host.id, error)
            return None


class _Broken(Exception):
    """A text that cannot be formatted; the text says why."""


def features(host: RoomHost) -> Features:
    """What the room's settings allow."""
    chosen = Settings.of(host.state.settings)
    return Features(
        completion=chosen.completion,
        hover=chosen.hover,
        signatures=chosen.signatures,
        diagnostics=chosen.diagnostics,
        formatting=chosen.formatting,
    )


class LanguageDesks:
    """The desks of all rooms in which a page wants help."""

    def __init__(self, kernels: Kernels, *, clock: Callable[[], int]) -> None:
        self._kernels = kernels
        self._clock = clock
        self._desks: dict[str, tuple[RoomHost, LanguageDesk]] = {}

    def desk(self, host: RoomHost) -> LanguageDesk:
        """The desk of a live room."""
        known = self._desks.get(host.id)
        if known is not None and known[0] is host:
            return known[1]
        made = LanguageDesk(host, self._kernels, clock=self._clock, empty=lambda: self._forget(host))
        self._desks[host.id] = (host, made)
        return made

    def _forget(self, host: RoomHost) -> None:
        known = self._desks.get(host.id)
        if known is not None and known[0] is host:
            del self._desks[host.id]
