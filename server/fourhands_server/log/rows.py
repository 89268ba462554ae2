"""Reading entries out of the SQLite tables, moved or still in the tail."""

from __future__ import annotations

import sqlite3
from collections.abc import Generator, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from itertools import islice
from typing import Final

from fourhands_protocol.entries import Entry

SHOWN: Final = "seq, at, actor_no, kind_no, body"

Row = tuple[int, int, int, int, bytes]
"""The columns of SHOWN."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which entries of a room a reader wants; see `RoomLog.read`."""

    room: str
    stream: str
    after: int
    limit: int
    without: frozenset[str]
    only: frozenset[str] | None
    upto: int | None
    size: int


@contextmanager
def snapshot(connection: sqlite3.Connection) -> Iterator[None]:
    """One view of both tables, whatever the mover does meanwhile."""
    connection.execute("BEGIN")
    try:
        yield
    finally:
        connection.execute("ROLLBACK")


def room_number(connection: sqlite3.Connection, room: str) -> int | None:
    """The room's number, None for a room that was never appended to."""
    found = connection.execute("SELECT no FROM rooms WHERE id = ?", (room,)).fetchone()
    return None if found is None else int(found[0])


def names_of(connection: sqlite3.Connection, room_no: int) -> dict[int, str]:
    """The room's names by number."""
    return dict(connection.execute("SELECT no, name FROM names WHERE room_no = ?", (room_no,)))


def read_entries(connection: sqlite3.Connection, wanted: Wanted) -> list[Entry]:
    """The wanted entries, by seq."""
    room_no = room_number(connection, wanted.room)
    if room_no is None:
        return []
    names = names_of(connection, room_no)
    numbers = {name: no for no, name in names.items()}
    stream_no = numbers.get(wanted.stream)
    if stream_no is None:
        return []
    kinds, values = _kind_filter(wanted, numbers)
    upto = 2**63 - 1 if wanted.upto is None else wanted.upto
    sought = (room_no, stream_no, wanted.after, upto, *values)
    where = f"WHERE room_no = ? AND stream_no = ? AND seq > ? AND seq <= ? {kinds}"
    rows: list[Row] = []
    size = 0
    with closing(in_order(connection, where, sought)) as found:
        for row in islice(found, max(wanted.limit, 0)):
            rows.append(row)
            size += len(row[-1])
            if size >= wanted.size:
                break
    return [
        Entry(wanted.stream, seq, at, names[actor], names[kind], body) for seq, at, actor, kind, body in rows
    ]


def in_order(
    connection: sqlite3.Connection, where: str, sought: tuple[int | str, ...]
) -> Generator[Row, None, None]:
    """Rows of one stream, by seq, each read when it is asked for.

    A stream's rows are moved in order, so whatever of it is in the tail comes after all that is in `entries`;
    and there it stands as it was appended, so that nothing needs to be sorted, bodies and all.
    """
    for table, order in (("entries", "seq"), ("tail", "rowid")):
        rows = connection.execute(f"SELECT {SHOWN} FROM {table} {where} ORDER BY {order}", sought)
        try:
            yield from rows
        finally:
            rows.close()


def _kind_filter(wanted: Wanted, numbers: dict[str, int]) -> tuple[str, list[int]]:
    clauses: list[str] = []
    values: list[int] = []
    if wanted.only is not None:
        values = [numbers[kind] for kind in wanted.only if kind in numbers]
        clauses.append(f"AND kind_no IN ({', '.join('?' * len(values))})")
    if without := [numbers[kind] for kind in wanted.without if kind in numbers]:
        values += without
        clauses.append(f"AND kind_no NOT IN ({', '.join('?' * len(without))})")
    return " ".join(clauses), values


def find_earlier(
    connection: sqlite3.Connection, room_no: int, producer_no: int, pseq: int, *, names: dict[int, str]
) -> Entry | None:
    """The entry that (producer, pseq) made. Looks from the end: a retry is nearly always a recent one."""
    where = "WHERE room_no = ? AND producer_no = ? AND pseq = ?"
    shown = f"SELECT stream_no, {SHOWN}"
    row = connection.execute(f"{shown} FROM tail {where}", (room_no, producer_no, pseq)).fetchone()
    for stream_no in [] if row else streams_of(connection, room_no):
        # A producer's numbers rise along each stream: the first that is not above it decides.
        sought = "WHERE room_no = ? AND stream_no = ? AND producer_no = ? AND pseq <= ?"
        near = connection.execute(
            f"{shown}, pseq FROM entries {sought} ORDER BY seq DESC LIMIT 1",
            (room_no, stream_no, producer_no, pseq),
        ).fetchone()
        if near is not None and near[-1] == pseq:
            row = near[:-1]
            break
    if row is None:
        return None
    stream_no, seq, at, actor_no, kind_no, body = row
    return Entry(names[stream_no], seq, at, names[actor_no], names[kind_no], body)


def streams_of(connection: sqlite3.Connection, room_no: int) -> list[int]:
    """The streams that have moved entries, by one seek each."""
    streams: list[int] = []
    seek = "SELECT stream_no FROM entries WHERE room_no = ? AND stream_no > ? ORDER BY stream_no LIMIT 1"
    while found := connection.execute(seek, (room_no, streams[-1] if streams else 0)).fetchone():
        streams.append(found[0])
    return streams
