"""A seat: one connection of one participant, as the room sees it; bytes to send gather in `out`."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final, Literal

from fourhands_protocol.entries import Entry
from fourhands_protocol.roles import ROOM
from fourhands_server.core.standing import Standing

Dialect = Literal["stock", "hocuspocus", "fourhands", "jupyter"]
Framing = Literal["v1", "json"]

HELD_LIMIT = 20_000  # entries that may pile up while a seat waits for its document; then it must resync
HELD_BYTES = 8 * 2**20  # and of their bodies


@dataclass(slots=True)
class Greeting:
    """Connected; has not yet said what it has (step 1, or HELLO)."""


@dataclass(slots=True)
class Following:
    """Is told the log from `after` on, page by page; what is committed meanwhile it will find there.

    `private` is how far it was told the stream of interviewers, None where it may not read that; `asked` is
    the stream of the page that is on its way.
    """

    after: int
    story: bool
    vector: bytes | None
    private: int | None = None
    asked: str = ROOM


@dataclass(slots=True)
class Syncing:
    """Waits for log and document up to `upto`; what is committed meanwhile is held back in order.

    `private` and `private_upto` say the same of the stream of interviewers, for those who may read it.
    """

    upto: int
    story: bool
    vector: bytes | None
    wants_diff: bool
    after: int = 0
    private: int | None = None
    private_upto: int = 0
    asked: str = ROOM
    diff: bytes = b""
    more: tuple[bytes, ...] = ()  # edits that come after `diff`
    held: list[tuple[Entry, str, int]] = field(default_factory=list)
    held_bytes: int = 0

    def hold(self, entry: Entry, producer: str, pseq: int) -> bool:
        """Hold one entry back; False where too much is held already."""
        self.held.append((entry, producer, pseq))
        self.held_bytes += len(entry.body)
        return len(self.held) <= HELD_LIMIT and self.held_bytes <= HELD_BYTES


@dataclass(slots=True)
class Live:
    """Has everything; gets each entry as it is committed."""


LIVE: Final = Live()  # one for all seats


@dataclass(slots=True)
class Lagging:
    """Was live, and its network is full: what is committed after seq `until` goes past it.

    `vector` is the room's state vector at `until`, `private` how far it was told the stream of interviewers.
    """

    until: int
    vector: dict[int, int]
    private: int


State = Greeting | Following | Syncing | Live | Lagging


@dataclass(frozen=True, slots=True)
class FrontEnd:
    """What a Jupyter front end said of itself, and which Python its room has."""

    framing: Framing
    session: str = ""
    python: str = "3"


@dataclass(slots=True, eq=False)
class Seat:
    """One connection; `producer` names its operations in the log, over reconnections for our own client.

    `id` is the connection's own, `name` that of the seat in log and awareness: a page that is back in time
    has the name that it had.
    """

    id: str
    person: str
    role: str
    dialect: Dialect
    expires_at: int  # µs of the wall clock, when its token does
    invite: str = ""
    front: FrontEnd | None = None  # of dialect `jupyter` alone
    state: State = field(default_factory=Greeting)
    out: list[bytes] = field(default_factory=list)
    producer: str = ""
    pseq: int = 0
    sent: int = 0
    asked: bool = False  # our step 1 is not answered; of a dialect that syncs
    dropped: int = 0  # updates that its answer will hold as well (F-12)
    saved: int = 0  # operations that need no sync status any more; of dialect `hocuspocus` alone
    said: dict[int, int] | None = None  # of its last step 1: how far its own ids came; until it answers ours
    unasked: set[int] | None = None  # operations that it counted before that step 1
    ack: tuple[int, int] | None = None
    heard_at: int = 0
    spoke_at: int = 0
    name: str = ""
    recorded: bool = False
    succeeded: bool = False  # its page's next connection has its seat
    introduced: bool = False  # has sent an awareness frame
    standing: Standing | None = None  # the last one, if its state was shown
    shows: int = -1  # the Yjs client for which a page of ours spoke last: it has one at a time
    merging: tuple[int, int] | None = None  # the pseqs that its page made while away, until all are taken in
    merged: int = 0  # edits among them that are logged
    burst: int = 0  # bytes of the document it was just sent; a bound on slow readers must not count them
    burst_sent: int = 0
    packs: bool = False  # its page reads PACKED
    heals: bool = False  # it came from an earlier incarnation of the log, and may hold what that has lost
    missed: set[int] | None = None  # while its network is full: clients whose awareness went past it
    closed: bool = False

    def __post_init__(self) -> None:
        self.name = self.name or self.id

    @property
    def syncs(self) -> bool:
        """Whether it gets its document by the sync frames of y-protocols."""
        return self.dialect in ("stock", "hocuspocus")

    def send(self, frame: bytes) -> None:
        """Queue one frame; nothing is queued for a seat that is being closed."""
        if not self.closed:
            self.out.append(frame)
