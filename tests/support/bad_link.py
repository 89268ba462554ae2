"""A TCP link on loopback that can be made as bad as links are: slow, cut, half closed, or a black hole."""

from __future__ import annotations

import asyncio
import random
import re
import socket
import struct
import time
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass
from typing import Literal

Way = Literal["up", "down"]
WAYS: tuple[Way, Way] = ("up", "down")

# A reader stops when so much is under way: like a network, the link holds only a little.
UNDER_WAY = 64
CHUNK = 16_384
# With a limited rate bytes leave in pieces no larger than this, so that the pace is even.
PIECE = 1_024
LINGER_NONE = struct.pack("ii", 1, 0)
READ_PATH = 512
REQUEST = re.compile(rb"[A-Z]+ (/\S*) HTTP/1.1\r\n")


@dataclass(frozen=True)
class Weather:
    """How bytes travel: seconds of delay and of jitter on top, bytes a second, bytes that arrive at once."""

    latency: float = 0.0
    jitter: float = 0.0
    rate: float | None = None
    slice: int | None = None

    @property
    def piece(self) -> int:
        """The most bytes that are written at a time."""
        return min(self.slice or CHUNK, PIECE if self.rate else CHUNK)


FAIR = Weather()


class BadLink:
    """Forwards to one port in the running loop; an async context manager.

    Bytes are never lost while a connection lives, as under TCP: a black hole holds them, and they arrive when
    it ends, even after the side that sent them has gone. New connections obey `refuse` and `mute`.
    """

    def __init__(self, target: int, *, seed: int = 0) -> None:
        self.target = target
        self.port = 0
        self.weather = FAIR
        self.connections: set[Connection] = set()
        self.muted = False
        self.chance = random.Random(seed)
        self._open = {way: asyncio.Event() for way in WAYS}
        self._server: asyncio.Server | None = None

    async def __aenter__(self) -> BadLink:
        self.heal()
        await self.accept()
        return self

    async def __aexit__(self, *reason: object) -> None:
        self.refuse()
        for connection in list(self.connections):
            await connection.aclose()

    # What can befall it

    def hole(self, ways: Iterable[Way] = WAYS) -> None:
        """Nothing arrives any more in these directions, and nobody is told."""
        for way in ways:
            self._open[way].clear()

    def heal(self) -> None:
        """Black holes end, new connections are served, the weather is fair; refusals end by `accept`."""
        self.muted = False
        self.weather = FAIR
        for way in WAYS:
            self._open[way].set()

    def strand(self) -> None:
        """The clients are told that their connections are gone; the server will never hear of it."""
        for connection in self.connections:
            connection.strand()

    def mute(self) -> None:
        """Connections made from now on are accepted and never answered, not even when all is well again."""
        self.muted = True

    def refuse(self) -> None:
        """New connections are refused, and the present ones reset."""
        if self._server is not None:
            self._server.close()
            self._server = None
        self.reset()

    async def accept(self) -> None:
        """New connections are accepted, on the same port as ever."""
        if self._server is None:
            self._server = await asyncio.start_server(
                self._serve, "127.0.0.1", self.port, limit=CHUNK, reuse_address=True
            )
            self.port = self._server.sockets[0].getsockname()[1]

    def reset(self) -> None:
        """Both ends of every connection are told that it is gone."""
        for connection in list(self.connections):
            connection.reset()

    def half_close(self, way: Way) -> None:
        """The receiver of one direction is told that nothing follows; the other direction goes on."""
        for connection in list(self.connections):
            connection.half_close(way)

    def served(self, prefix: str) -> int:
        """Connections that the server has not closed, and whose request's path begins so."""
        return sum(c.served and c.path.startswith(prefix) for c in self.connections)

    # How it works

    async def passable(self, way: Way) -> None:
        await self._open[way].wait()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        connection = Connection(self, reader, writer)
        self.connections.add(connection)
        try:
            await connection.carry()
        finally:
            self.connections.discard(connection)


