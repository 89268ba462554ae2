"""Entries as the fields of a Redis stream, and how to read them back."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

from fourhands_protocol.entries import Entry


class Stored(NamedTuple):
    """An entry, and the node that wrote it."""

    entry: Entry
    node: str


def stored(stream: str, identifier: bytes, fields: Mapping[bytes, bytes]) -> Stored:
    """An entry of a stream. Its seq is the first part of its id."""
    entry = Entry(
        stream,
        seq_of(identifier),
        int(fields[b"t"]),
        fields[b"a"].decode(),
        fields[b"k"].decode(),
        fields[b"b"],
    )
    return Stored(entry, fields[b"w"].decode())


def seq_of(identifier: bytes) -> int:
    """The seq that an id stands for."""
    return int(identifier.partition(b"-")[0])


def text(value: Any) -> str:
    """A reply that is text."""
    return value.decode() if isinstance(value, bytes) else str(value)
