"""What the server and its document worker say to each other over two pipes.

Each request is a frame and is answered by one, in order. A frame is the length of its payload, the request's
number and an operation or a status; a payload is a row of fields, each bytes or nothing. Documents have
numbers, never used twice. An answer's first field is the worker's memory in bytes.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from enum import IntEnum
from struct import Struct
from typing import Final, NamedTuple

HEADER: Final = Struct("!IIB")
NUMBER: Final = Struct("!Q")
_FIELD: Final = Struct("!I")
_EDIT: Final = Struct("!QQI")
_NOTHING: Final = 2**32 - 1

Field = bytes | None


class Operation(IntEnum):
    """What a request asks for, with its fields."""

    OPEN = 1  # document: make it, empty
    APPLY = 2  # edits: answered with the numbers of the documents that were thrown away over theirs
    TEXT = 3  # document, root, the room's seq it shall be at (nothing: any)
    DIFF = 4  # document, state vector (nothing: all)
    VECTOR = 5  # document
    REPLACE = 6  # document, root, text, client
    DROP = 7  # document
    TEXTS = 8  # document, roots (parted by NUL), the room's seq it shall be at (nothing: any)


class Status(IntEnum):
    """How a request went."""

    DONE = 0  # with the field asked for, if any
    READY = 1  # sent once before any request: the worker is up
    AHEAD = 2  # the document is past the seq it shall be at
    ABSENT = 3  # there is no such document
    REFUSED = 4  # the engine does not understand the bytes; with its words
    BROKEN = 5  # the engine failed, the document was thrown away; with its words


class Edit(NamedTuple):
    """A committed update for a document."""

    document: int
    seq: int
    update: bytes


class Frame(NamedTuple):
    """One frame; `code` is an Operation or a Status."""

    number: int
    code: int
    fields: list[Field]


def encode(number: int, code: int, fields: Iterable[Field]) -> bytes:
    """A whole frame."""
    parts = [b""]
    for field in fields:
        parts.append(_FIELD.pack(_NOTHING if field is None else len(field)))
        parts.append(field or b"")
    payload = b"".join(parts)
    return HEADER.pack(len(payload), number, code) + payload


def decode_fields(payload: bytes) -> list[Field]:
    """The fields of a payload."""
    fields: list[Field] = []
    at = 0
    while at < len(payload):
        (size,) = _FIELD.unpack_from(payload, at)
        at += _FIELD.size
        if size == _NOTHING:
            fields.append(None)
        else:
            fields.append(payload[at : at + size])
            at += size
    return fields


def encode_edits(edits: Iterable[Edit]) -> bytes:
    """Edits as one field."""
    return b"".join(_EDIT.pack(document, seq, len(update)) + update for document, seq, update in edits)


def decode_edits(field: bytes) -> Iterator[Edit]:
    """The edits of a field."""
    at = 0
    while at < len(field):
        document, seq, size = _EDIT.unpack_from(field, at)
        at += _EDIT.size
        yield Edit(document, seq, field[at : at + size])
        at += size
