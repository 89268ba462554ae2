"""The connections of a room: what goes out to whom, which are kept alive, and which are closed."""

from __future__ import annotations

from collections.abc import Iterable

from fourhands_protocol import awareness, envelope, sync
from fourhands_protocol.entries import Entry
from fourhands_protocol.errors import BadToken, Silent, SlowReader
from fourhands_protocol.keystroke import entry_frame
from fourhands_server.core import delivery
from fourhands_server.core.delivery import Delivery
from fourhands_server.core.effects import CloseSeat, Origin
from fourhands_server.core.ledger import Ledger
from fourhands_server.core.seat import Live, Seat

SILENCE = 14_000_000  # µs without a frame after which our own client's link counts as lost
PROBE = 9_000_000  # µs without a frame after which it is asked; a page asks us sooner, unless it is at rest
EXPIRED = 60_000_000  # µs after its token's end in which it may still renew it
KEEPALIVE = 8_000_000  # µs in which neither a stock client nor we said a word; its socket asks with ours
MUTE = 20_000_000  # µs without a word of ours; stock clients drop us, and whom they know of, after 30 s
EARLY = 1_500_000  # µs: what is due so soon is done at once, so that a room at rest is looked at once for all
NEVER = 2**63  # µs


class Seats:
    """All open connections of one room, by id."""

    __slots__ = ("_ledger", "_talking", "open")

    def __init__(self, ledger: Ledger) -> None:
        self.open: dict[str, Seat] = {}
        self._ledger = ledger
        self._talking: dict[Seat, None] = {}

    def take_talking(self) -> list[Seat]:
        """The seats that have something in `out`."""
        if not self._talking:
            return []
        taken, self._talking = [s for s in self._talking if s.out or s.ack], {}
        for seat in taken:
            if seat.ack is not None:
                delivery.flush_ack(seat)
        return taken

    def touch(self, seat: Seat) -> None:
        """Something may have gathered in its `out`."""
        self._talking[seat] = None

    def say(self, seat: Seat, frame: bytes) -> None:
        """Send one frame to one seat."""
        seat.send(frame)
        self.touch(seat)

    def tell(self, states: list[awareness.State], *, but: str) -> None:
        """Show awareness states to every seat but one; whose network is full gets the last of them later."""
        if not states:
            return
        frame = sync.awareness(awareness.encode(states))
        for seat in self.open.values():
            if seat.id == but:
                continue
            if seat.missed is None:
                self.say(seat, frame)
            else:
                seat.missed.update(state.client for state in states)

    def fan_out(self, entry: Entry, origin: Origin) -> None:
        """Tell a committed entry to everybody who may know it."""
        told = Delivery(entry, origin.producer, origin.pseq)
        for seat in self.open.values():
            if not told.to(seat):
                self.close(seat, SlowReader.close_code, "too much came while this client was syncing")
            self.touch(seat)

    def show(self, entry: Entry, update: bytes, origin: Origin, *, settled: int) -> None:
        """Tell a committed edit to everybody, and its sender that all up to `settled` is in the log.

        What `fan_out` and `owe_acks` do, for those who are live and get nothing but the edit.
        """
        seq, producer, talking = entry.seq, origin.producer, self._talking
        stock = ours = b""
        told: Delivery | None = None
        for seat in self.open.values():
            talking[seat] = None
            if type(seat.state) is not Live or seat.closed or seat.dialect not in ("stock", "fourhands"):
                told = told or Delivery(entry, producer, origin.pseq)
                if not told.to(seat):
                    self.close(seat, SlowReader.close_code, "too much came while this client was syncing")
                if seat.producer == producer and seat.dialect in ("fourhands", "hocuspocus"):
                    delivery.owe_ack(seat, settled, seat.sent)
                continue
            seat.sent = seq
            if seat.dialect == "stock":
                stock = stock or sync.update(update)
                seat.out.append(stock)
            elif seat.producer == producer:
                delivery.owe_ack(seat, settled, seq)
            else:
                if seat.ack is not None:
                    delivery.flush_ack(seat)
                ours = ours or entry_frame(entry)
                if len(ours) > delivery.LARGE:
                    seat.burst = max(seat.burst, len(ours))
                seat.out.append(ours)

    def owe_acks(self, settled: Iterable[Origin]) -> None:
        """Whoever sent these will hear that they are settled."""
        producers = {origin.producer for origin in settled}
        for seat in self.open.values():
            if seat.dialect in ("fourhands", "hocuspocus") and seat.producer in producers:
                delivery.owe_ack(seat, self._ledger.instance(seat.producer).settled, seat.sent)
                self.touch(seat)

    def close(self, seat: Seat, code: int, reason: str) -> None:
        """Close a connection after what was written to it."""
        if not seat.closed:
            seat.closed = True
            self.touch(seat)
            self._ledger.effects.append(CloseSeat(seat.id, code, reason))

    def due(self, seat: Seat) -> int:
        """When `keep_alive` is to look at a seat again, if nothing is heard of it."""
        heard, spoke = seat.heard_at, seat.spoke_at
        last = heard if heard > spoke else spoke
        if seat.dialect == "fourhands":
            return min(last + PROBE, heard + SILENCE, seat.expires_at + EXPIRED)
        if seat.dialect == "jupyter" or seat.closed:
            return NEVER
        return min(last + KEEPALIVE, spoke + MUTE)

    def keep_alive(self, seat: Seat, now: int) -> bool:
        """Ask whoever was not heard, close whoever has gone; whether a stock client wants to hear of us."""
        if seat.dialect == "jupyter":
            return False  # the socket's own pings find out
        if seat.syncs:
            if now < self.due(seat) - EARLY:
                return False
            seat.spoke_at = now
            return True
        if now - seat.heard_at >= SILENCE:
            self.close(seat, Silent.close_code, "nothing was heard for 14 seconds")
        elif now - seat.expires_at >= EXPIRED:
            self.close(seat, BadToken.close_code, "the token has expired")
        elif now - max(seat.heard_at, seat.spoke_at) >= PROBE - EARLY:
            # A hidden tab's timers may sleep for a minute, but it answers what it receives.
            seat.spoke_at = now
            self.say(seat, envelope.encode(envelope.Ping(now)))
        return False
