"""Each durable log against the one in memory: the same answers to any appends, failures and restarts."""

from __future__ import annotations

import asyncio
import shutil
import sqlite3
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from unittest import mock

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule, run_state_machine_as_test
from tests.contracts.log_stores import HandClock, RedisStore
from tests.support.redis_server import RedisServer

from fourhands_server.log import book, writer
from fourhands_server.log.errors import LogError
from fourhands_server.log.log import Intent, RoomLog
from fourhands_server.log.memory import MemoryLog
from fourhands_server.log.sqlite import SqliteLog

ROOMS = ("r1", "r2")
STREAMS = ("room", "interviewers")
KINDS = ("edit", "chat")

intents = st.builds(
    Intent,
    room=st.just(""),  # put in by the rule: the intents of a call are of one room
    stream=st.sampled_from(STREAMS),
    producer=st.sampled_from(["ada-1", "bob-1"]),
    pseq=st.integers(1, 12),
    actor=st.sampled_from(["ada", "room"]),
    kind=st.sampled_from(KINDS),
    body=st.binary(max_size=3),
    fence=st.sampled_from([0, 0, 0, 0, 1]),
)
calls = st.tuples(st.sampled_from(ROOMS), st.lists(intents, min_size=1, max_size=3))


def of_room(room: str, call: list[Intent]) -> list[Intent]:
    names = Intent._fields
    return [Intent(**{**{name: getattr(intent, name) for name in names}, "room": room}) for intent in call]


class LogMachine(RuleBasedStateMachine):
    """One log on disk, one in memory, given the same."""

    def __init__(self) -> None:
        super().__init__()
        self.folder = Path(tempfile.mkdtemp())
        self.runner = asyncio.Runner()
        self.clock = HandClock()

    def teardown(self) -> None:
        self.runner.run(self.disk.aclose())
        self.runner.close()
        shutil.rmtree(self.folder)

    @initialize()
    def open(self) -> None:
        self.memory = MemoryLog(clock=self.clock)
        self.runner.run(self.open_disk())

    async def open_disk(self) -> None:
        self.disk: RoomLog = await SqliteLog.open(self.folder / "log.db", clock=self.clock)

    @contextmanager
    def full(self) -> Iterator[None]:
        with mock.patch.object(book, "_insert", side_effect=sqlite3.OperationalError("disk full")):
            yield

    @rule(made=st.lists(calls, min_size=1, max_size=4))
    def append(self, made: list[tuple[str, list[Intent]]]) -> None:
        """Several calls at once, so that the disk may commit them together."""

        async def outcomes(log: RoomLog) -> list[object]:
            answers = [log.append(*of_room(room, call)) for room, call in made]
            done = await asyncio.gather(*answers, return_exceptions=True)
            return [str(answer) if isinstance(answer, LogError) else answer for answer in done]

        assert self.both(outcomes)

    @rule(made=st.lists(calls, min_size=1, max_size=4))
    def fail(self, made: list[tuple[str, list[Intent]]]) -> None:
        """Commits fail; then the rooms are reopened and everything is as if nothing had been tried."""

        async def fail(log: RoomLog) -> None:
            answers = [log.append(*of_room(room, call)) for room, call in made]
            await asyncio.gather(*answers, return_exceptions=True)

        async def reopened(log: RoomLog) -> object:
            return [(await log.reopen(room))[:3] for room in ROOMS]

        self.memory.refuse("disk full")
        with self.full():
            for log in (self.disk, self.memory):
                self.runner.run(fail(log))
        self.memory.accept()
        self.both(reopened)

    @rule(by=st.integers(-5, 5))
    def time_passes(self, by: int) -> None:
        self.clock.now += by

    @rule(room=st.sampled_from(ROOMS))
    def rest(self, room: str) -> None:
        async def rest(log: RoomLog) -> None:
            log.rest(room)

        self.runner.run(rest(self.disk))

    @rule()
    def restart(self) -> None:
        self.runner.run(self.disk.aclose())
        self.runner.run(self.open_disk())

    @rule(
        room=st.sampled_from(ROOMS),
        stream=st.sampled_from(STREAMS),
        after=st.integers(0, 9),
        limit=st.integers(0, 5),
        without=st.frozensets(st.sampled_from(KINDS)),
        only=st.none() | st.frozensets(st.sampled_from(KINDS)),
        upto=st.none() | st.integers(0, 9),
        size=st.integers(0, 40),
    )
    def read(self, room: str, stream: str, **bounds: object) -> None:
        async def page(log: RoomLog) -> object:
            return await log.read(room, stream, **bounds)  # type: ignore[arg-type]

        self.both(page)

    @invariant()
    def same_heads_and_producers(self) -> None:
        async def all_told(log: RoomLog) -> object:
            heads = [(await log.head(room, stream))[:3] for room in ROOMS for stream in STREAMS]
            return heads, [await log.producers(room) for room in ROOMS]

        if hasattr(self, "memory"):
            self.both(all_told)

    @invariant()
    def same_rooms(self) -> None:
        async def listed(log: RoomLog) -> object:
            return sorted(await log.rooms())

        if hasattr(self, "memory"):
            self.both(listed)

    def both(self, ask: object) -> object:
        disk, memory = (self.runner.run(ask(log)) for log in (self.disk, self.memory))  # type: ignore[operator]
        assert disk == memory
        return disk


def machine_on(server: RedisServer) -> type[LogMachine]:
    class RedisMachine(LogMachine):
        """The same with a log in Redis."""

        def __init__(self) -> None:
            super().__init__()
            self.store = RedisStore(self.folder, server)

        async def open_disk(self) -> None:
            self.disk = await self.store.open(self.clock)

        def full(self) -> contextmanager[None]:
            return self.store.full(self.disk)

    return RedisMachine


BOUNDS = settings(
    max_examples=15,
    stateful_step_count=20,
    deadline=None,
    derandomize=True,
    database=None,
    suppress_health_check=[HealthCheck.too_slow],
)


def test_the_log_on_disk_is_the_log_in_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(writer, "IDLE_TAIL", 2)
    monkeypatch.setattr(writer, "BUSY_TAIL", 4)
    monkeypatch.setattr(writer, "MOVE", 2)
    monkeypatch.setattr(writer, "ROOMS_KEPT", 1)
    run_state_machine_as_test(LogMachine, settings=BOUNDS)


def test_the_log_in_redis_is_the_log_in_memory(redis_server: RedisServer) -> None:
    run_state_machine_as_test(machine_on(redis_server), settings=BOUNDS)
