"""The frames of Hocuspocus' providers: the address of a document, then a message about it (SPEC, D rules)."""

from dataclasses import dataclass
from typing import Final

from . import limits, sync
from .errors import MalformedFrame
from .varint import Reader, write_text

AUTH, STATELESS, CLOSE, SYNC_STATUS, PING, PONG = 2, 5, 7, 8, 9, 10
# What y-protocols says in the same bytes: it goes to the room as it is.
_SHARED: Final = frozenset({sync.SYNC, sync.AWARENESS, sync.QUERY_AWARENESS})
_TOKEN, _DENIED, _AUTHENTICATED = range(3)
_SESSION: Final = "\0"


@dataclass(frozen=True, slots=True)
class Content:
    """A frame of y-protocols for a document, not yet checked."""

    address: str
    frame: bytes


@dataclass(frozen=True, slots=True)
class Token:
    """The wish to take part in a document; `version` is the provider's own, from its line 4 on."""

    address: str
    token: str
    version: str = ""


@dataclass(frozen=True, slots=True)
class Stateless:
    """Text between application and server that belongs to no document's state."""

    address: str
    payload: str


@dataclass(frozen=True, slots=True)
class Close:
    """The provider takes part in a document no more."""

    address: str


@dataclass(frozen=True, slots=True)
class Ping:
    """Is anybody there? It is about the socket, so it has no address."""


@dataclass(frozen=True, slots=True)
class Pong:
    """The answer to a ping."""


Message = Content | Token | Stateless | Close | Ping | Pong


def decode(frame: bytes) -> Message:
    """Read one frame of a provider; MalformedFrame if no provider sends such a one.

    What is inside a `Content` is for `sync.decode` to judge.
    """
    if len(frame) == 1:
        return _read_unaddressed(frame[0])
    reader = Reader(frame)
    address = reader.read_text()
    if not 0 < len(address) <= limits.ADDRESS:
        raise MalformedFrame(f"the address of a document has 1 to {limits.ADDRESS} characters")
    start = reader.pos
    kind = reader.read_uint()
    if kind in _SHARED:
        return Content(address, frame[start:])
    message = _read_own(kind, address, reader)
    reader.expect_end()
    return message


def _read_unaddressed(kind: int) -> Ping | Pong:
    if kind == PING:
        return Ping()
    if kind == PONG:
        return Pong()
    raise MalformedFrame("a frame without an address")


def _read_own(kind: int, address: str, reader: Reader) -> Message:
    if kind == AUTH:
        if reader.read_uint() != _TOKEN:
            raise MalformedFrame("unknown auth message")
        return Token(address, reader.read_text(), "" if reader.at_end else reader.read_text())
    if kind == STATELESS:
        return Stateless(address, reader.read_text())
    if kind == CLOSE:
        return Close(address)
    raise MalformedFrame("unknown message type")


def room_of(address: str) -> str:
    """The room that an address names; a session behind it tells providers of one room apart."""
    return address.partition(_SESSION)[0]


def addressed(address: str, message: bytes) -> bytes:
    """Write a frame: a message of the functions below, or a frame of y-protocols, to an address."""
    return write_text(address) + message


def authenticated(*, writes: bool) -> bytes:
    """Write the answer to a token that is good."""
    return bytes((AUTH, _AUTHENTICATED)) + write_text("read-write" if writes else "readonly")


def permission_denied(reason: str) -> bytes:
    """Write the answer to a token that is not. Its subtype is another than that of y-protocols."""
    return bytes((AUTH, _DENIED)) + write_text(reason)


def close(reason: str) -> bytes:
    """Write that a document is closed to this provider, whose socket stays open for others."""
    return bytes((CLOSE,)) + write_text(reason)


SAVED: Final = bytes((SYNC_STATUS, 1))
NOT_SAVED: Final = bytes((SYNC_STATUS, 0))
PING_FRAME: Final = bytes((PING,))
PONG_FRAME: Final = bytes((PONG,))
