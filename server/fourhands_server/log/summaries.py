"""The list of rooms, read out of the SQLite tables."""

from __future__ import annotations

import sqlite3

from fourhands_protocol.entries import Entry

from .log import ROOM, RoomSummary
from .rows import SHOWN, Row, names_of

Stream = tuple[int, int]
"""Numbers of a room and of a stream in it."""


def summaries(connection: sqlite3.Connection) -> list[RoomSummary]:
    """The first and the last entry of each room's room stream, oldest room first."""
    rooms = connection.execute(
        "SELECT rooms.no, id, names.no FROM rooms"
        " JOIN names ON room_no = rooms.no AND name = ? ORDER BY rooms.no",
        (ROOM,),
    ).fetchall()
    tails = _tail_ends(connection)
    found: list[RoomSummary] = []
    for room_no, room, stream_no in rooms:
        ends = _ends(connection, (room_no, stream_no), tails)
        if ends is not None:  # a room may use the word as another name, a person's, and have no such stream
            names = names_of(connection, room_no)
            found.append(RoomSummary(room, _entry(ends[0], names), _entry(ends[1], names)))
    return found


def _tail_ends(connection: sqlite3.Connection) -> dict[Stream, tuple[int, int]]:
    """First and last rowid of each stream in the tail."""
    grouped = "SELECT room_no, stream_no, MIN(rowid), MAX(rowid) FROM tail GROUP BY room_no, stream_no"
    return {(room, stream): (first, last) for room, stream, first, last in connection.execute(grouped)}


def _ends(
    connection: sqlite3.Connection, stream: Stream, tails: dict[Stream, tuple[int, int]]
) -> tuple[Row, Row] | None:
    def moved(order: str) -> Row | None:
        where = f"WHERE room_no = ? AND stream_no = ? ORDER BY seq {order} LIMIT 1"
        found: Row | None = connection.execute(f"SELECT {SHOWN} FROM entries {where}", stream).fetchone()
        return found

    def waiting(rowid: int) -> Row:
        found: Row = connection.execute(f"SELECT {SHOWN} FROM tail WHERE rowid = ?", (rowid,)).fetchone()
        return found

    tail = tails.get(stream)
    first = moved("ASC") or (waiting(tail[0]) if tail else None)
    last = waiting(tail[1]) if tail else moved("DESC")
    return None if first is None or last is None else (first, last)


def _entry(row: Row, names: dict[int, str]) -> Entry:
    seq, at, actor_no, kind_no, body = row
    return Entry(ROOM, seq, at, names[actor_no], names[kind_no], body)
