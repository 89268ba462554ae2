"""A whole room without a socket, clock or disk: core, a log in a list, clients with real Yjs documents.

Nothing happens by itself: the test calls `commit`, `deliver` and `cut`, so every interleaving can be made.
"""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass, field

import pycrdt

from fourhands_protocol import awareness, cbor, entries, envelope, hocuspocus, sync
from fourhands_protocol.entries import EDIT, Entry, edit_update
from fourhands_server.core import effects, private
from fourhands_server.core.healing import Loss
from fourhands_server.core.room import Room
from fourhands_server.core.seat import Seat
from fourhands_server.core.state import RoomState, replay

INCARNATION = "one"
SECRET = b"hidden-from-candidates"
PAGE = 7


@dataclass
class LoggedRow:
    entry: Entry
    producer: str
    pseq: int


@dataclass
class Call:
    kind: str
    seq: int | None = None
    refused: str = ""


class World:
    """The room's surroundings: a log, a document, a kernel that does what the test says."""

    def __init__(self) -> None:
        self.rows: list[LoggedRow] = []
        self.waiting: list[effects.Append] = []
        self.questions: list[Callable[[], None]] = []
        self.clients: list[Client] = []
        self.calls: dict[int, Call] = {}
        self.executed: list[effects.Execute] = []
        self.judged: list[effects.Judge] = []
        self.kernel_effects: list[effects.Effect] = []
        self.now = 1_700_000_000_000_000
        self.boots = 0
        self.shortened = 0  # frames that went the short way
        self.told: list[tuple[str, bytes]] = []  # everything that was sent to anybody
        self.reports: list[str] = []
        self.journal = 0
        self.incarnation = INCARNATION
        self.loss: Loss | None = None
        self.room = self._make()
        self.room.awaken({}, now=self.now)
        self.room.create(title="T", lineage="lineage-1", settings={}, now=self.now)
        self.carry_out()
        self.commit()

    def _make(self) -> Room:
        self.boots += 1
        return Room("room-1", boot=f"boot-{self.boots}", incarnation=self.incarnation, loss=self.loss)

    # The log

    def commit(self, count: int | None = None) -> None:
        """Make the oldest waiting appends durable, one after the other."""
        while self.waiting and count != 0:
            append = self.waiting.pop(0)
            seq = len(self.of(append.stream)) + 1
            entry = Entry(append.stream, seq, self.now, append.actor, append.kind, append.body)
            known = {(row.producer, row.pseq) for row in self.rows}
            assert (append.origin.producer, append.origin.pseq) not in known, "applied twice"
            self.rows.append(LoggedRow(entry, append.origin.producer, append.origin.pseq))
            self.room.committed(entry, append.origin)
            self.carry_out()
            count = None if count is None else count - 1

    def lose(self, after: int) -> None:
        """The server dies and an older copy of its log takes the place of it, which lacks the tail."""
        kept = {entry.seq: entry.at for entry in self.log[:after]}
        self.rows = [row for row in self.rows if row.entry.stream == "room" and row.entry.seq in kept]
        self.now += 1_000_000
        before = frozenset() if self.loss is None else self.loss.before
        self.loss = Loss(self.now, before | {self.incarnation})
        self.incarnation += "+"
        self.crash()

    def crash(self) -> None:
        """The server dies: what was not committed is gone, every connection too; the room is rebuilt."""
        for client in self.clients:
            client.cut()
        self.waiting.clear()
        self.questions.clear()
        self.room = self._make()
        self.room.replay(self.log)
        self.room.replay(self.private_log)
        producers: dict[str, int] = {}
        for row in self.rows:
            producers[row.producer] = max(row.pseq, producers.get(row.producer, 0))
        self.room.awaken(producers, now=self.now)
        self.carry_out()

    def of(self, stream: str) -> list[Entry]:
        return [row.entry for row in self.rows if row.entry.stream == stream]

    @property
    def log(self) -> list[Entry]:
        return self.of("room")

    @property
    def private_log(self) -> list[Entry]:
        return self.of("interviewers")

    # The room's wishes

    def hear(self, seat: str, frame: bytes) -> None:
        """A frame of a seat reaches the room, by the short way where it is of the common kind."""
        append = self.room.typed(seat, frame, now=self.now)
        if append is not None:
            self.shortened += 1
            self.waiting.append(append)
        else:
            self.room.receive(seat, frame, now=self.now)
            self.carry_out()

    def carry_out(self) -> None:
        while wanted := self.room.take_effects():
            for effect in wanted:
                self._do(effect)
        for seat in self.room.take_talking():
            client = self._client_of(seat.id)
            if client is not None:
                client.inbox.extend(seat.out)
                self.told += ((seat.id, frame) for frame in seat.out)
                if client.stalled:
                    self.room.filled(seat.id)
            seat.out = []

    def _do(self, effect: effects.Effect) -> None:
        match effect:
            case effects.Append():
                self.waiting.append(effect)
            case effects.AskDiff(seat, vector, in_parts):
                more: list[bytes] = []
                if in_parts and vector in (None, b"\x00"):  # as it was a while ago, and the edits since
                    before, since = self.log[:-7], self.log[-7:]
                    update = document_of(before).get_update()
                    more = [entries.edit_update(entry.body) for entry in since if entry.kind == EDIT]
                else:
                    update = self._document().get_update(vector)
                self.questions.append(lambda: self.room.diff_read(seat, update, *more, now=self.now))
            case effects.AskEntries():
                found = self._read(effect)
                reached = effect.upto if len(found) < PAGE else found[-1].seq
                self.questions.append(
                    lambda: self.room.entries_read(effect.seat, found, reached, now=self.now)
                )
            case effects.AskCode(run, roots, seq):
                texts = {root: text_of(self.log[:seq], root) for root in roots}
                self.questions.append(lambda: self.room.kernel.code_read(run, texts, now=self.now))
            case effects.AskTexts(judgement, roots, seq):
                texts = {root: text_of(self.log[:seq], root) for root in roots}
                self.questions.append(lambda: self.room.kernel.texts_read(judgement, texts, now=self.now))
            case effects.Judge():
                self.judged.append(effect)
            case effects.CloseSeat(seat, code):
                client = self._client_of(seat)
                if client is not None:
                    client.closed_with = code
                    client.seat = None
                self.room.closed(seat, code, now=self.now)
            case effects.Settle(call, seq, refused):
                assert isinstance(call, int)
                self.calls[call].seq, self.calls[call].refused = seq, refused
            case effects.Execute():
                self.executed.append(effect)
            case effects.ApplyEdit() | effects.Acknowledge() | effects.RenewToken():
                pass
            case effects.Report(words):
                self.reports.append(words)
            case _:
                self.kernel_effects.append(effect)

    def _read(self, ask: effects.AskEntries) -> list[Entry]:
        entries = self.of(ask.stream)[ask.after : ask.upto]
        return [e for e in entries if e.kind not in ask.without][:PAGE]

    def answer(self) -> None:
        """Answer the oldest question that the room asked of log or engine."""
        if self.questions:
            self.questions.pop(0)()
            self.carry_out()

    def _document(self) -> pycrdt.Doc:
        return document_of(self.log)

    def _client_of(self, seat: str) -> Client | None:
        return next((c for c in self.clients if c.seat == seat), None)

    # People

    def join(self, person: str, role: str = "candidate") -> None:
        origin = self._call("join", person, role)
        self.room.join(origin, name=person.title(), role=role, invite=f"{role}/1", now=self.now)
        self.carry_out()
        self.commit()

    def call(self, person: str, role: str, kind: str, **body: object) -> Call:
        origin = self._call(kind, person, role)
        self.room.call(origin, kind, body, now=self.now)
        self.carry_out()
        return self.calls[origin.pseq]

    def _call(self, kind: str, person: str, role: str) -> effects.Origin:
        number = len(self.calls) + 1
        self.calls[number] = Call(kind)
        return effects.Origin(person, role, f"api/{self.boots}", number, call=number)

    def client(
        self, person: str, *, dialect: str = "fourhands", role: str = "candidate", number: int = 0
    ) -> Client:
        kinds = {"fourhands": OurClient, "stock": StockClient, "hocuspocus": ProviderClient}
        made = kinds[dialect](self, person, role, client_id=1000 * (len(self.clients) + 1) + number)
        self.clients.append(made)
        return made

    # The kernel

    def kernel_says(self, kind: str, **body: object) -> None:
        self.journal += 1
        self.room.kernel.event("journal-1", self.journal, kind, body, now=self.now)
        self.carry_out()

    def settle(self) -> None:
        """Let everything that is under way arrive."""
        for _ in range(10_000):
            busy = bool(self.waiting or self.questions)
            self.commit()
            self.answer()
            for client in self.clients:
                busy |= client.deliver(None)
            if not busy:
                return
        raise AssertionError("the room never comes to rest")

    def check(self) -> None:
        """The promise of the house: replay of the log equals what is live."""
        replayed = replay(self.log)
        assert replayed == self.room.state
        assert private.replay(self.private_log) == self.room.private
        for entry in self.private_log:
            assert cbor.decode(entry.body)["after"] <= self.room.state.head
        fresh = Room("room-1", boot="check", incarnation=INCARNATION)
        fresh.replay(self.log)
        assert fresh.admission.vector() == document_vector(self.log)
        if not self.waiting:
            assert fresh.admission.vector() == self.room.admission.vector()


