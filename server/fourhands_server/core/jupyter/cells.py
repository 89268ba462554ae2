"""What front ends ask to run: each cell becomes an ordinary run of the room, and is answered when that ends.

The room's queue is everybody's, so a front end has only a few runs in it at a time; the rest of a notebook
waits here. Where a run fails, the cells behind it that the same front end has asked for are given up, as
Jupyter does, unless the request said otherwise: those in the queue are taken back, on the record.
"""

from __future__ import annotations

import hashlib
import re
from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final, Protocol

import msgspec

from fourhands_protocol import limits
from fourhands_protocol.roles import allows
from fourhands_server.core.effects import Origin
from fourhands_server.core.jupyter import contents
from fourhands_server.core.jupyter.framing import Header, Request, convert, date
from fourhands_server.core.jupyter.voice import Voice
from fourhands_server.core.ledger import Ledger
from fourhands_server.core.operations import AlreadyDone, Refused
from fourhands_server.core.seat import Seat
from fourhands_server.core.state import Run

IN_QUEUE: Final = 5  # runs of one front end that may wait in the room's queue
WAITING: Final = 200  # cells that may wait here for that
WAITING_CHARACTERS: Final = 1024 * 1024  # and so much code in all
_PLAIN = re.compile(r"[A-Za-z0-9_.:-]{1,90}")
_PREFIX: Final = "jupyter."
_AGAIN: Final = "~"
ABORTED: Final = {"status": "aborted"}


class Desk(Protocol):
    """What cells ask of the room around them."""

    def operate(self, origin: Origin, kind: str, body: Mapping[str, Any]) -> None:
        """Plan and append one operation; raises Refused or AlreadyDone."""
        ...

    def welcome(self, person: str) -> bool:
        """Whether this participant may still take part."""
        ...


class Execute(msgspec.Struct):
    """The content of an `execute_request`, as far as it counts here."""

    code: str
    allow_stdin: bool = True
    stop_on_error: bool = True


@dataclass
class Cell:
    """One `execute_request`. `seat` changes where its front end comes back on a new connection."""

    run: str
    seat: Seat
    request: Request
    wanted: Execute

    @property
    def header(self) -> Header:
        """The parent of all that comes of it."""
        return self.request.header


