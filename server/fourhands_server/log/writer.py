"""The thread that writes: a commit takes all that waits, of all rooms; the next starts when it ends."""

from __future__ import annotations

import asyncio
import logging
import sqlite3
import threading
import time
from collections import deque
from collections.abc import Callable
from concurrent.futures import Future
from contextlib import closing, suppress
from pathlib import Path
from queue import Empty, SimpleQueue
from typing import Final

from .book import Book
from .errors import NotOpened, NotRecorded, Unreadable
from .jobs import Call, Job, Outcome
from .lock import StoreLock
from .mark import Mark, Position
from .pace import Pace
from .schema import Incarnations, connect, create_file, prepare

_log = logging.getLogger(__name__)

BATCH_JOBS: Final = 2_000
BATCH_BYTES: Final = 8 * 2**20
"""Bounds of one commit, so that the first who waits need not wait for the last."""

MOVE: Final = 2_048
"""Rows that the mover takes at once: some 3 ms, for which appends wait."""

IDLE_TAIL: Final = 4_096
BUSY_TAIL: Final = 16_384
"""From this many rows in the tail on the mover works where nothing waits, and even where appends wait.
Readers scan the tail, but the longer it is, the more rows of one room are moved together."""

ROOMS_KEPT: Final = 16_384
"""Rooms whose counters stay in memory, 1 to 2 KiB each: more than a process has live ones.
An append to another has to look through the tail."""


class Writer:
    """Owns the store, and a `Book` of it, on a thread of its own from `start` to `stop`."""

    def __init__(self, path: Path, *, deliver: Callable[[list[Outcome]], None]) -> None:
        self._path = path
        self._deliver = deliver
        self._jobs: SimpleQueue[list[Job] | None] = SimpleQueue()
        self._left: deque[Job] = deque()  # handed over, for a commit to come
        self._opened: Future[Incarnations] = Future()
        self._ended: Future[None] = Future()
        self._is_last = False  # nothing more is to come
        self._has_ended = False
        self._broken: set[str] = set()

    async def start(self) -> Incarnations:
        """Open the store; returns its incarnations, or raises `NotOpened`."""
        threading.Thread(target=self._run, name="log-writer", daemon=True).start()
        return await asyncio.wrap_future(self._opened)

    async def stop(self) -> None:
        """Do what was put before, then close the store."""
        self._jobs.put(None)
        await asyncio.wrap_future(self._ended)

    def put(self, jobs: list[Job]) -> None:
        """Hand over jobs; outcomes are delivered on the writer's thread, or on this one after its end."""
        self._jobs.put(jobs)
        if self._has_ended:
            self._refuse_all()

    def break_off(self, room: str) -> None:
        """Take no more appends to the room, waiting ones included, until it is reopened."""
        self._broken.add(room)

    def _run(self) -> None:
        try:
            create_file(self._path)
            with closing(StoreLock(self._path)), closing(Mark(self._path)) as mark:
                self._serve(mark)
        except (sqlite3.Error, OSError) as error:
            self._fail(NotOpened(self._path, str(error)))
        except BaseException as error:
            self._fail(error)
        finally:
            self._has_ended = True
            self._ended.set_result(None)
            self._refuse_all()

    def _refuse_all(self) -> None:
        """The writer has ended: whoever waits, or comes, must not wait for ever."""
        with suppress(Empty):
            while True:
                self._receive(self._jobs.get_nowait())
        with suppress(IndexError):
            while True:
                self._refuse([self._left.popleft()])

    def _refuse(self, jobs: list[Job]) -> None:
        words = "the log's writer has ended"
        if jobs:
            self._deliver(
                [
                    (job, None, NotRecorded(words) if isinstance(job, Call) else Unreadable(words))
                    for job in jobs
                ]
            )

    def _fail(self, error: BaseException) -> None:
        if self._opened.done():
            _log.error("the log's writer ended", exc_info=error)
        else:
            self._opened.set_exception(error)

    def _serve(self, mark: Mark) -> None:
        with closing(connect(self._path)) as connection:
            opened = prepare(connection, self._path, mark)
        with closing(Book(self._path, broken=self._broken, rooms_kept=ROOMS_KEPT)) as book:
            while book.tail_rows and book.move(at_most=MOVE):
                pass
            self._opened.set_result(opened)
            longest = IDLE_TAIL
            pace = Pace()
            while jobs := self._take(pace):
                try:
                    outcomes = book.record(jobs)
                except BaseException:
                    self._refuse(jobs)
                    raise
                mark.move(Position(opened.present, opened.entries + book.recorded))
                self._deliver(outcomes)
                waits = bool(self._left) or not self._jobs.empty()
                if book.tail_rows >= longest + (BUSY_TAIL - IDLE_TAIL if waits else 0):
                    moved = book.move(at_most=MOVE)
                    # Where it fails (a full disk, say) it is tried again later, not at each commit.
                    longest = IDLE_TAIL if moved else book.tail_rows + MOVE

    def _take(self, pace: Pace) -> list[Job]:
        """All that waits, within bounds; waits for the first. Empty at the end."""
        # First the pause: what comes meanwhile wakes nobody, and each waking takes the interpreter lock.
        if (wait := pace.wait(time.monotonic())) > 0:
            time.sleep(wait)
        if not self._left and not self._is_last:
            self._receive(self._jobs.get())
        with suppress(Empty):
            while not self._is_last:
                self._receive(self._jobs.get_nowait())
        jobs: list[Job] = []
        size = 0
        while self._left and len(jobs) < BATCH_JOBS and size < BATCH_BYTES:
            job = self._left.popleft()
            jobs.append(job)
            size += job.size if isinstance(job, Call) else 0
        pace.start(time.monotonic(), calls=len(jobs))
        return jobs

    def _receive(self, jobs: list[Job] | None) -> None:
        if jobs is None:
            self._is_last = True
        else:
            self._left += jobs
