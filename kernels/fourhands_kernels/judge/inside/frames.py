"""Messages on a stream socket: four bytes of length, then the message; who waits for one says until when."""

import socket
import struct
import time
from typing import Final

from .plain import SIZE, Malformed

LARGEST: Final = SIZE + 64 * 1024  # bytes of one message
_LENGTH: Final = struct.Struct("!I")
_PIECE: Final = 256 * 1024  # bytes


class Gone(Exception):
    """The other side ended, or closed the socket."""


class Late(Exception):
    """The other side took too long."""


class Frames:
    """One side of the socket; times are those of time.monotonic, None is for ever."""

    def __init__(self, link: socket.socket) -> None:
        self._link = link

    def send(self, message: bytes, *, until: float | None = None) -> None:
        """Send all of a message."""
        self._wait(until)
        try:
            self._link.sendall(_LENGTH.pack(len(message)) + message)
        except TimeoutError:
            raise Late from None
        except OSError as error:
            raise Gone from error

    def receive(self, *, until: float | None = None) -> bytes:
        """Receive one message; Malformed where its length is none."""
        (length,) = _LENGTH.unpack(self._exactly(_LENGTH.size, until))
        if length > LARGEST:
            raise Malformed(f"a message of {length} bytes")
        return self._exactly(length, until)

    def close(self) -> None:
        """Let go."""
        self._link.close()

    def _exactly(self, size: int, until: float | None) -> bytes:
        data = bytearray()
        while len(data) < size:
            self._wait(until)
            try:
                piece = self._link.recv(min(size - len(data), _PIECE))
            except TimeoutError:
                raise Late from None
            except OSError as error:
                raise Gone from error
            if not piece:
                raise Gone
            data += piece
        return bytes(data)

    def _wait(self, until: float | None) -> None:
        if until is None:
            self._link.settimeout(None)
            return
        left = until - time.monotonic()
        if left <= 0:
            raise Late
        self._link.settimeout(left)


# What a message is about. The tests say: do, be a fresh state, the function returned, the function raised.
DO, FRESH, RETURNED, THREW = b"DFRX"
# The candidate's side says: ready, value, raised, unable, call a function of the tests'.
READY, VALUE, RAISED, UNABLE, CALL = b"YVEUK"
_HEAD: Final = struct.Struct("!BI")


def pack(verb: int, number: int, body: bytes = b"") -> bytes:
    """A message: what it is about, which one it is or answers, and its value."""
    return _HEAD.pack(verb, number & 0xFFFFFFFF) + body


def unpack(message: bytes) -> tuple[int, int, bytes]:
    """The parts of a message; Malformed where it has none."""
    if len(message) < _HEAD.size:
        raise Malformed("a message without a head")
    verb, number = _HEAD.unpack_from(message)
    return verb, number, message[_HEAD.size :]
