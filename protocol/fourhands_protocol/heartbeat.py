"""The heartbeat of our own client, read and answered without the general codec: of all frames that idle pages
send, nearly every one is a PING.

Whatever is not exactly a PING is left to `envelope`, which also says what is wrong with it.
"""

from __future__ import annotations

from typing import Final

from . import cbor
from .varint import MAX_UINT

HEARTBEAT: Final = b"\x70\x07"  # how one begins
_PING: Final = HEARTBEAT + b"\x81"
_PONG: Final = b"\x70\x08\x82"
_AT: Final = len(_PING)
# By the length of a PING: its number's head, and the least number that wants so many bytes.
_HEADS: Final = {5: (0x18, 24), 6: (0x19, 2**8), 8: (0x1A, 2**16), 12: (0x1B, 2**32)}


def pong_to(frame: bytes, now: int) -> bytes | None:
    """The PONG that answers a PING at `now` (µs); None: `envelope.decode` has to say what the frame is."""
    if frame[:_AT] != _PING:
        return None
    size = len(frame)
    if size == _AT + 1:
        good = frame[_AT] < 24
    elif size in _HEADS:
        head, least = _HEADS[size]
        good = frame[_AT] == head and least <= int.from_bytes(frame[_AT + 1 :], "big") <= MAX_UINT
    else:
        good = False
    return _PONG + frame[_AT:] + cbor.head(0, now) if good else None
