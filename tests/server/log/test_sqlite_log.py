"""What the SQLite log does beyond the contract: its file, its mover, its bounds, a disk that is full."""

from __future__ import annotations

import asyncio
import os
import shutil
import sqlite3
import stat
import subprocess
from collections.abc import AsyncIterator, Iterator
from contextlib import closing, suppress
from pathlib import Path

import pytest
from tests.contracts.log_stores import Producer

from fourhands_protocol.chain import GENESIS, link
from fourhands_server.log import book, mover, reader, schema, writer
from fourhands_server.log.errors import NotOpened, NotRecorded, PseqReused, StoreInUse, StoreNewer, Unreadable
from fourhands_server.log.log import Loss
from fourhands_server.log.sqlite import SqliteLog


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "data" / "log.db"


@pytest.fixture
async def log(path: Path) -> AsyncIterator[SqliteLog]:
    log = await SqliteLog.open(path)
    yield log
    await log.aclose()


@pytest.fixture
def eager_mover(monkeypatch: pytest.MonkeyPatch) -> None:
    """Move a few rows at almost every commit."""
    monkeypatch.setattr(writer, "IDLE_TAIL", 3)
    monkeypatch.setattr(writer, "BUSY_TAIL", 7)
    monkeypatch.setattr(writer, "MOVE", 2)


async def check(log: SqliteLog, room: str, count: int) -> None:
    entries = await log.read(room, limit=10**6, size=2**40)
    assert [entry.seq for entry in entries] == list(range(1, count + 1))
    head = GENESIS
    for entry in entries:
        head = link(head, entry)
    assert (await log.head(room)).hash == head


def contents(path: Path) -> bytes:
    return path.read_bytes()


def rows(path: Path, table: str) -> int:
    connection = sqlite3.connect(path)
    found = connection.execute(f"SELECT COUNT(*) FROM {table}").fetchone()[0]
    connection.close()
    return int(found)


def test_files_are_for_their_owner_alone(path: Path) -> None:
    async def write() -> None:
        log = await SqliteLog.open(path)
        await log.append(Producer().intent())
        for file in path.parent.iterdir():
            assert stat.S_IMODE(file.stat().st_mode) & 0o077 == 0, file
        await log.aclose()

    asyncio.run(write())


async def test_a_second_server_on_the_store_is_told_so(path: Path, log: SqliteLog) -> None:
    with pytest.raises(StoreInUse, match="another server"):
        await SqliteLog.open(path)
    await log.append(Producer().intent())


async def test_a_store_of_a_newer_version_is_left_alone(path: Path) -> None:
    await (await SqliteLog.open(path)).aclose()
    connection = sqlite3.connect(path)
    connection.execute(f"PRAGMA user_version = {schema.SCHEMA_VERSION + 1}")
    connection.close()
    before = contents(path)
    with pytest.raises(StoreNewer, match="newer version") as refused:
        await SqliteLog.open(path)
    assert (refused.value.found, refused.value.known) == (schema.SCHEMA_VERSION + 1, schema.SCHEMA_VERSION)
    assert contents(path) == before


async def test_a_file_that_is_no_store_is_left_alone(path: Path) -> None:
    path.parent.mkdir()
    shutil.copy(__file__, path)
    with pytest.raises(NotOpened, match="not a database"):
        await SqliteLog.open(path)
    assert contents(path) == contents(Path(__file__))


async def test_a_store_that_cannot_be_made_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(NotOpened):
        await SqliteLog.open(tmp_path / "file" / "log.db")


async def test_the_incarnation_stays_until_the_file_is_another(path: Path, tmp_path: Path) -> None:
    incarnations = []
    for _ in range(2):
        log = await SqliteLog.open(path)
        await log.append(Producer().intent())
        incarnations.append((await log.head("r1")).incarnation)
        await log.aclose()
    shutil.copy(path, tmp_path / "backup")
    os.replace(tmp_path / "backup", path)
    log = await SqliteLog.open(path)
    incarnations.append((await log.head("r1")).incarnation)
    await check(log, "r1", 1)
    await log.aclose()
    assert incarnations[0] == incarnations[1] != incarnations[2]


async def test_what_is_read_does_not_depend_on_what_was_moved(path: Path, eager_mover: None) -> None:
    log = await SqliteLog.open(path)
    producers = [Producer(f"p{n}", room=f"r{n % 3}") for n in range(6)]
    intents = []
    for number in range(50):
        producer = producers[number % 6]
        stream = "interviewers" if number % 5 == 0 else "room"
        intents.append(producer.intent("chat", bytes([number]), stream=stream))
        await log.append(intents[-1])
    assert rows(path, "entries") > 30
    assert 0 < rows(path, "tail") < 10
    everything = {}
    for room, count in (("r0", 13), ("r1", 14), ("r2", 13)):
        await check(log, room, count)
        everything[room] = await log.read(room), await log.read(room, "interviewers"), await log.head(room)
    for intent in intents:
        [(entry, fresh)] = await log.append(intent)
        assert (entry.body, fresh) == (intent.body, False)
    with pytest.raises(PseqReused):
        await log.append(producers[0].numbered(1, "other"))
    listed = await log.rooms()
    await log.aclose()

    log = await SqliteLog.open(path)
    assert rows(path, "tail") == 0
    for room, known in everything.items():
        assert (await log.read(room), await log.read(room, "interviewers"), await log.head(room)) == known
    assert await log.rooms() == listed
    await log.aclose()


