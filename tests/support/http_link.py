"""Our own client where WebSockets are blocked: the same frames as server-sent events and POSTs."""

from __future__ import annotations

import asyncio
from base64 import b64decode
from collections.abc import AsyncIterator
from contextlib import suppress
from typing import Any, cast

import httpx
from tests.support.server import LiveServer, Seat
from tests.support.wire import OurClient
from websockets.asyncio.client import ClientConnection
from websockets.exceptions import ConnectionClosedError

from fourhands_protocol.varint import write_bytes


class HttpLink:
    """One link of the backup transport, with as much of a WebSocket's face as `OurClient` looks at."""

    def __init__(self, server: LiveServer, seat: Seat) -> None:
        self.url = f"{server.url}/api/rooms/{seat.room}/frames"
        self.http = httpx.AsyncClient(headers=seat.headers, timeout=None)
        self.name = ""
        self.batches = 0
        self.close_code: int | None = None
        self.close_reason: str | None = None
        self._frames: asyncio.Queue[bytes | None] = asyncio.Queue()
        self._up: asyncio.Queue[bytes] = asyncio.Queue()
        self._tasks: list[asyncio.Task[None]] = []
        self._named = asyncio.Event()

    async def open(self) -> HttpLink:
        """Return once the link has a name, or is refused."""
        self._tasks = [asyncio.create_task(self._down()), asyncio.create_task(self._post())]
        await self._named.wait()
        return self

    async def recv(self) -> bytes:
        frame = await self._frames.get()
        if frame is None:
            raise ConnectionClosedError(None, None)
        return frame

    async def send(self, frame: bytes) -> None:
        self.put(frame)

    def put(self, frame: bytes) -> None:
        self._up.put_nowait(frame)

    async def close(self) -> None:
        """Leave as a page does that is closed."""
        if self.close_code is None:
            await self.http.delete(f"{self.url}/{self.name}")
            self._end(1000, "")
        await self.let_go()

    async def let_go(self) -> None:
        """Drop the connections."""
        self.abort()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await self.http.aclose()

    @property
    def transport(self) -> HttpLink:
        return self

    def abort(self) -> None:
        for task in self._tasks:
            task.cancel()
        self._end(1006, "")

    def _end(self, code: int, reason: str) -> None:
        if self.close_code is None:
            self.close_code, self.close_reason = code, reason
            self._frames.put_nowait(None)
            self._named.set()

    async def _down(self) -> None:
        with suppress(httpx.HTTPError):
            async with self.http.stream("GET", self.url) as answer:
                if answer.status_code != 200:
                    self._end(int(answer.headers["Fourhands-Close"]), (await answer.aread()).decode())
                    return
                async for event, data in _events(answer):
                    self._hear(event, data)
        self._end(1006, "")

    def _hear(self, event: str, data: list[str]) -> None:
        match event:
            case "open":
                self.name = data[0]
                self._named.set()
            case "close":
                code, _, reason = data[0].partition(" ")
                self._end(int(code), reason)
            case _:
                for line in data:
                    self._frames.put_nowait(b64decode(line, validate=True))

    async def _post(self) -> None:
        await self._named.wait()
        while True:
            frames = [await self._up.get()]
            while not self._up.empty():
                frames.append(self._up.get_nowait())
            await self.post(b"".join(map(write_bytes, frames)))

    async def post(self, body: bytes, *, number: int | None = None) -> httpx.Response:
        """Send a batch; a number sends one again."""
        if number is None:
            self.batches += 1
        return await self.http.post(f"{self.url}/{self.name}/{number or self.batches}", content=body)


class HttpClient(OurClient):
    """One page of our own client that goes by HTTP."""

    def __init__(self, server: LiveServer, seat: Seat) -> None:
        super().__init__(server, seat)
        self.http_link: HttpLink | None = None

    async def _dial(self) -> ClientConnection:
        self.http_link = await HttpLink(self.server, self.seat).open()
        return cast(Any, self.http_link)

    async def cut(self) -> None:
        """The network is gone without a word."""
        if self.http_link is not None:
            await self.http_link.let_go()
        await super().cut()

    def _write(self, frame: bytes) -> None:
        if self.http_link is not None:
            self.http_link.put(frame)


async def _events(answer: httpx.Response) -> AsyncIterator[tuple[str, list[str]]]:
    event, data = "", []
    async for line in answer.aiter_lines():
        name, _, value = line.partition(": ")
        if name == "event":
            event = value
        elif name == "data":
            data.append(value)
        elif not line and data:
            yield event, data
            event, data = "", []
