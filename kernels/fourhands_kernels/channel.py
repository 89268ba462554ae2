"""One ZeroMQ socket to a kernel, read from the event loop: fair to the other rooms, slow where nobody wants
more, bounded.
"""

import asyncio
from collections.abc import Callable
from typing import Final

import zmq

MESSAGE: Final = 4 * 1024 * 1024  # bytes; whoever sends more loses the link (libzmq connects anew)
QUEUE: Final = 16  # messages inside libzmq; the kernel waits when they are full
_TURN: Final = 64  # messages before another room gets its turn
_LONG: Final = 0.02  # seconds: who takes longer has the loop for half of the time at most

Frames = list[bytes]


class Channel:
    """A connected socket; `take` gets each message's frames and returns for how long to pause, in seconds."""

    def __init__(
        self, context: "zmq.Context[zmq.Socket[bytes]]", kind: int, url: str, *, identity: bytes
    ) -> None:
        self._socket = context.socket(kind)
        self._socket.setsockopt(zmq.MAXMSGSIZE, MESSAGE)
        self._socket.setsockopt(zmq.RCVHWM, QUEUE)
        self._socket.setsockopt(zmq.LINGER, 0)
        self._socket.setsockopt(zmq.IDENTITY, identity)
        self._socket.setsockopt(zmq.IPV6, 1)  # a kernel elsewhere may be reached that way
        if kind == zmq.SUB:
            self._socket.setsockopt(zmq.SUBSCRIBE, b"")
        self._socket.connect(url)
        self._loop = asyncio.get_running_loop()
        self._take: Callable[[Frames], float] | None = None
        self._later: asyncio.Handle | None = None
        self._fd = int(self._socket.getsockopt(zmq.FD))

    @property
    def socket(self) -> "zmq.Socket[bytes]":
        """For a session to send on; `sent` must follow."""
        return self._socket

    def listen(self, take: Callable[[Frames], float]) -> None:
        """Begin to read."""
        self._take = take
        self._loop.add_reader(self._fd, self._on_readable)
        self._on_readable()

    def sent(self) -> None:
        """A send may swallow the signal that something can be read: look."""
        self._on_readable()

    def close(self) -> None:
        """Stop reading and let go."""
        if self._take is not None:
            self._loop.remove_reader(self._fd)
            self._take = None
        if self._later is not None:
            self._later.cancel()
        self._socket.close()

    def _on_readable(self) -> None:
        # libzmq's descriptor tells of changes only, so all that is there must be read before it is waited for
        # again.
        if self._later is None and self._take is not None:
            self._read()

    def _read(self) -> None:
        self._later = None
        began = self._loop.time()
        for _ in range(_TURN):
            if self._take is None:
                return
            try:
                frames = self._socket.recv_multipart(zmq.NOBLOCK)
            except zmq.Again:
                return
            pause = self._take(frames)
            spent = self._loop.time() - began
            if pause or spent > _LONG:
                self._later = self._loop.call_later(max(pause, spent), self._read)
                return
        if self._take is not None:
            self._later = self._loop.call_soon(self._read)
