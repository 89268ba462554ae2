"""The thread that reads, on a connection of its own, so that a long read holds up no commit."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Final, TypeVar

from .errors import Unreadable
from .rows import snapshot
from .schema import connect

READS_WAITING: Final = 1_000
"""More than this many reads at once are refused."""

T = TypeVar("T")


class Reader:
    """Answers questions from one snapshot of the tables each, in the order in which they are asked."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="log-reader")
        self._connection: sqlite3.Connection | None = None
        self._waiting = 0

    async def ask(self, question: Callable[[sqlite3.Connection], T]) -> T:
        """The question's answer; raises `Unreadable`."""
        if self._waiting >= READS_WAITING:
            raise Unreadable("overloaded")
        self._waiting += 1
        try:
            return await asyncio.get_running_loop().run_in_executor(self._thread, self._answer, question)
        except (sqlite3.Error, RuntimeError) as error:
            raise Unreadable(str(error)) from error
        finally:
            self._waiting -= 1

    async def aclose(self) -> None:
        """Answer what waits, then close."""
        await asyncio.get_running_loop().run_in_executor(self._thread, self._close)
        self._thread.shutdown()

    def _answer(self, question: Callable[[sqlite3.Connection], T]) -> T:
        if self._connection is None:
            self._connection = connect(self._path, read_only=True)
        try:
            with snapshot(self._connection):
                return question(self._connection)
        except sqlite3.Error:
            self._close()  # the next question tries a connection of its own
            raise

    def _close(self) -> None:
        if self._connection is not None:
            self._connection.close()
            self._connection = None
