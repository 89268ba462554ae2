"""The implementations of the room log as their contract suite opens, closes, fills and frees them."""

from __future__ import annotations

import resource
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Protocol

from tests.support.redis_server import RedisServer

from fourhands_server.log.log import Clock, Intent, RoomLog
from fourhands_server.log.memory import MemoryLog
from fourhands_server.log.redis.log import RedisLog
from fourhands_server.log.sqlite import SqliteLog


class Store(Protocol):
    """One implementation with a place of its own."""

    durable: bool

    async def open(self, clock: Clock) -> RoomLog:
        """Open the place, with what an earlier log left there if it is durable."""
        ...

    def full(self, log: RoomLog) -> contextmanager[None]:
        """Within it no commit can succeed."""
        ...


class MemoryStore:
    durable = False

    async def open(self, clock: Clock) -> MemoryLog:
        return MemoryLog(clock=clock)

    @contextmanager
    def full(self, log: MemoryLog) -> Iterator[None]:
        log.refuse("disk full")
        yield
        log.accept()


class SqliteStore:
    durable = True

    def __init__(self, folder: Path) -> None:
        self.path = folder / "log.db"

    async def open(self, clock: Clock) -> SqliteLog:
        return await SqliteLog.open(self.path, clock=clock)

    @contextmanager
    def full(self, log: RoomLog) -> Iterator[None]:
        """No file may grow past a page; a real full disk needs root, and is in the SQLite log's own tests."""
        soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
        resource.setrlimit(resource.RLIMIT_FSIZE, (4096, hard))
        try:
            yield
        finally:
            resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


class RedisStore:
    durable = True

    def __init__(self, folder: Path, server: RedisServer) -> None:
        self.folder = folder
        self.server = server
        server.empty()

    async def open(self, clock: Clock) -> RedisLog:
        return await RedisLog.open(self.server.url, self.folder, clock=clock)

    @contextmanager
    def full(self, log: RoomLog) -> Iterator[None]:
        """Its memory is full, and it may throw nothing away."""
        self.server.ask("CONFIG", "SET", "maxmemory", "1")
        try:
            yield
        finally:
            self.server.ask("CONFIG", "SET", "maxmemory", "0")


class HandClock:
    """A clock that stands where it is put."""

    def __init__(self, now: int = 1_700_000_000_000_000) -> None:
        self.now = now

    def __call__(self) -> int:
        return self.now


class Producer:
    """Somebody who numbers intents."""

    def __init__(self, name: str = "ada-1", *, actor: str = "ada", room: str = "r1") -> None:
        self.name = name
        self.actor = actor
        self.room = room
        self.pseq = 0

    def intent(
        self, kind: str = "chat", body: bytes = b"\xa0", *, stream: str = "room", fence: int = 0
    ) -> Intent:
        self.pseq += 1
        return self.numbered(self.pseq, kind, body, stream=stream, fence=fence)

    def numbered(
        self, pseq: int, kind: str = "chat", body: bytes = b"\xa0", *, stream: str = "room", fence: int = 0
    ) -> Intent:
        return Intent(self.room, stream, self.name, pseq, self.actor, kind, body, fence)