class Cells:
    """The cells of all front ends of a room that have not come to their end."""

    def __init__(self, ledger: Ledger, voice: Voice, desk: Desk) -> None:
        self._ledger = ledger
        self._voice = voice
        self._desk = desk
        self._asked: dict[str, Cell] = {}  # by run; they are in the room's queue, or run
        self._waiting: dict[str, deque[Cell]] = {}  # by seat

    def parent(self, run: Run) -> Header:
        """The header that messages about a run bear: the request's, or one of the session that began it."""
        if cell := self._asked.get(run.run):
            return cell.header
        who = self._ledger.state.people.get(run.by)
        ours = self._is_cell(run)
        return Header(
            # After a restart of the server this alone names the request; nobody else's may pass for it.
            msg_id=run.run.removeprefix(_PREFIX).partition(_AGAIN)[0] if ours else f"run.{run.run}",
            msg_type="execute_request",
            session=run.by[:200],
            username=who.name if who is not None else "",
            date=date(run.queued_at),
        )

    def asked(self, run: str) -> Cell | None:
        """The cell that a run came from, where its front end is here."""
        cell = self._asked.get(run)
        return cell if cell is not None and self._voice.knows(cell.seat) else None

    def execute(self, seat: Seat, request: Request, count: int) -> None:
        """Take in one request; raises MalformedFrame. `count` is the kernel's last number."""
        wanted = convert(request.content, Execute, "content")
        cell = Cell(self._free(run_of(request.header.msg_id), seat), seat, request, wanted)
        if not cell.wanted.code.strip():  # nothing runs, and nothing is recorded
            content = {"status": "ok", "execution_count": count, "payload": [], "user_expressions": {}}
            self._voice.reply(seat, request, content)
        elif known := self._ledger.ahead.runs.get(cell.run):
            self._again(cell, known, count)
        elif len(cell.wanted.code.encode()) > limits.CODE:
            self._refuse(cell, "TooLarge", f"Code of a run has at most {limits.CODE} bytes.")
        else:
            waiting = self._waiting.setdefault(seat.id, deque())
            if len(waiting) >= WAITING or _size(waiting) + len(cell.wanted.code) > WAITING_CHARACTERS:
                self._refuse(cell, "TooMany", "Too many cells are waiting already.")
                return
            waiting.append(cell)
            self.feed()

    def feed(self) -> None:
        """Hand what waits to the room, as far as there is a place for it."""
        for seat, waiting in list(self._waiting.items()):
            while waiting and self._queued(seat) < IN_QUEUE and self._hand_over(waiting[0]):
                waiting.popleft()
            if not waiting:
                self._waiting.pop(seat, None)

    def ended(self, run: Run, count: int) -> None:
        """A run is over, and that is in the log: answer whoever asked for it.

        After a restart of the server nobody knows which front end that was; those of the same person know
        what they wait for.
        """
        cell, parent = self.asked(run.run), self.parent(run)
        self._asked.pop(run.run, None)
        content = contents.reply(run, count)
        if cell is not None and run.started_at is None:
            self._voice.reply(cell.seat, cell.request, content)
        elif cell is not None:
            self._voice.one(cell.seat, cell.request.channel, "execute_reply", parent, content)
        elif self._is_cell(run):
            for seat in self._voice.seats.values():
                if seat.person == run.by:
                    self._voice.one(seat, "shell", "execute_reply", parent, content)

    def failed(self, run: str) -> None:
        """A run has failed, which may not be in the log yet: nothing behind it may begin meanwhile."""
        cell = self.asked(run)
        if cell is None or not cell.wanted.stop_on_error:
            return
        for other in list(self._asked.values()):
            if other is not cell and other.seat is cell.seat and self._is_queued(other):
                self._operate(other.seat, "run.cancel", {"run": other.run})
        for other in self._waiting.pop(cell.seat.id, ()):
            self._voice.reply(other.seat, other.request, ABORTED)

    def follow(self, before: Seat, seat: Seat) -> None:
        """A front end is back on another connection: what it asked for on that one is answered here."""
        moved = self._waiting.pop(before.id, deque())
        for cell in (*self._asked.values(), *moved):
            if cell.seat is before:
                cell.seat = seat
        if moved:
            self._waiting[seat.id] = moved
        self.feed()

    def recall(self, seat: Seat, born: int) -> None:
        """After a restart of the server, at `born` (µs): tell a front end what became of the runs that it had
        asked for before. It may have seen a part of their outputs, so they are told anew.
        """
        for run in self._ledger.state.runs.values():
            mine = run.by == seat.person and self._is_cell(run) and run.queued_at < born
            if mine and (run.finished_at is None or run.finished_at >= born):
                self._tell_again(seat, run)

    def _tell_again(self, seat: Seat, run: Run) -> None:
        parent = self.parent(run)
        self._voice.status(seat, parent, "busy")
        told = [("clear_output", {"wait": False}), *map(contents.output, run.outputs)]
        for one in told if run.outputs else ():
            if one is not None:
                self._voice.one(seat, "iopub", one[0], parent, one[1])
        if run.finished:
            content = contents.reply(run, run.count or 0)
            self._voice.one(seat, "shell", "execute_reply", parent, content)
            self._voice.status(seat, parent, "idle")

    def forget(self) -> None:
        """Of front ends that will not come back, what the room has not heard of is forgotten."""
        for cells in list(self._waiting.values()):
            if cells and not self._voice.knows(cells[0].seat):
                del self._waiting[cells[0].seat.id]

    def _again(self, cell: Cell, known: Run, count: int) -> None:
        """A request that was sent before: answered with the same run, whose author must be the same."""
        if known.by != cell.seat.person:
            self._refuse(cell, "Refused", "Somebody else has used this id.")
        elif known.finished:
            run = self._ledger.state.runs.get(cell.run, known)
            self._voice.reply(cell.seat, cell.request, contents.reply(run, count))
        else:
            self._asked[cell.run] = cell

    def _is_cell(self, run: Run) -> bool:
        """Whether a run is named as those of front ends are, by somebody who may have one."""
        who = self._ledger.state.people.get(run.by)
        return run.run.startswith(_PREFIX) and who is not None and allows(who.role, "attach")

    def _free(self, run: str, seat: Seat) -> str:
        """The run's id, or one beside it where somebody has guessed and taken that."""
        for name in (run, *(f"{run}{_AGAIN}{n}" for n in range(1, 10))):
            known = self._ledger.ahead.runs.get(name)
            if known is None or known.by == seat.person:
                return name
        return run

    def _queued(self, seat: str) -> int:
        return sum(cell.seat.id == seat and self._is_queued(cell) for cell in self._asked.values())

    def _is_queued(self, cell: Cell) -> bool:
        run = self._ledger.ahead.runs.get(cell.run)
        return run is not None and run.status == "queued"

    def _hand_over(self, cell: Cell) -> bool:
        """Put a cell into the room's queue; False where that is full and something will come of waiting."""
        if known := self._ledger.ahead.runs.get(cell.run):  # the same request, twice in a row
            self._again(cell, known, known.count or 0)
            return True
        refused = self._operate(cell.seat, "run", {"run": cell.run, "code": cell.wanted.code})
        if refused is None:
            self._asked[cell.run] = cell
        elif refused.code == "queue-full":
            return False
        else:
            self._refuse(cell, "Refused", refused.message)
        return True

    def _operate(self, seat: Seat, kind: str, body: Mapping[str, Any]) -> Refused | None:
        """One operation of a front end's participant; returns why it was refused."""
        return operate(self._ledger, self._desk, seat, kind, body)

    def _refuse(self, cell: Cell, ename: str, words: str) -> None:
        """Answer a cell that becomes no run, so that people see why."""
        error, seat, parent = contents.failed(ename, words), cell.seat, cell.header
        self._voice.status(seat, parent, "busy")
        self._voice.one(seat, "iopub", "error", parent, error)
        content = {"status": "error", "execution_count": 0, **error}
        self._voice.one(seat, cell.request.channel, "execute_reply", parent, content)
        self._voice.status(seat, parent, "idle")


def operate(ledger: Ledger, desk: Desk, seat: Seat, kind: str, body: Mapping[str, Any]) -> Refused | None:
    """Carry out one operation in the name of a seat; returns why it was refused."""
    seat.pseq += 1
    origin = Origin(seat.person, seat.role, seat.producer, seat.pseq, seat=seat.id)
    try:
        desk.operate(origin, kind, body)
    except Refused as refused:
        ledger.instance(origin.producer).admit(origin.pseq, logged=False)
        return refused
    except AlreadyDone as done:
        ledger.repeated(origin, done.seq)
    return None


def run_of(msg_id: str) -> str:
    """The id of the run that a request becomes: the same for the same request, however often it comes."""
    if _PLAIN.fullmatch(msg_id):
        return f"{_PREFIX}{msg_id}"
    return f"jupyter-{hashlib.sha256(msg_id.encode()).hexdigest()[:32]}"


def _size(cells: deque[Cell]) -> int:
    return sum(len(cell.wanted.code) for cell in cells)