@dataclass
class Client:
    """Somebody's connection, with a real document. Frames wait in `inbox` and `outbox` until delivered."""

    world: World
    person: str
    role: str
    client_id: int
    seat: str | None = None
    inbox: list[bytes] = field(default_factory=list)
    outbox: list[bytes] = field(default_factory=list)
    closed_with: int | None = None
    stalled: bool = False
    connections: int = 0
    doc: pycrdt.Doc = field(init=False)
    dialect = "stock"

    def __post_init__(self) -> None:
        self.begin_anew()

    def begin_anew(self) -> None:
        """An empty document."""
        self.doc = pycrdt.Doc(client_id=self.client_id)
        self.remote = False
        self.subscription = self.doc.observe(self._changed)

    def text(self, file: str = "main.py") -> pycrdt.Text:
        return self.doc.get(file, type=pycrdt.Text)

    def type(self, at: int, text: str, file: str = "main.py") -> None:
        """`at` in UTF-8 bytes, as pycrdt counts; on a boundary of a code point."""
        self.text(file).insert(at, text)

    def delete(self, start: int, stop: int, file: str = "main.py") -> None:
        del self.text(file)[start:stop]

    def apply(self, update: bytes) -> None:
        self.remote = True
        self.doc.apply_update(update)
        self.remote = False

    def _changed(self, event: pycrdt.TransactionEvent) -> None:
        if not self.remote and event.update != b"\x00\x00":
            self.changed(event.update)

    def changed(self, update: bytes) -> None:
        raise NotImplementedError

    def connect(self) -> None:
        assert self.seat is None
        self.inbox.clear()  # a new connection hears nothing of what an old one was told
        self.outbox.clear()
        self.connections += 1
        self.closed_with = None
        self.seat = f"{self.person}-{self.client_id}-{self.connections}"
        seat = Seat(self.seat, self.person, self.role, self.dialect, self.world.now + 10**12)
        self.world.room.open(seat, now=self.world.now)
        self.world.carry_out()
        self.connected()

    def connected(self) -> None:
        raise NotImplementedError

    def cut(self) -> None:
        """The link breaks: what was under way in both directions is lost."""
        self.inbox.clear()
        self.outbox.clear()
        self.stalled = False
        if self.seat is not None:
            seat, self.seat = self.seat, None
            self.world.room.closed(seat, 1006, now=self.world.now)
            self.world.carry_out()

    def deliver(self, count: int | None) -> bool:
        """Let frames arrive, the client's first, then the room's; tells whether there were any."""
        busy = bool(self.outbox or (self.inbox and not self.stalled))
        for queue, take in ((self.outbox, self._to_room), (self.inbox, self.receive)):
            frames = [] if self.stalled and queue is self.inbox else queue[:count]
            del queue[: len(frames)]
            for frame in frames:
                take(frame)
        return busy

    def read_on(self) -> None:
        """A stalled client reads all that waited in its network; only then can the room tell it more."""
        self.stalled = False
        frames, self.inbox = self.inbox, []
        for frame in frames:
            self.receive(frame)
        if self.seat is not None:
            self.world.room.drained(self.seat, now=self.world.now)
            self.world.carry_out()

    def _to_room(self, frame: bytes) -> None:
        if self.seat is not None:
            self.world.hear(self.seat, frame)

    def receive(self, frame: bytes) -> None:
        raise NotImplementedError


