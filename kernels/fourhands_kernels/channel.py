"""One socket to a kernel, read from the event loop: fair to the other rooms, slow where nobody wants more,
bounded.
"""

import asyncio
from collections import deque
from collections.abc import Callable, Sequence
from typing import Final

from .zmtp import EVERYTHING, MESSAGE, Broken, Frames, Kind, Reader, greeting, message

__all__ = ["MESSAGE", "Channel", "Frames"]

_LONG: Final = 0.02  # seconds: who takes longer has the loop for half of the time at most
_WAITING: Final = 64  # messages to a kernel that does not listen yet
_UNREAD: Final = 8 * MESSAGE  # bytes to a kernel that does not read
_AGAIN: Final = (0.02, 0.1, 0.2, 0.5)  # seconds before the next attempt to connect; the last one stays

Take = Callable[[Frames], float]


class Channel:
    """A link that comes back by itself; `take` gets each message's frames and returns for how long to pause,
    in seconds.

    `url` is ipc://path or tcp://host:port. Whoever sends what is no message, or too large a one, loses the
    link.
    """

    def __init__(self, kind: Kind, url: str, *, identity: bytes) -> None:
        self._url = url
        self._greeting = greeting(kind, identity)
        self._first = [message([EVERYTHING])] if kind == "SUB" else []
        self._loop = asyncio.get_running_loop()
        self._waiting: deque[bytes] = deque(maxlen=_WAITING)
        self._link: _Link | None = None
        self._connecting: asyncio.Task[None] | None = None
        self._failures = 0

    def listen(self, take: Take) -> None:
        """Connect, and begin to read."""
        self._connecting = self._loop.create_task(self._connect(take))

    def send(self, frames: Sequence[bytes]) -> None:
        """Send a message; one that a kernel which reads nothing leaves no room for is not said."""
        data = message(frames)
        if self._link is None:
            self._waiting.append(data)
        else:
            self._link.write(data)

    def close(self) -> None:
        """Stop reading and let go."""
        if self._connecting is not None:
            self._connecting.cancel()
            self._connecting = None
        if self._link is not None:
            self._link.close()
            self._link = None

    async def _connect(self, take: Take) -> None:
        """Stay connected until somebody closes us."""
        while True:
            link = _Link(take, self._begin)
            try:
                await self._open(link)
                link.write(self._greeting)
                self._failures = 0 if await link.lost else self._failures + 1
            except OSError:
                self._failures += 1
            finally:
                self._link = None
                link.close()
            await asyncio.sleep(_AGAIN[min(self._failures, len(_AGAIN) - 1)])

    def _begin(self, link: "_Link") -> None:
        """The other side listens."""
        self._link = link
        for data in (*self._first, *self._waiting):
            link.write(data)
        self._waiting.clear()

    async def _open(self, link: "_Link") -> None:
        scheme, _, address = self._url.partition("://")
        if scheme == "ipc":
            await self._loop.create_unix_connection(lambda: link, address)
        else:
            host, _, port = address.rpartition(":")
            await self._loop.create_connection(lambda: link, host.strip("[]"), int(port))


class _Link(asyncio.Protocol):
    """One connection; `lost` is set at its end, to whether the other side ever introduced itself, at which
    `ready` was called.
    """

    def __init__(self, take: Take, ready: "Callable[[_Link], None]") -> None:
        self._take = take
        self._ready: Callable[[_Link], None] | None = ready
        self._reader = Reader()
        self._loop = asyncio.get_running_loop()
        self._transport: asyncio.Transport | None = None
        self._later: asyncio.TimerHandle | None = None
        self._ended = False
        self.lost: asyncio.Future[bool] = self._loop.create_future()

    def write(self, data: bytes) -> None:
        """Write, unless too much waits."""
        if self._transport is not None and self._transport.get_write_buffer_size() <= _UNREAD:
            self._transport.write(data)

    def close(self) -> None:
        """End it."""
        if self._later is not None:
            self._later.cancel()
        self._ended = True
        if self._transport is not None:
            self._transport.abort()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport
        if self._ended:
            transport.abort()

    def connection_lost(self, exc: Exception | None) -> None:
        self._transport = None
        if not self._ended and self._later is not None:
            self._later.cancel()
            self._read(paused=False)  # the last words of a kernel that died
        self._finish()

    def data_received(self, data: bytes) -> None:
        self._reader.feed(data)
        if self._later is None:
            self._read()

    def _read(self, *, paused: bool = True) -> None:
        """Hand on what is there, until somebody wants a pause."""
        self._later = None
        began = self._loop.time()
        try:
            while not self._ended and (frames := self._reader.next()) is not None:
                self._greet()
                pause = self._take(frames)
                spent = self._loop.time() - began
                if paused and (pause or spent > _LONG):
                    self._pause(max(pause, spent))
                    return
            self._greet()
        except Broken:
            self._take(self._reader.left)  # no message, so it is counted as lost
            self.close()
            self._finish()
            return
        if self._transport is not None:
            self._transport.resume_reading()

    def _greet(self) -> None:
        if self._ready is not None and self._reader.ready and not self._ended:
            ready, self._ready = self._ready, None
            ready(self)

    def _pause(self, seconds: float) -> None:
        if self._transport is not None:
            self._transport.pause_reading()
        self._later = self._loop.call_later(seconds, self._read)

    def _finish(self) -> None:
        if not self.lost.done():
            self.lost.set_result(self._reader.ready)
