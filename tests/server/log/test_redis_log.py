"""The log in Redis when Redis dies, sleeps, forgets, or is written to by others."""

from __future__ import annotations

import asyncio
import logging
import shutil
from pathlib import Path

import pytest
from tests.contracts.log_stores import Producer
from tests.support.redis_server import RedisServer

from fourhands_server.log.errors import NotOpened, NotRecorded, StoreInUse, Unreadable
from fourhands_server.log.redis import connect, keys
from fourhands_server.log.redis.log import RedisLog


async def opened(server: RedisServer, folder: Path, name: str = "data") -> RedisLog:
    return await RedisLog.open(server.url, folder / name)


async def many(log: RedisLog, producer: Producer, count: int) -> list[int]:
    """The seqs of so many appends that were under way together; those that failed are left out."""
    answers = await asyncio.gather(
        *(log.append(producer.intent(body=b"\x41x")) for _ in range(count)), return_exceptions=True
    )
    assert all(isinstance(answer, list | NotRecorded) for answer in answers), answers
    return [answer[0].entry.seq for answer in answers if isinstance(answer, list)]


async def reopened(log: RedisLog, room: str = "r1") -> None:
    """Ask again until Redis answers."""
    async with asyncio.timeout(20):
        while True:
            try:
                await log.reopen(room)
                return
            except Unreadable:
                await asyncio.sleep(0.02)


def snapshot(server: RedisServer, folder: Path) -> Path:
    """A copy of what Redis has on its disk."""
    return Path(shutil.copytree(server.folder / "appendonlydir", folder / "older"))


def put_back(server: RedisServer, older: Path) -> None:
    """Redis comes up again with an older file."""
    server.kill()
    shutil.rmtree(server.folder / "appendonlydir")
    shutil.copytree(older, server.folder / "appendonlydir")
    server.start()


async def refused_as_lost(log: RedisLog, producer: Producer) -> None:
    """The connection is found dead first; the next append hears that Redis has less."""
    with pytest.raises(NotRecorded):
        await log.append(producer.intent())
    await reopened(log, producer.room)
    with pytest.raises(NotRecorded, match="lost"):
        await log.append(producer.intent())


async def test_nothing_acked_is_lost_when_redis_is_killed(redis_server: RedisServer, tmp_path: Path) -> None:
    log, ada = await opened(redis_server, tmp_path), Producer()
    acked = await many(log, ada, 300)
    under_way = asyncio.ensure_future(many(log, ada, 300))
    await asyncio.sleep(0)
    redis_server.kill()
    acked += await under_way
    with pytest.raises(NotRecorded):
        await log.append(ada.intent())
    with pytest.raises(Unreadable):
        await log.head("r1")
    incarnation = log._identity.present
    redis_server.start()
    await reopened(log)
    acked += await many(log, ada, 10)
    head = await log.head("r1")
    assert [e.seq for e in await log.read("r1", limit=10_000)] == list(range(1, head.seq + 1))
    assert sorted(acked) == sorted(set(acked))
    assert set(acked) <= set(range(1, head.seq + 1))
    assert (head.incarnation, await log.loss("r1")) == (incarnation, None), "nothing was lost"
    await log.aclose()


