"""The mover: takes rows out of the append-only tail, oldest first, into the table for reading."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from itertools import islice

from .schema import COLUMNS


def tail_rows(connection: sqlite3.Connection) -> int:
    """How many rows the tail holds."""
    return int(connection.execute("SELECT COUNT(*) FROM tail").fetchone()[0])


def oldest(connection: sqlite3.Connection, at_most: int, *, size: int) -> int:
    """The rowid up to which the tail's oldest rows reach, of so many bytes together; 0 for an empty tail.

    The bodies that are moved at once are sorted in memory.
    """
    upto = 0
    with closing(connection.execute("SELECT rowid, length(body) FROM tail ORDER BY rowid")) as rows:
        for rowid, length in islice(rows, at_most):
            upto = int(rowid)
            size -= length
            if size <= 0:
                break
    return upto


def rooms_upto(connection: sqlite3.Connection, rowid: int) -> list[str]:
    """The rooms that have rows up to there."""
    numbers = "SELECT DISTINCT room_no FROM tail WHERE rowid <= ?"
    return [room for (room,) in connection.execute(f"SELECT id FROM rooms WHERE no IN ({numbers})", (rowid,))]


def move(connection: sqlite3.Connection, rowid: int) -> int:
    """Move the rows up to there, within the caller's transaction; returns how many they were."""
    connection.execute(
        f"INSERT INTO entries ({COLUMNS}) SELECT {COLUMNS} FROM tail WHERE rowid <= ?"
        " ORDER BY room_no, stream_no, seq",
        (rowid,),
    )
    connection.execute(
        "INSERT INTO producers SELECT room_no, producer_no, MAX(pseq) FROM tail WHERE rowid <= ?"
        " GROUP BY room_no, producer_no ON CONFLICT DO UPDATE SET pseq = excluded.pseq",
        (rowid,),
    )
    moved = connection.execute("DELETE FROM tail WHERE rowid <= ?", (rowid,)).rowcount
    connection.execute("UPDATE log SET moved = moved + ?", (moved,))
    return moved
