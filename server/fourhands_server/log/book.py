"""The SQLite log without its threads: records batches of calls, answers questions, moves rows.

Everything here runs on the one thread that made it. Between two batches the rooms in memory are always what
the tables say; where a commit fails, memory is thrown away and read again.
"""

from __future__ import annotations

import logging
import sqlite3
from collections import OrderedDict
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from . import mover, stored
from .counters import Counters
from .errors import LogError, NotRecorded, Unreadable
from .jobs import Call, Job, Outcome, Question
from .log import Appended
from .schema import COLUMNS, connect
from .staging import Staged, find, stage, stage_one
from .stored import StoredRoom

_log = logging.getLogger(__name__)

ROWS_PER_STATEMENT: Final = 128
"""Each size of INSERT is prepared once and kept; larger commits take several of the largest."""

MOVE_BYTES: Final = 8 * 2**20
"""Of bodies that are moved at once, which are in memory meanwhile: some 30 ms, for which appends wait."""

_WIDTH: Final = len(COLUMNS.split(","))
_PLACES: Final = f"({', '.join('?' * _WIDTH)})"
_INSERTS: Final = [
    f"INSERT INTO tail ({COLUMNS}) VALUES {', '.join([_PLACES] * size)}"
    for size in range(ROWS_PER_STATEMENT + 1)
]


class Book:
    """The rooms' counters and the connection that writes."""

    def __init__(self, path: Path, *, broken: set[str], rooms_kept: int) -> None:
        self._path = path
        self._rooms_kept = rooms_kept
        self._rooms: OrderedDict[str, StoredRoom] = OrderedDict()
        self._staged: list[Staged] = []
        self._values: list[int | bytes] = []  # of the staged rows, one after the other
        self._changed: dict[int, StoredRoom] = {}  # rooms of which more than these is to be stored
        self._broken = broken  # rooms that take no appends until reopened; other threads may add to it
        self._connection: sqlite3.Connection | None = None
        self._next_room = 0
        self.tail_rows = 0
        self.recorded = 0  # rows that were committed since it was made
        self._connect()

    def _connect(self) -> sqlite3.Connection:
        """The connection, opened anew after a failure, when memory is empty too."""
        if self._connection is None:
            db = connect(self._path)
            self._next_room = 1 + int(db.execute("SELECT IFNULL(MAX(no), 0) FROM rooms").fetchone()[0])
            self.tail_rows = mover.tail_rows(db)
            self._connection = db
        return self._connection

    def record(self, jobs: Sequence[Job]) -> list[Outcome]:
        """Commit the calls among the jobs together, then answer all in order."""
        try:
            outcomes = [self._stage(job) for job in jobs]
            self._commit()
        except Exception as error:
            _log.warning("a commit of the log failed: %s", error)
            self._rewind()
            outcomes = self._fail(jobs, str(error))
        self._staged.clear()
        self._values.clear()
        self._changed.clear()
        answered = [self._told(o[0]) if isinstance(o[0], Question) else o for o in outcomes]
        for job in jobs:
            if isinstance(job, Question) and job.forgets:
                self._rooms.pop(job.room, None)
        while len(self._rooms) > self._rooms_kept:
            self._rooms.popitem(last=False)
        return answered

    def _stage(self, job: Job) -> Outcome:
        if isinstance(job, Question):
            if job.reopens:
                self._broken.discard(job.room)
            return job, None, None
        if job.room in self._broken:
            return job, None, NotRecorded("an earlier append to this room failed")
        room = self._room(job.room)
        try:
            made = stage_one(room.counters, job.intents, now=job.now)
            if made is not None:
                self._keep(room, made)
                return job, [Appended(made[1], True)], None
            answers, fresh = stage(
                room.counters,
                job.intents,
                now=job.now,
                earlier=lambda intent: find(self._staged, intent) or room.earlier(self._connect(), intent),
            )
        except (LogError, TypeError, ValueError) as error:  # this call's own fault alone
            return job, None, error
        for one in fresh:
            self._keep(room, one)
        return job, answers, None

    def _keep(self, room: StoredRoom, staged: Staged) -> None:
        """A fresh entry is to be stored by the next commit."""
        self._staged.append(staged)
        self._values += room.row(staged)
        if room.has_unsaved():
            self._changed[room.no] = room

    def _room(self, name: str) -> StoredRoom:
        room = self._known(name)
        if room is None:
            room = self._rooms[name] = StoredRoom(self._next_room, name, Counters(), new=True)
            self._next_room += 1
        return room

    def _known(self, name: str) -> StoredRoom | None:
        room = self._rooms.get(name)
        if room is not None:
            self._rooms.move_to_end(name)
            return room
        room = stored.load(self._connect(), name)
        if room is not None:
            self._rooms[name] = room
        return room

    def _commit(self) -> None:
        if not self._staged:
            return
        db, values, changed, rows = self._connect(), self._values, self._changed.values(), len(self._staged)
        if not changed and rows <= ROWS_PER_STATEMENT:
            _insert(db, rows, values)  # its own transaction, and one turn of the interpreter lock
        else:
            db.execute("BEGIN IMMEDIATE")
            for room in changed:
                room.save(db)
            for start in range(0, rows, ROWS_PER_STATEMENT):
                some = min(ROWS_PER_STATEMENT, rows - start)
                _insert(db, some, values[start * _WIDTH : (start + some) * _WIDTH])
            db.execute("COMMIT")
            for room in changed:
                room.mark_saved()
        self.tail_rows += rows
        self.recorded += rows

    def _fail(self, jobs: Sequence[Job], reason: str) -> list[Outcome]:
        for job in jobs:
            if isinstance(job, Call):
                self._broken.add(job.room)
            elif job.reopens:
                self._broken.discard(job.room)
        return [(job, None, NotRecorded(reason) if isinstance(job, Call) else None) for job in jobs]

    def _told(self, question: Question) -> Outcome:
        if question.forgets:
            return question, None, None
        try:
            room = self._known(question.room)
            return question, question.ask(Counters() if room is None else room.counters), None
        except sqlite3.Error as error:
            return question, None, Unreadable(str(error))

    def move(self, *, at_most: int) -> bool:
        """Put the oldest rows of the tail in order. Where that fails they stay: returns False."""
        try:
            db = self._connect()
            db.execute("BEGIN IMMEDIATE")
            upto = mover.oldest(db, at_most, size=MOVE_BYTES)
            names = list(mover.rooms_upto(db, upto))
            at_rest = [name for name in names if name not in self._rooms]
            stored.save_heads(db, [self._room(name) for name in names])
            moved = mover.move(db, upto)
            db.execute("COMMIT")
            self.tail_rows -= moved
            for name in at_rest:
                del self._rooms[name]
        except Exception as error:
            _log.warning("the log's tail could not be moved: %s", error)
            self._rewind()
            return False
        return True

    def _rewind(self) -> None:
        """Throw away what memory and the connection hold; only what is committed remains.

        A commit whose fsync failed may still come back after a crash of the machine. Its caller was told that
        it is not recorded, and a retry is then answered with it.
        """
        self._rooms.clear()
        self.close()
        self._connection = None

    def close(self) -> None:
        """Write everything into the database file and close it."""
        if self._connection is not None:
            self._connection.close()


def _insert(db: sqlite3.Connection, rows: int, values: Sequence[int | bytes]) -> None:
    db.execute(_INSERTS[rows], values)
