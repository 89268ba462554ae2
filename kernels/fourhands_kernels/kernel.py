"""The interface through which a server sees the kernels: events, attachments, executions, errors and nothing
else.

A *journal* is one room's numbered list of events inside one kernel host: `n` is 1, 2, 3 … without holes, so
that a log can append with producer `kernel/<journal>` and pseq `n` and hold every event exactly once. A host
that died takes its journals along; the next host begins new ones.

Kinds of events and their bodies (the kinds of the room log; times in microseconds, sizes in bytes):

    kernel            {state: none|starting|idle|busy|dead|unavailable, detail?}
    run.outputs       {run, n, items: [output item, …]}      n = number of the first item in the run, from 0
    run.input_asked   {run, prompt, password: bool}
    run.finished      {run, status, duration, count?, dropped?, stop?: message|signal|replaced}
                                    stop = how far an interrupt had to go
    kernel.files      {files: [{path, size}], more}         what code wrote, as it is after a run, where that
                                    changed; `more` files at least are there besides; a new kernel has none
    kernel.restarted  {}            only where the host itself replaced a kernel that would heed no interrupt;
                                    a restart that was asked for is recorded by who asked
    tests.…           of a judgement: see `judgement`; tests.record and tests.detail are for
                      interviewers alone
    service           {port, state: running|failed|none, detail?}    a service beside the kernel; all of them
                      end with their kernel, without a word
    service.detail    {port, text}     why one failed, or a request to it; for interviewers alone

Errors:

    KernelError
    ├── KernelUnavailable(reason)   no kernel can be had; the reason is for an operator to act on
    ├── KernelBusy(run)             another run has the kernel; queueing is the caller's
    ├── MissingData(digests)        the host lacks the bytes of data files: hand them over, then ask again
    ├── NoSuchFile(path)            the kernel's folder has no regular file of that name
    ├── FileTooLarge(path, size)    nor is a file of that size, in bytes, read
    ├── NotAsking(run)              an answer for a run that waits for no input
    ├── HostLost(reason)            the kernel host does not answer; what ran there may be gone
    └── HostRefused(reason)         the host speaks another version or found the request malformed
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final, Literal, Protocol

from fourhands_protocol import limits

from .editor_help import Answer as Answer
from .editor_help import Question as Question
from .examples import examples_code as examples_code
from .judgement import PRIVATE as PRIVATE_TESTS
from .judgement import Judgement as Judgement
from .judgement import Status, TestsEventKind
from .service import PRIVATE as PRIVATE_SERVICES
from .service import SERVICES as SERVICES
from .service import BadService as BadService
from .service import Service as Service
from .service import ServiceEventKind
from .service import service_of as service_of

KernelState = Literal["none", "starting", "idle", "busy", "dead", "unavailable"]
RunStatus = Literal["running", "ok", "error", "interrupted", "aborted", "timeout", "kernel_died"]
StopMeans = Literal["message", "signal", "replaced"]
JudgementStatus = Literal["running"] | Status
EventKind = (
    Literal["kernel", "run.outputs", "run.input_asked", "run.finished", "kernel.files", "kernel.restarted"]
    | TestsEventKind
    | ServiceEventKind
)

PRIVATE: Final = PRIVATE_TESTS | PRIVATE_SERVICES  # kinds that nobody but interviewers may read
DATA_LIMIT: Final = limits.DATA_FILE  # bytes of one data file, and of one file that is read


@dataclass(frozen=True, slots=True)
class KernelEvent:
    """One entry of a room's journal; kind and body are those of the room log."""

    room: str
    journal: str
    n: int
    kind: EventKind
    body: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Attachment:
    """What the host knows of a room at the moment of attaching.

    `runs` holds every run that this journal has seen (the last 1,000 of them). A run which a caller believes
    to be running and which is not in it died with an earlier host: finish it as `kernel_died`. `judgements`
    holds every judgement in the same way.
    """

    room: str
    journal: str
    state: KernelState
    detail: str | None = None
    runs: Mapping[str, RunStatus] = field(default_factory=dict)
    judgements: Mapping[str, JudgementStatus] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class HostGone:
    """The link to the host broke; an `Attachment` follows once a host (the same or a new one) answers
    again.
    """

    room: str
    reason: str


