"""A reader whose network is full: what goes on meanwhile goes past it and is made up for afterwards."""

from __future__ import annotations

from fourhands_server.core.ledger import Ledger
from fourhands_server.core.seat import Lagging, Live, Seat


def begin(ledger: Ledger, seat: Seat) -> bool:
    """Take a seat out of the fan-out; True where that is news to it."""
    if seat.closed or seat.dialect == "jupyter":
        return False
    if isinstance(seat.state, Live):
        # What is admitted is on its way to the log: with it the seat has all that this vector names.
        seat.state = Lagging(ledger.ahead.head, ledger.admission.vector(), ledger.private.head)
    if seat.missed is not None:
        return False
    seat.missed = set()
    return True


def end(seat: Seat) -> tuple[set[int], Lagging | None]:
    """It has drained: the clients whose awareness it missed, and from where on it missed entries, if any."""
    missed, seat.missed = seat.missed or set(), None
    return missed, seat.state if isinstance(seat.state, Lagging) else None
