"""The heartbeats of our own client, read and answered without the general codec: idle pages send no more.

Whatever is not exactly a PING or a PONG is left to `envelope`, which also says what is wrong with it.
"""

from __future__ import annotations

from typing import Final

from . import cbor
from .varint import MAX_UINT

HEARTBEATS: Final = (b"\x70\x07", b"\x70\x08")  # how they begin
_PING: Final = b"\x70\x07\x81"
_PONG: Final = b"\x70\x08\x82"
_AT: Final = 3
# By the head of a number: how many bytes follow, and the least number that wants so many.
_HEADS: Final = {0x18: (1, 24), 0x19: (2, 2**8), 0x1A: (4, 2**16), 0x1B: (8, 2**32)}


def ping_frame(now: int) -> bytes:
    """The PING that asks at `now` (µs)."""
    return _PING + cbor.head(0, now)


def pong_to(frame: bytes, now: int) -> bytes | None:
    """The PONG that answers a PING at `now` (µs); None: `envelope.decode` has to say what the frame is."""
    if frame[:_AT] != _PING or _after_number(frame, _AT) != len(frame):
        return None
    return _PONG + frame[_AT:] + cbor.head(0, now)


def is_pong(frame: bytes) -> bool:
    """Whether it is a PONG, in which there is nothing to read for whoever only wants a sign of life."""
    if frame[:_AT] != _PONG:
        return False
    second = _after_number(frame, _AT)
    return second is not None and _after_number(frame, second) == len(frame)


def _after_number(frame: bytes, at: int) -> int | None:
    """Where the number ends that begins there; None where there is none that is written as it must be."""
    head = frame[at] if at < len(frame) else 0xFF
    if head < 24:
        return at + 1
    if head not in _HEADS:
        return None
    size, least = _HEADS[head]
    end = at + 1 + size
    return (
        end if end <= len(frame) and least <= int.from_bytes(frame[at + 1 : end], "big") <= MAX_UINT else None
    )
