"""ZMTP 3.0, the wire of ZeroMQ, as far as talking to a kernel takes it: pure, and with a bound on everything.

libzmq bounds each frame and the number of messages, but neither a message's frames nor what of it is on its
way: one message without an end fills the memory of whoever receives it. Hence this one.
"""

import struct
from collections.abc import Sequence
from typing import Final, Literal

Kind = Literal["SUB", "DEALER"]
Frames = list[bytes]

MESSAGE: Final = 4 * 1024 * 1024  # bytes of a whole message, frames' overhead included
FRAMES: Final = 64  # a message of Jupyter's has seven, and one for each buffer
_OVERHEAD: Final = 64  # bytes that a frame counts for besides
EVERYTHING: Final = b"\x01"  # the message by which a SUB wants all that is published
_GREETING: Final = b"\xff" + bytes(8) + b"\x7f\x03\x00" + b"NULL".ljust(20, b"\0") + bytes(32)
_MORE, _LONG, _COMMAND = 1, 2, 4
_SIZE: Final = struct.Struct("!Q")
_COMMAND_SIZE: Final = 4096  # bytes; the only one that matters is READY


class Broken(Exception):
    """The other side does not speak the protocol, or too much at a time."""


def greeting(kind: Kind, identity: bytes) -> bytes:
    """What we say first: who we are. Messages must wait until the other side has said the same."""
    properties = _property(b"Socket-Type", kind.encode()) + _property(b"Identity", identity)
    return _GREETING + _frame(b"\x05READY" + properties, _COMMAND)


def message(frames: Sequence[bytes]) -> bytes:
    """One message."""
    last = len(frames) - 1
    return b"".join(_frame(frame, _MORE if index < last else 0) for index, frame in enumerate(frames))


class Reader:
    """Takes bytes in, gives messages out, and holds no more than one message and what was fed last."""

    def __init__(self) -> None:
        self._buffer = bytearray()
        self._at = 0
        self._greeted = self._ready = False
        self._frames: Frames = []
        self._size = 0

    @property
    def ready(self) -> bool:
        """Whether the other side has introduced itself."""
        return self._ready

    @property
    def left(self) -> Frames:
        """What came and makes no message (yet)."""
        return [*self._frames, bytes(self._buffer[self._at :])]

    def feed(self, data: bytes) -> None:
        """Take bytes."""
        del self._buffer[: self._at]
        self._at = 0
        self._buffer += data

    def next(self) -> Frames | None:
        """The next whole message; None where there is none yet. Raises Broken."""
        if not self._greeted and not self._take_greeting():
            return None
        while (found := self._take_frame()) is not None:
            flags, body = found
            if flags & _COMMAND:
                self._ready = self._ready or body.startswith(b"\x05READY")
                continue
            if not self._ready:
                raise Broken("a message before any introduction")
            self._frames.append(body)
            if not flags & _MORE:
                whole, self._frames, self._size = self._frames, [], 0
                return whole
        return None

    def _take_greeting(self) -> bool:
        length = len(_GREETING)
        start = bytes(self._buffer[:length])
        if (start[:1] or b"\xff") != b"\xff" or (len(start) >= 11 and (start[9] & 1 == 0 or start[10] < 3)):
            raise Broken("not ZMTP 3")
        if len(start) < length:
            return False
        if start[12:32].rstrip(b"\0") != b"NULL":
            raise Broken("another mechanism")
        self._greeted, self._at = True, length
        return True

    def _take_frame(self) -> tuple[int, bytes] | None:
        buffer, at = self._buffer, self._at
        left = len(buffer) - at
        if left < 2:
            return None
        flags = buffer[at]
        if flags & _LONG:
            if left < 9:
                return None
            (size,) = _SIZE.unpack_from(buffer, at + 1)
            at += 9
        else:
            size = buffer[at + 1]
            at += 2
        self._check(flags, size)
        if len(buffer) - at < size:
            return None
        self._at = at + size
        if not flags & _COMMAND:
            self._size += size + _OVERHEAD
        return flags, bytes(memoryview(buffer)[at : self._at])

    def _check(self, flags: int, size: int) -> None:
        """Before anything of the frame is waited for."""
        if flags & ~(_MORE | _LONG | _COMMAND):
            raise Broken("unknown flags")
        if flags & _COMMAND:
            if size > _COMMAND_SIZE or flags & _MORE:
                raise Broken("not a command")
        elif self._size + size > MESSAGE or len(self._frames) >= FRAMES:
            raise Broken("too large a message")


def _frame(body: bytes, flags: int) -> bytes:
    if len(body) > 255:
        return bytes((flags | _LONG,)) + _SIZE.pack(len(body)) + body
    return bytes((flags, len(body))) + body


def _property(name: bytes, value: bytes) -> bytes:
    return bytes((len(name),)) + name + struct.pack("!I", len(value)) + value