class Connection:
    """One connection of the client's and the one to the server that it is carried on by."""

    def __init__(self, link: BadLink, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.path = ""
        self.served = False
        self.stranded = False
        self._link = link
        self._near = (reader, writer)
        self._writers = [writer]
        self._ended: set[Way] = set()
        self._gone = asyncio.Event()
        self._task = asyncio.current_task()

    async def carry(self) -> None:
        """Until both directions have ended, or the connection is reset."""
        if self._link.muted:
            await self._gone.wait()
            return
        try:
            far = await asyncio.open_connection("127.0.0.1", self._link.target, limit=CHUNK)
        except OSError:
            self.reset()
            return
        self._writers.append(far[1])
        self.served = True
        pumps = [
            asyncio.create_task(self._pump("up", self._near[0], far[1])),
            asyncio.create_task(self._pump("down", far[0], self._near[1])),
        ]
        both, gone = asyncio.create_task(asyncio.wait(pumps)), asyncio.create_task(self._gone.wait())
        try:
            await asyncio.wait([both, gone], return_when=asyncio.FIRST_COMPLETED)
        finally:
            self.reset()
            for task in (both, gone, *pumps):
                task.cancel()
            await asyncio.gather(both, gone, *pumps, return_exceptions=True)

    def reset(self) -> None:
        """To both ends, at once."""
        self._gone.set()
        self.served = False
        for writer in self._writers:
            sock = writer.get_extra_info("socket")
            if sock is not None and not writer.transport.is_closing():
                with suppress(OSError):
                    sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, LINGER_NONE)
            writer.transport.abort()

    def strand(self) -> None:
        self.stranded = True
        self._writers[0].transport.abort()

    def half_close(self, way: Way) -> None:
        if len(self._writers) == 2:
            self._end(way, self._writers[1 if way == "up" else 0])

    async def aclose(self) -> None:
        self.reset()
        if self._task is not None:
            await asyncio.wait([self._task])

    async def _pump(self, way: Way, source: asyncio.StreamReader, sink: asyncio.StreamWriter) -> None:
        queue: asyncio.Queue[tuple[float, bytes | None]] = asyncio.Queue(UNDER_WAY)
        reading = asyncio.create_task(self._take(way, source, queue))
        try:
            await self._give(way, sink, queue)
        finally:
            reading.cancel()
            await asyncio.gather(reading, return_exceptions=True)

    async def _take(
        self, way: Way, source: asyncio.StreamReader, queue: asyncio.Queue[tuple[float, bytes | None]]
    ) -> None:
        """Reads and says when each piece is due; None is a reset, the empty piece an end."""
        due = 0.0
        data: bytes | None = b"."
        while data:
            try:
                data = await source.read(CHUNK)
            except OSError:
                data = None
            if way == "up" and data:
                # The last request: a connection may be used again, and be upgraded at last.
                self.path = path_of(data) or self.path
            if way == "down" and not data:
                self.served = False
            weather = self._link.weather
            delay = weather.latency + self._link.chance.uniform(0, weather.jitter)
            due = max(due, time.monotonic() + delay)
            await queue.put((due, data))

    async def _give(
        self, way: Way, sink: asyncio.StreamWriter, queue: asyncio.Queue[tuple[float, bytes | None]]
    ) -> None:
        link = self._link
        while True:
            due, data = await queue.get()
            if (wait := due - time.monotonic()) > 0:
                await asyncio.sleep(wait)
            await link.passable(way)
            if self.stranded:
                await self._gone.wait()
            if data is None:
                self.reset()
                return
            if not data:
                self._end(way, sink)
                return
            await self._write(way, sink, data)

    async def _write(self, way: Way, sink: asyncio.StreamWriter, data: bytes) -> None:
        at = 0
        while at < len(data) and way not in self._ended:
            weather = self._link.weather
            piece = data[at : at + weather.piece]
            at += len(piece)
            await self._link.passable(way)
            if way in self._ended or sink.transport.is_closing():
                return
            sink.write(piece)
            with suppress(OSError):
                await sink.drain()
            if weather.rate:
                await asyncio.sleep(len(piece) / weather.rate)
            elif weather.slice:
                await asyncio.sleep(0)

    def _end(self, way: Way, sink: asyncio.StreamWriter) -> None:
        if way in self._ended:
            return
        self._ended.add(way)
        with suppress(OSError, RuntimeError):
            sink.write_eof()


def path_of(request: bytes) -> str:
    """The path of an HTTP request by its first bytes; empty where there is none."""
    found = REQUEST.match(request[:READ_PATH])
    return found[1].decode("ascii", "replace") if found else ""
