"""Whole documents as they were last encoded, and the edits since, for whoever comes next."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final

MOST_BYTES: Final = 16 * 2**20
"""Of all that is kept; what was used least lately goes first."""

LEAST_BYTES: Final = 4 * 2**10
"""Of a document; the worker answers as soon for a smaller one, and there may be thousands of these."""

MORE_EDITS: Final = 200
MORE_BYTES: Final = 64 * 2**10
"""Of the edits since; with more of them than either the document is due to be encoded anew."""


@dataclass(slots=True)
class Whole:
    """A document as one update, and what was committed after it."""

    update: bytes
    more: list[bytes] = field(default_factory=list)
    size: int = 0  # of `more`


class Wholes:
    """By room."""

    def __init__(self) -> None:
        self._kept: dict[str, Whole] = {}  # the one used last stands last
        self._bytes = 0

    def get(self, room: str) -> Whole | None:
        """What is kept of a room."""
        whole = self._kept.pop(room, None)
        if whole is not None:
            self._kept[room] = whole
        return whole

    def put(self, room: str, update: bytes) -> None:
        """Keep a document that holds every edit so far."""
        self.drop(room)
        if LEAST_BYTES <= len(update) <= MOST_BYTES:
            self._kept[room] = Whole(update)
            self._grow(len(update))

    def add(self, room: str, update: bytes) -> None:
        """An edit was committed."""
        whole = self._kept.get(room)
        if whole is not None:
            whole.more.append(update)
            whole.size += len(update)
            self._grow(len(update))
            if len(whole.more) > MORE_EDITS or whole.size > MORE_BYTES:
                self.drop(room)

    def drop(self, room: str) -> None:
        """Forget the room's document."""
        whole = self._kept.pop(room, None)
        if whole is not None:
            self._bytes -= len(whole.update) + whole.size

    def _grow(self, size: int) -> None:
        self._bytes += size
        while self._bytes > MOST_BYTES:
            self.drop(next(iter(self._kept)))
