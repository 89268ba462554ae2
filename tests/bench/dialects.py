"""How a client of the load speaks: y-protocols, Hocuspocus around it, or our own envelope.

A dialect says what to send and finds, in a message that came, the edits of others and the acks of one's own.
It reads no more of a message than that takes: the load must cost less than what it measures.
"""

from __future__ import annotations

import secrets
from collections.abc import Iterable
from typing import Protocol

from fourhands_protocol import awareness, cbor, envelope, sync
from fourhands_protocol.entries import edit_body
from fourhands_protocol.varint import write_text
from tests.bench.updates import keys_in, uint

EMPTY_VECTOR, EMPTY_UPDATE = b"\x00", b"\x00\x00"


class Dialect(Protocol):
    """One connection's side of the talk."""

    echoes: bool  # whether an edit comes back to its author, as the ack
    heartbeat: bytes | None  # what an idle page says every few seconds

    def hello(self) -> Iterable[bytes]:
        """The messages a client opens with."""
        ...

    def welcomed(self, message: bytes) -> bool:
        """Whether this message ends the synchronisation."""
        ...

    def plain(self, message: bytes) -> bytes:
        """The frame of y-protocols in a message."""
        ...

    def edit(self, update: bytes) -> bytes:
        """The message around an update."""
        ...

    def cursor(self, client: int, clock: int, text: str) -> bytes:
        """The message around one awareness state."""
        ...

    def count(self, data: bytes, start: int, end: int) -> int:
        """How many edits `data[start:end]` tells of, echoes of one's own among them."""
        ...

    def acks(self, data: bytes, start: int, end: int) -> int:
        """How many more of one's own edits it settles, where there is no echo."""
        ...

    def is_cursor(self, data: bytes, start: int, end: int) -> bool:
        """Whether it tells of somebody's awareness state."""
        ...

    def answer(self, data: bytes, start: int, end: int) -> bytes | None:
        """The message that it wants for an answer, if any."""
        ...


class Stock:
    """An unmodified y-websocket client."""

    heartbeat = None

    def __init__(self, vector: bytes = EMPTY_VECTOR, *, echoes: bool = True) -> None:
        self._vector = vector
        self.echoes = echoes

    def hello(self) -> Iterable[bytes]:
        return [sync.step1(self._vector), sync.step2(EMPTY_UPDATE)]

    def welcomed(self, message: bytes) -> bool:
        return message.startswith(b"\x00\x01")

    def plain(self, message: bytes) -> bytes:
        return message

    def edit(self, update: bytes) -> bytes:
        return b"\x00\x02" + uint(len(update)) + update

    def cursor(self, client: int, clock: int, text: str) -> bytes:
        return sync.awareness(awareness.encode([awareness.State(client, clock, text)]))

    def count(self, data: bytes, start: int, end: int) -> int:
        if data[start + 1] != 2 or data[start] != 0:
            return 0
        return keys_in(data, start + (3 if data[start + 2] < 128 else 4 if data[start + 3] < 128 else 5), end)

    def acks(self, data: bytes, start: int, end: int) -> int:
        return 0

    def is_cursor(self, data: bytes, start: int, end: int) -> bool:
        return data[start] == 1 and end - start > 3

    def answer(self, data: bytes, start: int, end: int) -> bytes | None:
        return None


class Hocuspocus:
    """A client of @hocuspocus/provider: y-protocols behind the name of the document, and its own acks."""

    heartbeat = None
    echoes = False  # it comes back too, but sync status is what the provider takes for the ack

    def __init__(self, document: str, token: str = "bench", vector: bytes = EMPTY_VECTOR) -> None:
        self._name = write_text(document)
        self._stock = Stock(vector)
        self._token = token

    def hello(self) -> Iterable[bytes]:
        auth = b"\x02\x00" + write_text(self._token) + write_text("4.7.0")
        return [self._name + auth, *(self._name + message for message in self._stock.hello())]

    def welcomed(self, message: bytes) -> bool:
        # The answer to step 1 is a "sync reply" (4) with step 2 in it, or a plain one.
        return self.plain(message)[:2] in (b"\x04\x01", b"\x00\x01")

    def plain(self, message: bytes) -> bytes:
        return message[len(self._name) :]

    def edit(self, update: bytes) -> bytes:
        return self._name + b"\x00\x02" + uint(len(update)) + update

    def cursor(self, client: int, clock: int, text: str) -> bytes:
        return self._name + self._stock.cursor(client, clock, text)

    def count(self, data: bytes, start: int, end: int) -> int:
        return self._stock.count(data, start + len(self._name), end)

    def acks(self, data: bytes, start: int, end: int) -> int:
        at = start + len(self._name)
        return 1 if data[at] == 8 and data[at + 1] == 1 else 0

    def is_cursor(self, data: bytes, start: int, end: int) -> bool:
        at = start + len(self._name)
        return data[at] == 1 and end - at > 3

    def answer(self, data: bytes, start: int, end: int) -> bytes | None:
        return None


class Own:
    """Our own client, `fourhands.v1`: edits as numbered operations, one cumulative ack, no echo."""

    echoes = False
    heartbeat = b"\x70\x07\x81\x01"  # PING

    def __init__(self, vector: bytes | None = None, last: int = 0, **known: str) -> None:
        self.instance = secrets.token_urlsafe(16)
        self.acked = 0
        self.told: dict[str, str] = {}  # lineage and incarnation
        self._known = known  # the same, of one that comes back
        self._last = last
        self._head = -1
        self._pseq = 0
        self._vector = vector

    def hello(self) -> Iterable[bytes]:
        hello = envelope.Hello(
            version=envelope.VERSION,
            instance=self.instance,
            last={"room": self._last},
            vector=self._vector,
            lineage=self._known.get("lineage"),
            incarnation=self._known.get("incarnation"),
            packed=True,
        )
        return [envelope.encode(hello)]

    def welcomed(self, message: bytes) -> bool:
        match envelope.decode(message) if message[:1] == b"\x70" else None:
            case envelope.Welcome() as welcome:
                self.told = {"lineage": welcome.lineage, "incarnation": welcome.incarnation}
                if welcome.mode == "resumed":
                    self._head = welcome.heads["room"]
            case envelope.Entries(entries) if self._head >= 0:
                self._last = max(self._last, *(entry.seq for entry in entries))
            case envelope.State():  # the end of a story
                return True
        return 0 <= self._head <= self._last

    def plain(self, message: bytes) -> bytes:
        return message

    def edit(self, update: bytes) -> bytes:
        self._pseq += 1
        body = edit_body(update)
        return b"\x70\x05\x83" + cbor.head(0, self._pseq) + b"\x64edit" + cbor.head(2, len(body)) + body

    def cursor(self, client: int, clock: int, text: str) -> bytes:
        return sync.awareness(awareness.encode([awareness.State(client, clock, text)]))

    def count(self, data: bytes, start: int, end: int) -> int:
        return data.count(b"\x64edit", start, end) if data[start + 1] == 3 and data[start] == 112 else 0

    def acks(self, data: bytes, start: int, end: int) -> int:
        if data[start] != 112 or data[start + 1] != 4:
            return 0
        upto, _ = cbor.decode(data[start + 2 : end])
        new, self.acked = upto - self.acked, upto
        return int(new)

    def is_cursor(self, data: bytes, start: int, end: int) -> bool:
        return data[start] == 1 and end - start > 3

    def answer(self, data: bytes, start: int, end: int) -> bytes | None:
        if data[start] != 112 or data[start + 1] != 7:
            return None
        return b"\x70\x08\x82" + data[start + 3 : end] + b"\x00"  # PONG
