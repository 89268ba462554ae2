"""The frames of y-protocols that stock clients speak: sync, awareness, permission (SPEC, F rules)."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from .errors import MalformedFrame
from .varint import Reader, write_bytes, write_text, write_uint

SYNC, AWARENESS, AUTH, QUERY_AWARENESS = range(4)
_STEP1, _STEP2, _UPDATE = range(3)
_PERMISSION_DENIED = 0
# Yjs draws client ids from 32 bits; an engine fed a larger one may not survive it.
MAX_CLIENT: Final = 2**32 - 1
# Said to programs with pycrdt, which draws wider ones: what to do about it.
WIDE_CLIENT: Final = "client id wider than 32 bits; with pycrdt: Doc(client_id=secrets.randbits(32))"


@dataclass(frozen=True, slots=True)
class Step1:
    """What this side has: an encoded state vector, checked."""

    vector: bytes


@dataclass(frozen=True, slots=True)
class Step2:
    """What the other side lacks: an update, not yet checked."""

    update: bytes


@dataclass(frozen=True, slots=True)
class Update:
    """What just happened: an update, not yet checked."""

    update: bytes


@dataclass(frozen=True, slots=True)
class AwarenessFrame:
    """Who is here: an awareness payload, not yet checked."""

    payload: bytes


@dataclass(frozen=True, slots=True)
class PermissionDenied:
    """The server will not let this client in."""

    reason: str


@dataclass(frozen=True, slots=True)
class QueryAwareness:
    """The question who is here."""


Frame = Step1 | Step2 | Update | AwarenessFrame | PermissionDenied | QueryAwareness


def decode(frame: bytes) -> Frame:
    """Read one whole frame; MalformedFrame if it is unknown, cut short or followed by anything."""
    reader = Reader(frame)
    message = _read_frame(reader)
    reader.expect_end()
    return message


def _read_frame(reader: Reader) -> Frame:
    kind = reader.read_uint()
    if kind == SYNC:
        return _read_sync(reader)
    if kind == AWARENESS:
        return AwarenessFrame(reader.read_bytes())
    if kind == AUTH:
        if reader.read_uint() != _PERMISSION_DENIED:
            raise MalformedFrame("unknown auth message")
        return PermissionDenied(reader.read_text())
    if kind == QUERY_AWARENESS:
        return QueryAwareness()
    raise MalformedFrame("unknown message type")


def _read_sync(reader: Reader) -> Step1 | Step2 | Update:
    step = reader.read_uint()
    if step == _UPDATE:
        return Update(reader.read_bytes())
    if step == _STEP2:
        return Step2(reader.read_bytes())
    if step == _STEP1:
        vector = reader.read_bytes()
        decode_vector(vector)
        return Step1(vector)
    raise MalformedFrame("unknown sync message")


def step1(vector: bytes) -> bytes:
    """Write a step 1 around an encoded state vector."""
    return b"\x00\x00" + write_bytes(vector)


def step2(update: bytes) -> bytes:
    """Write a step 2 around an update."""
    return b"\x00\x01" + write_bytes(update)


def update(update: bytes) -> bytes:
    """Write an update frame."""
    size = len(update)
    return (b"\x00\x02" + bytes((size,)) if size < 0x80 else b"\x00\x02" + write_uint(size)) + update


def awareness(payload: bytes) -> bytes:
    """Write an awareness frame around an awareness payload."""
    return b"\x01" + write_bytes(payload)


def permission_denied(reason: str) -> bytes:
    """Write a permission-denied frame."""
    return b"\x02\x00" + write_text(reason)


def decode_vector(data: bytes) -> dict[int, int]:
    """Read an encoded state vector: client id → next clock; each client once."""
    reader = Reader(data)
    vector: dict[int, int] = {}
    for _ in range(reader.read_count(least_bytes=2)):
        client = reader.read_uint()
        if client > MAX_CLIENT:
            raise MalformedFrame(WIDE_CLIENT)
        if client in vector:
            raise MalformedFrame("state vector: a client twice")
        vector[client] = reader.read_uint()
    reader.expect_end()
    return vector


def encode_vector(vector: Mapping[int, int]) -> bytes:
    """Write a state vector the way Yjs does: highest client id first."""
    out = [write_uint(len(vector))]
    for client in sorted(vector, reverse=True):
        out += (write_uint(client), write_uint(vector[client]))
    return b"".join(out)
