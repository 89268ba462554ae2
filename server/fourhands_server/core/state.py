"""What a room is at one seq: the fold of its `room` stream, the same for the live room and for its replay."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from itertools import count
from typing import Any

from fourhands_protocol import cbor, outputs
from fourhands_protocol.entries import Entry
from fourhands_protocol.paths import path_key
from fourhands_protocol.roles import ROOM
from fourhands_server.core.asked import Asked
from fourhands_server.core.kept import OutputsKept, Printed
from fourhands_server.core.people import Person


@dataclass(slots=True)
class File:
    """A file; `id` is the name of its Yjs root and never changes, `path` does."""

    id: str
    path: str
    deleted: bool = False


@dataclass(frozen=True, slots=True)
class DataFile:
    """A data file; `size` in bytes, the bytes themselves go by their SHA-256 in hex."""

    path: str
    size: int
    sha256: str


@dataclass(slots=True)
class Run:
    """One execution, from the entry that queued it to its end; times in µs of the log's clock.

    `files` (root, path) and `data` are those that the room had when it was queued; forgotten at its end.
    """

    run: str
    by: str
    seq: int
    queued_at: int
    file: str | None
    code: str | None
    first_line: int
    console: bool = False
    status: str = "queued"
    started_at: int | None = None
    finished_at: int | None = None
    printed: Printed = field(default_factory=Printed)
    count: int | None = None
    duration: int | None = None
    dropped: int = 0
    limit: int | None = None
    stop: str | None = None
    asking: bool = False
    asking_password: bool = False
    files: tuple[tuple[str, str], ...] = ()
    data: tuple[DataFile, ...] = ()

    @property
    def outputs(self) -> list[outputs.Output]:
        """What it has printed, as long as the room keeps that."""
        return self.printed.outputs

    @property
    def finished(self) -> bool:
        """Whether the run has reached a final status."""
        return self.finished_at is not None


@dataclass(slots=True)
class RoomState:
    """The folded room. Text is not in it: that is the document engine's fold of the same log."""

    title: str = ""
    lineage: str = ""
    settings: Mapping[str, Any] = field(default_factory=dict)
    created_at: int = 0
    ended_at: int | None = None
    head: int = 0
    at: int = 0
    people: dict[str, Person] = field(default_factory=dict)
    files: dict[str, File] = field(default_factory=dict)
    data: dict[str, DataFile] = field(default_factory=dict)  # by path
    written: tuple[tuple[str, int], ...] = ()  # path and size of files that code wrote
    written_more: int = 0
    runs: dict[str, Run] = field(default_factory=dict)
    kept: OutputsKept = field(default_factory=OutputsKept)
    unfinished: dict[str, Run] = field(default_factory=dict)  # of these, oldest first: looked at often
    kernel: str = "none"
    kernel_detail: str | None = None
    revoked: frozenset[str] = frozenset()
    seats: dict[str, str] = field(default_factory=dict)
    chats: int = 0
    asked: Asked = field(default_factory=Asked)

    def apply(self, entry: Entry) -> None:
        """Fold one entry of the `room` stream; unknown kinds only move the head.

        Raises AssertionError on a gap: the log promises dense seqs, so a gap is a fault of ours.
        """
        if entry.stream != ROOM or entry.seq != self.head + 1:
            raise AssertionError(f"entry {entry.seq} follows {self.head}: the log is dense")
        self.head, self.at = entry.seq, entry.at
        handler = _HANDLERS.get(entry.kind)
        if handler is not None:
            handler(self, entry, cbor.decode(entry.body))

    def path_owner(self, path: str) -> File | None:
        """The living file that has this path, or one that some computer would take for it; or None."""
        wanted = path_key(path)
        return next((f for f in self.files.values() if not f.deleted and path_key(f.path) == wanted), None)

    def invite(self, role: str) -> str:
        """The id of the invite of this role that is good now: one number up for each that was revoked."""
        return next(name for n in count(1) if (name := f"{role}/{n}") not in self.revoked)

    def living_files(self) -> list[File]:
        """Files that are not deleted, in the order in which they were made."""
        return [f for f in self.files.values() if not f.deleted]

    def printed_after(self, seq: int) -> int:
        """Bytes of outputs after this seq, but for those of a run that had printed before."""
        return sum(run.printed.size for run in self.runs.values() if run.printed.first > seq)

    def active_run(self) -> Run | None:
        """The run that the kernel has, or None."""
        return next((r for r in self.unfinished.values() if r.status == "running"), None)

    def waiting_runs(self) -> list[Run]:
        """Runs in the queue, oldest first."""
        return [r for r in self.unfinished.values() if r.status == "queued"]


def replay(entries: Iterable[Entry]) -> RoomState:
    """The state after `entries`, which begin at seq 1."""
    state = RoomState()
    for entry in entries:
        state.apply(entry)
    return state


def _created(state: RoomState, entry: Entry, body: dict[str, Any]) -> None:
    state.title, state.lineage = body["title"], body["lineage"]
    state.settings, state.created_at = body["settings"], entry.at


def _ended(state: RoomState, entry: Entry, body: dict[str, Any]) -> None:
    state.ended_at = entry.at


def _joined(state: RoomState, entry: Entry, body: dict[str, Any]) -> None:
    state.people[entry.actor] = Person(
        id=entry.actor,
        name=body["name"],
        role=body["role"],
        colour=body["colour"],
        invite=body["invite"],
        since=entry.at,
    )


def _removed(state: RoomState, entry: Entry, body: dict[str, Any]) -> None:
    if person := state.people.get(body["person"]):
        person.removed = True


def _revoked(state: RoomState, entry: Entry, body: dict[str, Any]) -> None:
    state.revoked |= {body["invite"]}


