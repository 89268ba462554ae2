"""A disk that takes no more: the room says so, pretends nothing, can be read, and later goes on by itself."""

from __future__ import annotations

import asyncio
import os
import resource
import subprocess
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Protocol

import pytest
from tests.support.documents import Document
from tests.support.people import People, expect_problem
from tests.support.records import entries_of, text_of
from tests.support.returning import come_back, try_to_connect
from tests.support.server import LiveServer
from tests.support.wire import OurClient, dial, end_of

from fourhands_protocol import sync


class Disk(Protocol):
    """Where a server keeps its data."""

    server: LiveServer

    def fill(self) -> None: ...

    def free(self) -> None: ...


class SmallDisk:
    """A file system of 3 MiB of its own; filled with a file."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir()
        done = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=3m", "none", folder], capture_output=True)
        if done.returncode:
            pytest.skip("only root may mount")
        self._folder = folder
        self.server = LiveServer(folder / "data")

    def fill(self) -> None:
        with (self._folder / "filling").open("wb", buffering=0) as file, suppress(OSError):
            while True:
                file.write(bytes(4096))
        assert os.statvfs(self._folder).f_bavail == 0

    def free(self) -> None:
        (self._folder / "filling").unlink()

    def unmount(self) -> None:
        subprocess.run(["umount", "-l", self._folder], check=True)


class Quota:
    """No file of the server may grow past what it is; for machines where one may not mount."""

    def __init__(self, folder: Path) -> None:
        self.server = LiveServer(folder)

    def fill(self) -> None:
        self._limit(1)

    def free(self) -> None:
        self._limit(resource.RLIM_INFINITY)

    def _limit(self, size: int) -> None:
        assert self.server.process is not None
        resource.prlimit(self.server.process.pid, resource.RLIMIT_FSIZE, (size, resource.RLIM_INFINITY))


@pytest.fixture(params=["small disk", "quota"])
def disk(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Disk]:
    if request.param == "quota":
        quota = Quota(tmp_path)
        with quota.server:
            yield quota
        return
    small = SmallDisk(tmp_path / "disk")
    try:
        with small.server:
            yield small
    finally:
        small.unmount()


async def test_what_is_typed_on_a_full_disk_is_neither_shown_nor_lost(disk: Disk) -> None:
    room = await asyncio.to_thread(People, disk.server)
    async with OurClient(disk.server, room.ada) as ada, OurClient(disk.server, room.ivy) as ivy:
        ada.type(0, "before ")
        await ivy.sees("before ")
        await ada.settled()
        disk.fill()
        while not ada.closed:
            ada.type(0, "during " * 100)
            await asyncio.sleep(0)
        for page in (ada, ivy):
            code, reason = await page.is_closed()
            assert code == 4302
            assert "not recorded" in reason
        assert ada.pending
        entries = await asyncio.to_thread(entries_of, disk.server.data, room.id)
        assert text_of(entries).startswith(ivy.text()), "nobody was shown what is not recorded"
        for page in (ada, ivy, ada, ivy):
            await try_to_connect(page)
            await page.is_closed()
            assert page.closed[-1][0] == 4302
        assert ada.pending
        disk.free()
        await asyncio.gather(come_back(ada), come_back(ivy))
        assert not ada.refused
        await ivy.sees(ada.text())
        assert await asyncio.to_thread(room.host.text) == ada.text()
    entries = await asyncio.to_thread(entries_of, disk.server.data, room.id)
    assert text_of(entries) == ada.text()
    assert "never retrieved" not in "".join(disk.server.output)


def wait_until_not_recorded(room: People) -> str:
    """Write larger and larger texts until one does not fit; returns it."""
    text = "x" * 50_000
    while (answer := room.candidate("PUT", "/files/main.py", json={"text": text})).is_success:
        text += "x" * 1000
    expect_problem(answer, 503, "not-recorded")
    return text


def test_an_upload_on_a_full_disk_is_refused_and_leaves_nothing(disk: Disk) -> None:
    room = People(disk.server)
    data = os.urandom(500_000)
    disk.fill()
    words = expect_problem(room.interviewer("PUT", "/data/numbers.bin", content=data), 503, "not-recorded")
    assert "nothing was changed" in words
    disk.free()
    assert os.listdir(disk.server.data / "blobs") == []
    assert room.observer.json("GET", "/data")["files"] == []
    assert room.interviewer("PUT", "/data/numbers.bin", content=data).status_code == 201
    assert room.observer("GET", "/data/numbers.bin").content == data


@pytest.mark.parametrize("disk", ["quota"], indirect=True)
async def test_a_stock_client_is_told_to_come_back(disk: Disk) -> None:
    room = await asyncio.to_thread(People, disk.server)
    document = Document(77)
    disk.fill()
    link = await dial(disk.server, room.ada, ours=False)
    await link.send(sync.step1(b"\x00"))
    await link.send(sync.update(document.edit("main.py", 0, insert="x" * 5000)))
    code, reason, frames = await end_of(link)
    assert code == 4302 < 4400, "a stock client stops at codes from 4400 on"
    assert "not recorded" in reason
    assert sync.update(document.since(None)) not in frames, "no echo, for an echo is an ack"
    disk.free()
    link = await dial(disk.server, room.ada, ours=False)
    await link.send(sync.step1(b"\x00"))
    await link.send(sync.step2(document.since(None)))
    echo = b""
    while not echo.startswith(b"\x00\x02"):
        echo = bytes(await link.recv())
    await link.close()
    assert await asyncio.to_thread(room.host.text) == "x" * 5000


def test_calls_that_write_fail_and_calls_that_read_do_not(disk: Disk) -> None:
    room = People(disk.server)
    room.candidate.json("PUT", "/files/main.py", json={"text": "kept"})
    disk.fill()
    big = wait_until_not_recorded(room)
    writes = [
        room.candidate("PUT", "/files/new.py", json={"text": big}),
        room.candidate("POST", "/runs", json={"code": "1"}),
        room.interviewer("POST", "/revoke", json={"invite": "observer"}),
        room.interviewer("POST", "/end"),
        disk.server.call("POST", "/api/join", json={"invite": room.invites["candidate"], "name": "late"}),
        room.host.at("POST", "/api/rooms", json={"title": "another"}),
    ]
    for answer in writes:
        assert "nothing was changed" in expect_problem(answer, 503, "not-recorded")
        assert answer.headers["retry-after"]
    assert room.candidate.json("GET")["ended"] is False
    assert room.candidate.text() in ("kept", big[:-1000])
    assert room.candidate.json("GET", "/timeline")["entries"]
    assert room.host.at("GET", "/api/rooms").is_success
    disk.free()
    room.candidate.json("PUT", "/files/main.py", json={"text": "again"})
    assert room.candidate.text() == "again"
    assert room.observer("GET").is_success, "the revocation that was refused did not happen"
    assert entries_of(disk.server.data, room.id)[-1].kind == "edit"


@pytest.mark.parametrize("disk", ["quota"], indirect=True)
def test_the_output_of_a_run_that_went_on_meanwhile_is_complete(disk: Disk) -> None:
    room = People(disk.server)
    room.candidate.run("x = 1")
    code = "import time\nfor n in range(30): print(n, 'x' * 5000, flush=True); time.sleep(0.05)"
    run = room.candidate.json("POST", "/runs", json={"code": code})["run"]
    while not room.candidate.json("GET", f"/runs/{run}")["outputs"]:
        pass
    disk.fill()
    wait_until_not_recorded(room)
    disk.free()
    view = room.candidate.json("GET", f"/runs/{run}?wait=30")
    assert view["status"] == "ok"
    assert view["outputs"][0]["text"] == "".join(f"{n} {'x' * 5000}\n" for n in range(30))
    assert room.candidate.run("print(x)")["outputs"][0]["text"] == "1\n"
