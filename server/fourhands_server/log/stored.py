"""One room as the SQLite log's writer holds it: its counters and the numbers of its names."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from dataclasses import dataclass, field

from fourhands_protocol.entries import Entry

from .counters import Counters
from .log import ROOM, Intent
from .rows import find_earlier, in_order, names_of, streams_of
from .staging import Staged

Row = tuple[int, int, int, int, int, int, int, int, int, bytes]
"""A row of the tail: the values of `schema.COLUMNS`."""


@dataclass(slots=True)
class StoredRoom:
    """A room loaded from the tables; `number` gives names that are not stored yet, which `unsaved` holds."""

    no: int
    id: str
    counters: Counters
    saved_fence: int = 0
    numbers: dict[str, int] = field(default_factory=dict)
    unsaved: list[tuple[int, int, str]] = field(default_factory=list)
    new: bool = False

    def number(self, name: str) -> int:
        """The number of a stream, person, producer or kind in this room."""
        no = self.numbers.get(name)
        if no is None:
            no = self.numbers[name] = len(self.numbers) + 1
            self.unsaved.append((self.no, no, name))
        return no

    def row(self, staged: Staged) -> Row:
        """A fresh entry as a row of the tail; see `schema.COLUMNS`."""
        intent, entry, room_seq = staged
        number, known = self.number, self.numbers.get
        stream, seq, at, actor, kind, body = entry
        producer = intent.producer
        return (
            self.no,
            known(stream) or number(stream),
            seq,
            at,
            room_seq,
            known(actor) or number(actor),
            known(producer) or number(producer),
            intent.pseq,
            known(kind) or number(kind),
            body,
        )

    def has_unsaved(self) -> bool:
        """Whether a commit of this room must store more than rows of the tail."""
        return self.new or bool(self.unsaved) or self.counters.fence != self.saved_fence

    def save(self, connection: sqlite3.Connection) -> None:
        """Store the room, its new names and its fence, within the caller's transaction."""
        connection.execute(
            "INSERT INTO rooms (no, id, fence) VALUES (?, ?, ?)"
            " ON CONFLICT (no) DO UPDATE SET fence = excluded.fence",
            (self.no, self.id, self.counters.fence),
        )
        connection.executemany("INSERT INTO names VALUES (?, ?, ?)", self.unsaved)

    def mark_saved(self) -> None:
        """The transaction is committed."""
        self.new = False
        self.unsaved.clear()
        self.saved_fence = self.counters.fence

    def earlier(self, connection: sqlite3.Connection, intent: Intent) -> Entry | None:
        """The stored entry that an intent's (producer, pseq) made."""
        producer_no = self.numbers.get(intent.producer)
        if producer_no is None:
            return None
        names = {no: name for name, no in self.numbers.items()}
        return find_earlier(connection, self.no, producer_no, intent.pseq, names=names)


def load(connection: sqlite3.Connection, room: str) -> StoredRoom | None:
    """Load a room: what was kept at the last move, and on top of it what the tail holds."""
    found = connection.execute(
        "SELECT no, fence, head_seq, head_hash FROM rooms WHERE id = ?", (room,)
    ).fetchone()
    if found is None:
        return None
    no, fence, head_seq, head_hash = found
    names = names_of(connection, no)
    counters = Counters(hash=head_hash, fence=fence)
    _load_moved(connection, no, names, counters)
    _load_tail(connection, no, names, counters)
    numbers = {name: number for number, name in names.items()}
    loaded = StoredRoom(no, room, counters, saved_fence=fence, numbers=numbers)
    counters.catch_up(_unhashed(connection, loaded, head_seq, names))
    return loaded


def _load_moved(
    connection: sqlite3.Connection, room_no: int, names: dict[int, str], counters: Counters
) -> None:
    ends = "SELECT seq, at FROM entries WHERE room_no = ? AND stream_no = ? ORDER BY seq DESC LIMIT 1"
    for stream_no in streams_of(connection, room_no):
        end = connection.execute(ends, (room_no, stream_no)).fetchone()
        counters.ends[names[stream_no]] = end
        counters.at = max(counters.at, end[1])
    kept = "SELECT producer_no, pseq FROM producers WHERE room_no = ?"
    counters.pseqs.update((names[no], pseq) for no, pseq in connection.execute(kept, (room_no,)))


def _load_tail(
    connection: sqlite3.Connection, room_no: int, names: dict[int, str], counters: Counters
) -> None:
    waiting = "SELECT stream_no, seq, at, producer_no, pseq FROM tail WHERE room_no = ? ORDER BY rowid"
    for stream_no, seq, at, producer_no, pseq in connection.execute(waiting, (room_no,)):
        counters.ends[names[stream_no]] = (seq, at)
        counters.pseqs[names[producer_no]] = pseq
        counters.at = at


def _unhashed(
    connection: sqlite3.Connection, room: StoredRoom, head_seq: int, names: dict[int, str]
) -> Iterator[Entry]:
    """The room stream's entries after the kept head: few, as each move keeps a newer one, but maybe large."""
    if room.counters.room_seq() == head_seq:
        return
    where = "WHERE room_no = ? AND stream_no = ? AND seq > ?"
    for row in in_order(connection, where, (room.no, room.numbers[ROOM], head_seq)):
        seq, at, actor, kind, body = row
        yield Entry(ROOM, seq, at, names[actor], names[kind], body)


def save_heads(connection: sqlite3.Connection, rooms: list[StoredRoom]) -> None:
    """Keep the head of each room, so that the next load need not hash its whole stream."""
    heads = [(room.counters.room_seq(), room.counters.hash, room.no) for room in rooms]
    connection.executemany("UPDATE rooms SET head_seq = ?, head_hash = ? WHERE no = ?", heads)
