"""Frame 112, the envelope of our own client (`fourhands.v1`): a message type, a CBOR item (SPEC, E rules)."""

from collections.abc import Callable
from dataclasses import dataclass, fields, replace
from typing import Any, Final

from . import cbor, limits, packed
from .entries import Entry
from .errors import MalformedFrame
from .roles import ROLES
from .shapes import (
    FLAG,
    ID,
    Field,
    Shape,
    array,
    check,
    check_field,
    data,
    integer,
    maybe,
    one_of,
    table,
    text,
)
from .sync import decode_vector

SUBPROTOCOL: Final = "fourhands.v1"
VERSION: Final = 1
# The message type in y-protocols' own numbering; nobody else's is near it.
FRAME: Final = 112
HELLO, WELCOME, ENTRY, ACK, OP, REFUSED, PING, PONG, TOKEN, STATE, GOAWAY, PACKED = range(1, 13)


@dataclass(frozen=True, slots=True, kw_only=True)
class Hello:
    """The client's first frame: who is calling back, and what it has already.

    `pending`: the first and the last pseq that it holds and has not seen settled. `packed`: it reads PACKED.
    """

    version: int
    instance: str
    last: dict[str, int]
    lineage: str | None = None
    incarnation: str | None = None
    vector: bytes | None = None
    name: str | None = None
    pending: tuple[int, int] | None = None
    packed: bool | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Welcome:
    """The server's answer: how the client goes on (resumed, resync or reset), and as whom; `time` in µs."""

    mode: str
    room: str
    title: str
    lineage: str
    incarnation: str
    participant: str
    role: str
    seat: str
    acked: int
    heads: dict[str, int]
    time: int
    expires_in: int


@dataclass(frozen=True, slots=True)
class Entries:
    """Entries of the log, in order within each stream."""

    entries: tuple[Entry, ...]


@dataclass(frozen=True, slots=True)
class Ack:
    """Every op of this instance up to `upto` is settled; the last of them stands in the log at `seq`."""

    upto: int
    seq: int


@dataclass(frozen=True, slots=True)
class Op:
    """Something the client wants recorded; `pseq` counts 1, 2, 3 … per instance."""

    pseq: int
    kind: str
    body: bytes


@dataclass(frozen=True, slots=True)
class Refused:
    """An op was not applied, and never will be: a code for programs, a message for people."""

    pseq: int
    code: str
    message: str


@dataclass(frozen=True, slots=True)
class Ping:
    """The question whether the other is there, with the asker's own clock."""

    time: int


@dataclass(frozen=True, slots=True)
class Pong:
    """The answer: the asker's clock as it came, and the answerer's in µs."""

    time: int
    server_time: int


@dataclass(frozen=True, slots=True)
class TokenRequest:
    """The client asks for a fresh token."""


@dataclass(frozen=True, slots=True)
class Token:
    """A fresh token for the same seat, good for so many seconds."""

    token: str
    expires_in: int


@dataclass(frozen=True, slots=True)
class State:
    """What HELLO's vector lacks of the document, as it stood at `seq` of the room: the end of a story.

    `left_out`: the runs whose outputs the story has left out, with the bytes of these. `vector`: what the
    room has itself, where the client came from another incarnation and may have what the room has lost.
    `more`: edits up to `seq` that come after `update`, for who reads PACKED.
    """

    update: bytes
    seq: int
    left_out: dict[str, int] | None = None
    vector: bytes | None = None
    more: list[bytes] | None = None


@dataclass(frozen=True, slots=True)
class GoAway:
    """The server is about to close the connection: come back after so many ms, and not before."""

    wait: int


FromClient = Hello | Op | Ping | Pong | TokenRequest
FromServer = Welcome | Entries | Ack | Refused | Ping | Pong | Token | State | GoAway
Message = FromClient | FromServer

_STREAM: Final = text(limits.ID + 10, least=1)
_KIND: Final = text(40, least=1)
_BODY: Final = data(limits.BODY, least=1)
_TOKEN: Final = text(4_096, least=1)
_SECONDS: Final = integer(most=10**9)

_HELLO: Final[Shape] = {
    "version": integer(least=1),
    "instance": text(limits.ID, least=16),
    "last": table(8),
    "lineage": maybe(ID),
    "incarnation": maybe(ID),
    "vector": maybe(data(limits.FRAME, least=1)),
    "name": maybe(text(limits.NAME, least=1)),
    "pending": maybe(array(2)),
    "packed": maybe(FLAG),
}
_WELCOME: Final[Shape] = {
    "mode": one_of("resumed", "resync", "reset"),
    "room": ID,
    "title": text(limits.TITLE),
    "lineage": ID,
    "incarnation": ID,
    "participant": ID,
    "role": one_of(*ROLES),
    "seat": ID,
    "acked": integer(),
    "heads": table(8),
    "time": integer(),
    "expires_in": _SECONDS,
}
_TOKEN_MAP: Final[Shape] = {"token": _TOKEN, "expires_in": _SECONDS}
_STATE: Final[Shape] = {
    "update": data(1 << 30, least=2),
    "seq": integer(),
    "left_out": maybe(table(1 << 20)),
    "vector": maybe(data(limits.FRAME, least=1)),
    "more": maybe(array()),
}
_ENTRY: Final = (_STREAM, integer(least=1), integer(), text(limits.ID, least=1), _KIND, _BODY)
_UPDATE: Final = data(limits.STEP2, least=2)
_ACK: Final = (integer(), integer())
_OP: Final = (integer(least=1), _KIND, data(limits.FRAME, least=1))
_REFUSED: Final = (integer(least=1), text(limits.ID, least=1), text(1_000))
_PING: Final = (integer(),)
_PONG: Final = (integer(), integer())
_PENDING: Final = (integer(least=1), integer(least=1))
_GOAWAY: Final = (integer(),)
_PACKED: Final = (integer(), data(limits.PACKED, least=1))


