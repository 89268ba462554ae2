"""A client of `fourhands.v1` on a real socket: operations are kept until they are settled; it resumes."""

from __future__ import annotations

import asyncio
import itertools
import time
from collections.abc import Callable
from contextlib import suppress
from typing import Any

from tests.support.documents import Document
from tests.support.server import LiveServer, Seat
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed
from websockets.typing import Subprotocol

from fourhands_protocol import awareness, cbor, entries, envelope, sync
from fourhands_protocol.entries import EDIT, Entry, edit_update
from fourhands_protocol.envelope import FRAME, SUBPROTOCOL

DEADLINE_S = 20.0
_numbers = itertools.count(1)


async def dial(server: LiveServer, seat: Seat, *, ours: bool = True) -> ClientConnection:
    """A bare connection, in our dialect or the stock one; nothing is sent on it yet."""
    offered = [Subprotocol(SUBPROTOCOL), Subprotocol(f"bearer.{seat.token}")]
    return await connect(
        f"{server.ws}/{seat.room}" if ours else f"{server.ws}/{seat.room}?token={seat.token}",
        subprotocols=offered if ours else None,
        compression=None,
        max_size=None,
        ping_interval=None,
        open_timeout=DEADLINE_S,
    )


async def end_of(link: ClientConnection) -> tuple[int, str, list[bytes]]:
    """Read to the end: close code, reason, and the frames that came before it."""
    frames: list[bytes] = []
    with suppress(ConnectionClosed):
        async with asyncio.timeout(DEADLINE_S):
            while True:
                data = await link.recv()
                assert isinstance(data, bytes), "the server speaks binary frames"
                frames.append(data)
    return link.close_code or 0, link.close_reason or "", frames


