"""The ways out to all connections of one room: what goes wrong with one of them costs that one alone."""

from __future__ import annotations

import logging
from collections.abc import Callable

from fourhands_protocol.errors import SlowReader
from fourhands_server.core.room import Room
from fourhands_server.core.seat import Seat
from fourhands_server.live.outbox import Outbox, Wire

logger = logging.getLogger(__name__)

FAILED = 1011
SLOW = "this client reads too slowly"
STALLED = "nothing was read for 30 seconds"


class Outboxes:
    """By seat. `filled` is called once for each whose network takes no more at present."""

    filled: Callable[[Outbox], None]

    def __init__(self, room: Room) -> None:
        self._room = room
        self._open: dict[str, Outbox] = {}

    def __bool__(self) -> bool:
        """Whether anybody is connected."""
        return bool(self._open)

    def open(self, seat: Seat, wire: Wire) -> None:
        """A connection is there."""
        self._open[seat.id] = Outbox(seat, wire)

    def of(self, seat_id: str) -> Outbox | None:
        """The way out to a seat that is connected."""
        return self._open.get(seat_id)

    def gone(self, seat_id: str) -> bool:
        """The connection has ended; False where that is known."""
        return self._open.pop(seat_id, None) is not None

    def flush(self) -> bool:
        """Write what gathered for the seats; True where one of them is to be closed for it."""
        closes = False
        for seat in self._room.take_talking():
            outbox = self._open.get(seat.id)
            if outbox is None:
                continue
            try:
                took = outbox.flush()
            except Exception as error:
                self._broken(seat.id, error)
                closes = True
                continue
            if not took:
                self._room.drop_seat(seat.id, SlowReader.close_code, SLOW)
                closes = True
            elif outbox.full and self._room.filled(seat.id):
                self.filled(outbox)
        return closes

    def say(self, seat_id: str, frames: list[bytes]) -> bool:
        """Write to one of them at once; False where that fails, and it is to be closed."""
        outbox = self._open.get(seat_id)
        try:
            if outbox is not None:
                outbox.wire.write(frames)
        except Exception as error:
            self._broken(seat_id, error)
            return False
        return True

    @property
    def wait(self) -> bool:
        """Whether anything may wait for the network of any of them."""
        return any(outbox.waits for outbox in self._open.values())

    def tick(self, now: int) -> None:
        """Time went on: whoever has long taken nothing is closed."""
        for seat_id, outbox in self._open.items():
            try:
                moves = outbox.tick(now)
            except Exception as error:
                self._broken(seat_id, error)
                continue
            if not moves:
                self._room.drop_seat(seat_id, SlowReader.close_code, STALLED)

    def close(self, seat_id: str, code: int, reason: str) -> bool:
        """Close a connection after what was written to it; False where it has ended."""
        outbox = self._open.pop(seat_id, None)
        if outbox is not None:
            self._hang_up(outbox, code, reason)
        return outbox is not None

    def close_all(self, code: int, reason: str) -> None:
        """Close every connection."""
        outboxes, self._open = self._open, {}
        for outbox in outboxes.values():
            self._hang_up(outbox, code, reason)

    def _hang_up(self, outbox: Outbox, code: int, reason: str) -> None:
        try:
            outbox.wire.close(code, reason)
        except Exception as error:
            logger.error("room %s: a connection could not be closed", self._room.room, exc_info=error)

    def _broken(self, seat_id: str, error: Exception) -> None:
        logger.error("room %s: a connection failed", self._room.room, exc_info=error)
        self._room.drop_seat(seat_id, FAILED, "the connection failed; try again")