def decode(frame: bytes) -> Message:
    """Read one whole frame 112; MalformedFrame or TooLarge if anything in it breaks a rule."""
    if len(frame) < 3 or frame[0] != FRAME:
        raise MalformedFrame("not a frame of type 112")
    read = _READ.get(frame[1])
    if read is None:
        raise MalformedFrame("unknown message in frame 112")
    return read(cbor.decode(frame[2:]))


def encode(message: Message) -> bytes:
    """Write one message as a frame 112."""
    if isinstance(message, Ack):  # the most frequent by far
        return b"\x70\x04\x82" + cbor.head(0, message.upto) + cbor.head(0, message.seq)
    kind, write = _WRITE[type(message)]
    return bytes((FRAME, kind)) + cbor.encode(write(message))


def pack(frame: bytes) -> bytes:
    """An ENTRY frame as PACKED, or as it is where that is no shorter, or too much for one frame."""
    value = frame[2:]
    if len(value) > limits.PACKED:
        return frame
    shorter = bytes((FRAME, PACKED)) + cbor.encode([len(value), packed.deflate(value)])
    return shorter if len(shorter) < len(frame) else frame


def _row(name: str, row: tuple[Field, ...], value: Any) -> list[Any]:
    if not isinstance(value, list) or len(value) != len(row):
        raise MalformedFrame(f"{name}: not an array of {len(row)}")
    for field, item in zip(row, value, strict=True):
        check_field(name, field, item)
    return value


def _read_hello(value: Any) -> Hello:
    hello = Hello(**check("HELLO", _HELLO, value))
    _check_seqs("HELLO", hello.last)
    if hello.vector is not None:
        decode_vector(hello.vector)
    if hello.pending is not None:
        first, last = _row("HELLO: pending", _PENDING, hello.pending)
        if last < first:
            raise MalformedFrame("HELLO: pending ends before it begins")
        hello = replace(hello, pending=(first, last))
    return hello


def _read_welcome(value: Any) -> Welcome:
    welcome = Welcome(**check("WELCOME", _WELCOME, value))
    _check_seqs("WELCOME", welcome.heads)
    return welcome


def _check_seqs(name: str, seqs: dict[str, Any]) -> None:
    for stream, seq in seqs.items():
        check_field(name, _STREAM, stream)
        check_field(name, integer(), seq)


def _read_entries(value: Any) -> Entries:
    check_field("ENTRY", array(), value)
    return Entries(tuple(Entry(*_row("ENTRY", _ENTRY, entry)) for entry in value))


def _read_packed(value: Any) -> Entries:
    size, data = _row("PACKED", _PACKED, value)
    return _read_entries(cbor.decode(packed.inflate(data, size)))


def _read_token(value: Any) -> TokenRequest | Token:
    if value == {}:
        return TokenRequest()
    return Token(**check("TOKEN", _TOKEN_MAP, value))


def _read_state(value: Any) -> State:
    state = State(**check("STATE", _STATE, value))
    for run, size in (state.left_out or {}).items():
        check_field("STATE: left_out", ID, run)
        check_field("STATE: left_out", integer(), size)
    if state.vector is not None:
        decode_vector(state.vector)
    for update in state.more or ():
        check_field("STATE: more", _UPDATE, update)
    return state


def _mapping(message: Any) -> dict[str, Any]:
    values = {field.name: getattr(message, field.name) for field in fields(message)}
    return {name: value for name, value in values.items() if value is not None}


def _values(message: Any) -> list[Any]:
    return [getattr(message, field.name) for field in fields(message)]


_READ: Final[dict[int, Callable[[Any], Message]]] = {
    HELLO: _read_hello,
    WELCOME: _read_welcome,
    ENTRY: _read_entries,
    ACK: lambda value: Ack(*_row("ACK", _ACK, value)),
    OP: lambda value: Op(*_row("OP", _OP, value)),
    REFUSED: lambda value: Refused(*_row("REFUSED", _REFUSED, value)),
    PING: lambda value: Ping(*_row("PING", _PING, value)),
    PONG: lambda value: Pong(*_row("PONG", _PONG, value)),
    TOKEN: _read_token,
    STATE: _read_state,
    GOAWAY: lambda value: GoAway(*_row("GOAWAY", _GOAWAY, value)),
    PACKED: _read_packed,
}

_WRITE: Final[dict[type, tuple[int, Callable[[Any], Any]]]] = {
    Hello: (HELLO, _mapping),
    Welcome: (WELCOME, _mapping),
    Entries: (ENTRY, lambda message: message.entries),
    Op: (OP, _values),
    Refused: (REFUSED, _values),
    Ping: (PING, _values),
    Pong: (PONG, _values),
    TokenRequest: (TOKEN, _mapping),
    Token: (TOKEN, _mapping),
    State: (STATE, _mapping),
    GoAway: (GOAWAY, _values),
}
