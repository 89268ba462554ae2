"""The SQLite file of the log: its tables, its version, and how to open it.

`tail` takes every append at its end, so that a commit dirties a page or two however many rooms it serves.
The mover later puts its rows in order into `entries`, where a room's rows lie together for reading. A row is
in exactly one of the two; `log.moved` counts those that were moved. Names (streams, people, producers, kinds)
are stored once per room and numbered from 1. `producers` and the head in `rooms` are as of the moved rows at
least; what the tail holds is added when a room is loaded.
"""

from __future__ import annotations

import os
import secrets
import sqlite3
from pathlib import Path
from typing import Final, NamedTuple

from .clock import wall_clock
from .errors import StoreNewer
from .mark import Mark, Position

COLUMNS: Final = "room_no, stream_no, seq, at, room_seq, actor_no, producer_no, pseq, kind_no, body"
"""`room_seq`: the room stream's last seq at the time of an entry of a private stream; else 0."""

CACHED_STATEMENTS: Final = 192
"""More than the sizes of INSERT that the writer uses, so that none is prepared twice."""

CHECKPOINT_PAGES: Final = 4_000
"""Of 4 KiB; the default of 1,000 can be seen in the slowest commits."""

_COLUMN_TYPES: Final = """
    room_no INTEGER NOT NULL, stream_no INTEGER NOT NULL, seq INTEGER NOT NULL, at INTEGER NOT NULL,
    room_seq INTEGER NOT NULL, actor_no INTEGER NOT NULL, producer_no INTEGER NOT NULL, pseq INTEGER NOT NULL,
    kind_no INTEGER NOT NULL, body BLOB NOT NULL
"""

_MIGRATIONS: Final = (
    f"""
    CREATE TABLE log (incarnation TEXT NOT NULL, inode INTEGER NOT NULL);
    CREATE TABLE rooms (
        no INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, fence INTEGER NOT NULL DEFAULT 0,
        head_seq INTEGER NOT NULL DEFAULT 0, head_hash BLOB NOT NULL DEFAULT (zeroblob(32))
    );
    CREATE TABLE names (
        room_no INTEGER NOT NULL, no INTEGER NOT NULL, name TEXT NOT NULL, PRIMARY KEY (room_no, no)
    ) WITHOUT ROWID;
    CREATE TABLE producers (
        room_no INTEGER NOT NULL, producer_no INTEGER NOT NULL, pseq INTEGER NOT NULL,
        PRIMARY KEY (room_no, producer_no)
    ) WITHOUT ROWID;
    CREATE TABLE tail ({_COLUMN_TYPES});
    CREATE TABLE entries ({_COLUMN_TYPES}, PRIMARY KEY (room_no, stream_no, seq)) WITHOUT ROWID;
    """,
    """
    ALTER TABLE log ADD COLUMN moved INTEGER NOT NULL DEFAULT 0;
    CREATE TABLE incarnations (incarnation TEXT NOT NULL, since INTEGER NOT NULL);
    INSERT INTO incarnations SELECT incarnation, 0 FROM log;
    """,
)
"""Each takes a file one version up; a released one is never changed."""

SCHEMA_VERSION: Final = len(_MIGRATIONS)

MARKED: Final = 2
"""The version from which on a store has a mark beside it."""


class Incarnations(NamedTuple):
    """The incarnation of a store, since when (µs; 0: ever), those before, and the number of its entries."""

    present: str
    since: int
    before: frozenset[str]
    entries: int


def connect(path: Path, *, read_only: bool = False) -> sqlite3.Connection:
    """A connection for the calling thread, durable at each commit. Transactions are written out by hand."""
    connection = sqlite3.connect(path, isolation_level=None, cached_statements=CACHED_STATEMENTS, timeout=10)
    try:
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("PRAGMA synchronous = FULL")
        connection.execute(f"PRAGMA wal_autocheckpoint = {CHECKPOINT_PAGES}")
        connection.execute(f"PRAGMA query_only = {int(read_only)}")
    except BaseException:
        connection.close()
        raise
    return connection


def create_file(path: Path) -> None:
    """Make an empty file that only its owner may read, before SQLite makes one that others may."""
    path.parent.mkdir(parents=True, exist_ok=True)
    os.close(os.open(path, os.O_CREAT | os.O_RDWR, 0o600))


def prepare(connection: sqlite3.Connection, path: Path, mark: Mark) -> Incarnations:
    """Bring the file to this version's schema; returns its incarnations.

    A file that was copied (a restored backup, say) may lack the end of what others have seen: it gets a new
    incarnation. It is told from the original by its inode, or by its mark: one that is ahead of it, is of
    another incarnation or is gone. A needless change costs each client one resync.
    """
    version = _migrate(connection, path)
    inode = path.stat().st_ino
    found = connection.execute("SELECT incarnation, inode, moved FROM log").fetchone()
    moved = 0 if found is None else int(found[2])
    entries = moved + int(connection.execute("SELECT COUNT(*) FROM tail").fetchone()[0])
    here = Position("" if found is None else found[0], entries)
    seen = mark.read()
    if found is None or found[1] != inode or _is_behind(here, seen, marked=version >= MARKED):
        here = Position(secrets.token_hex(8), entries)
        connection.execute("BEGIN IMMEDIATE")
        connection.execute("DELETE FROM log")
        connection.execute("INSERT INTO log VALUES (?, ?, ?)", (here.incarnation, inode, moved))
        # A copy knows nothing of the incarnations that came after it; the mark knows the last of them.
        names = [here.incarnation] if seen is None else [seen.incarnation, here.incarnation]
        for name in names:
            connection.execute("INSERT INTO incarnations VALUES (?, ?)", (name, wall_clock()))
        connection.execute("COMMIT")
    mark.begin(here)
    return _incarnations(connection, here)


def _is_behind(here: Position, mark: Position | None, *, marked: bool) -> bool:
    """Whether the store may lack what others have seen; `marked`: it has been opened by who leaves a mark."""
    if mark is None:
        return marked and here.entries > 0
    return mark.incarnation != here.incarnation or mark.entries > here.entries


def _incarnations(connection: sqlite3.Connection, here: Position) -> Incarnations:
    rows = connection.execute("SELECT incarnation, since FROM incarnations ORDER BY rowid").fetchall()
    before = frozenset(name for name, _ in rows if name != here.incarnation)
    return Incarnations(here.incarnation, rows[-1][1] if before else 0, before, here.entries)


def _migrate(connection: sqlite3.Connection, path: Path) -> int:
    """Bring the tables up to date; returns the version that they had."""
    version = int(connection.execute("PRAGMA user_version").fetchone()[0])
    if version > SCHEMA_VERSION:
        raise StoreNewer(path, found=version, known=SCHEMA_VERSION)
    for number in range(version, SCHEMA_VERSION):
        connection.executescript(
            f"BEGIN IMMEDIATE; {_MIGRATIONS[number]} PRAGMA user_version = {number + 1}; COMMIT;"
        )
    return version
