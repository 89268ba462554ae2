"""A server's side of the kernel host: calls over the socket, events to listeners, and a link that comes back
by itself.
"""

import asyncio
import itertools
import logging
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from fourhands_protocol import cbor

from . import wire
from .editor_help import Answer, Question
from .embedded import EmbeddedHost, EmbeddedOptions
from .enquiries import ANSWER_SECONDS
from .judgement import Judgement
from .kernel import (
    Attachment,
    Availability,
    Execution,
    HostGone,
    HostLost,
    HostRefused,
    KernelEvent,
    Listener,
    Offer,
    Service,
    WrittenFiles,
)

log = logging.getLogger(__name__)

CONNECT_SECONDS: Final = 5.0
_RETRY: Final = (0.0, 0.1, 0.2, 0.5, 1.0, 2.0)  # seconds between attempts; the last one stays

Ensure = Callable[[], Awaitable[None]]
__all__ = ["EmbeddedOptions", "KernelHostClient", "start_embedded_host"]


@dataclass(slots=True)
class _Subscription:
    """A room that a listener wants: where it stands, and whether the host knows."""

    listener: Listener
    after: tuple[str, int] | None


class KernelHostClient:
    """Implements `kernel.Kernels` over a unix socket.

    `ensure` is awaited before each attempt to connect (an embedded host is started there); `closed` after the
    link is given up.
    """

    def __init__(self, path: Path, *, ensure: Ensure | None = None, closed: Ensure | None = None) -> None:
        self._path = path
        self._ensure = ensure
        self._closed = closed
        self._writer: asyncio.StreamWriter | None = None
        self._reading: asyncio.Task[None] | None = None
        self._connecting: asyncio.Task[None] | None = None
        self._calls: dict[int, asyncio.Future[Any]] = {}
        self._ids = itertools.count(1)
        self._rooms: dict[str, _Subscription] = {}
        self._closing = False

    async def connect(self) -> None:
        """Connect now, once; HostLost where that fails (later calls try again)."""
        try:
            if self._ensure is not None:
                await self._ensure()
            async with asyncio.timeout(CONNECT_SECONDS):
                reader, self._writer = await self._greet()
        except (OSError, TimeoutError, HostRefused) as error:
            raise HostLost(f"no kernel host answers on {self._path}: {error or 'no answer'}") from error
        self._reading = asyncio.create_task(self._read(reader))

    async def _greet(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        with wire.address(self._path) as address:
            reader, writer = await asyncio.open_unix_connection(address)
        try:
            writer.write(wire.write({"hello": wire.VERSION}))
            greeting = await wire.read(reader)
            if greeting is None or greeting.get("version") != wire.VERSION:
                raise HostRefused("it is of another version")
        except BaseException:
            writer.close()
            raise
        return reader, writer

    async def attach(
        self, room: str, listener: Listener, *, after: tuple[str, int] | None = None
    ) -> Attachment:
        """Take the room's events. After HostLost it goes on trying: the `Attachment` comes to the
        listener.
        """
        self._rooms[room] = _Subscription(listener, after)
        return await self._attach(room)

    def acknowledge(self, room: str, n: int) -> None:
        """All up to `n` is committed."""
        if self._writer is not None:
            with suppress(OSError, RuntimeError):  # the link broke, and its reader will say so
                self._writer.write(wire.write({"call": "acknowledge", "room": room, "n": n}))

    async def execute(self, room: str, execution: Execution) -> None:
        """Start a run."""
        await self._call("execute", room=room, execution=wire.execution_message(execution))

    async def put_data(self, digest: str, data: bytes) -> None:
        """Hand over a data file."""
        await self._call("put_data", digest=digest, data=data)

    async def files(self, room: str) -> WrittenFiles:
        """What code wrote."""
        files, more = await self._call("files", room=room)
        return WrittenFiles(tuple((path, size) for path, size in files), more)

    async def read_file(self, room: str, path: str) -> bytes:
        """A file of the kernel's folder."""
        data: bytes = await self._call("read_file", room=room, path=path)
        return data

    async def complete(self, room: str, code: str, cursor: int) -> dict[str, Any] | None:
        """How the code may go on."""
        return await self._ask("complete", room=room, code=code, cursor=cursor)

    async def inspect(self, room: str, code: str, cursor: int, detail: int = 0) -> dict[str, Any] | None:
        """What stands there."""
        return await self._ask("inspect", room=room, code=code, cursor=cursor, detail=detail)

    async def start(
        self, room: str, *, environment: str = "default", services: tuple[Service, ...] = ()
    ) -> None:
        """Start the kernel ahead of a run."""
        wanted = wire.services_message(services)
        await self._call("start", room=room, environment=environment, services=wanted)

    async def consult(self, room: str, question: Question) -> Answer:
        """Ask the editor's help."""
        return Answer(**await self._call("consult", room=room, question=wire.question_message(question)))

    async def interrupt(self, room: str) -> None:
        """Interrupt the run."""
        await self._call("interrupt", room=room)

    async def restart(self, room: str) -> None:
        """Replace the kernel."""
        await self._call("restart", room=room)

    async def answer(self, room: str, run: str, text: str) -> None:
        """Answer `input()`."""
        await self._call("answer", room=room, run=run, text=text)

    async def stop(self, room: str, *, why: str | None = None) -> None:
        """End the kernel."""
        await self._call("stop", room=room, why=why)

    async def judge(self, room: str, judgement: Judgement) -> None:
        """Run hidden tests."""
        await self._call("judge", room=room, judgement=wire.judgement_message(judgement))

    async def cancel_judgement(self, room: str, judgement: str) -> None:
        """End a judgement early."""
        await self._call("cancel_judgement", room=room, judgement=judgement)

    async def availability(self) -> Availability:
        """Whether kernels can be had."""
        try:
            answer = await self._call("availability")
        except (HostLost, HostRefused) as error:
            return Availability(ok=False, reason=error.reason)
        return Availability(answer["ok"], answer["reason"], answer.get("confinement"))

    async def environments(self) -> list[Offer]:
        """What rooms may choose among."""
        return [Offer(name, title) for name, title in await self._call("environments")]

    async def detach(self, room: str) -> None:
        """Take no more events."""
        self._rooms.pop(room, None)
        await self._call("detach", room=room)

    async def aclose(self) -> None:
        """Let go of the host."""
        self._closing = True
        for task in (self._connecting, self._reading):
            if task is not None:
                task.cancel()
        await asyncio.gather(*filter(None, (self._connecting, self._reading)), return_exceptions=True)
        if self._writer is not None:
            self._writer.close()
            self._writer = None
        if self._closed is not None:
            await self._closed()

    async def _attach(self, room: str) -> Attachment:
        after = self._rooms[room].after
        answer = await self._call("attach", room=room, after=None if after is None else list(after))
        return Attachment(**answer)

    async def _ask(self, call: str, **arguments: Any) -> dict[str, Any] | None:
        """Nobody waits for this one: not for a host that is away or slow either."""
        if self._writer is None:
            return None
        try:
            async with asyncio.timeout(2 * ANSWER_SECONDS):
                answer: dict[str, Any] | None = await self._call(call, **arguments)
        except (TimeoutError, HostLost):
            return None
        return answer

    async def _call(self, call: str, **arguments: Any) -> Any:
        if self._closing:
            raise HostLost("this server is closing")
        if self._writer is None:
            if self._connecting is not None:
                raise HostLost("the kernel host is being looked for")
            await self._connect_or_retry()
        assert self._writer is not None
        number = next(self._ids)
        answer: asyncio.Future[Any] = asyncio.get_running_loop().create_future()
        self._calls[number] = answer
        try:
            try:
                self._writer.write(wire.write({"call": call, "id": number, **arguments}))
            except (OSError, RuntimeError) as error:  # uvloop raises at a link whose end nobody read yet
                raise HostLost(f"the link to the kernel host broke: {error}") from error
            return await answer
        finally:
            self._calls.pop(number, None)

    async def _connect_or_retry(self) -> None:
        try:
            await self.connect()
        except HostLost:
            self._look_for_host()
            raise

    async def _read(self, reader: asyncio.StreamReader) -> None:
        reason = "the kernel host ended the link"
        try:
            while (message := await wire.read(reader)) is not None:
                self._take(message)
        except HostRefused as error:
            reason = error.reason
        self._lost(reason)

    def _take(self, message: wire.Message) -> None:
        if "event" in message:
            self._take_event(*message["event"])
            return
        answer = self._calls.get(message.get("id", 0))
        if answer is None or answer.done():
            return
        if "error" in message:
            answer.set_exception(wire.error_from(message["error"]))
        else:
            answer.set_result(message.get("result"))

    def _take_event(self, room: str, journal: str, n: int, kind: Any, body: bytes) -> None:
        subscription = self._rooms.get(room)
        if subscription is not None:
            subscription.after = (journal, n)
            self._tell(subscription.listener, KernelEvent(room, journal, n, kind, cbor.decode(body)))

    def _tell(self, listener: Listener, notice: KernelEvent | HostGone | Attachment) -> None:
        try:
            listener(notice)
        except Exception:  # one room's mistake must not end the others' events
            log.exception("a listener failed")

    def _lost(self, reason: str) -> None:
        if self._writer is not None:
            self._writer.close()
            self._writer = None
        for answer in self._calls.values():
            if not answer.done():
                answer.set_exception(HostLost(reason))
        if not self._closing:
            log.warning("the kernel host was lost: %s", reason)
            for room, subscription in self._rooms.items():
                self._tell(subscription.listener, HostGone(room, reason))
            self._look_for_host()

    def _look_for_host(self) -> None:
        if self._connecting is None and not self._closing:
            self._connecting = asyncio.create_task(self._find_host())

    async def _find_host(self) -> None:
        for pause in itertools.chain(_RETRY, itertools.repeat(_RETRY[-1])):
            await asyncio.sleep(pause)
            try:
                await self.connect()
                break
            except HostLost as error:
                log.info("still no kernel host: %s", error.reason)
        self._connecting = None
        for room in tuple(self._rooms):
            if room not in self._rooms:
                continue  # let go of while others were attached
            try:
                attachment = await self._attach(room)
            except HostLost:
                return
            if room in self._rooms:
                self._tell(self._rooms[room].listener, attachment)


async def start_embedded_host(options: EmbeddedOptions) -> KernelHostClient:
    """A client of the host that belongs to a data folder: the one that still runs there, or a new one.
    HostLost where neither works.
    """
    host = EmbeddedHost(options)
    client = KernelHostClient(host.socket, ensure=host.ensure, closed=host.end)
    try:
        await client.connect()
    except BaseException:  # a host that was just started must not stay behind, whoever stopped us
        await host.end()
        raise
    return client
