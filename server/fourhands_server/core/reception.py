"""What arrives on a seat's connection: each frame decoded whole, checked against the role, and taken in or
refused.

A refusal that a client can get by honest use is an answer (REFUSED); a frame that no honest client
sends raises a ProtocolError, whose code closes the connection.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Protocol, TypeVar

from fourhands_protocol import awareness, entries, envelope, errors, limits, sync
from fourhands_protocol.entries import EDIT
from fourhands_protocol.roles import INTERVIEWERS, ROOM, allows, streams
from fourhands_server.core import delivery, kept, lagging, syncing
from fourhands_server.core.colours import user_colours
from fourhands_server.core.edits import Edits
from fourhands_server.core.effects import Origin, RenewToken, Report
from fourhands_server.core.healing import Healing
from fourhands_server.core.ledger import Ledger
from fourhands_server.core.operations import AlreadyDone, Refused
from fourhands_server.core.presence import Cursor, Presence, cursor_of
from fourhands_server.core.seat import Greeting, Seat
from fourhands_server.core.standing import standing
from fourhands_server.core.stock import Stock

OURS = bytes([envelope.FRAME])
T = TypeVar("T")
BEHIND = (
    "a page knows entries that the log does not have. If an older copy of the data folder was put back, stop"
    " the server, remove rooms.db.mark and start again: pages then bring back what they still hold"
)
NOBODY = sync.awareness(awareness.encode([]))
SHOWN_BYTES = 64 * 1024  # of awareness states in a frame
RESUME_LIMIT = 5_000  # entries; a client further behind gets the document instead of its history


class Undecoded(Exception):
    """A mistake of ours over a frame before anything came of it; its cause is for whoever mends it."""


class Desk(Protocol):
    """What the reception asks of the room around it."""

    @property
    def ending(self) -> bool:
        """Whether somebody has ended the room, though a run may still have its moment."""
        ...

    def operate(self, origin: Origin, kind: str, body: Mapping[str, Any]) -> None:
        """Plan and append one operation; raises Refused or AlreadyDone."""
        ...

    def seated(self, seat: Seat, *, pending: tuple[int, int] | None = None) -> None:
        """The seat has said what it has: it takes part from now on."""
        ...

    def edited(self, seat: Seat, pseq: int, *, logged: bool) -> None:
        """An operation of our own client was taken in, and left an edit in the log or not."""
        ...

    def tell(self, states: list[awareness.State], *, but: str) -> None:
        """Show awareness states to every seat but one."""
        ...

    def record_cursor(self, person: str, cursor: Cursor) -> None:
        """Put a cursor on the record."""
        ...


class Reception:
    """Decodes and judges the frames of all seats of one room."""

    def __init__(
        self,
        ledger: Ledger,
        presence: Presence,
        desk: Desk,
        healing: Healing,
        *,
        room: str,
        incarnation: str,
    ) -> None:
        self._ledger = ledger
        self._presence = presence
        self._desk = desk
        self._healing = healing
        self._edits = Edits(ledger, healing, desk)
        self._syncs = Stock(ledger, self._edits, healing, self._join)
        self._room = room
        self._incarnation = incarnation
        self._reported = False

    def receive(self, seat: Seat, frame: bytes) -> None:
        """Take in one frame of a seat; raises ProtocolError where it must cost the connection."""
        if frame[:1] == OURS:
            if seat.dialect != "fourhands":
                raise errors.MalformedFrame("envelope frames need the subprotocol fourhands.v1")
            self._ours(seat, _decoded(envelope.decode, frame))
        else:
            self._stock(seat, _decoded(sync.decode, frame))

    def _stock(self, seat: Seat, message: sync.Frame) -> None:
        match message:
            case sync.AwarenessFrame(payload):
                self._awareness(seat, payload)
            case sync.QueryAwareness():
                self.greet(seat)
            case _ if not seat.syncs:
                raise errors.MalformedFrame("sync frames are for stock clients; send operations")
            case _:
                self._syncs.receive(seat, message)

    def _ours(self, seat: Seat, message: envelope.Message) -> None:
        match message:
            case envelope.Hello():
                self._hello(seat, message)
            case envelope.Ping(time):
                seat.send(envelope.encode(envelope.Pong(time, self._ledger.now)))
            case envelope.Pong():
                pass
            case _ if isinstance(seat.state, Greeting):
                raise errors.MalformedFrame("HELLO comes first")
            case envelope.Op(pseq, kind, body):
                self._operation(seat, pseq, kind, body)
            case envelope.TokenRequest():
                self._ledger.effects.append(RenewToken(seat.id))
            case _:
                raise errors.MalformedFrame("a client does not send this message")

    def _operation(self, seat: Seat, pseq: int, kind: str, body: bytes) -> None:
        instance = self._ledger.instance(seat.producer)
        if pseq <= instance.admitted:
            if pseq <= instance.settled:
                delivery.owe_ack(seat, instance.settled, seat.sent)
            return
        fields = entries.op(kind, body)
        logged = False
        origin = Origin(seat.person, seat.role, seat.producer, pseq, seat=seat.id)
        try:
            if kind == EDIT:
                logged = self._edits.admit(origin, fields["update"], body, limit=limits.UPDATE)
            elif kind == "relay":
                logged = self._relay(origin, fields["update"])
            else:
                self._desk.operate(origin, kind, fields)
            if kind in (EDIT, "relay") and not logged:
                instance.admit(pseq, logged=False)
        except Refused as refused:
            instance.admit(pseq, logged=False)
            seat.send(envelope.encode(envelope.Refused(pseq, refused.code, refused.message)))
        except AlreadyDone as done:
            self._ledger.repeated(origin, done.seq)
        if seat.merging is not None:
            self._desk.edited(seat, pseq, logged=logged)
        if instance.settled >= pseq:
            delivery.owe_ack(seat, instance.settled, seat.sent)

    def _relay(self, origin: Origin, update: bytes) -> bool:
        if not allows(origin.role, EDIT) or not self._healing.open:
            raise Refused("forbidden", "This room has lost nothing that you could bring back.")
        return self._edits.admit(origin, update, b"", limit=limits.STEP2, heals=True)

    def _hello(self, seat: Seat, hello: envelope.Hello) -> None:
        if not isinstance(seat.state, Greeting):
            raise errors.MalformedFrame("HELLO comes once")
        seat.producer = f"{seat.person}/{hello.instance}"
        seat.packs = hello.packed is True
        known = hello.lineage is not None and hello.incarnation == self._incarnation
        same = hello.lineage in (None, self._ledger.state.lineage)
        after, private = hello.last.get(ROOM, 0), hello.last.get(INTERVIEWERS, 0)
        resumed = same and known and self._is_near(seat, after, private)
        if same and self._healing.was(hello.incarnation):
            # Its document may hold what the log has lost: it gives that back, or takes the room's instead.
            same = seat.heals = self._healing.open and allows(seat.role, EDIT)
        if known and after > self._ledger.state.head:
            # It says that the log lost its tail, and the log does not: its word is not enough to heal by.
            if not self._reported:  # once: any client can say so as often as it likes
                self._reported = True
                self._ledger.effects.append(Report(BEHIND))
            same = False
        self._healing.know(seat, hello.name)
        self._desk.seated(seat, pending=hello.pending)
        seat.send(self._welcome(seat, "resumed" if resumed else "resync" if same else "reset"))
        self.greet(seat)
        self._tell_from(seat, after if resumed else 0, private, hello.vector if same else None)

    def drained(self, seat: Seat) -> None:
        """Tell a seat what went past it while its network was full, in one piece (E-20)."""
        missed, lag = lagging.end(seat)
        self._show(seat, self._presence.of(missed))
        if lag is None:
            return
        vector = sync.encode_vector(lag.vector)
        if seat.syncs:
            syncing.begin_stock(self._ledger, seat, vector)
            return
        resumed = self._is_near(seat, seat.sent, lag.private)
        seat.send(self._welcome(seat, "resumed" if resumed else "resync"))
        # A story goes past edits that are committed meanwhile. The vector names none of them: as long as
        # something up to `until` is not committed, nothing went past the seat, and the log is short.
        self._tell_from(seat, seat.sent if resumed else 0, lag.private, vector)

    def _is_near(self, seat: Seat, after: int, private: int) -> bool:
        """Whether what a seat lacks is told shorter by the log than by story and document."""
        state = self._ledger.state
        return (
            0 < after <= state.head <= after + RESUME_LIMIT
            and state.printed_after(after) <= kept.KEPT
            and (not _reads_private(seat) or private <= self._ledger.private.head <= private + RESUME_LIMIT)
        )

    def _tell_from(self, seat: Seat, after: int, private: int, vector: bytes | None) -> None:
        """Tell the log from `after` on; from 0, the story and what `vector` lacks of the document."""
        story = after == 0
        begin = (0 if story else private) if _reads_private(seat) else None
        document = vector if story else None
        syncing.begin(self._ledger, seat, after=after, story=story, vector=document, private=begin)

    def _welcome(self, seat: Seat, mode: str) -> bytes:
        state, now = self._ledger.state, self._ledger.now
        welcome = envelope.Welcome(
            mode=mode,
            room=self._room,
            title=state.title,
            lineage=state.lineage,
            incarnation=self._incarnation,
            participant=seat.person,
            role=seat.role,
            seat=seat.name,
            acked=self._ledger.instance(seat.producer).settled,
            heads=self._heads(seat),
            time=now,
            expires_in=max(0, (seat.expires_at - now) // 1_000_000),
        )
        return envelope.encode(welcome)

    def _heads(self, seat: Seat) -> dict[str, int]:
        """Where the streams stand that this seat may read; others it cannot even count."""
        heads = {ROOM: self._ledger.state.head}
        if _reads_private(seat):
            heads[INTERVIEWERS] = self._ledger.private.head
        return heads

    def _join(self, seat: Seat) -> None:
        self._desk.seated(seat)
        self.greet(seat)

    def greet(self, seat: Seat) -> None:
        """Tell a newcomer who is here."""
        self._show(seat, self._presence.everyone_but(seat.name))

    def others(self, seat: Seat) -> list[bytes]:
        """The frames that show a stock client who is here; of nobody, if that is so (F-10)."""
        return _shown(self._presence.everyone_but(seat.name)) or [NOBODY]

    def renews(self, seat: Seat, frame: bytes) -> bool:
        """Whether a frame only says once more what its client shows already."""
        if seat.standing is None or self._ledger.ahead.ended_at is not None:
            return False
        clock = seat.standing.clock(frame)
        return clock is not None and self._presence.renew(seat.standing.client, clock, seat=seat.name)

    def _show(self, seat: Seat, states: list[awareness.State]) -> None:
        """Tell one seat many states. They make no slow reader of it."""
        frames = _shown(states)
        for frame in frames:
            seat.send(frame)
        seat.burst = max(seat.burst, sum(map(len, frames)))

    def _awareness(self, seat: Seat, payload: bytes) -> None:
        """Take the seat's own states; an observer has none, and a room that ended shows none."""
        states = awareness.decode(payload)
        ledger = self._ledger
        if not allows(seat.role, EDIT) or ledger.ahead.ended_at is not None:
            return
        person = ledger.ahead.people.get(seat.person)
        if person is None:
            return
        user = {"name": person.name, "id": person.id, "role": person.role, **user_colours(person.colour)}
        returns = not seat.introduced and len(states) == 1
        seat.introduced = True
        seat.standing = None
        told = self._presence.offer(states, seat=seat.name, person=seat.person, user=user, returns=returns)
        if told:
            if seat.dialect == "fourhands" and told[-1].client != seat.shows:
                # A page that was loaded anew may have its seat again, but not its client id. It too may have
                # been told of the one before: on this connection, before it said whose instance it is.
                seat.shows = told[-1].client
                self._desk.tell(self._presence.leave(seat.name, but=seat.shows), but="")
            if len(states) == 1:
                seat.standing = standing(payload, states[0])
            self._desk.tell(told, but=seat.id)
            self._record_cursor(seat, told)

    def _record_cursor(self, seat: Seat, told: list[awareness.State]) -> None:
        for state in told:
            cursor = cursor_of(state)
            if cursor is None or cursor.file not in self._ledger.ahead.files:
                continue
            due = self._presence.move(seat.person, cursor, self._ledger.now)
            if due is not None:
                self._desk.record_cursor(seat.person, due)


def _shown(states: list[awareness.State]) -> list[bytes]:
    """Many states in frames that a slow link can take."""
    if len(states) == 1:
        return [sync.awareness(awareness.encode(states))]
    size = 0
    part: list[awareness.State] = []
    frames: list[bytes] = []
    for state in states:
        part.append(state)
        size += 100 + len(state.text or "")
        if size >= SHOWN_BYTES or state is states[-1]:
            frames.append(sync.awareness(awareness.encode(part)))
            size, part = 0, []
    return frames


def _decoded(decode: Callable[[bytes], T], frame: bytes) -> T:
    try:
        return decode(frame)
    except errors.ProtocolError:
        raise
    except Exception as mistake:
        raise Undecoded(f"a frame of {len(frame)} bytes") from mistake


def _reads_private(seat: Seat) -> bool:
    return INTERVIEWERS in streams(seat.role, seat.person)
