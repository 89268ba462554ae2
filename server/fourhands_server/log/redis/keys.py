"""The names of everything that the log keeps in Redis."""

from __future__ import annotations

from typing import Final

STORE: Final = "fourhands:store"
"""Hash: `incarnation`, the `before` ones, `since` when (µs) the present one is, `entries` ever made."""

ROOMS: Final = "fourhands:rooms"
"""Sorted set: the rooms in the order in which they were made."""


def meta(room: str) -> str:
    """Hash: `n` entries of all streams, `at`, `fence`, `seq:` and `at:` of each, a point of the `chain`."""
    return f"fourhands:room:{{{room}}}:meta"


def producers(room: str) -> str:
    """Hash: the highest pseq of each producer."""
    return f"fourhands:room:{{{room}}}:producers"


def made(room: str) -> str:
    """Hash: stream and seq of the entry that each producer and pseq made."""
    return f"fourhands:room:{{{room}}}:made"


def stream(room: str, name: str) -> str:
    """Stream: the entries, each with its seq as the first part of its id."""
    return f"fourhands:room:{{{room}}}:stream:{name}"
