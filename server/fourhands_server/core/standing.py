"""A cursor that stands still: how a frame is known that says of a client once more what the last one said."""

from __future__ import annotations

from typing import NamedTuple

from fourhands_protocol import sync
from fourhands_protocol.awareness import State
from fourhands_protocol.varint import write_uint

_WIDEST = 28  # bits of a clock that is read here; a larger one is left to the decoder


class Standing(NamedTuple):
    """What a frame with one state said: all of it but the clock."""

    client: int
    head: bytes  # before the clock
    rest: int  # the hash of what stands behind it
    size: int

    def clock(self, frame: bytes) -> int | None:
        """The clock of a frame that says the same; None for any other."""
        if len(frame) != self.size or not frame.startswith(self.head):
            return None
        at, clock, shift = len(self.head), 0, 0
        while (byte := frame[at]) >= 0x80:
            clock |= (byte & 0x7F) << shift
            at, shift = at + 1, shift + 7
            if shift >= _WIDEST or at == self.size:
                return None
        return clock | byte << shift if hash(frame[at + 1 :]) == self.rest else None


def standing(payload: bytes, state: State) -> Standing | None:
    """To know the next frame by, where this payload holds one state, written as anybody would."""
    before = b"\x01" + write_uint(state.client)
    clock = write_uint(state.clock)
    if not payload.startswith(before + clock):
        return None
    frame = sync.awareness(payload)
    head = frame[: len(frame) - len(payload)] + before
    return Standing(state.client, head, hash(payload[len(before + clock) :]), len(frame))
