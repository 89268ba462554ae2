"""The way out to one connection: whole batches, one write each, and bounds on what a slow reader may owe.

Where more than `FULL` waits the room tells the seat nothing more until that has gone, then makes up for it in
one piece. Beside that come answers to what the client itself says; past `LIMIT` of all of it, or where
nothing moves for `STALLED`, the connection is closed.
"""

from __future__ import annotations

from typing import Protocol

from fourhands_server.core.seat import Seat

FULL = (
    128 * 1024
)  # bytes that may wait; more than a transport's high-water mark, so that it says when they went
LIMIT = 1024 * 1024  # bytes that may wait for a reader, beside the document it was just sent
STALLED = 30_000_000  # µs in which a reader to whom something was sent took none of it


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

    __slots__ = ("_taken", "_waited", "_wire")

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
    """One seat's wire."""

    __slots__ = ("_busy", "_moved_at", "drain", "full", "seat", "wire")

    def __init__(self, seat: Seat, wire: Wire) -> None:
        self.seat = seat
        self.wire = wire
        self.drain = Drain(wire)
        self.full = False
        self._busy = False  # something may wait; most connections are idle, and cost nothing at a tick
        self._moved_at = 0

    def flush(self) -> bool:
        """Write what gathered in the seat; False where the reader already owes too much."""
        seat = self.seat
        frames = seat.out
        if not frames:
            return True
        seat.out = []
        waiting = self.wire.buffered()
        if waiting == 0:
            if seat.burst or seat.burst_sent:
                seat.burst_sent, seat.burst = seat.burst, 0
            self.full = False
        else:
            self.full = waiting > FULL
            if waiting > LIMIT + seat.burst + seat.burst_sent:
                return False
        self._busy = True
        self.wire.write(frames)
        return True

    @property
    def waits(self) -> bool:
        """Whether what was written may wait for the network, so that `tick` is to look."""
        if self._busy and not self._moved_at:
            self._busy = self.wire.buffered() > 0
        return self._busy

    def tick(self, now: int) -> bool:
        """A reader that takes what it is sent is as good as heard; False where it has long taken none."""
        if not self._busy:
            return True
        moved = self.drain.moved()
        if moved:
            self.seat.heard_at = now
        self._busy = self.wire.buffered() > 0
        if moved or not self._busy or not self._moved_at:
            self._moved_at = now if self._busy else 0
        return not self._moved_at or now - self._moved_at < STALLED
