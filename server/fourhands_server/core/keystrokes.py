"""The short path of typing: from a keystroke's frame to the append that it asks for, and from its entry to
those who see it.

Nothing is decided here that `Reception.receive` and `Room.committed` would decide otherwise: what is not
exactly of the common kind is left to them, untouched.
"""

from __future__ import annotations

from fourhands_protocol.entries import EDIT, Entry, edit_update
from fourhands_protocol.keystroke import op_edit, stock_update
from fourhands_protocol.roles import allows
from fourhands_server.core.effects import Append, ApplyEdit, Origin
from fourhands_server.core.ledger import Ledger
from fourhands_server.core.seat import Greeting, Seat
from fourhands_server.core.seats import Seats


class Keystrokes:
    """The edits of one room that need no more than to be admitted, logged and shown."""

    __slots__ = ("_ledger", "_seats")

    def __init__(self, ledger: Ledger, seats: Seats) -> None:
        self._ledger = ledger
        self._seats = seats

    def receive(self, seat: Seat, frame: bytes, *, now: int) -> Append | None:
        """The append of a common edit, which is admitted; None: the reception has to say, nothing is done."""
        ledger = self._ledger
        if seat.closed or not allows(seat.role, EDIT):
            return None
        for effect in ledger.effects:
            if type(effect) is not ApplyEdit:  # it may be an append, and that comes before this one
                return None
        if seat.dialect == "stock":
            update = stock_update(frame)
            if update is None:
                return None
            origin = Origin(seat.person, seat.role, seat.producer, seat.pseq + 1, seat.id)
            append = ledger.type(origin, update)
            if append is not None:
                seat.pseq += 1
        elif seat.dialect == "fourhands" and seat.merging is None and type(seat.state) is not Greeting:
            edit = op_edit(frame)
            if edit is None or edit[0] <= ledger.instance(seat.producer).admitted:
                return None
            pseq, body, update = edit
            append = ledger.type(Origin(seat.person, seat.role, seat.producer, pseq, seat.id), update, body)
        else:
            return None
        if append is not None:
            ledger.now = seat.heard_at = now
        return append

    def committed(self, entry: Entry, origin: Origin) -> bool:
        """An entry is in the log: tell it, if it is an edit that nobody and nothing waits for."""
        ledger = self._ledger
        if entry.kind != EDIT or origin.seat is None or ledger.waits:
            return False
        instance = ledger.instance(origin.producer)
        instance.commit(origin.pseq)
        ledger.state.apply(entry)
        update = edit_update(entry.body)
        ledger.effects.append(ApplyEdit(entry.seq, update))
        self._seats.show(entry, update, origin, settled=instance.settled)
        return True
