"""What the room asks of the world: the effects that its core returns and its host carries out, in order."""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, NamedTuple

from fourhands_protocol.roles import ROOM
from fourhands_server.core.questions import Tests


class Origin(NamedTuple):
    """Where an operation came from: who gets its ack, and under which name its retry is known.

    `seat` is the connection that sent it, `call` the HTTP call that waits for it; at most one is set.
    """

    person: str
    role: str
    producer: str
    pseq: int
    seat: str | None = None
    call: Hashable | None = None


class Append(NamedTuple):
    """Put one entry into the log; comes back as `Room.committed` with the same `origin`."""

    origin: Origin
    actor: str
    kind: str
    body: bytes
    stream: str = ROOM


class ApplyEdit(NamedTuple):
    """Let the document engine follow a committed edit."""

    seq: int
    update: bytes


@dataclass(frozen=True, slots=True)
class AskDiff:
    """Ask the engine for what a peer with `vector` lacks, as of all edits applied so far.

    The answer is one update; `in_parts`, edits may follow it that it does not hold.
    """

    seat: str
    vector: bytes | None
    in_parts: bool = False


@dataclass(frozen=True, slots=True)
class AskEntries:
    """Read a page of a stream from `after` to `upto` for a seat, without some kinds.

    Unless the room holds things back for the seat meanwhile, the page waits until what the seat was sent
    before is on its way.
    """

    seat: str
    after: int
    upto: int
    without: frozenset[str]
    held: bool
    stream: str = ROOM


@dataclass(frozen=True, slots=True)
class AskCode:
    """Ask for the texts of `roots` as they stood at `seq`; `past` where later edits were applied already."""

    run: str
    roots: tuple[str, ...]
    seq: int
    past: bool


@dataclass(frozen=True, slots=True)
class AskTexts:
    """The same for hidden tests: the texts of `roots` as they stood at `seq`."""

    judgement: str
    roots: tuple[str, ...]
    seq: int
    past: bool


@dataclass(frozen=True, slots=True)
class Judge:
    """Hand hidden tests to the kernel host, with the room's files by path, the SHA-256 of databases, and the
    services that its questions declare.
    """

    judgement: str
    tests: Tests
    files: Mapping[str, str]
    data: Mapping[str, str]
    environment: str
    services: tuple[Mapping[str, Any], ...] = ()


@dataclass(frozen=True, slots=True)
class CancelJudgement:
    """Hidden tests that nobody wants any more."""

    judgement: str


@dataclass(frozen=True, slots=True)
class AskKernel:
    """Ask the kernel how code may go on at the cursor, or what stands there; answered under `number`."""

    what: Literal["complete", "inspect"]
    number: int
    code: str
    cursor: int
    detail: int = 0


@dataclass(frozen=True, slots=True)
class Execute:
    """Hand a started run to the kernel, with the room's files by path, the SHA-256 of its data files, and the
    services that its questions declare.
    """

    run: str
    code: str
    filename: str
    first_line: int
    files: Mapping[str, str] = field(default_factory=dict)
    data: Mapping[str, str] = field(default_factory=dict)
    services: tuple[Mapping[str, Any], ...] = ()


@dataclass(frozen=True, slots=True)
class Interrupt:
    """Interrupt what the kernel runs."""


@dataclass(frozen=True, slots=True)
class Restart:
    """Give the room a fresh kernel."""


@dataclass(frozen=True, slots=True)
class AnswerInput:
    """Answer a run's `input()`."""

    run: str
    text: str


@dataclass(frozen=True, slots=True)
class StopKernel:
    """The room needs its kernel no more; `why` is for whoever misses their variables later."""

    why: str | None = None


@dataclass(frozen=True, slots=True)
class Acknowledge:
    """Tell the kernel host that its journal is in the log up to `n`."""

    n: int


@dataclass(frozen=True, slots=True)
class CloseSeat:
    """Close a connection after what was written to it."""

    seat: str
    code: int
    reason: str


@dataclass(frozen=True, slots=True)
class Settle:
    """Answer the HTTP call that waits: the seq of its entry, or why it was refused."""

    call: Hashable
    seq: int = 0
    refused: str = ""
    message: str = ""


@dataclass(frozen=True, slots=True)
class RenewToken:
    """Send a seat a fresh token for the same participant."""

    seat: str


@dataclass(frozen=True, slots=True)
class Report:
    """Tell the operator of something that only they can put right."""

    words: str


Effect = (
    Append
    | ApplyEdit
    | AskDiff
    | AskEntries
    | AskCode
    | AskKernel
    | AskTexts
    | Judge
    | CancelJudgement
    | Execute
    | Interrupt
    | Restart
    | AnswerInput
    | StopKernel
    | Acknowledge
    | CloseSeat
    | Settle
    | RenewToken
    | Report
)
