"""One raw WebSocket connection of the load: a socket, its handshake, frames out and messages in.

Frames are masked with zeros, which is a mask like any other: servers unmask as always, we need not.
"""

from __future__ import annotations

import base64
import contextlib
import socket
import time
from dataclasses import dataclass, field

from tests.bench.dialects import Dialect

RECEIVE = 1 << 18
PATIENCE_S = 60.0
_BINARY, _CLOSE, _PING = 0x82, 0x88, 0x89


@dataclass(frozen=True, slots=True)
class Door:
    """Where one person enters one room."""

    port: int
    path: str
    dialect: Dialect
    protocols: str = ""


def frame(payload: bytes, kind: int = _BINARY) -> bytes:
    """One masked frame around a message."""
    size = len(payload)
    if size < 126:
        return bytes((kind, 0x80 | size)) + b"\0\0\0\0" + payload
    if size < 65536:
        return bytes((kind, 0xFE)) + size.to_bytes(2, "big") + b"\0\0\0\0" + payload
    return bytes((kind, 0xFF)) + size.to_bytes(8, "big") + b"\0\0\0\0" + payload


class Closed(Exception):
    """The server closed, or is gone."""


@dataclass(slots=True, eq=False)
class Link:
    """A connection to a server."""

    door: Door
    sock: socket.socket
    rest: bytes = b""
    bytes_in: int = 0
    edits: int = 0  # that came: others' edits, and echoes
    acks: int = 0
    cursors: int = 0
    welcome: float = 0.0  # when the synchronisation was over
    messages: list[bytes] | None = field(default=None)  # kept where somebody wants to read them

    def receive(self) -> int:
        """Take what has come; how many edits were in it. BlockingIOError where there is nothing."""
        data = self.sock.recv(RECEIVE)
        if not data:
            raise Closed(self.door.path)
        self.bytes_in += len(data)
        return self.take(data)

    def take(self, data: bytes) -> int:
        """Read the frames of these bytes; how many edits were in them."""
        if self.rest:
            data = self.rest + data
        at, end_of_data, before, dialect = 0, len(data), self.edits, self.door.dialect
        while end_of_data - at >= 2:
            size, start = data[at + 1], at + 2
            if size > 125:
                wide = 2 if size == 126 else 8
                size, start = int.from_bytes(data[start : start + wide], "big"), start + wide
            end = start + size
            if end > end_of_data:
                break
            kind = data[at]
            if kind != _BINARY:
                self._control(kind, data[start:end])
            elif size > 1:
                self._message(dialect, data, start, end)
            at = end
        self.rest = data[at:] if at < end_of_data else b""
        return self.edits - before

    def _message(self, dialect: Dialect, data: bytes, start: int, end: int) -> None:
        # What comes before the end of the synchronisation is the document, and no news.
        if self.welcome and (edits := dialect.count(data, start, end)):
            self.edits += edits
            if dialect.echoes:
                self.acks += edits
        elif acks := dialect.acks(data, start, end):
            self.acks += acks
        elif dialect.is_cursor(data, start, end):
            self.cursors += 1
        elif answer := dialect.answer(data, start, end):
            self.send(answer)
        if not self.welcome and dialect.welcomed(data[start:end]):
            self.welcome = time.perf_counter()
        if self.messages is not None:
            self.messages.append(data[start:end])

    def _control(self, kind: int, payload: bytes) -> None:
        if kind == _PING:
            self.sock.send(frame(payload, 0x8A))
        elif kind == _CLOSE:
            raise Closed(f"{self.door.path}: {int.from_bytes(payload[:2], 'big')} {payload[2:]!r}")

    def send(self, message: bytes) -> None:
        """Send one message; the socket's buffer is taken to have room for it."""
        self.sock.send(frame(message))

    def until_welcome(self) -> None:
        """Wait for the end of the synchronisation."""
        deadline = time.perf_counter() + PATIENCE_S
        self.sock.setblocking(True)
        self.sock.settimeout(PATIENCE_S)
        while not self.welcome:
            if time.perf_counter() > deadline:
                raise Closed(f"{self.door.path}: no synchronisation")
            self.receive()
        self.sock.setblocking(False)

    def close(self, *, wait: bool = False) -> None:
        """Leave as a page does that is closed, and `wait` until the server has closed as well."""
        with contextlib.suppress(OSError, Closed):
            self.sock.setblocking(wait)
            self.sock.send(frame(b"\x03\xe8", _CLOSE))
            while wait:
                self.receive()
        self.sock.close()


def dial(door: Door) -> Link:
    """Connect and shake hands; the dialect's hello is still to be said."""
    sock = socket.create_connection(("127.0.0.1", door.port), timeout=PATIENCE_S)
    sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    offered = f"Sec-WebSocket-Protocol: {door.protocols}\r\n" if door.protocols else ""
    key = base64.b64encode(b"a bench's 16byte").decode()
    sock.sendall(
        f"GET {door.path} HTTP/1.1\r\nHost: 127.0.0.1:{door.port}\r\nUpgrade: websocket\r\n"
        f"Connection: Upgrade\r\n{offered}Sec-WebSocket-Key: {key}\r\n"
        "Sec-WebSocket-Version: 13\r\n\r\n".encode()
    )
    head = b""
    while b"\r\n\r\n" not in head:
        data = sock.recv(RECEIVE)
        if not data:
            raise Closed(f"{door.path}: no handshake")
        head += data
    head, _, rest = head.partition(b"\r\n\r\n")
    if b" 101 " not in head.split(b"\r\n", 1)[0]:
        raise Closed(f"{door.path}: {head[:200]!r}")
    link = Link(door, sock, rest)
    return link


def begin(door: Door, *, keep: bool = False) -> Link:
    """Connect and say hello; `keep` the messages that come."""
    link = dial(door)
    link.messages = [] if keep else None
    for message in door.dialect.hello():
        link.send(message)
    rest, link.rest = link.rest, b""
    link.bytes_in += len(rest)
    link.take(rest)  # what came with the handshake
    return link


def enter(door: Door) -> Link:
    """Connect, say hello, and return when the room has told its state."""
    link = begin(door)
    link.until_welcome()
    return link