Notice = KernelEvent | HostGone | Attachment
Listener = Callable[[Notice], None]


@dataclass(frozen=True, slots=True)
class Execution:
    """One piece of code to run; `run` makes it idempotent.

    `filename` and `first_line` (1-based) are what tracebacks show. `time_limit_s` in seconds; None means no
    limit.

    `files` (path to bytes) and `data` (path to the SHA-256, in hex, of bytes handed over by `put_data`) are
    what the kernel's working folder holds before the code begins. What the host wrote there for an earlier
    run and nobody wants any more goes. A file that is wanted as it was written last is left as code may have
    changed it, and written again where it is missing; a file that the room changed since then is written over
    it. Where that fails (a full folder, say) the run ends with an error that says so; its code does not run.

    `services` are what answers on the kernel's loopback before the code begins: up to eight, each on a port
    of its own. One that is there already stays as it is; one that is wanted no more ends.
    """

    run: str
    code: str
    filename: str = "main.py"
    first_line: int = 1
    time_limit_s: float | None = None
    environment: str = "default"
    files: Mapping[str, bytes] = field(default_factory=dict)
    data: Mapping[str, str] = field(default_factory=dict)
    services: tuple[Service, ...] = ()


@dataclass(frozen=True, slots=True)
class WrittenFiles:
    """The files that code wrote into its folder, by path, with their sizes in bytes; `more` besides."""

    files: tuple[tuple[str, int], ...] = ()
    more: int = 0


@dataclass(frozen=True, slots=True)
class Availability:
    """Whether kernels can be had here; where not, `reason` names the missing wall in words an operator can
    act on. `confinement` says what holds each sandbox as a whole to its limits.
    """

    ok: bool
    reason: str | None = None
    confinement: str | None = None


@dataclass(frozen=True, slots=True)
class Offer:
    """An environment that a room may choose; `title` tells people what it is ("Python 3.11.7")."""

    name: str
    title: str


class KernelError(Exception):
    """Root of everything that the kernels raise."""


class KernelUnavailable(KernelError):
    """No kernel can be had."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class KernelBusy(KernelError):
    """Another run has the kernel."""

    def __init__(self, run: str) -> None:
        super().__init__(f"run {run} has the kernel")
        self.run = run


class MissingData(KernelError):
    """The host lacks these bytes."""

    def __init__(self, digests: Sequence[str]) -> None:
        super().__init__(f"the kernel host lacks {len(digests)} data files")
        self.digests = tuple(digests)


class NoSuchFile(KernelError):
    """There is no such file in the kernel's folder."""

    def __init__(self, path: str) -> None:
        super().__init__(f"there is no file {path}")
        self.path = path


class FileTooLarge(KernelError):
    """The file is too large to be read; sizes in bytes."""

    def __init__(self, path: str, size: int) -> None:
        super().__init__(f"{path} has {size} bytes; up to {DATA_LIMIT} are read")
        self.path = path
        self.size = size


class NotAsking(KernelError):
    """The run waits for no input."""

    def __init__(self, run: str) -> None:
        super().__init__(f"run {run} waits for no input")
        self.run = run


