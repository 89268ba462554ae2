"""Following rooms in Redis: every entry once and in order, holes and losses told, stopped at any moment."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest
from tests.contracts.log_stores import Producer
from tests.support.redis_server import RedisServer

from fourhands_server.log.errors import Unreadable
from fourhands_server.log.redis import keys, tail
from fourhands_server.log.redis.fields import Stored
from fourhands_server.log.redis.log import RedisLog
from fourhands_server.log.redis.tail import Tail


class Listener:
    """A tail, and what it told."""

    def __init__(self, server: RedisServer) -> None:
        self.told: dict[str, list[Stored]] = {}
        self.lost: dict[str, str] = {}
        self.changed = asyncio.Event()
        self.tail = Tail(server.url, told=self._told, lost=self._lost)

    def _told(self, room: str, entries: list[Stored]) -> None:
        self.told.setdefault(room, []).extend(entries)
        self.changed.set()

    def _lost(self, room: str, why: str) -> None:
        self.lost[room] = why
        self.changed.set()

    def seqs(self, room: str = "r1") -> list[int]:
        return [one.entry.seq for one in self.told.get(room, [])]

    async def until(self, condition: object) -> None:
        async with asyncio.timeout(20):
            while not condition():  # type: ignore[operator]
                self.changed.clear()
                await self.changed.wait()


async def test_entries_of_all_writers_are_told_in_order(redis_server: RedisServer, tmp_path: Path) -> None:
    here, there = [await RedisLog.open(redis_server.url, tmp_path / name) for name in "ab"]
    listener = Listener(redis_server)
    await here.append(Producer("early-1").intent())
    listener.tail.follow("r1", after=0)
    for number in range(20):
        log = (here, there)[number % 2]
        await log.reopen("r1")
        await log.append(Producer(f"p{number}").intent())
    await listener.until(lambda: len(listener.seqs()) == 21)
    assert listener.seqs() == list(range(1, 22))
    assert len({one.node for one in listener.told["r1"]}) == 2
    assert [one.entry for one in listener.told["r1"]] == await here.read("r1")
    listener.tail.leave("r1")
    listener.tail.follow("r2", after=0)
    await here.append(Producer(room="r2").intent())
    await listener.until(lambda: listener.seqs("r2") == [1])
    await listener.tail.aclose()
    await here.aclose()
    await there.aclose()


async def test_holes_and_lost_ends_are_told(
    redis_server: RedisServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tail, "WAIT_MS", 100)
    log, listener = await RedisLog.open(redis_server.url, tmp_path), Listener(redis_server)
    for room in ("hole", "ahead", "whole"):
        ada = Producer(room=room)
        for _ in range(5):
            await log.append(ada.intent())
    redis_server.ask("XDEL", keys.stream("hole", "room"), "1-0", "2-0")
    for room, after in (("hole", 0), ("ahead", 9), ("whole", 2)):
        listener.tail.follow(room, after=after)
    await listener.until(lambda: len(listener.lost) == 2 and listener.told)
    assert listener.lost == {"hole": "1 is missing", "ahead": "it ends at 5, before 9"}
    assert listener.seqs("whole") == [3, 4, 5]
    await listener.tail.aclose()
    await log.aclose()


async def test_it_goes_on_after_redis_was_killed(redis_server: RedisServer, tmp_path: Path) -> None:
    log, listener, ada = await RedisLog.open(redis_server.url, tmp_path), Listener(redis_server), Producer()
    listener.tail.follow("r1", after=0)
    await log.append(ada.intent())
    await listener.until(lambda: listener.seqs() == [1])
    redis_server.kill()
    redis_server.start()
    async with asyncio.timeout(20):
        while True:  # a connection that died meanwhile says so once
            try:
                await log.reopen("r1")
                break
            except Unreadable:
                await asyncio.sleep(0.02)
    await log.append(ada.intent())
    await listener.until(lambda: listener.seqs() == [1, 2])
    await listener.tail.aclose()
    await log.aclose()


async def test_a_reader_has_a_bound_and_stops_while_it_waits(redis_server: RedisServer) -> None:
    """Forty times: the cancellation of a read that blocks is sometimes swallowed."""
    for _ in range(40):
        listener = Listener(redis_server)
        listener.tail.follow("r1", after=0)
        await asyncio.sleep(0)
        async with asyncio.timeout(10):
            await listener.tail.aclose()
    listener = Listener(redis_server)
    for number in range(tail.ROOMS_EACH + 1):
        listener.tail.follow(f"r{number}", after=0)
    assert listener.tail.readers == 2
    await listener.tail.aclose()


async def test_it_stops_though_redis_sleeps(redis_server: RedisServer) -> None:
    listener = Listener(redis_server)
    listener.tail.follow("r1", after=0)
    redis_server.pause()
    async with asyncio.timeout(20):
        await listener.tail.aclose()
    redis_server.resume()
