"""Yjs updates written by hand, right and wrong: for tests that want bytes no engine would make."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from fourhands_protocol.varint import write_text, write_uint

Id = tuple[int, int]
GC, DELETED, STRING = 0, 1, 4


@dataclass(frozen=True)
class Struct:
    """One struct; `info` and `tail` say it all where the usual form does not do."""

    content: str | int = "x"
    origin: Id | None = None
    right: Id | None = None
    root: str | None = None
    kind: int | None = None

    def write(self) -> bytes:
        kind = self.kind if self.kind is not None else STRING if isinstance(self.content, str) else DELETED
        if kind == GC:
            return b"\x00" + write_uint(int(self.content))
        info = kind | (0x80 if self.origin else 0) | (0x40 if self.right else 0)
        out = bytes((info,))
        for neighbour in (self.origin, self.right):
            if neighbour:
                out += write_uint(neighbour[0]) + write_uint(neighbour[1])
        if not self.origin and not self.right:
            out += b"\x01" + write_text(self.root or "main.py")
        if isinstance(self.content, str):
            return out + write_text(self.content)
        return out + write_uint(self.content)


Sections = dict[Id, Sequence[Struct | bytes]]
Deletions = dict[int, Sequence[Id]]


def write_update(sections: Sections | None = None, deletions: Deletions | None = None) -> bytes:
    """Write an update: (client, first clock) → structs, client → (clock, length)."""
    sections, deletions = sections or {}, deletions or {}
    out = write_uint(len(sections))
    for (client, clock), structs in sections.items():
        out += write_uint(len(structs)) + write_uint(client) + write_uint(clock)
        out += b"".join(struct if isinstance(struct, bytes) else struct.write() for struct in structs)
    out += write_uint(len(deletions))
    for client, ranges in deletions.items():
        out += write_uint(client) + write_uint(len(ranges))
        out += b"".join(write_uint(clock) + write_uint(length) for clock, length in ranges)
    return out


def typed(
    client: int,
    clock: int,
    text: str,
    *,
    after: Id | None = None,
    before: Id | None = None,
    root: str = "main.py",
) -> bytes:
    """Write the update of somebody who types one text."""
    return write_update({(client, clock): [Struct(text, after, before, root)]})


def erased(client: int, clock: int, length: int) -> bytes:
    """Write the update of somebody who deletes one range."""
    return write_update(deletions={client: [(clock, length)]})
