"""The Jupyter front ends of one room: what each asks, and what all are told of the room's log.

It is a facade, no pipe: a front end never reaches the kernel but through the room's own operations, and what
it sees is what the log holds. Runs that others began are told as Jupyter tells them of another client's, with
a parent header of that session.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from fourhands_protocol import cbor, limits
from fourhands_protocol.entries import Entry
from fourhands_protocol.errors import TooLarge
from fourhands_server.core.effects import AskKernel, Origin
from fourhands_server.core.jupyter import contents, framing
from fourhands_server.core.jupyter.cells import Cells, Desk, operate
from fourhands_server.core.jupyter.complete import is_complete
from fourhands_server.core.jupyter.framing import Header, Request, convert
from fourhands_server.core.jupyter.voice import Say, Voice
from fourhands_server.core.ledger import KERNEL, Ledger
from fourhands_server.core.seat import Seat
from fourhands_server.core.state import Run

QUESTIONS: Final = 8  # of one front end that may be with the kernel; the next are answered with nothing


@dataclass(frozen=True)
class Asked:
    """A question that is with the kernel."""

    seat: Seat
    request: Request
    nothing: Mapping[str, Any]


class FrontEnds:
    """All front ends of one room; `say` queues a frame for a seat."""

    def __init__(self, ledger: Ledger, desk: Desk, say: Say, *, session: str) -> None:
        self._ledger = ledger
        self._desk = desk
        self._voice = Voice(ledger, session, say)
        self._cells = Cells(ledger, self._voice, desk)
        self._count: int | None = None  # the kernel's last execution count, as far as the log tells
        self._settling: dict[tuple[str, int], tuple[Seat, Request, dict[str, Any]]] = {}
        self._questions: dict[int, Asked] = {}
        self._asked = 0
        self._born = 0

    def awaken(self) -> None:
        """The room begins a life: front ends may come that it has forgotten."""
        self._born = self._ledger.now

    # From connections

    def open(self, seat: Seat) -> None:
        """A front end is attached."""
        before = self._voice.come(seat)
        for one in before:
            self._cells.follow(one, seat)
        if not before and seat.front is not None and seat.front.session:
            self._cells.recall(seat, self._born)

    def closed(self, seat: Seat) -> None:
        """A front end is gone, perhaps to come back; runs that it has queued go on."""
        self._voice.leave(seat)
        self._cells.forget()

    def receive(self, seat: Seat, frame: bytes) -> None:
        """One frame; raises a ProtocolError where it must cost the connection."""
        if seat.front is None:
            raise AssertionError("only front ends speak in messages")
        request = framing.read(frame, seat.front.framing)
        if request.channel == "stdin":
            if request.header.msg_type == "input_reply":
                self._answer(seat, convert(request.content, contents.Input, "content"))
        elif request.channel != "iopub":
            self._request(seat, request)

    def answered(self, number: int, content: Mapping[str, Any] | None) -> None:
        """The kernel's answer to a question; None where it has none to give."""
        asked = self._questions.pop(number, None)
        if asked is not None and self._voice.knows(asked.seat):
            self._reply(asked.seat, asked.request, dict(asked.nothing if content is None else content))

    # From the room

    def failing(self, run: str, status: str) -> None:
        """The kernel has told how a run ended; the log does not hold it yet."""
        if status != "ok":
            self._cells.failed(run)

    def committed(self, entry: Entry, origin: Origin) -> None:
        """The log holds an entry, and the state has it: tell what a kernel would tell."""
        if settled := self._settling.pop((origin.producer, origin.pseq), None):
            self._reply(*settled)
        match entry.kind:
            case "run.started" | "run.outputs" | "run.input_asked" | "run.finished":
                self._told(entry.kind, cbor.decode(entry.body))
            case "kernel":
                self._kernel(cbor.decode(entry.body)["state"])
            case "kernel.restarted":
                self._restarted(by_itself=entry.actor == KERNEL)
            case "person.removed" | "invite.revoked" | "room.ended":
                self.tick()

    @property
    def waits(self) -> bool:
        """Whether time alone may change something here."""
        return bool(self._voice.away)

    def tick(self) -> None:
        """Time went on, or people lost their right to be here."""
        if self._voice.away:
            ended = self._ledger.state.ended_at is not None
            self._voice.forget(lambda seat: ended or not self._desk.welcome(seat.person))
            self._cells.forget()

    def _told(self, kind: str, body: Mapping[str, Any]) -> None:
        run = self._ledger.state.runs.get(body["run"])
        if run is None:
            return
        parent = self._cells.parent(run)
        match kind:
            case "run.started":
                self._status(parent, "busy")
                number = self._last_count() + 1
                content = {"code": body["code"], "execution_count": number}
                self._voice.everybody("execute_input", parent, content)
                self._cells.feed()
            case "run.outputs":
                for item in body["items"] if self._voice.heard else ():
                    if told := contents.output(item):
                        self._voice.everybody(told[0], parent, told[1])
            case "run.input_asked":
                self._ask_input(body, parent)
            case "run.finished":
                self._finished(run, parent)

    def _ask_input(self, body: Mapping[str, Any], parent: Header) -> None:
        cell = self._cells.asked(body["run"])
        if cell is not None and cell.wanted.allow_stdin:  # else somebody in the room answers
            content = {"prompt": body["prompt"], "password": body["password"]}
            self._voice.one(cell.seat, "stdin", "input_request", parent, content)

    def _finished(self, run: Run, parent: Header) -> None:
        begun = run.started_at is not None
        number = self._last_count() + begun
        if run.count is not None:
            self._count = run.count
        if run.status not in ("ok", "aborted") and not contents.raised(run.outputs):
            self._voice.everybody("error", parent, contents.error_of(run))
        self._cells.ended(run, number)
        if begun:
            self._status(parent, "idle")
        self._cells.feed()

    def _kernel(self, state: str) -> None:
        if state not in ("idle", "busy"):
            self._count = 0
        if self._ledger.state.active_run() is not None:
            return  # what runs says how the kernel is
        if state in ("idle", "starting"):
            self._status(None, state)
        elif state in ("dead", "unavailable"):
            self._status(None, "restarting")  # the next run has a new one

    def _restarted(self, *, by_itself: bool) -> None:
        self._count = 0
        if by_itself:
            self._status(None, "restarting")
        else:
            self._voice.everybody("shutdown_reply", None, {"status": "ok", "restart": True})

    def _status(self, parent: Header | None, state: str) -> None:
        self._voice.everybody("status", parent, {"execution_state": state})

    def _last_count(self) -> int:
        """The number of the kernel's last run; looked up once, where an earlier life of the room knew it."""
        if self._count is None:
            state = self._ledger.state
            counted = [run for run in state.runs.values() if run.count is not None]
            last = max(counted, key=lambda run: run.finished_at or 0, default=None)
            alive = last is not None and state.kernel in ("idle", "busy")
            self._count = last.count if alive and last is not None else 0
        return self._count or 0

    # Requests

    def _request(self, seat: Seat, request: Request) -> None:
        handler = _REQUESTS.get(request.header.msg_type)
        if handler is not None:
            handler(self, seat, request)
        elif request.header.msg_type == "comm_open":
            comm = request.content.get("comm_id")
            if isinstance(comm, str):  # there is nobody to talk to, and that is how a kernel says so
                content = {"comm_id": comm[:200], "data": {}}
                self._voice.one(seat, "iopub", "comm_close", request.header, content)
        elif request.header.msg_type.endswith("_request"):
            words = f"This room's kernel takes no {request.header.msg_type}."
            self._reply(seat, request, {"status": "error", **contents.failed("NotSupported", words)})

    def _reply(self, seat: Seat, request: Request, content: dict[str, Any]) -> None:
        self._voice.reply(seat, request, content)
        if run := self._ledger.state.active_run():
            self._voice.status(seat, self._cells.parent(run), "busy")

    def _execute(self, seat: Seat, request: Request) -> None:
        self._cells.execute(seat, request, self._last_count())

    def _info(self, seat: Seat, request: Request) -> None:
        python = seat.front.python if seat.front is not None else ""
        self._reply(seat, request, contents.kernel_info(self._ledger.state.title, python))

    def _is_complete(self, seat: Seat, request: Request) -> None:
        self._reply(seat, request, is_complete(convert(request.content, contents.Code, "content").code))

    def _history(self, seat: Seat, request: Request) -> None:
        self._reply(seat, request, {"status": "ok", "history": []})

    def _comms(self, seat: Seat, request: Request) -> None:
        self._reply(seat, request, {"status": "ok", "comms": {}})

    def _complete(self, seat: Seat, request: Request) -> None:
        at = convert(request.content, contents.Code, "content").cursor_pos
        nothing = {"status": "ok", "matches": [], "cursor_start": at, "cursor_end": at, "metadata": {}}
        self._ask(seat, request, nothing)

    def _inspect(self, seat: Seat, request: Request) -> None:
        self._ask(seat, request, {"status": "ok", "found": False, "data": {}, "metadata": {}})

    def _ask(self, seat: Seat, request: Request, nothing: Mapping[str, Any]) -> None:
        """Ask the kernel something that leaves no entry."""
        wanted = convert(request.content, contents.Code, "content")
        if sum(asked.seat is seat for asked in self._questions.values()) >= QUESTIONS:
            self._reply(seat, request, dict(nothing))
            return
        self._asked += 1
        self._questions[self._asked] = Asked(seat, request, nothing)
        details = self._asked, wanted.code, wanted.cursor_pos, 1 if wanted.detail_level else 0
        inspect = request.header.msg_type == "inspect_request"
        self._ledger.effects.append(AskKernel("inspect" if inspect else "complete", *details))

    def _interrupt(self, seat: Seat, request: Request) -> None:
        self._settle(seat, request, "interrupt", {"status": "ok"})

    def _shutdown(self, seat: Seat, request: Request) -> None:
        if convert(request.content, contents.Shutdown, "content").restart:
            self._settle(seat, request, "restart", {"status": "ok", "restart": True})
        else:
            words = "The room's kernel is everybody's: it ends with the room. It can be restarted."
            content = {"status": "error", "restart": False, **contents.failed("Refused", words)}
            self._reply(seat, request, content)

    def _settle(self, seat: Seat, request: Request, kind: str, content: dict[str, Any]) -> None:
        """An operation whose entry is the answer; interrupting what does not run is no mistake."""
        refused = operate(self._ledger, self._desk, seat, kind, {})
        if refused is None:
            self._settling[seat.producer, seat.pseq] = seat, request, content
        elif refused.code == "nothing-runs":
            self._reply(seat, request, content)
        else:
            error = contents.failed("Refused", refused.message)
            self._reply(seat, request, {**content, "status": "error", **error})

    def _answer(self, seat: Seat, answer: contents.Input) -> None:
        """An answer to `input()`; somebody in the room may have been quicker, and that is no mistake."""
        if len(answer.value) > limits.INPUT:
            raise TooLarge(f"an answer has at most {limits.INPUT} characters")
        run = self._ledger.ahead.active_run()
        if run is not None and (cell := self._cells.asked(run.run)) and cell.seat is seat:
            operate(self._ledger, self._desk, seat, "input", {"run": run.run, "text": answer.value})


_Handler = Callable[[FrontEnds, Seat, Request], None]
_REQUESTS: Final[Mapping[str, _Handler]] = {
    "execute_request": FrontEnds._execute,
    "kernel_info_request": FrontEnds._info,
    "is_complete_request": FrontEnds._is_complete,
    "history_request": FrontEnds._history,
    "comm_info_request": FrontEnds._comms,
    "complete_request": FrontEnds._complete,
    "inspect_request": FrontEnds._inspect,
    "interrupt_request": FrontEnds._interrupt,
    "shutdown_request": FrontEnds._shutdown,
}
