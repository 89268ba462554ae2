"""Rooms whose edits are typed by a Yjs client of the test, as a source for the document engine."""

from __future__ import annotations

import asyncio

import pycrdt


class Edits:
    """A log of edits per room. Seqs leave gaps, as other entries lie between edits."""

    def __init__(self, *, page: int = 3) -> None:
        self.rooms: dict[str, list[tuple[int, bytes]]] = {}
        self.page = page
        self.asked: list[tuple[str, int, int | None]] = []
        self.reading = asyncio.Event()
        self.failing: Exception | None = None
        self._typists: dict[str, pycrdt.Doc] = {}

    async def source(self, room: str, after: int, upto: int | None) -> list[tuple[int, bytes]]:
        self.asked.append((room, after, upto))
        self.reading.set()
        if self.failing is not None:
            raise self.failing
        edits = [e for e in self.rooms.get(room, []) if e[0] > after and (upto is None or e[0] <= upto)]
        return edits[: self.page]

    def type(self, room: str, text: str, *, root: str = "main.py") -> tuple[int, bytes]:
        """Somebody types at the end of a file; returns the committed edit."""
        typist = self._typists.setdefault(room, pycrdt.Doc(client_id=70))
        before = typist.get_state()
        typist.get(root, type=pycrdt.Text).insert(len(self.text(room, root).encode()), text)
        return self.commit(room, typist.get_update(before))

    def commit(self, room: str, update: bytes) -> tuple[int, bytes]:
        edits = self.rooms.setdefault(room, [])
        edits.append((edits[-1][0] + 2 if edits else 2, update))
        return edits[-1]

    def text(self, room: str, root: str = "main.py") -> str:
        return str(self._typists[room].get(root, type=pycrdt.Text))
