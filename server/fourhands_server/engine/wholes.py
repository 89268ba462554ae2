"""Whole documents as they were last encoded, for whoever comes next while nothing has changed."""

from __future__ import annotations

from typing import Final

MOST_BYTES: Final = 16 * 2**20
"""Of all that is kept; what was used least lately goes first."""

LEAST_BYTES: Final = 4 * 2**10
"""Of a document; the worker answers as soon for a smaller one, and there may be thousands of these."""


class Wholes:
    """The encoded document of a room, and the seq of the last edit when it was asked for."""

    def __init__(self) -> None:
        self._kept: dict[str, tuple[int, bytes]] = {}  # the one used last stands last
        self._bytes = 0

    def get(self, room: str, seq: int) -> bytes | None:
        """The document, if no edit has come since."""
        kept = self._kept.get(room)
        if kept is None:
            return None
        if kept[0] != seq:
            self.drop(room)
            return None
        self._kept[room] = self._kept.pop(room)
        return kept[1]

    def put(self, room: str, seq: int, update: bytes) -> None:
        """Keep a document that holds all edits up to `seq`."""
        self.drop(room)
        if LEAST_BYTES <= len(update) <= MOST_BYTES:
            self._kept[room] = (seq, update)
            self._bytes += len(update)
            while self._bytes > MOST_BYTES:
                self.drop(next(iter(self._kept)))

    def drop(self, room: str) -> None:
        """Forget the room's document."""
        kept = self._kept.pop(room, None)
        if kept is not None:
            self._bytes -= len(kept[1])
