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

    def taken(self) -> int:
        """Bytes that the network has taken since the beginning."""
        ...

    async def drained(self) -> None:
        """Return when the network keeps up, or is done with us."""
        ...


class Drain:
    """Whether a wire moves though nothing is heard from its reader: a long answer on a slow link is life.

    Only what waited counts. On a dead link the kernel goes on taking a little for minutes, but what has
    begun to wait there waits for ever.
    """

    def __init__(self, wire: Wire) -> None:
        self._wire = wire
        self._waited = False
        self._taken = 0

    def moved(self) -> bool:
        """Whether, of what waited at the last look, some has gone."""
        moved = self._waited and self._wire.taken() > self._taken
        self._waited, self._taken = self._wire.buffered() > 0, self._wire.taken()
        return moved


class Outbox:
    """One seat's wire. Past the bound the reader is too slow: it is closed and comes back for a fresh
    state.
    """

    def __init__(self, seat: Seat, wire: Wire) -> None:
        self.seat = seat
        self.wire = wire
        self.drain = Drain(wire)

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
