"""The room: events in, effects out. It knows no socket, clock, database or chance; its host brings them.

Events are the methods of `Room`; after each the host carries out `take_effects()` in order and writes
what gathered in the `out` of the seats in `take_talking()`. Two things are true at every moment: nobody
was sent an edit that is not committed, and `state` equals the fold of the log up to `state.head`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from fourhands_protocol import awareness, envelope, limits, sync
from fourhands_protocol.admission import Admission
from fourhands_protocol.entries import EDIT, QUESTION_OFFERED, Entry, edit_update
from fourhands_protocol.errors import (
    BadToken,
    ProtocolError,
    RoomEnded,
    Superseded,
    TooLarge,
)
from fourhands_server.core import adding as questions_of
from fourhands_server.core import lagging, operations, syncing
from fourhands_server.core.adding import Adding
from fourhands_server.core.colours import HUES
from fourhands_server.core.effects import Append, ApplyEdit, Effect, Origin, Settle
from fourhands_server.core.ending import Ending
from fourhands_server.core.healing import Healing, Loss
from fourhands_server.core.judging import Judging
from fourhands_server.core.jupyter.fronts import FrontEnds
from fourhands_server.core.kernel_news import KernelNews
from fourhands_server.core.keystrokes import Keystrokes
from fourhands_server.core.ledger import Ledger
from fourhands_server.core.presence import Cursor, Presence
from fourhands_server.core.private import PrivateState
from fourhands_server.core.reception import Reception, Undecoded
from fourhands_server.core.resting import Resting, Said
from fourhands_server.core.runs import Runs
from fourhands_server.core.seat import Live, Seat
from fourhands_server.core.seating import GOES, RESTARTED, Seating
from fourhands_server.core.seats import Seats
from fourhands_server.core.state import RoomState

FORMAT = 1  # of the entries that a room begins with
FAILED = 1011
REST = 7_200_000_000  # µs without anybody after which a kernel is let go: as long as a token lasts


class Room:
    """One room. `boot` is unlike that of any earlier life of this room; `now` is always µs of the wall
    clock.
    """

    def __init__(self, room: str, *, boot: str, incarnation: str, loss: Loss | None = None) -> None:
        self.room = room
        self.incarnation = incarnation
        self.kernel_refused: str | None = None  # why no code can run here, in words for an operator
        self._ledger = Ledger(boot)
        self._seats = Seats(self._ledger)
        self._keystrokes = Keystrokes(self._ledger, self._seats)
        self._runs = Runs(self._ledger)
        self._judging = Judging(self._ledger)
        self._seating = Seating(self._ledger)
        self._presence = Presence(claim=self._claim)
        self._reception = Reception(
            self._ledger,
            self._presence,
            self,
            Healing(self._ledger, loss, speaks=self._speaks),
            room=room,
            incarnation=incarnation,
        )
        self._resting = Resting(self._seats, self._reception)
        self._ending = Ending(self._ledger, self._runs, self._judging)
        self._fronts = FrontEnds(self._ledger, self, self._seats.say, session=f"{room}-{boot}")
        self.kernel = KernelNews(self._ledger, self._runs, self._judging, self._fronts)
        self._somebody_at = 0  # µs: when somebody was here, or called, last

    # What the host reads

    @property
    def seats(self) -> dict[str, Seat]:
        """The open connections, by id."""
        return self._seats.open

    @property
    def state(self) -> RoomState:
        """The room as it is committed."""
        return self._ledger.state

    @property
    def private(self) -> PrivateState:
        """What interviewers alone know, as it is committed."""
        return self._ledger.private

    @property
    def expects(self) -> bool:
        """Whether a seat is kept for somebody who may come back."""
        return self._seating.keeps

    @property
    def admitted(self) -> int:
        """The seq of the last entry that is on its way into the log, or in it."""
        return self._ledger.ahead.head

    @property
    def ended(self) -> bool:
        """Whether the end is admitted, so that nothing more can be appended."""
        return self._ledger.ahead.ended_at is not None

    @property
    def ending(self) -> bool:
        """Whether somebody has ended the room, though a run may still have its moment."""
        return self._ending.begun

    @property
    def admission(self) -> Admission:
        """What admission knows; for checks that a rebuilt room equals the live one."""
        return self._ledger.admission

    def take_effects(self) -> list[Effect]:
        """The effects since the last call, in the order in which they must happen."""
        taken, self._ledger.effects = self._ledger.effects, []
        return taken

    def take_talking(self) -> list[Seat]:
        """The seats that have something in `out`."""
        return self._seats.take_talking()

    # From the log

    def create(
        self,
        *,
        title: str,
        lineage: str,
        settings: Mapping[str, Any],
        now: int,
        questions: Sequence[Adding] = (),
    ) -> None:
        """Begin a new room with its one default file, and with questions; raises Refused for one it cannot
        hold.
        """
        self._ledger.now = now
        body = {"title": title, "lineage": lineage, "settings": dict(settings), "version": FORMAT}
        self._ledger.own("room.created", body)
        self._ledger.own("file.created", {"file": "main.py", "path": "main.py"})
        for adding in questions:
            for kind, entry in questions_of.plan(self._ledger.ahead, adding):
                self._ledger.own(kind, entry)

    def replay(self, history: Iterable[Entry]) -> None:
        """Fold the log in; before `awaken`, and never after."""
        self._ledger.replay(history)

    def awaken(self, producers: Mapping[str, int], *, now: int) -> None:
        """The log is folded: go on from here. Connections of an earlier life are closed on the record."""
        self._ledger.now = self._somebody_at = now
        self._ledger.settled(producers)
        for seat, person in list(self.state.seats.items()):
            self._ledger.own("seat.closed", {"seat": seat, "code": RESTARTED}, actor=person)
        self._runs.awaken()
        self._fronts.awaken()

    def committed(self, entry: Entry, origin: Origin) -> None:
        """The log holds the entry: fold it, tell everybody, and act on it."""
        if self._keystrokes.committed(entry, origin):
            return
        settled = self._ledger.committed(entry, origin)
        if entry.kind == EDIT:
            self._ledger.effects.append(ApplyEdit(entry.seq, edit_update(entry.body)))
        self._seats.fan_out(entry, origin)
        self._fronts.committed(entry, origin)
        if origin.call is not None:
            self._ledger.effects.append(Settle(origin.call, entry.seq))
        self._seats.owe_acks(settled)
        self._runs.committed(entry, origin)
        self._judging.committed(entry)
        self._after(entry)

    # From connections

    def open(self, seat: Seat, *, now: int) -> None:
        """A connection with a valid token is there."""
        self._ledger.now = now
        seat.heard_at = seat.spoke_at = now
        seat.producer = f"seat/{seat.id}"
        self.seats[seat.id] = seat
        if seat.dialect == "jupyter":
            self.seated(seat)
            self._fronts.open(seat)
        if seat.dialect == "stock":
            seat.asked = True
            self._seats.say(seat, sync.step1(sync.encode_vector(self._ledger.admission.vector())))

    def typed(self, seat_id: str, frame: bytes, *, now: int) -> Append | None:
        """A frame came. Where it is a common edit: the append that it asks for; there is nothing else to do.

        None: nothing has happened, and `receive` has to say.
        """
        seat = self.seats.get(seat_id)
        if seat is None or self._ending.begun:
            return None
        return self._keystrokes.receive(seat, frame, now=now)

    def beat(self, seat_id: str, frame: bytes, *, now: int) -> bytes | None:
        """A frame came. Where it is a heartbeat, or a cursor that stands still: its answer, if it wants one.

        None: nothing has happened, and `receive` has to say.
        """
        seat = self._seats.open.get(seat_id)
        return None if seat is None else self._resting.beat(seat, frame, now)

    def receive(self, seat_id: str, frame: bytes, *, now: int) -> None:
        """A frame came; one that no honest client sends costs the connection. Raises Undecoded."""
        seat = self.seats.get(seat_id)
        if seat is None or seat.closed:
            return
        self._ledger.now = seat.heard_at = now
        self._seats.touch(seat)
        try:
            if len(frame) > limits.FRAME:
                raise TooLarge(f"a frame of {len(frame)} bytes; {limits.FRAME} are allowed")
            if seat.dialect == "jupyter":
                self._fronts.receive(seat, frame)
            else:
                self._reception.receive(seat, frame)
        except ProtocolError as error:
            self._seats.close(seat, error.close_code, error.reason)
        except Undecoded:
            self._seats.close(seat, FAILED, "the server failed over this frame; try again")
            raise

    def closed(self, seat_id: str, code: int, *, now: int) -> None:
        """The connection is gone, whoever closed it; the seat of a page that may come back is kept."""
        self._ledger.now = now
        seat = self.seats.pop(seat_id, None)
        if seat is None:
            return
        self._somebody_at = now
        if seat.closed and code == GOES:
            code = RESTARTED
        seat.closed = True
        kept = self._seating.end(seat, code)
        if seat.dialect == "jupyter":
            self._fronts.closed(seat)
        if seat.dialect != "fourhands":
            self._ledger.forget(seat.producer)
        if not kept:
            self._withdraw(seat.name)

    def entries_read(self, seat_id: str, entries: list[Entry], reached: int, *, now: int) -> None:
        """The answer to AskEntries: all that was asked for up to seq `reached`."""
        self._ledger.now = now
        if seat := self.seats.get(seat_id):
            syncing.entries_read(self._ledger, seat, entries, reached)
            self._seats.touch(seat)

    def diff_read(self, seat_id: str, update: bytes, *more: bytes, now: int) -> None:
        """The answer to AskDiff."""
        self._ledger.now = now
        if seat := self.seats.get(seat_id):
            syncing.diff_read(self._ledger, seat, update, more)
            self._seats.touch(seat)

    def drop_seat(self, seat_id: str, code: int, reason: str) -> None:
        """Close a connection for a reason of the host's (its reader is too slow, say)."""
        if seat := self.seats.get(seat_id):
            self._seats.close(seat, code, reason)

    def filled(self, seat_id: str) -> bool:
        """The network takes no more for this seat at present; True where `drained` is to say when it does."""
        seat = self.seats.get(seat_id)
        return seat is not None and lagging.begin(self._ledger, seat)

    def drained(self, seat_id: str, *, now: int) -> None:
        """The network has taken what waited for this seat."""
        self._ledger.now = now
        if seat := self.seats.get(seat_id):
            self._reception.drained(seat)
            self._seats.touch(seat)

    def go_away(self, seat_id: str, wait: int) -> None:
        """The server is about to close the connection of a page, which is to come back after `wait` ms."""
        if seat := self.seats.get(seat_id):
            self._seats.say(seat, envelope.encode(envelope.GoAway(wait)))

    # From HTTP

    def call(self, origin: Origin, kind: str, body: Mapping[str, Any], *, now: int) -> None:
        """An operation that came by HTTP; answered by a Settle effect for `origin.call`."""
        self._ledger.now = self._somebody_at = now
        assert origin.call is not None, "an HTTP call waits for its answer"
        try:
            self._check_welcome(origin)
            self.operate(origin, kind, body)
        except operations.Refused as refused:
            self._ledger.effects.append(Settle(origin.call, 0, refused.code, refused.message))
        except operations.AlreadyDone as done:
            self._ledger.repeated(origin, done.seq)

    def edit(self, origin: Origin, update: bytes, body: bytes, *, now: int) -> None:
        """An edit that the server made for an HTTP call; raises ProtocolError where admission refuses it."""
        self._ledger.now = now
        assert origin.call is not None, "an HTTP call waits for its answer"
        try:
            self._check_welcome(origin)
            if self._ending.begun:
                raise operations.Refused("ended", operations.ENDED)
        except operations.Refused as refused:
            self._ledger.effects.append(Settle(origin.call, 0, refused.code, refused.message))
            return
        if self._ledger.admission.check(update, origin.person).is_news:
            self._ledger.append(origin, EDIT, body)
        else:
            self._ledger.effects.append(Settle(origin.call, self.state.head))

    def join(self, origin: Origin, *, name: str, role: str, invite: str, now: int) -> None:
        """Somebody new takes part; `origin.person` is their id."""
        self._ledger.now = now
        body = {
            "name": name,
            "role": role,
            "colour": len(self._ledger.ahead.people) % len(HUES),
            "invite": invite,
        }
        self._ledger.append(origin, "person.joined", body)

    # From time

    def tick(self, *, now: int) -> None:
        """Once a second or so: silence, keepalives, seats that are kept no longer, cursors whose turn has
        come, an end whose grace is over.
        """
        self._ledger.now = now
        for seat in list(self.seats.values()):
            if self._seats.keep_alive(seat, now):
                for frame in self._reception.others(seat) if seat.missed is None else ():
                    self._seats.say(seat, frame)
        self._give_up()
        for person in self._presence.trails if not self.ended else ():
            if cursor := self._presence.due(person, now):
                self.record_cursor(person, cursor)
        if self.seats:
            self._somebody_at = now
        elif now - self._somebody_at >= REST:
            self._somebody_at = now
            self._runs.rest()
        self._fronts.tick()
        self._ending.advance()

    def rest(self, *, now: int) -> tuple[int, Said] | None:
        """What `tick` has to do where nothing has happened since `rests_until`: whom to tell what, and until
        when (µs) there is nothing more. None: nothing is done, `tick` is to be called.
        """
        return self._resting.look(now)

    @property
    def rests_until(self) -> int:
        """Until when (µs) time alone changes nothing here, so that `tick` need not be called; 0: it must."""
        cursors = self._presence.waits and not self.ended
        if cursors or self._seating.keeps or self._ending.waits or self._fronts.waits:
            return 0
        return min(map(self._seats.due, self.seats.values()), default=0)

    def stood_still(self, pause: int) -> None:
        """Nothing was done here for so many µs, or the clock was set by them: nobody was silent for that."""
        for seat in self.seats.values():
            seat.heard_at += pause
            seat.spoke_at += pause
        self._seating.excuse(pause)

    # What the reception asks of the room

    def operate(self, origin: Origin, kind: str, body: Mapping[str, Any]) -> None:
        """Plan and append one operation; raises Refused or AlreadyDone."""
        if kind in ("run", "input", "tests.run") and self.kernel_refused is not None:
            raise operations.Refused("kernel-unavailable", self.kernel_refused)
        operations.check_role(origin.role, kind)
        if kind == "end":
            self._ending.begin(origin)
            return
        if self._ending.begun:
            raise operations.Refused("ended", operations.ENDED)
        if kind == "question.add":
            self._add_question(origin, body["adding"])
            return
        operations.check_own(self._ledger.ahead, kind, origin.person, origin.role, body)
        planned = operations.plan(self._ledger.ahead, kind, body)
        if kind == "input":
            self._runs.remember_answer(body["run"], body["text"])
        self._ledger.append(origin, *planned)

    def _add_question(self, origin: Origin, adding: Adding) -> None:
        """One question is several entries; they commit together, and the caller is answered with the public
        one.
        """
        questions_of.check_new(self._ledger, adding)
        for kind, entry in questions_of.plan(self._ledger.ahead, adding):
            if kind == QUESTION_OFFERED:
                self._ledger.append(origin, kind, entry)
            else:
                self._ledger.own(kind, entry, actor=origin.person)

    def seated(self, seat: Seat, *, pending: tuple[int, int] | None = None) -> None:
        """The seat has said what it has; an older connection of the same client instance makes room."""
        same = [s for s in self.seats.values() if s.producer == seat.producer and not s.closed]
        before = next((other for other in same if other is not seat and other.recorded), None)
        if not self.ended:
            self._seating.take(seat, before=before, pending=pending)
        if seat.name != seat.id:  # what it showed before it said which page it is, it shows no more
            self._withdraw(seat.id)
        for other in same:
            if other is not seat:
                self._seats.close(other, Superseded.close_code, "this client has connected anew")

    def edited(self, seat: Seat, pseq: int, *, logged: bool) -> None:
        """An operation of our own client was taken in."""
        self._seating.count(seat, pseq, logged=logged)

    def tell(self, states: list[awareness.State], *, but: str) -> None:
        """Show awareness states to every seat but one."""
        self._seats.tell(states, but=but)

    def record_cursor(self, person: str, cursor: Cursor) -> None:
        """Put a cursor on the record."""
        body = {"client": cursor.client, "file": cursor.file, "anchor": cursor.anchor, "head": cursor.head}
        self._ledger.own("cursor", body, actor=person)

    # Inside

    def _claim(self, client: int, person: str) -> None:
        """A Yjs client id belongs to whoever used it first; its first use in awareness goes on the record."""
        if self._ledger.admission.bind(client, person):
            self._ledger.own("client", {"client": client}, actor=person)

    def _speaks(self, client: int) -> bool:
        """Whether a page that has all, and has given all, is here under a Yjs client id."""
        name = self._presence.seat_of(client)
        here = (seat for seat in self.seats.values() if seat.name == name and not seat.closed)
        return any(isinstance(seat.state, Live) and not seat.asked for seat in here)

    def _after(self, entry: Entry) -> None:
        """Consequences of an entry for connections and for the end of the room."""
        match entry.kind:
            case "person.removed" | "invite.revoked":
                self._close_unwelcome()
            case "run.finished" | "tests.finished":
                self._ending.advance()
            case "room.ended":
                self._seats.owe_acks(self._ending.committed())
                self._close_fronts()

    def _give_up(self) -> None:
        """Seats that nobody came back to, or that nobody may come back to."""
        if not self._seating.keeps:
            return
        for name in self._seating.give_up(lambda away: not self.welcome(away.person)):
            self._withdraw(name)

    def _withdraw(self, name: str) -> None:
        self.tell(self._presence.leave(name), but="")

    def _close_unwelcome(self) -> None:
        self._give_up()
        for seat in list(self.seats.values()):
            if not self.welcome(seat.person):
                self._seats.close(seat, BadToken.close_code, self.why_unwelcome(seat.person))

    def _close_fronts(self) -> None:
        """Others may go on reading a room that has ended; its kernel is gone."""
        for seat in self.seats.values():
            if seat.dialect == "jupyter":
                self._seats.close(seat, RoomEnded.close_code, operations.ENDED)

    def _check_welcome(self, origin: Origin) -> None:
        """A call's body may have come slowly, and its sender been removed meanwhile."""
        if not self.welcome(origin.person):
            raise operations.Refused("forbidden", "You are not in this room any more; nothing was changed.")

    def why_unwelcome(self, person: str) -> str:
        """Why a participant may take part no more."""
        found = self.state.people.get(person)
        removed = found is not None and found.removed
        return "you were removed from this room" if removed else "this invite was revoked"

    def welcome(self, person: str) -> bool:
        """Whether this participant may still take part: neither removed nor let in by a revoked invite."""
        found = self.state.people.get(person)
        return found is None or not (found.removed or found.invite in self.state.revoked)
