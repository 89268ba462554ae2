"""The frames of which typing is made, read and written without the general codecs: a stock client's update,
our own client's `edit`, one entry, an ack.

Whatever is not exactly of the common form is left to the general decoders, which also say what is wrong with
it: what is read here, they read the same.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from typing import Final

from . import cbor
from .entries import Entry, edit_update_alone

_UPDATE: Final = b"\x00\x02"
_ENTRY: Final = b"\x70\x03"
_OP: Final = b"\x70\x05\x83"
_EDIT: Final = b"\x64edit"
# An OP with a pseq of one byte and an update of two; all that is looked at one by one lies before its end.
_SHORTEST_OP: Final = 21


def stock_update(frame: bytes) -> bytes | None:
    """The update in an update frame of up to 16 KiB; None: `sync.decode` has to say."""
    if frame[:2] != _UPDATE or len(frame) < 4:
        return None
    size = frame[2]
    if size < 0x80:
        return frame[3:] if len(frame) == size + 3 else None
    high = frame[3]
    size += (high << 7) - 0x80
    return frame[4:] if 0 < high < 0x80 and len(frame) == size + 4 else None


def op_edit(frame: bytes) -> tuple[int, bytes, bytes] | None:
    """The pseq, the body and the update of an OP that is an edit; None: `envelope.decode` has to say."""
    if frame[:3] != _OP or len(frame) < _SHORTEST_OP:
        return None
    head = frame[3]
    if head < 0x18:
        pseq, pos = head, 4
    elif head == 0x18:
        pseq, pos = frame[4], 5
        if pseq < 0x18:
            return None
    elif head == 0x19:
        pseq, pos = int.from_bytes(frame[4:6], "big"), 6
        if pseq < 0x100:
            return None
    else:
        return None
    if not pseq or frame[pos : pos + 5] != _EDIT:
        return None
    pos += 5
    size = frame[pos] - 0x40
    pos += 1
    if size == 0x18:
        size = frame[pos]
        pos += 1
        if size < 0x18:
            return None
    elif not 0 < size < 0x18:
        return None
    if len(frame) != pos + size:
        return None
    body = frame[pos:]
    update = edit_update_alone(body)
    return None if update is None or len(update) < 2 else (pseq, body, update)


def entry_frame(entry: Entry) -> bytes:
    """Write an ENTRY frame of one entry, as `envelope.encode` does."""
    stream, seq, at, actor, kind, body = entry
    return b"".join(
        (
            _stream(stream),
            cbor.head(0, seq),
            cbor.head(0, at),
            _names(actor, kind),
            cbor.head(2, len(body)),
            body,
        )
    )


def entries_frame(entries: Sequence[Entry]) -> bytes:
    """Write an ENTRY frame, as `envelope.encode` does."""
    return b"".join([_ENTRY, cbor.head(4, len(entries)), *[entry_frame(entry)[3:] for entry in entries]])


def ack_frame(upto: int, seq: int) -> bytes:
    """Write an ACK frame, as `envelope.encode` does."""
    return b"\x70\x04\x82" + cbor.head(0, upto) + cbor.head(0, seq)


@lru_cache(maxsize=64)
def _stream(stream: str) -> bytes:
    return b"\x70\x03\x81\x86" + cbor.encode(stream)


@lru_cache(maxsize=4096)
def _names(actor: str, kind: str) -> bytes:
    return cbor.encode(actor) + cbor.encode(kind)
