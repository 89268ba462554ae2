"""What is acked is on the disk: after kill -9, and before the answer."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from fourhands_protocol.chain import GENESIS, link
from fourhands_server.log.schema import connect
from fourhands_server.log.sqlite import SqliteLog

APPENDING = Path(__file__).with_name("appending.py")


def command(database: Path, *, tasks: int, most: int) -> list[str]:
    return [sys.executable, str(APPENDING), str(database), str(tasks), str(most)]


def kill_after(database: Path, acks: int) -> list[list[str]]:
    """Run the appending process, kill -9 it in the middle of its work, return what it said was acked."""
    with subprocess.Popen(command(database, tasks=12, most=10**6), stdout=subprocess.PIPE) as child:
        assert child.stdout is not None
        acked = [child.stdout.readline() for _ in range(acks)]
        child.kill()
        acked += child.stdout.read().splitlines(keepends=True)
    return [line.decode().split() for line in acked if line.endswith(b"\n")]


async def test_kill_9_loses_nothing_that_was_acked(tmp_path: Path) -> None:
    acked: list[list[str]] = []
    for round_ in range(3):
        database = tmp_path / f"{round_}.db"
        for acks in (300, 900):  # the second process goes on where the first was killed
            acked = kill_after(database, acks)
            log = await SqliteLog.open(database)
            for room in {line[0] for line in acked}:
                await check_room(log, room, [line for line in acked if line[0] == room])
            await log.aclose()
            database = tmp_path / f"{round_}-again.db"


async def check_room(log: SqliteLog, room: str, acked: list[list[str]]) -> None:
    entries = await log.read(room, limit=10**6, size=2**40)
    private = await log.read(room, "interviewers", limit=10**6, size=2**40)
    assert [entry.seq for entry in entries] == list(range(1, len(entries) + 1))
    assert [entry.seq for entry in private] == list(range(1, len(private) + 1))
    bodies = {entry.seq: entry.body.decode() for entry in entries}
    settled = await log.producers(room)
    for _, stream, seq, producer, pseq in acked:
        assert settled[producer] >= int(pseq)
        if stream == "room":
            assert bodies[int(seq)] == f"{producer} {pseq}"
        else:
            assert int(seq) <= len(private)
    head = GENESIS
    for entry in entries:
        head = link(head, entry)
    assert (await log.head(room)).hash == head


def test_every_commit_is_synced(tmp_path: Path) -> None:
    connection = connect(tmp_path / "log.db")
    assert connection.execute("PRAGMA synchronous").fetchone() == (2,)
    assert connection.execute("PRAGMA journal_mode").fetchone() == ("wal",)
    connection.close()


def test_the_disk_has_it_before_the_answer(tmp_path: Path) -> None:
    """In the order of system calls: rows to the write-ahead log, fdatasync, and only then the answer."""
    strace = shutil.which("strace")
    if strace is None:
        pytest.skip("strace is not installed")
    trace = tmp_path / "trace"
    calls = ["-f", "-y", "-e", "trace=write,pwrite64,fdatasync,fsync", "-o", str(trace)]
    done = subprocess.run(
        [strace, *calls, *command(tmp_path / "log.db", tasks=1, most=20)], capture_output=True, check=False
    )
    if done.returncode != 0 and b"ptrace" in done.stderr:
        pytest.skip("this machine does not allow tracing")
    assert done.returncode == 0, done.stderr.decode()
    unsynced = written = answers = 0
    for line in trace.read_text().splitlines():
        if re.search(r"pwrite64\(\d+<[^>]*-wal>", line):
            unsynced, written = unsynced + 1, written + 1
        elif re.search(r"f(data)?sync\(\d+<[^>]*-wal>\) += 0", line) or "sync resumed" in line:
            unsynced = 0
        elif re.search(r'write\(1<[^>]*>, "r\d room ', line):
            answers += 1
            assert written > 0
            assert unsynced == 0
            written = 0
    assert answers >= 10