class StockClient(Client):
    """A y-websocket client: sends each change at once, heals by state vectors."""

    dialect = "stock"

    def changed(self, update: bytes) -> None:
        if self.seat is not None:
            self.outbox.append(sync.update(update))

    def connected(self) -> None:
        self.outbox.append(sync.step1(self.doc.get_state()))
        state = awareness.State(self.client_id, self.connections, "{}")
        self.outbox.append(sync.awareness(awareness.encode([state])))

    def receive(self, frame: bytes) -> None:
        assert SECRET not in frame, "stock clients are told nothing private"
        match sync.decode(frame):
            case sync.Step1(vector):
                self.outbox.append(sync.step2(self.doc.get_update(vector)))
            case sync.Step2(update) | sync.Update(update):
                self.apply(update)


class ProviderClient(StockClient):
    """A Hocuspocus provider, without the addresses of its frames: it counts what is not saved yet."""

    dialect = "hocuspocus"

    def __post_init__(self) -> None:
        super().__post_init__()
        self.unsaved = 0
        self.refused = 0
        self.synced = False
        self.told: list[bytes] = []

    def changed(self, update: bytes) -> None:
        if self.seat is not None:
            self.unsaved += 1
        super().changed(update)

    def connected(self) -> None:
        self.unsaved, self.synced = 1, False
        super().connected()

    def receive(self, frame: bytes) -> None:
        self.told.append(frame)
        match frame:
            case hocuspocus.SAVED:
                self.unsaved -= 1
                assert self.unsaved >= 0, "more statuses than it counts"
                assert self.synced, "a provider takes it for the document"
                if self.unsaved == 0 and not self.refused:
                    self._check_saved()
            case hocuspocus.NOT_SAVED:
                self.refused += 1
            case _:
                super().receive(frame)
                self.synced |= frame[:2] == b"\x00\x01"

    def _check_saved(self) -> None:
        """D-5: what it is told is saved is in the log, though the log may be ahead of it."""
        logged = document_of(self.world.log)
        before = logged.get_state(), logged.get_update(b"\x00")
        logged.apply_update(self.doc.get_update(logged.get_state()))
        assert (logged.get_state(), logged.get_update(b"\x00")) == before, "told that it is saved"


