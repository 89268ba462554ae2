"""The way out to one connection: whole batches, one write each, and a bound on what a slow reader may owe."""

from __future__ import annotations

from typing import Protocol

from fourhands_server.core.seat import Seat

LIMIT = 1024 * 1024  # bytes that may wait for a reader, beside the document it was just sent


class Wire(Protocol):
    """One WebSocket connection, as the room's host needs it."""

    def write(self, frames: list[bytes]) -> None:
        """Send frames as binary messages, joined into one write; after the end nothing happens."""
        ...

    def close(self, code: int, reason: str) -> None:
        """Close after what was written; a second close changes nothing."""
        ...

    def buffered(self) -> int:
        """Bytes written but not yet taken by the network."""
        ...


class Outbox:
    """One seat's wire. Past the bound the reader is too slow: it is closed and comes back for a fresh
    state.
    """

    def __init__(self, seat: Seat, wire: Wire) -> None:
        self.seat = seat
        self.wire = wire

    def flush(self) -> bool:
        """Write what gathered in the seat; False where the reader already owes too much."""
        frames, self.seat.out = self.seat.out, []
        if not frames:
            return True
        waiting = self.wire.buffered()
        if waiting == 0:
            self.seat.burst_sent, self.seat.burst = self.seat.burst, 0
        if waiting > LIMIT + self.seat.burst + self.seat.burst_sent:
            return False
        self.wire.write(frames)
        return True