class OurClient:
    """One page of our own client: its instance outlives its connections."""

    def __init__(self, server: LiveServer, seat: Seat) -> None:
        number = next(_numbers)
        self.server = server
        self.seat = seat
        self.instance = f"instance-of-test-{number:04d}"
        self.client_id = 1_000_000 + number
        self.document = Document(self.client_id)
        self.pending: dict[int, tuple[str, bytes]] = {}
        self.welcome: envelope.Welcome | None = None
        self._before: envelope.Welcome | None = None
        self.last = 0
        self.private: list[Entry] = []
        self.entries: list[Entry] = []
        self.left_out: dict[str, int] = {}
        self.refused: list[envelope.Refused] = []
        self.peers: dict[int, dict[str, Any]] = {}
        self.closed: list[tuple[int, str]] = []
        self.sent_away: list[int] = []
        self.bytes_in = 0
        self._pseq = 0
        self._in_story = False
        self._gives_back = False  # the log is another than before, and what it lacks goes before all else
        self._link: ClientConnection | None = None
        self._reader: asyncio.Task[None] | None = None
        self._changed = asyncio.Event()

    async def __aenter__(self) -> OurClient:
        await self.connect()
        return self

    async def __aexit__(self, *reason: object) -> None:
        await self.leave()

    # Connections

    async def connect(self) -> envelope.Welcome:
        """Connect or come back; returns once the room has told all that was missed."""
        self.welcome, before = None, self.welcome or self._before
        self._before = before
        self._link = await self._dial()
        self._reader = asyncio.create_task(self._read(self._link))
        hello = envelope.Hello(
            version=envelope.VERSION,
            instance=self.instance,
            # A story leaves edits out: its seqs count only once the document has come.
            last=self._known(),
            lineage=before and before.lineage,
            incarnation=before and before.incarnation,
            vector=self.document.vector(),
            pending=(min(self.pending), max(self.pending)) if self.pending else None,
        )
        await self._link.send(envelope.encode(hello))
        await self.until(lambda: self.welcome and not self._in_story and self.last >= self._head)
        assert self.welcome is not None
        return self.welcome

    async def _dial(self) -> ClientConnection:
        return await dial(self.server, self.seat)

    def _known(self) -> dict[str, int]:
        if self._in_story:
            return {"room": 0}
        private = self.private[-1].seq if self.private else 0
        return {"room": self.last, "interviewers": private}

    async def cut(self) -> None:
        """The network is gone without a word."""
        if self._link is not None:
            self._link.transport.abort()
        await self._stop_reading()

    async def leave(self) -> None:
        """Close as a page does that is closed."""
        if self._link is not None:
            await self._link.close()
        await self._stop_reading()

    async def _stop_reading(self) -> None:
        if self._reader is not None:
            await self._reader
        self._link = self._reader = None

    @property
    def _head(self) -> int:
        return self.welcome.heads["room"] if self.welcome else 0

    # Doing

    def type(self, at: int, text: str, *, delete: int = 0, file: str = "main.py") -> int:
        """Edit the own document and send the edit; `at` and `delete` in UTF-16 units."""
        update = self.document.edit(file, at, delete=delete, insert=text)
        return self.op(EDIT, entries.edit_body(update))

    def op(self, kind: str, body: bytes | None = None, **fields: Any) -> int:
        """Number an operation, keep it until it is settled, send it if there is a link."""
        self._pseq += 1
        self.pending[self._pseq] = (kind, cbor.encode(fields) if body is None else body)
        if self.welcome is not None:
            self._send(self._pseq)
        return self._pseq

    def point(self, clock: int, state: dict[str, Any]) -> None:
        """Say where one is."""
        own = awareness.State(self.client_id, clock, awareness.write_state(state))
        self._write(sync.awareness(awareness.encode([own])))

    def text(self, file: str = "main.py") -> str:
        return self.document.text(file)

    # Waiting

    async def until(self, condition: Callable[[], object], *, seconds: float = DEADLINE_S) -> None:
        """Return once the condition holds; it is asked again after every frame."""
        try:
            async with asyncio.timeout(seconds):
                while not condition():
                    self._changed.clear()
                    await self._changed.wait()
        except TimeoutError:
            raise AssertionError(
                f"waited {seconds} s; last {self.last}, text {self.text()!r:.200}, pending"
                f" {sorted(self.pending)}, closed {self.closed}"
            ) from None

    async def sees(self, text: str, *, file: str = "main.py") -> None:
        await self.until(lambda: self.text(file) == text)

    async def settled(self) -> None:
        """Return once everything that was sent is recorded or refused."""
        await self.until(lambda: not self.pending)

    async def is_closed(self) -> tuple[int, str]:
        """Wait for the end of the connection; its code and reason."""
        await self.until(lambda: self._reader is None or self._reader.done())
        return self.closed[-1]

    # Frames

    def _send(self, pseq: int) -> None:
        self._write(envelope.encode(envelope.Op(pseq, *self.pending[pseq])))

    def _write(self, frame: bytes) -> None:
        """Send without a turn of the loop in between: a cut after typing finds the frame on its way."""
        link = self._link
        if link is not None and link.protocol.state.name == "OPEN":
            link.protocol.send_binary(frame)
            link.send_data()

    async def _read(self, link: ClientConnection) -> None:
        try:
            while True:
                frame = await link.recv()
                assert isinstance(frame, bytes)
                self.bytes_in += len(frame)
                self._receive(frame)
                self._changed.set()
        except ConnectionClosed:
            self.closed.append((link.close_code or 0, link.close_reason or ""))
            self._changed.set()

    def _receive(self, frame: bytes) -> None:
        if frame[0] != FRAME:
            self._show(frame)
            return
        match envelope.decode(frame):
            case envelope.Welcome() as welcome:
                self._welcomed(welcome)
            case envelope.Entries(new):
                for entry in new:
                    self._entry(entry)
            case envelope.State(update, seq, left_out, vector):
                self.left_out = left_out or {}
                self.document.apply(update)
                if self._gives_back:
                    self._give_back(vector)
                self.last, self._in_story = max(self.last, seq), False
            case envelope.Ack(upto, seq):
                self._settle(upto)
                self.last = max(self.last, seq)
            case envelope.Refused() as refused:
                self.refused.append(refused)
                self.pending.pop(refused.pseq, None)
            case envelope.GoAway(wait):
                self.sent_away.append(wait)
            case envelope.Ping(asked):
                self._write(envelope.encode(envelope.Pong(asked, time.time_ns() // 1000)))

    def _show(self, frame: bytes) -> None:
        message = sync.decode(frame)
        assert isinstance(message, sync.AwarenessFrame), "only awareness is shared with stock clients"
        for state in awareness.decode(message.payload):
            self.peers.pop(state.client, None)
            if state.text is not None:
                self.peers[state.client] = awareness.read_state(state.text)

    def _welcomed(self, welcome: envelope.Welcome) -> None:
        self.welcome = welcome
        if welcome.mode == "reset":
            self.document = Document(self.client_id)
        if welcome.mode != "resumed":
            self.last, self._in_story = 0, True
            self.private = []
        self._settle(welcome.acked)
        before = self._before
        self._gives_back = before is not None and before.incarnation != welcome.incarnation
        if not self._gives_back:
            for pseq in sorted(self.pending):
                self._send(pseq)

    def _give_back(self, vector: bytes | None) -> None:
        """What the room's log lost goes in the place of the first edit that waits: all stand on it."""
        self._gives_back = False
        if vector is not None:
            first = min((pseq for pseq, (kind, _) in self.pending.items() if kind == EDIT), default=0)
            if not first:
                first = self._pseq = self._pseq + 1
            self.pending[first] = ("relay", cbor.encode({"update": self.document.since(vector)}))
        for pseq in sorted(self.pending):
            self._send(pseq)

    def _settle(self, upto: int) -> None:
        for pseq in [pseq for pseq in self.pending if pseq <= upto]:
            del self.pending[pseq]

    def _entry(self, entry: Entry) -> None:
        if entry.stream != "room":
            assert not self.private or entry.seq > self.private[-1].seq, entry
            self.private.append(entry)
            return
        assert entry.seq > self.last, f"{entry.seq} came after {self.last}"
        self.last = entry.seq
        self.entries.append(entry)
        if entry.kind == EDIT:
            self.document.apply(edit_update(entry.body))
