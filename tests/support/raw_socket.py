"""A WebSocket as no polite client would use it: any bytes, in any frames, without waiting for anything."""

from __future__ import annotations

import secrets
import socket
from types import TracebackType

from tests.support.server import LiveServer, Seat

from fourhands_protocol import envelope, sync

TEXT, BINARY = 1, 2
DEADLINE_S = 20.0


class Closed(Exception):
    """The server closed the connection."""

    def __init__(self, code: int, reason: str) -> None:
        super().__init__(code, reason)
        self.code = code
        self.reason = reason


class RawSocket:
    """One connection, upgraded."""

    def __init__(
        self, server: LiveServer, seat: Seat, *, ours: bool = False, window: int = 0, path: str = ""
    ) -> None:
        """`window`: bytes that the network takes for a client that reads nothing; 0: as many as it likes."""
        self.ours = ours
        path, offer = path or f"/yjs/{seat.room}?token={seat.token}", b""
        if ours:
            path = f"/yjs/{seat.room}"
            offer = f"Sec-WebSocket-Protocol: {envelope.SUBPROTOCOL}, bearer.{seat.token}\r\n".encode()
        self._link = socket.socket()
        self._link.settimeout(DEADLINE_S)
        if window:
            self._link.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, window)
        self._link.connect(("127.0.0.1", server.port))
        self._link.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._came = self._out = b""
        self._link.sendall(
            f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1\r\n".encode()
            + b"Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
            + b"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
            + offer
            + b"\r\n"
        )
        while b"\r\n\r\n" not in self._came:
            self._more()
        head, _, self._came = self._came.partition(b"\r\n\r\n")
        assert head.startswith(b"HTTP/1.1 101 "), head

    def __enter__(self) -> RawSocket:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Let go of it without a word."""
        self._link.close()

    def put(self, payload: bytes, *, opcode: int = BINARY, fin: bool = True) -> RawSocket:
        """Add one frame to what the next `flush` sends; masked with zeros, which is a mask too."""
        head = bytes((fin << 7 | opcode,))
        size = len(payload)
        if size < 126:
            head += bytes((0x80 | size,))
        elif size < 65536:
            head += b"\xfe" + size.to_bytes(2, "big")
        else:
            head += b"\xff" + size.to_bytes(8, "big")
        self._out += head + b"\x00\x00\x00\x00" + payload
        return self

    def flush(self) -> RawSocket:
        """Send everything in one piece."""
        out, self._out = self._out, b""
        self._link.sendall(out)
        return self

    def hello(self) -> RawSocket:
        """Add our dialect's first frame, as a page would that was never here before."""
        instance = secrets.token_hex(10)
        return self.put(envelope.encode(envelope.Hello(version=1, instance=instance, last={})))

    def probe(self, vector: bytes = b"\x00") -> list[bytes]:
        """Wait until the server has dealt with all that was sent; the frames that it sent till then.

        Raises Closed where it closed instead.
        """
        self.put(envelope.encode(envelope.Ping(1)) if self.ours else sync.step1(vector)).flush()
        wanted = bytes((envelope.FRAME, envelope.PONG)) if self.ours else b"\x00\x01"
        frames = [self.receive()]
        while not frames[-1].startswith(wanted):
            frames.append(self.receive())
        return frames

    def receive(self) -> bytes:
        """The next message; raises Closed."""
        opcode, payload = self._frame()
        if opcode == 8:
            raise Closed(int.from_bytes(payload[:2], "big"), payload[2:].decode())
        return payload if opcode == BINARY else self.receive()

    def _frame(self) -> tuple[int, bytes]:
        self._need(2)
        opcode, size, start = self._came[0] & 0x0F, self._came[1], 2
        if size >= 126:
            start = 4 if size == 126 else 10
            self._need(start)
            size = int.from_bytes(self._came[2:start], "big")
        self._need(start + size)
        payload, self._came = self._came[start : start + size], self._came[start + size :]
        return opcode, payload

    def _need(self, size: int) -> None:
        while len(self._came) < size:
            self._more()

    def _more(self) -> None:
        try:
            data = self._link.recv(65536)
        except ConnectionResetError:
            data = b""
        if not data:
            raise Closed(1006, "no close frame")
        self._came += data