class OurClient(Client):
    """A client of `fourhands.v1`: operations with numbers, kept until they are settled."""

    dialect = "fourhands"

    def __post_init__(self) -> None:
        super().__post_init__()
        self.instance = f"instance-{self.client_id:08d}"
        self.pseq = 0
        self.pending: dict[int, tuple[str, bytes]] = {}
        self.last = 0
        self.private_last = 0
        self.private_head = 0
        self.private_told: set[int] = set()
        self.known: dict[str, str] = {}
        self.mode = ""
        self.live = False
        self.in_story = False
        self.holds_back = False
        self.entries: list[Entry] = []
        self.left_out: dict[str, int] = {}
        self.story_at = 0
        self.refused: list[tuple[int, str]] = []
        self.acked: set[int] = set()
        self.packed: bool | None = True
        self.welcome_seat = ""

    def changed(self, update: bytes) -> None:
        self.op(EDIT, entries.edit_body(update))

    def op(self, kind: str, body: bytes | dict[str, object]) -> int:
        self.pseq += 1
        packed = body if isinstance(body, bytes) else cbor.encode(body)
        self.pending[self.pseq] = (kind, packed)
        if self.live and not self.holds_back:
            self.outbox.append(envelope.encode(envelope.Op(self.pseq, kind, packed)))
        return self.pseq

    @property
    def told(self) -> list[Entry]:
        """What it was told since its last story began."""
        return self.entries[self.story_at :]

    def connected(self) -> None:
        self.live = False
        hello = envelope.Hello(
            version=1,
            instance=self.instance,
            # A story leaves edits out: its seqs count only once the document has come.
            last={"room": 0, "interviewers": 0}
            if self.in_story
            else {"room": self.last, "interviewers": self.private_last},
            lineage=self.known.get("lineage"),
            incarnation=self.known.get("incarnation"),
            vector=self.doc.get_state(),
            pending=(min(self.pending), max(self.pending)) if self.pending else None,
            packed=self.packed,
        )
        self.outbox.append(envelope.encode(hello))

    def cut(self) -> None:
        self.live = False
        super().cut()

    def receive(self, frame: bytes) -> None:
        assert self.role == "interviewer" or SECRET not in frame, "what only interviewers may know"
        if frame[0] != envelope.FRAME:
            return
        match envelope.decode(frame):
            case envelope.Welcome() as welcome:
                self._welcomed(welcome)
            case envelope.Entries(new):
                for entry in new:
                    self._entry(entry)
            case envelope.State(update, seq, left_out, vector, more):
                for one in (update, *(more or ())):
                    self.apply(one)
                if self.holds_back:
                    self._give_back(vector)
                self.left_out = left_out or {}
                self.last, self.in_story = max(self.last, seq), False
            case envelope.Ack(upto, seq):
                self._settle(upto)
                self.last = max(self.last, seq)
            case envelope.Refused(pseq, code):
                self.refused.append((pseq, code))
                self.pending.pop(pseq, None)

    def _welcomed(self, welcome: envelope.Welcome) -> None:
        self.mode, self.live = welcome.mode, True
        self.welcome_seat = welcome.seat
        assert ("interviewers" in welcome.heads) == (self.role == "interviewer")
        others = welcome.incarnation != self.known.get("incarnation", welcome.incarnation)
        self.holds_back = others and welcome.mode != "resumed"
        if welcome.mode == "reset":
            self.begin_anew()
        self.known = {"lineage": welcome.lineage, "incarnation": welcome.incarnation}
        if welcome.mode != "resumed":
            self.last, self.in_story, self.left_out = 0, True, {}
            self.private_last, self.private_told = 0, set()
            self.story_at = len(self.entries)
        self._settle(welcome.acked)
        if not self.holds_back:
            self._send_pending()

    def _send_pending(self) -> None:
        for pseq, (kind, body) in sorted(self.pending.items()):
            self.outbox.append(envelope.encode(envelope.Op(pseq, kind, body)))

    def _give_back(self, vector: bytes | None) -> None:
        """What the room lacks goes before all edits that stand on it, in the place of the first of them."""
        self.holds_back = False
        if vector is not None:
            first = min((pseq for pseq, (kind, _) in self.pending.items() if kind == EDIT), default=0)
            if not first:
                first = self.pseq = self.pseq + 1
            self.pending[first] = ("relay", cbor.encode({"update": self.doc.get_update(vector)}))
        self._send_pending()

    def _settle(self, upto: int) -> None:
        for pseq in [p for p in self.pending if p <= upto]:
            self.acked.add(pseq)
            del self.pending[pseq]

    def _entry(self, entry: Entry) -> None:
        if entry.stream != "room":
            assert self.role == "interviewer", f"{self.person} was told of {entry.stream}"
            assert entry.seq > self.private_last, f"{entry.stream} {entry.seq} after {self.private_last}"
            self.private_last = entry.seq
            self.private_told.add(entry.seq)
            return
        assert entry.seq > self.last, f"{entry.seq} after {self.last}"
        self.last = entry.seq
        self.entries.append(entry)
        if entry.kind == EDIT:
            self.apply(edit_update(entry.body))


def document_of(log: list[Entry]) -> pycrdt.Doc:
    doc: pycrdt.Doc = pycrdt.Doc()
    for entry in log:
        if entry.kind == EDIT:
            doc.apply_update(edit_update(entry.body))
    return doc


def text_of(log: list[Entry], file: str = "main.py") -> str:
    return str(document_of(log).get(file, type=pycrdt.Text))


def document_vector(log: list[Entry]) -> dict[int, int]:
    return sync.decode_vector(document_of(log).get_state())


def state_of(log: list[Entry]) -> RoomState:
    return replay(log)


def boundary(chance: random.Random, text: str) -> int:
    """A random place in a text, in UTF-8 bytes, between two code points."""
    return len(text[: chance.randint(0, len(text))].encode())
