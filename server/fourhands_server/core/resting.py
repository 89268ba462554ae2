"""A room in which nothing goes on: heartbeats, cursors that stand still, keepalives, and nobody to tell.

What is done here, `Room.receive` and `Room.tick` would do as well, at many times the cost; and most rooms of
a server rest at any moment.
"""

from __future__ import annotations

from fourhands_protocol import sync
from fourhands_protocol.heartbeat import is_pong, ping_frame, pong_to
from fourhands_server.core.reception import Reception
from fourhands_server.core.seat import Seat
from fourhands_server.core.seats import EARLY, EXPIRED, KEEPALIVE, NEVER, PROBE, SILENCE, Seats

Said = list[tuple[str, list[bytes]]]  # frames by the id of a seat


class Resting:
    """One room's rest. None as an answer: nothing has happened, and the long way has to say."""

    def __init__(self, seats: Seats, reception: Reception) -> None:
        self._seats = seats
        self._reception = reception

    def beat(self, seat: Seat, frame: bytes, now: int) -> bytes | None:
        """A frame came that begins as a heartbeat or an awareness frame does: its answer, if it wants one."""
        if seat.closed or seat.out or seat.ack is not None:
            return None
        if frame[0] == sync.AWARENESS:
            answer = b"" if self._reception.renews(seat, frame) else None
        elif seat.dialect == "fourhands":
            answer = b"" if is_pong(frame) else pong_to(frame, now)
        else:
            return None
        if answer is not None:
            seat.heard_at = now
        return answer

    def look(self, now: int) -> tuple[int, Said] | None:
        """What is to be said to whom, and until when (µs) there is nothing more to do."""
        until, asked = NEVER, []
        for seat in self._seats.open.values():
            if seat.closed or seat.out or seat.ack is not None or seat.missed is not None:
                return None
            due = self._seats.due(seat)
            if now >= due - EARLY:
                if seat.syncs:
                    due = now + KEEPALIVE
                elif now < min(seat.heard_at + SILENCE, seat.expires_at + EXPIRED):
                    due = now + PROBE
                else:
                    return None
                asked.append(seat)
            if due < until:
                until = due
        return until, [(seat.id, self._say(seat, now)) for seat in asked]

    def _say(self, seat: Seat, now: int) -> list[bytes]:
        seat.spoke_at = now
        return self._reception.others(seat) if seat.syncs else [ping_frame(now)]