def _seat_opened(state: RoomState, entry: Entry, body: dict[str, Any]) -> None:
    state.seats[body["seat"]] = entry.actor
    if person := state.people.get(entry.actor):
        person.take(body["seat"], entry.at)


def _seat_lost(state: RoomState, entry: Entry, body: dict[str, Any]) -> None:
    person = state.people.get(entry.actor)
    if person is not None and body["seat"] in person.seats:
        person.lose(body["seat"], entry.at - body.get("silent", 0))


def _seat_back(state: RoomState, entry: Entry, body: dict[str, Any]) -> None:
    person = state.people.get(entry.actor)
    if person is not None and body["seat"] in person.seats:
        person.take(body["seat"], entry.at)


def _seat_closed(state: RoomState, entry: Entry, body: dict[str, Any]) -> None:
    state.seats.pop(body["seat"], None)
    if person := state.people.get(entry.actor):
        person.leave(body["seat"], entry.at)


def _chat(state: RoomState, entry: Entry, body: dict[str, Any]) -> None:
    state.chats += 1


def _file_created(state: RoomState, entry: Entry, body: dict[str, Any]) -> None:
    state.files[body["file"]] = File(body["file"], body["path"])


def _file_renamed(state: RoomState, entry: Entry, body: dict[str, Any]) -> None:
    state.files[body["file"]].path = body["path"]


def _file_deleted(state: RoomState, entry: Entry, body: dict[str, Any]) -> None:
    state.files[body["file"]].deleted = True


def _run_queued(state: RoomState, entry: Entry, body: dict[str, Any]) -> None:
    state.runs[body["run"]] = state.unfinished[body["run"]] = Run(
        run=body["run"],
        by=entry.actor,
        seq=entry.seq,
        queued_at=entry.at,
        file=body.get("file"),
        code=body.get("code"),
        first_line=body.get("first_line", 1),
        console=body.get("console", False),
        files=tuple((file.id, file.path) for file in state.living_files()),
        data=tuple(state.data.values()),
    )


def _run_started(state: RoomState, entry: Entry, body: dict[str, Any]) -> None:
    if run := state.runs.get(body["run"]):
        run.status, run.started_at, run.code = "running", entry.at, body["code"]
        run.limit = body.get("limit")


def _run_outputs(state: RoomState, entry: Entry, body: dict[str, Any]) -> None:
    if run := state.runs.get(body["run"]):
        state.kept.take(run.printed, entry.seq, len(entry.body), body["items"])


def _run_asked(state: RoomState, entry: Entry, body: dict[str, Any]) -> None:
    if run := state.runs.get(body["run"]):
        run.asking, run.asking_password = True, body["password"]


def _run_input(state: RoomState, entry: Entry, body: dict[str, Any]) -> None:
    if run := state.runs.get(body["run"]):
        run.asking = False


def _run_finished(state: RoomState, entry: Entry, body: dict[str, Any]) -> None:
    if (run := state.runs.get(body["run"])) and not run.finished:
        run.status, run.finished_at, run.asking = body["status"], entry.at, False
        run.duration, run.count = body["duration"], body.get("count")
        run.dropped, run.stop = body.get("dropped", 0), body.get("stop")
        run.code, run.files, run.data = None, (), ()
        del state.unfinished[run.run]


def _kernel(state: RoomState, entry: Entry, body: dict[str, Any]) -> None:
    state.kernel, state.kernel_detail = body["state"], body.get("detail")
    if state.kernel not in ("idle", "busy"):
        state.written, state.written_more = (), 0
        state.asked.services.clear()


def _kernel_files(state: RoomState, entry: Entry, body: dict[str, Any]) -> None:
    state.written = tuple((file["path"], file["size"]) for file in body["files"])
    state.written_more = body["more"]


def _data_added(state: RoomState, entry: Entry, body: dict[str, Any]) -> None:
    state.data[body["path"]] = DataFile(body["path"], body["size"], body["sha256"])


def _data_removed(state: RoomState, entry: Entry, body: dict[str, Any]) -> None:
    state.data.pop(body["path"], None)


def _tests_queued(state: RoomState, entry: Entry, body: dict[str, Any]) -> None:
    files = tuple((file.id, file.path) for file in state.living_files())
    state.asked.queue(entry, body, files, {one.path: one.sha256 for one in state.data.values()})


_HANDLERS: Mapping[str, Callable[[RoomState, Entry, dict[str, Any]], None]] = {
    "room.created": _created,
    "room.ended": _ended,
    "person.joined": _joined,
    "person.removed": _removed,
    "invite.revoked": _revoked,
    "seat.opened": _seat_opened,
    "seat.lost": _seat_lost,
    "seat.back": _seat_back,
    "seat.closed": _seat_closed,
    "chat": _chat,
    "file.created": _file_created,
    "file.renamed": _file_renamed,
    "file.deleted": _file_deleted,
    "run.queued": _run_queued,
    "run.started": _run_started,
    "run.outputs": _run_outputs,
    "run.input_asked": _run_asked,
    "run.input": _run_input,
    "run.finished": _run_finished,
    "kernel": _kernel,
    "kernel.files": _kernel_files,
    "data.added": _data_added,
    "data.removed": _data_removed,
    "question.offered": lambda state, entry, body: state.asked.offer(entry, body),
    "tests.queued": _tests_queued,
    "tests.started": lambda state, _, body: state.asked.start(body),
    "tests.result": lambda state, entry, body: state.asked.result(entry, body),
    "tests.cancelled": lambda state, _, body: state.asked.cancel(body),
    "tests.finished": lambda state, _, body: state.asked.finish(body),
    "service": lambda state, _, body: state.asked.serve(body),
}
