"""Seeded sessions of people who type into one server at once, with real documents."""

from __future__ import annotations

import random
from dataclasses import dataclass, field
from typing import Any

from tests.support.documents import Document

WORDS = ("a", "b", "x = 1\n", "漢", "字", "😀", "👩‍👩‍👧", "é", "\t", "print('hi')\n", "𝒳𝒴", " ")


@dataclass
class Sent:
    """One update as it came over a wire, and whose connection it was."""

    person: str
    update: bytes
    is_step2: bool = False


@dataclass
class Typist:
    """One page of one person: a document, edits not yet sent, and how much of the log it has read."""

    person: str
    document: Any
    outbox: list[bytes] = field(default_factory=list)
    read: int = 0


class Session:
    """People around a server that takes updates in the order of their coming."""

    def __init__(
        self, seed: int, *, people: int = 3, roots: tuple[str, ...] = ("main.py",), engine: Any = Document
    ):
        self.chance = random.Random(seed)
        self.roots = roots
        self.server = engine(0)
        self.log: list[Sent] = []
        self.typists = [Typist(f"p-{n}", engine(self.chance.getrandbits(32))) for n in range(people)]

    def run(self, steps: int) -> list[Sent]:
        """Let chance do so many things, then deliver all; the log of what the server took."""
        moves = [self.type, self.send, self.read, self.reconnect]
        for _ in range(steps):
            self.chance.choices(moves, weights=(55, 25, 15, 5))[0](self.chance.choice(self.typists))
        for typist in self.typists:
            self.send(typist)
        for typist in self.typists:
            self.read(typist)
        return self.log

    def type(self, typist: Typist) -> None:
        root = self.chance.choice(self.roots)
        text = typist.document.text(root)
        at, end = sorted(self.chance.choices(range(len(text) + 1), k=2))
        deleted = text[at : min(end, at + 6)] if self.chance.random() < 0.4 else ""
        inserted = (
            "".join(self.chance.choices(WORDS, k=2)) if not deleted or self.chance.random() < 0.3 else ""
        )
        update = typist.document.edit(root, units(text[:at]), delete=units(deleted), insert=inserted)
        typist.outbox.append(update)

    def send(self, typist: Typist) -> None:
        for update in typist.outbox:
            self._take(Sent(typist.person, update))
        typist.outbox.clear()

    def read(self, typist: Typist) -> None:
        for sent in self.log[typist.read :]:
            typist.document.apply(sent.update)
        typist.read = len(self.log)

    def reconnect(self, typist: Typist) -> None:
        typist.outbox.clear()
        vector = None if self.chance.random() < 0.25 else self.server.vector()
        self._take(Sent(typist.person, typist.document.since(vector), is_step2=True))
        self.read(typist)

    def _take(self, sent: Sent) -> None:
        self.server.apply(sent.update)
        self.log.append(sent)


def units(text: str) -> int:
    """The length of a text in UTF-16 units."""
    return len(text.encode("utf-16-le")) // 2
