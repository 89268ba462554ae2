"""Frames that an observer might send to write after all: every shape of a message, honest and bent."""

from __future__ import annotations

from collections.abc import Iterator

from tests.support.updates import erased, typed

from fourhands_protocol import awareness, cbor, entries, envelope, sync
from fourhands_protocol.varint import write_bytes, write_text, write_uint

STRANGER = 31_337  # a client id that nobody uses

Named = tuple[str, bytes]


def stock_frames(victim: int, clock: int) -> Iterator[Named]:
    """Frames of the stock dialect; `victim` is another's client id, `clock` what it would write next."""
    own, forged = typed(STRANGER, 0, "graffiti"), typed(victim, clock, "forged", after=(victim, clock - 1))
    wiped = erased(victim, 0, clock)
    for name, update in (("own", own), ("forged", forged), ("wiped", wiped), ("twice", own + own)):
        yield f"update, {name}", sync.update(update)
        yield f"step 2, {name}", sync.step2(update)
    written = write_bytes(own)
    length, rest = written[0], written[1:]
    overlong = {
        "type": b"\x80\x00\x02" + written,
        "type of three bytes": b"\x80\x80\x00\x02" + written,
        "subtype": b"\x00\x82\x00" + written,
        "subtype of step 2": b"\x00\x81\x00" + written,
        "length": b"\x00\x02" + bytes((length | 0x80, 0)) + rest,
        "type and subtype": b"\x80\x00\x82\x00" + written,
        "type, ten bytes": b"\x80" * 9 + b"\x00\x02" + written,
        "type beyond 64 bits": b"\x80" * 10 + b"\x02\x00\x02" + written,
    }
    yield from ((f"over-long {name}", frame) for name, frame in overlong.items())
    for name, first in _harmless(victim).items():
        yield f"{name}, then an update", first + sync.update(own)
        yield f"{name}, then a step 2", first + sync.step2(own)
    yield from ((f"message type {number}", bytes((number, 2)) + written) for number in range(4, 128))
    yield "auth, permission denied", sync.permission_denied("no")
    yield "auth, a token", b"\x02\x02" + write_text("token")
    yield "sync subtype 3", b"\x00\x03" + written
    yield "an update without its end", sync.update(own)[:-2]
    yield "an update of 600 KiB", sync.update(typed(STRANGER, 0, "x" * 600 * 1024))
    yield "nothing", b""


def awareness_frames(victim: int) -> Iterator[Named]:
    """Awareness of one's own and of others."""
    for name, states in {
        "own": [awareness.State(STRANGER, 1, '{"at":{"file":"main.py","anchor":0,"head":9}}')],
        "another's": [awareness.State(victim, 10_000, '{"user":{"name":"forged"}}')],
        "another's end": [awareness.State(victim, 10_001, None)],
        "a thousand": [awareness.State(n, 1, "{}") for n in range(1_000)],
        "more than are read": [awareness.State(n, 1, "{}") for n in range(1_001)],
        "no JSON": [awareness.State(STRANGER, 1, "{")],
    }.items():
        yield f"awareness, {name}", sync.awareness(awareness.encode(states))
    yield "awareness, endless", b"\x01" + write_bytes(write_uint(2**53 - 1))


def _harmless(victim: int) -> dict[str, bytes]:
    return {
        "step 1": sync.step1(b"\x00"),
        "an empty update": sync.update(b"\x00\x00"),
        "an empty step 2": sync.step2(b"\x00\x00"),
        "a question for awareness": b"\x03",
        "awareness": sync.awareness(awareness.encode([awareness.State(victim, 1, "{}")])),
    }


def our_frames(victim: int, clock: int, run: str) -> Iterator[Named]:
    """Frames of our dialect: every operation there is, and what only a server sends."""
    bodies: dict[str, dict[str, object]] = {
        "relay": {"update": typed(STRANGER, 0, "graffiti")},
        "chat": {"text": "let me talk"},
        "file.create": {"path": "mine.py"},
        "file.rename": {"file": "main.py", "path": "theirs.py"},
        "file.delete": {"file": "main.py"},
        "run": {"run": "run-of-an-observer", "code": "print(1)"},
        "run.cancel": {"run": run},
        "interrupt": {},
        "restart": {},
        "input": {"run": run, "text": "answer"},
        "end": {},
        "remove": {"person": "p"},
        "revoke": {"invite": "candidate/1"},
    }
    assert {*bodies, "edit"} == set(entries.OPS), "every operation is tried"
    for kind, body in bodies.items():
        yield f"op {kind}", _op(kind, cbor.encode(body))
    yield "op run, a file", _op("run", cbor.encode({"run": "run-of-an-observer-2", "file": "main.py"}))
    for kind in entries.KINDS:
        yield f"op of the entry kind {kind}", _op(kind, b"\xa0")
    yield "op edit, own", _op("edit", entries.edit_body(typed(STRANGER, 0, "graffiti")))
    forged = typed(victim, clock, "forged", after=(victim, clock - 1))
    yield "op edit, forged", _op("edit", entries.edit_body(forged))
    yield "op relay, forged", _op("relay", cbor.encode({"update": forged}))
    yield "op edit, relayed", _op("edit", entries.edit_body(forged, relayed=True))
    yield "op edit, wiped", _op("edit", entries.edit_body(erased(victim, 0, clock), 1_700_000_000_000))
    yield "op with a later number", envelope.encode(envelope.Op(2**40, "chat", cbor.encode({"text": "x"})))
    yield "two ops in a frame", _op("interrupt", b"\xa0") + _op("chat", cbor.encode({"text": "x"}))
    yield "over-long type", b"\xf0\x00" + _op("chat", cbor.encode({"text": "x"}))[1:]
    yield (
        "a second hello",
        envelope.encode(envelope.Hello(version=1, instance="another-instance-here", last={})),
    )
    entry = entries.Entry("room", 1, 1, "p", "chat", cbor.encode({"text": "x"}))
    yield "an entry", envelope.encode(envelope.Entries((entry,)))
    yield "an ack", envelope.encode(envelope.Ack(1, 1))
    yield "a state", envelope.encode(envelope.State(typed(STRANGER, 0, "graffiti"), 1))
    yield "a sync update", sync.update(typed(STRANGER, 0, "graffiti"))
    yield "a sync step 2", sync.step2(typed(STRANGER, 0, "graffiti"))


def _op(kind: str, body: bytes) -> bytes:
    return envelope.encode(envelope.Op(1, kind, body))
