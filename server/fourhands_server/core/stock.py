"""What stock clients say in sync frames, and Hocuspocus' providers too: step 1, step 2, updates.

A provider's edits are answered by a sync status, its own way of counting what is saved; those of other
stock clients come back to them.
"""

from __future__ import annotations

from collections.abc import Callable

from fourhands_protocol import entries, errors, limits, sync
from fourhands_protocol.admission.update import read_update
from fourhands_protocol.hocuspocus import NOT_SAVED
from fourhands_server.core import delivery, syncing
from fourhands_server.core.edits import Edits
from fourhands_server.core.effects import Origin
from fourhands_server.core.healing import Healing
from fourhands_server.core.ledger import Ledger
from fourhands_server.core.operations import Refused
from fourhands_server.core.seat import Greeting, Lagging, Seat, Syncing

READS = "you may read this room, not write in it"


class Stock:
    """The sync frames of one room; `join` lets a seat take part that has said what it has."""

    def __init__(self, ledger: Ledger, edits: Edits, healing: Healing, join: Callable[[Seat], None]) -> None:
        self._ledger = ledger
        self._edits = edits
        self._healing = healing
        self._join = join

    def receive(self, seat: Seat, message: sync.Frame) -> None:
        """Take in one message; raises ProtocolError where it must cost the connection."""
        match message:
            case sync.Step1(vector):
                if seat.dialect == "hocuspocus":
                    self._ask(seat, vector)
                # One question at a time: an answer that is under way serves a later step 1 as well.
                if not isinstance(seat.state, Syncing | Lagging):
                    self._sync(seat, vector)
            case sync.Step2(update):
                # With it settles what it holds as well (F-12).
                seat.pseq, seat.dropped, seat.asked, seat.said = seat.pseq + seat.dropped, 0, False, None
                self._edit(seat, update, limit=limits.STEP2, heals=self._healing.open)
            case sync.Update(update):
                try:
                    self._edit(seat, update, limit=limits.UPDATE)
                except errors.CausalGap:
                    if not seat.asked:
                        raise
                    seat.dropped += not _is_told(seat, update)
            case _:
                raise errors.MalformedFrame("a client does not send this message")

    def _sync(self, seat: Seat, vector: bytes) -> None:
        """Ask for what the seat lacks, and hold back what is committed until that is out.

        yjs may throw on an update that comes before its step 2, hence the order.
        """
        if isinstance(seat.state, Greeting):
            self._join(seat)
        syncing.begin_stock(self._ledger, seat, vector)

    def _ask(self, seat: Seat, vector: bytes) -> None:
        """Ask a provider what we lack: it counts anew, and on the sync status of its answer (D-4, D-5)."""
        owner, said = self._ledger.admission.owner, sync.decode_vector(vector).items()
        mine = [(client, clock) for client, clock in said if owner(client) in (None, seat.person)]
        seat.said = dict(mine[: limits.CLIENT_IDS])  # one has no more, whatever a vector says
        seat.saved, seat.unasked, seat.dropped = seat.pseq, set(), 0
        if not seat.asked:
            seat.asked = True
            seat.send(sync.step1(sync.encode_vector(self._ledger.admission.vector())))

    def _edit(self, seat: Seat, update: bytes, *, limit: int, heals: bool = False) -> None:
        origin = Origin(seat.person, seat.role, seat.producer, seat.pseq + 1, seat=seat.id)
        body = entries.edit_body(update)
        try:
            news = self._edits.admit(origin, update, body, limit=limit, heals=heals)
        except Refused as refused:
            if seat.dialect == "hocuspocus":
                seat.send(NOT_SAVED)
            raise errors.RoomEnded(refused.message) from refused
        except errors.Forbidden:
            if seat.dialect == "hocuspocus":
                seat.send(NOT_SAVED)
                return
            seat.send(sync.permission_denied(READS))
            raise
        seat.pseq = origin.pseq
        if seat.dialect == "hocuspocus":
            self._settle(seat, origin, update, news=news)
        elif not news:
            self._ledger.instance(origin.producer).admit(origin.pseq, logged=False)

    def _settle(self, seat: Seat, origin: Origin, update: bytes, *, news: bool) -> None:
        """See to it that a provider is told when this is in the log."""
        if _is_told(seat, update):
            seat.unasked = seat.unasked or set()
            seat.unasked.add(origin.pseq)
        if not news:  # it may repeat what is not in the log yet
            self._ledger.repeated(origin, self._ledger.ahead.head)
        delivery.owe_ack(seat, self._ledger.instance(seat.producer).settled, seat.sent)


def _is_told(seat: Seat, update: bytes) -> bool:
    """Whether the sender's own step 1 names what it inserts: a provider counted it before, and no more."""
    if seat.said is None:
        return False
    sections = read_update(update).sections.values()
    return bool(sections) and all(section.end <= seat.said.get(section.client, 0) for section in sections)