async def test_the_mover_takes_few_large_rows_at_once_and_all_of_them_at_the_start(path: Path) -> None:
    """It sorts what it moves in memory: a tail of 400 MB once took 250 MB of it."""
    log = await SqliteLog.open(path)
    ada = Producer()
    await asyncio.gather(*(log.append(ada.intent(body=bytes(1_000_000))) for _ in range(30)))
    await log.aclose()
    with closing(sqlite3.connect(path)) as db:
        first = mover.oldest(db, 2_048, size=1)
        assert mover.oldest(db, 2_048, size=2_500_000) == first + 2
        assert mover.oldest(db, 2, size=2_500_000) == first + 1
        assert mover.oldest(db, 2_048, size=10**9) == first + 29
    log = await SqliteLog.open(path)
    assert (rows(path, "tail"), rows(path, "entries")) == (0, 30)
    await check(log, "r1", 30)
    await log.aclose()


async def test_a_private_entry_is_stored_with_the_room_seq_of_its_time(path: Path) -> None:
    log = await SqliteLog.open(path)
    ada = Producer()
    for stream in ("interviewers", "room", "room", "interviewers"):
        await log.append(ada.intent(stream=stream))
    await log.aclose()
    connection = sqlite3.connect(path)
    stored = connection.execute("SELECT room_seq FROM tail ORDER BY rowid").fetchall()
    connection.close()
    assert stored == [(0,), (0,), (0,), (2,)]


async def test_rooms_may_leave_memory(path: Path, monkeypatch: pytest.MonkeyPatch, eager_mover: None) -> None:
    monkeypatch.setattr(writer, "ROOMS_KEPT", 2)
    log = await SqliteLog.open(path)
    producers = [Producer(room=f"r{n}") for n in range(5)]
    for _ in range(10):
        await asyncio.gather(*(log.append(producer.intent()) for producer in producers))
    for producer in producers:
        await check(log, producer.room, 10)
        assert await log.settled(producer.room, producer.name) == 10
    await log.aclose()


async def test_a_commit_of_many_rows_is_one_commit(path: Path, log: SqliteLog) -> None:
    ada = Producer()
    many = 3 * book.ROWS_PER_STATEMENT + 7
    made = await log.append(*(ada.intent() for _ in range(many)))
    assert [entry.seq for entry, _ in made] == list(range(1, many + 1))
    await check(log, "r1", many)


async def test_too_much_waiting_is_refused_and_the_room_is_to_be_reopened(path: Path) -> None:
    log = await SqliteLog.open(path, calls_waiting=3)
    ada, bob = Producer(), Producer("bob-1", room="r2")
    calls = [log.append(ada.intent()) for _ in range(5)]
    outcomes = await asyncio.gather(*calls, return_exceptions=True)
    assert [str(o) for o in outcomes[3:]] == ["not recorded: overloaded"] * 2
    await log.append(bob.intent())
    with pytest.raises(NotRecorded, match="earlier"):
        await log.append(ada.intent())
    head = await log.reopen("r1")
    assert head.seq == sum(not isinstance(o, Exception) for o in outcomes)
    await log.append(ada.intent())
    await check(log, "r1", head.seq + 1)
    await log.aclose()


async def test_bytes_waiting_are_bounded_too(path: Path) -> None:
    log = await SqliteLog.open(path, bytes_waiting=100_000)
    ada = Producer()
    calls = [log.append(ada.intent(body=bytes(60_000))) for _ in range(2)]
    outcomes = await asyncio.gather(*calls, return_exceptions=True)
    assert isinstance(outcomes[1], NotRecorded)
    await log.aclose()