class HostLost(KernelError):
    """The kernel host does not answer."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class HostRefused(KernelError):
    """The kernel host did not understand the request."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class Kernels(Protocol):
    """All kernels of one kernel host; every method may raise HostLost."""

    async def attach(
        self, room: str, listener: Listener, *, after: tuple[str, int] | None = None
    ) -> Attachment:
        """Take the room's events: those held after `(journal, n)` if it is the same journal, else all held;
        then live ones.

        The listener is called from the event loop, in order, without waiting, and may be called before
        `attach` returns. A later attach of the same room takes the place of an earlier one. After a broken
        link the client attaches again by itself, from the last event the listener saw; the listener gets
        `HostGone` and then the new `Attachment`.
        """
        ...

    def acknowledge(self, room: str, n: int) -> None:
        """All events up to `n` are committed: the host may forget them. It sends at most 8 MiB ahead of what
        is acknowledged.
        """
        ...

    async def execute(self, room: str, execution: Execution) -> None:
        """Start the run, and before it a kernel where the room has none; a run id that the host knows is not
        run again.

        Returns once the host has taken the run (the kernel may still be starting); all else comes as events.
        Raises KernelBusy while another run goes on, KernelUnavailable where no kernel can be had, MissingData
        where bytes of its data are not with the host (the run is then unknown to the host, no event follows).
        """
        ...

    async def put_data(self, digest: str, data: bytes) -> None:
        """Hand over the bytes of a data file; HostRefused where they have another SHA-256 or are too many."""
        ...

    async def files(self, room: str) -> WrittenFiles:
        """The files that code wrote, as they were a second ago at the earliest; an event tells others where
        that is news. Nothing without a kernel.
        """
        ...

    async def read_file(self, room: str, path: str) -> bytes:
        """The bytes of a file in the kernel's folder as they are now. Raises NoSuchFile (also without a
        kernel), FileTooLarge, and KernelUnavailable where this machine cannot look into folders.
        """
        ...

    async def complete(self, room: str, code: str, cursor: int) -> dict[str, Any] | None:
        """How the code may go on at the cursor (in code points), by what the kernel's variables hold:
        Jupyter's `complete_reply` as plain, bounded data.

        None where there is no kernel or it is busy, does not answer within 300 ms, or is not asked because of
        the size of the code or a cursor outside it. It never starts a kernel; a run that is to begin
        meanwhile waits for it, three seconds at the very most. Never raises HostLost.
        """
        ...

    async def inspect(self, room: str, code: str, cursor: int, detail: int = 0) -> dict[str, Any] | None:
        """What stands at the cursor: Jupyter's `inspect_reply` with text/plain and text/markdown; `detail` 1
        brings its source. Else as `complete`.
        """
        ...

    async def start(
        self, room: str, *, environment: str = "default", services: tuple[Service, ...] = ()
    ) -> None:
        """Start the room's kernel and its services ahead of its first run; nothing happens where it has
        one.
        """
        ...

    async def consult(self, room: str, question: Question) -> Answer:
        """Ask the editor's help, which a question starts where it does not run: a language server and Ruff in
        a sandbox of the room's own, apart from its kernel. It ends five minutes after the last question.

        The answer's content is None where there is nothing to say, too much is being asked, or the server
        failed. Raises KernelUnavailable where none can be had, HostRefused for what is no question.
        """
        ...

    async def interrupt(self, room: str) -> None:
        """Interrupt the current run: a message, a signal, at last a new kernel; the outcome is in
        `run.finished`. Idempotent.
        """
        ...

    async def restart(self, room: str) -> None:
        """Replace the room's kernel; a current run finishes as `aborted`. Without a kernel nothing
        happens.
        """
        ...

    async def answer(self, room: str, run: str, text: str) -> None:
        """Answer the run's `input()`; raises NotAsking where it does not wait (any more)."""
        ...

    async def stop(self, room: str, *, why: str | None = None) -> None:
        """End the room's kernel for good; a current run finishes as `aborted`. Events stay held until
        acknowledged. `why` becomes the detail of the kernel's state.
        """
        ...

    async def judge(self, room: str, judgement: Judgement) -> None:
        """Run hidden tests on candidate's code, apart from the room's kernel; an id that the host knows is
        not judged again.

        Returns once the host has taken it (it may wait for others); all else comes as events, the last of
        them `tests.finished`. Raises KernelUnavailable where no sandbox can be had, HostRefused, with words
        for its author, where it cannot be judged.
        """
        ...

    async def cancel_judgement(self, room: str, judgement: str) -> None:
        """End a judgement early; nothing happens where it has ended."""
        ...

    async def availability(self) -> Availability:
        """Whether kernels can be had; never raises HostLost (a lost host is a reason)."""
        ...

    async def environments(self) -> list[Offer]:
        """What rooms may choose among at this moment, the default first."""
        ...

    async def detach(self, room: str) -> None:
        """Take no more events of the room; the host goes on holding them and the kernel lives."""
        ...

    async def aclose(self) -> None:
        """Let go of the host; an embedded host is ended with everything in it."""
        ...
