"""WebSocket messages as bytes (RFC 6455, 5.2): the head of those that go out, and the short path for the most
common of those that come in.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

try:
    from websockets.speedups import apply_mask as apply_mask
except ImportError:  # a build without its extension
    from websockets.utils import apply_mask as apply_mask

TEXT: Final = 0x81
BINARY: Final = 0x82

SHARED: Final = 64 * 1024
"""Bytes of a message that may be kept for its next recipient."""

_shared: tuple[int, bytes, bytes] = (0, b"", b"")


def header(kind: int, size: int) -> bytes:
    """The bytes before a message of `size` bytes, unmasked and unfragmented."""
    if size < 126:
        return bytes((kind, size))
    if size < 65536:
        return bytes((kind, 126)) + size.to_bytes(2, "big")
    return bytes((kind, 127)) + size.to_bytes(8, "big")


def message(kind: int, payload: bytes) -> bytes:
    """A message with its head. What goes to many, one after the other, is put together once."""
    global _shared
    shared_kind, shared, whole = _shared
    if payload is shared and kind == shared_kind:
        return whole
    whole = header(kind, len(payload)) + payload
    if len(payload) <= SHARED:
        _shared = (kind, payload, whole)
    return whole


def take_common(data: bytes, start: int, take: Callable[[bytes], bool]) -> int:
    """Hand on the common messages that stand whole in `data` from `start` on, until `take` has enough.

    Common is a masked, unfragmented binary message of less than 64 KiB. Returns where the first byte stands
    that is none of theirs.
    """
    pos, end = start, len(data)
    while end - pos >= 6 and data[pos] == BINARY:
        size = data[pos + 1] - 0x80
        body = pos + 6
        if size == 126:
            size, body = int.from_bytes(data[pos + 2 : pos + 4], "big"), pos + 8
            if size < 126:
                break
        elif not 0 <= size < 126:
            break
        stop = body + size
        if stop > end:
            break
        pos = stop
        if not take(apply_mask(data[body:stop], data[body - 4 : body])):
            break
    return pos


def frame_size(data: bytes, start: int) -> int | None:
    """How long the frame is that begins there, mask and all; None where the size itself is not all there."""
    if len(data) < start + 2:
        return None
    masked, size = data[start + 1] & 0x80, data[start + 1] & 0x7F
    head = 2 if size < 126 else 4 if size == 126 else 10
    if len(data) < start + head:
        return None
    if size >= 126:
        size = int.from_bytes(data[start + 2 : start + head], "big")
    return head + (4 if masked else 0) + size