async def test_reads_waiting_are_bounded(log: SqliteLog, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reader, "READS_WAITING", 2)
    outcomes = await asyncio.gather(*(log.read("r1") for _ in range(4)), return_exceptions=True)
    assert [isinstance(outcome, Unreadable) for outcome in outcomes] == [False, False, True, True]
    assert await log.read("r1") == []


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of 2 MiB."""
    folder = tmp_path / "disk"
    folder.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=2m", "tmpfs", str(folder)]
    if shutil.which("mount") is None or subprocess.run(mount, capture_output=True, check=False).returncode:
        pytest.skip("only root may mount a small disk")
    yield folder
    subprocess.run(["umount", str(folder)], check=True)


def fill_up(folder: Path) -> Path:
    ballast = folder / "ballast"
    with suppress(OSError), ballast.open("wb", buffering=0) as file:
        while True:
            file.write(bytes(4096))
    return ballast


async def append_for_ever(log: SqliteLog, producer: Producer) -> None:
    while True:
        await log.append(producer.intent(body=bytes(10_000)))


async def test_a_full_disk_records_nothing_that_it_does_not_keep(small_disk: Path) -> None:
    log = await SqliteLog.open(small_disk / "log.db")
    ada = Producer()
    await log.append(ada.intent("room.created"))
    ballast = fill_up(small_disk)
    with pytest.raises(NotRecorded, match=r"full|I/O"):
        await append_for_ever(log, ada)
    recorded = (await log.head("r1")).seq
    assert recorded < ada.pseq
    with pytest.raises(NotRecorded, match="earlier"):
        await log.append(ada.intent())
    assert len(await log.read("r1")) == recorded  # reading goes on
    ballast.unlink()
    assert (await log.reopen("r1")).seq == recorded
    [(entry, _)] = await log.append(ada.intent())
    assert entry.seq == recorded + 1
    await check(log, "r1", recorded + 1)
    await log.aclose()


async def test_when_the_writer_ends_everybody_is_told(
    log: SqliteLog, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Rooms would say "saving" for ever."""

    def mistake(self: book.Book, jobs: object) -> None:
        raise RuntimeError("a mistake of ours")

    ada = Producer()
    await log.append(ada.intent())
    monkeypatch.setattr(book.Book, "record", mistake)
    calls = [log.append(ada.intent()) for _ in range(3)]
    for answer in await asyncio.wait_for(asyncio.gather(*calls, return_exceptions=True), 10):
        assert isinstance(answer, NotRecorded)
    with pytest.raises(NotRecorded):
        await asyncio.wait_for(log.append(ada.intent()), 10)
    with pytest.raises(Unreadable):
        await asyncio.wait_for(log.head("r1"), 10)
    with pytest.raises(Unreadable):
        await asyncio.wait_for(log.reopen("r1"), 10)


async def lived(path: Path, count: int) -> tuple[str, Loss | None]:
    """A server's life over a store: so many entries more; its incarnation, and what it knows of a loss."""
    log = await SqliteLog.open(path)
    head = await log.head("r1")
    producer = Producer(f"p{head.seq}")
    for _ in range(count):
        await log.append(producer.intent())
    loss = await log.loss("r1")
    await log.aclose()
    return head.incarnation, loss


@pytest.mark.parametrize("moves", [False, True])
async def test_a_backup_that_was_put_back_in_place_is_another_incarnation(
    path: Path, tmp_path: Path, moves: bool, request: pytest.FixtureRequest
) -> None:
    """Its inode is that of the file which it takes the place of; the mark beside that says more."""
    if moves:
        request.getfixturevalue("eager_mover")
    first, loss = await lived(path, 20)
    assert loss is None
    shutil.copyfile(path, tmp_path / "backup")
    inode = os.stat(path).st_ino
    assert await lived(path, 20) == (first, None)
    shutil.copyfile(tmp_path / "backup", path)
    assert os.stat(path).st_ino == inode
    second, loss = await lived(path, 5)
    assert second != first
    assert loss is not None
    assert loss.before == {first}
    assert await lived(path, 50) == (second, loss), "it is known from then on"
    shutil.copyfile(tmp_path / "backup", path)
    third, loss = await lived(path, 0)
    assert loss is not None
    assert loss.before == {first, second}, "a copy knows nothing of what came after it, but the mark does"
    assert third not in (first, second)


async def test_a_whole_folder_that_was_put_back_is_told_by_a_missing_mark(path: Path) -> None:
    """Both came from the same backup: the operator takes the mark away."""
    first, _ = await lived(path, 20)
    path.with_name(path.name + ".mark").unlink()
    second, loss = await lived(path, 0)
    assert second != first
    assert loss is not None


async def test_a_mark_that_is_behind_its_store_means_no_loss(path: Path) -> None:
    """The machine failed: the store was synced and its mark was not."""
    first, _ = await lived(path, 20)
    mark = path.with_name(path.name + ".mark")
    before = mark.read_bytes()
    await lived(path, 20)
    mark.write_bytes(before)
    assert await lived(path, 0) == (first, None)


async def test_a_store_of_the_first_version_has_no_mark_and_lost_nothing(path: Path) -> None:
    first, _ = await lived(path, 20)
    path.with_name(path.name + ".mark").unlink()
    with closing(sqlite3.connect(path)) as connection:
        connection.executescript(
            "DROP TABLE incarnations; ALTER TABLE log DROP COLUMN moved; PRAGMA user_version = 1"
        )
    assert await lived(path, 5) == (first, None)
    assert await lived(path, 0) == (first, None)