async def test_a_redis_that_sleeps_is_not_waited_for_and_what_it_does_late_is_found(
    redis_server: RedisServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(connect, "ANSWER_S", 0.3)
    log, ada = await opened(redis_server, tmp_path), Producer()
    await many(log, ada, 5)
    redis_server.pause()
    assert await many(log, ada, 5) == []
    with pytest.raises(Unreadable):
        await log.reopen("r1")
    redis_server.resume()
    await reopened(log)
    for _ in range(50):
        made = await many(log, ada, 1)
        if made:
            break
        await reopened(log)
    seqs = [e.seq for e in await log.read("r1")]
    assert seqs == list(range(1, len(seqs) + 1))
    assert made[0] in seqs
    await log.aclose()


async def test_a_redis_with_an_older_file_begins_another_incarnation(
    redis_server: RedisServer, tmp_path: Path
) -> None:
    log, ada = await opened(redis_server, tmp_path), Producer()
    await many(log, ada, 5)
    older = snapshot(redis_server, tmp_path)
    await many(log, ada, 5)
    before = await log.head("r1")
    put_back(redis_server, older)
    await refused_as_lost(log, ada)
    head = await log.reopen("r1")
    loss = await log.loss("r1")
    assert (head.seq, head.incarnation == before.incarnation) == (5, False)
    assert loss is not None
    assert loss.before == {before.incarnation}
    [(entry, _)] = await log.append(ada.intent())
    assert entry.seq == 6
    await log.aclose()


async def test_what_one_room_has_lost_is_noticed_by_another(
    redis_server: RedisServer, tmp_path: Path
) -> None:
    log, ada, bob = await opened(redis_server, tmp_path), Producer(), Producer("bob-1", room="r2")
    await many(log, ada, 5)
    await many(log, bob, 5)
    older = snapshot(redis_server, tmp_path)
    await many(log, ada, 5)
    before = (await log.head("r1")).incarnation
    put_back(redis_server, older)
    await refused_as_lost(log, bob)
    assert (await log.reopen("r2")).incarnation != before
    with pytest.raises(NotRecorded):
        await log.append(ada.intent())
    assert (await log.reopen("r1")).seq == 5
    await log.aclose()


async def test_a_loss_while_the_server_was_down_is_found_when_it_starts(
    redis_server: RedisServer, tmp_path: Path
) -> None:
    log, ada = await opened(redis_server, tmp_path), Producer()
    await many(log, ada, 5)
    older = snapshot(redis_server, tmp_path)
    await many(log, ada, 5)
    before = (await log.head("r1")).incarnation
    await log.aclose()
    put_back(redis_server, older)
    log = await opened(redis_server, tmp_path)
    after = (await log.head("r1")).incarnation
    loss = await log.loss("r1")
    assert after != before
    assert loss is not None
    assert loss.before == {before}
    await log.aclose()
    log = await opened(redis_server, tmp_path)
    assert (await log.head("r1")).incarnation == after, "it begins once"
    await log.aclose()
    redis_server.empty()
    log = await opened(redis_server, tmp_path)
    assert (await log.head("r1")).seq == 0
    loss = await log.loss("r1")
    assert loss is not None
    assert after in loss.before
    await log.aclose()


async def test_a_redis_that_is_emptied_is_noticed(redis_server: RedisServer, tmp_path: Path) -> None:
    log, ada = await opened(redis_server, tmp_path), Producer()
    await many(log, ada, 5)
    before = log._identity.present
    redis_server.empty()
    with pytest.raises(NotRecorded):
        await log.append(ada.intent())
    head = await log.reopen("r1")
    assert head.seq == 0
    assert head.incarnation != before
    [(entry, _)] = await log.append(Producer("other-1").intent())
    assert entry.seq == 1
    await log.aclose()


async def test_what_another_server_writes_is_never_overwritten(
    redis_server: RedisServer, tmp_path: Path
) -> None:
    here, there = await opened(redis_server, tmp_path, "a"), await opened(redis_server, tmp_path, "b")
    ada, bob = Producer("ada-1"), Producer("bob-1")
    await here.append(ada.intent())
    await there.append(bob.intent())
    with pytest.raises(NotRecorded, match="something else"):
        await here.append(ada.intent())
    assert (await here.reopen("r1")).seq == 2
    [(entry, _)] = await here.append(ada.numbered(3))
    assert entry.seq == 3
    assert await there.read("r1") == await here.read("r1")
    await here.aclose()
    await there.aclose()


async def test_two_servers_do_not_share_a_data_folder(redis_server: RedisServer, tmp_path: Path) -> None:
    log = await opened(redis_server, tmp_path)
    with pytest.raises(StoreInUse):
        await opened(redis_server, tmp_path)
    await log.aclose()
    await (await opened(redis_server, tmp_path)).aclose()


async def test_a_redis_that_is_not_there_is_told_without_its_password(tmp_path: Path) -> None:
    with pytest.raises(NotOpened) as told:
        await RedisLog.open("redis://me:secret@127.0.0.1:1/0", tmp_path)
    assert "redis://127.0.0.1:1/0" in str(told.value)
    assert "secret" not in str(told.value)
    with pytest.raises(NotOpened):
        await RedisLog.open("nonsense", tmp_path)


async def test_settings_that_make_acks_hollow_are_warned_of(
    redis_server: RedisServer, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    redis_server.ask("CONFIG", "SET", "appendfsync", "everysec")
    with caplog.at_level(logging.WARNING):
        await (await opened(redis_server, tmp_path)).aclose()
    assert "Redis has appendfsync everysec; set it to always" in caplog.text


async def test_a_hole_is_never_read_over(redis_server: RedisServer, tmp_path: Path) -> None:
    log, ada = await opened(redis_server, tmp_path), Producer()
    await many(log, ada, 9)
    redis_server.ask("XDEL", keys.stream("r1", "room"), "4-0")
    assert len(await log.read("r1", limit=3)) == 3
    with pytest.raises(Unreadable, match="lacks 4 to 4"):
        await log.read("r1")
    await log.aclose()
