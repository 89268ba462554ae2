"""The room's files in a kernel's folder: there before a run, listed after it, read past hostile code."""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import json
import os
from pathlib import Path
from typing import Any

import pytest

from fourhands_kernels.client import KernelHostClient
from fourhands_kernels.kernel import (
    DATA_LIMIT,
    Execution,
    FileTooLarge,
    HostRefused,
    KernelUnavailable,
    MissingData,
    NoSuchFile,
    WrittenFiles,
)

from .hosting import HostProcess
from .watching import Run, Watched

BOTH = pytest.mark.parametrize("launcher", ["bubblewrap", "zygote"])


async def runs(room: Watched, code: str, files: dict[str, str] | None = None, **more: Any) -> Run:
    """Run code beside these files of the room."""
    texts = {path: text.encode() for path, text in (files or {}).items()}
    return await room.runs(code, files=texts, **more)


async def lists(room: Watched) -> list[str]:
    return [path for path, _ in (await room.client.files(room.name)).files]


def told(room: Watched) -> list[list[str]]:
    """What the journal said of the files that code wrote, each time."""
    return [[file["path"] for file in e.body["files"]] for e in room.events if e.kind == "kernel.files"]


@BOTH
async def test_a_room_s_module_is_imported(shared: Watched) -> None:
    run = await runs(shared, "import helper\nhelper.f()", {"main.py": "", "helper.py": "def f(): return 42"})
    assert run.value == "42"


@BOTH
@pytest.mark.parametrize("name", ["boot", "walls", "zygote", "relay"])
async def test_a_module_may_have_a_name_of_ours(shared: Watched, name: str) -> None:
    run = await runs(shared, f"import {name}\n{name}.mine", {f"{name}.py": "mine = 1"})
    assert run.value == "1"


async def test_the_newest_version_is_imported(room: Watched) -> None:
    """Also where the module was imported before, within one second and at the same length."""
    for answer in range(10, 14):
        run = await runs(room, "import helper\nhelper.f()", {"helper.py": f"def f(): return {answer}"})
        assert run.value == str(answer)


async def test_modules_that_import_a_changed_one_are_read_anew(room: Watched) -> None:
    files = {"main.py": "1", "a.py": "from b import x", "b.py": "x = 1"}
    assert (await runs(room, "import a\na.x", files)).value == "1"
    assert (await runs(room, "import a\na.x", files | {"b.py": "x = 2"})).value == "2"


async def test_an_edit_of_what_nobody_imported_keeps_modules(room: Watched) -> None:
    files = {"main.py": "1", "helper.py": "seen = []"}
    await runs(room, "import helper\nhelper.seen.append(1)", files)
    assert (await runs(room, "import helper\nhelper.seen", files | {"main.py": "2"})).value == "[1]"


async def test_folders_become_packages(shared: Watched) -> None:
    run = await runs(shared, "from lib.deep import x\nx.y", {"lib/deep/x.py": "y = 'deep'"})
    assert run.value == "'deep'"


async def test_files_of_the_room_belong_to_the_code(shared: Watched) -> None:
    run = await runs(shared, "open('own.txt', 'a').write('!'); open('own.txt').read()", {"own.txt": "mine"})
    assert run.value == "'mine!'"
    assert (await runs(shared, "import os\nos.stat('own.txt').st_uid == os.getuid()")).value == "True"


async def test_what_the_room_deletes_is_gone(room: Watched) -> None:
    await runs(room, "1", {"a.txt": "", "b.txt": ""})
    assert (await runs(room, "import os\nsorted(os.listdir())", {"b.txt": ""})).value == "['b.txt']"


@BOTH
async def test_files_that_code_wrote_are_told_and_read(room: Watched, client: KernelHostClient) -> None:
    assert (await runs(room, "1", {"main.py": "1"})).status == "ok"
    await runs(room, "open('out.csv', 'w').write('1,2')", {"main.py": "2"})
    told_event = await room.event("kernel.files")
    assert told_event.body == {"files": [{"path": "out.csv", "size": 3}], "more": 0}
    assert await client.read_file(room.name, "out.csv") == b"1,2"
    assert await client.files(room.name) == WrittenFiles((("out.csv", 3),), 0)
    await runs(room, "1", {"main.py": "2"})
    assert told(room) == [["out.csv"]]  # nothing new, nothing said


async def test_asking_tells_what_is_written_during_a_run(room: Watched) -> None:
    run = await room.begins("open('now', 'w').write('x'); print('written', flush=True); input()")
    await room.prints(run, "written")
    assert await lists(room) == ["now"]
    assert (await room.event("kernel.files")).body["files"] == [{"path": "now", "size": 1}]
    await room.client.interrupt(room.name)
    await room.ends(run)


async def test_a_new_kernel_has_the_room_s_files_and_no_others(room: Watched) -> None:
    await runs(room, "open('out', 'w').write('x')", {"helper.py": "x = 1"})
    await room.client.restart(room.name)
    run = await runs(room, "import os, helper\nsorted(os.listdir())", {"helper.py": "x = 1"})
    assert run.value == "['helper.py']"
    assert await lists(room) == []


async def test_without_a_kernel_there_is_nothing(room: Watched, client: KernelHostClient) -> None:
    assert await client.files(room.name) == WrittenFiles()
    assert await client.files("a room that never was") == WrittenFiles()
    with pytest.raises(NoSuchFile):
        await client.read_file(room.name, "main.py")


async def test_a_run_waits_for_its_files_and_heeds_an_interrupt(room: Watched) -> None:
    await runs(room, "1")
    run = await room.begins("while True: pass", files={f"{n}.txt": bytes(50_000) for n in range(100)})
    await room.client.interrupt(room.name)
    assert (await room.ends(run)).status == "interrupted"
    assert (await runs(room, "1 + 1")).value == "2"


# Data files


async def put(client: KernelHostClient, data: bytes) -> str:
    digest = hashlib.sha256(data).hexdigest()
    await client.put_data(digest, data)
    return digest


async def test_data_files_are_handed_over_once(room: Watched, client: KernelHostClient) -> None:
    data = os.urandom(3_000_000)
    digest = hashlib.sha256(data).hexdigest()
    with pytest.raises(MissingData) as missing:
        await client.execute(room.name, Execution("r-missing", "1", data={"data/x.bin": digest}))
    assert missing.value.digests == (digest,)
    await put(client, data)
    code = "import hashlib\nhashlib.sha256(open('data/x.bin', 'rb').read()).hexdigest()"
    assert (await runs(room, code, data={"data/x.bin": digest})).value == repr(digest)
    await client.restart(room.name)
    assert (await runs(room, code, data={"data/x.bin": digest})).value == repr(digest)
    assert await lists(room) == []


async def test_a_data_file_that_is_another_is_refused(client: KernelHostClient) -> None:
    with pytest.raises(HostRefused):
        await client.put_data("0" * 64, b"x")
    with pytest.raises(HostRefused):
        await put(client, bytes(DATA_LIMIT + 1))


async def test_the_largest_data_file_goes_in(room: Watched, client: KernelHostClient) -> None:
    digest = await put(client, bytes(DATA_LIMIT))
    run = await runs(room, "import os\nos.stat('x').st_size", data={"x": digest})
    assert run.value == str(DATA_LIMIT)
    assert len(await client.read_file(room.name, "x")) == DATA_LIMIT


# Hostile code


async def test_a_full_folder_ends_the_run_honestly(room: Watched) -> None:
    await runs(room, "1", {"helper.py": "x = 'old'"})
    fill = """
try:
    with open('fill', 'wb') as file:
        while True:
            file.write(bytes(1 << 20))
except OSError:
    pass
"""
    await runs(room, fill, {"helper.py": "x = 'old'"})
    await runs(room, fill.replace("'fill'", "'more'").replace("1 << 20", "1"))
    files = {"helper.py": "x = 'new'" + " " * 10_000}
    run = await runs(room, "print('it ran')", files)
    assert run.status == "error"
    assert run.text == ""
    assert run.error["ename"] == "FilesNotWritten"
    assert "helper.py could not be written: the kernel's folder is full" in run.error["evalue"]
    await runs(room, "import os\nos.remove('fill')")
    assert (await runs(room, "import helper\nhelper.x", files)).value == "'new'"


async def test_links_lead_nowhere(room: Watched, client: KernelHostClient, tmp_path: Path) -> None:
    await runs(
        room,
        """
import os
os.symlink('/etc/passwd', 'passwd')
os.symlink('/', 'root')
os.symlink('/proc/self/environ', 'environ')
os.mkfifo('fifo')
os.mkdir('closed', 0)
open('secret', 'w').write('x'); os.chmod('secret', 0)
""",
    )
    assert await lists(room) == ["secret"]
    for path in (
        "passwd",
        "root/etc/passwd",
        "environ",
        "fifo",
        "closed/x",
        "../.bashrc",
        "..",
        "/etc/passwd",
    ):
        with pytest.raises(NoSuchFile):
            await client.read_file(room.name, path)


async def test_what_is_in_the_way_of_the_room_is_replaced(room: Watched) -> None:
    await runs(room, "import os\nos.symlink('/etc/hostname', 'helper.py'); os.mkfifo('lib')")
    files = {"helper.py": "x = 1", "lib/a.py": "y = 2"}
    assert (await runs(room, "import helper, lib.a\n(helper.x, lib.a.y)", files)).value == "(1, 2)"


async def test_holes_and_floods_are_bounded(
    room: Watched, client: KernelHostClient, host: HostProcess
) -> None:
    code = """
import os
with open('hole', 'wb') as file:
    os.truncate(file.fileno(), 120 << 20)
os.mkdir('many')
for n in range(20_000):
    os.mknod(f'many/{n}')
deep = '.'
for n in range(1000):
    os.mkdir('d'); os.chdir('d')
"""
    before = host.resident()
    await runs(room, code)
    found = await client.files(room.name)
    assert len(found.files) <= 100
    assert found.more > 0
    with pytest.raises(FileTooLarge):
        await client.read_file(room.name, "hole")
    assert host.resident() - before < 16 << 20


async def test_a_folder_that_was_taken_away_is_said(room: Watched) -> None:
    await runs(room, "import os, shutil\nshutil.rmtree(os.getcwd())", {"a.py": "1"})
    run = await runs(room, "1", {"a.py": "2"})
    assert "restart the kernel" in run.error["evalue"]
    await room.client.restart(room.name)
    assert (await runs(room, "import a\n1", {"a.py": "2"})).value == "1"


@BOTH
async def test_the_folder_goes_with_its_kernel(room: Watched, host: HostProcess) -> None:
    """No descriptor of the host keeps what was in memory."""
    run = await runs(room, "import os\n[os.stat('.').st_dev, os.stat('.').st_ino]", {"a.py": "1"})
    folder = json.loads(run.value)

    def held() -> bool:
        for link in Path(f"/proc/{host.process.pid}/fd").iterdir():
            with contextlib.suppress(OSError):  # the host closes some meanwhile
                about = link.stat()
                if folder == [about.st_dev, about.st_ino]:
                    return True
        return False

    assert held()
    await room.client.stop(room.name)
    await room.event("kernel", state="none")
    async with asyncio.timeout(30):
        while held():  # each answer means that the host has looked at what happened meanwhile
            await room.client.availability()


@pytest.mark.parametrize("kind", ["ordinary", "plain"])
async def test_the_same_without_root_and_without_walls(isolation: None, tmp_path: Path, kind: str) -> None:
    host = HostProcess(
        tmp_path,
        isolation="none" if kind == "plain" else "auto",
        ordinary=kind == "ordinary",
        launcher="bubblewrap",
    ).start()
    client = KernelHostClient(host.socket)
    room = Watched(client)
    await room.attach()
    files = {"main.py": "", "lib/helper.py": "x = 1"}
    code = "import os, lib.helper\nopen('out', 'w').write('3')\nos.chmod('out', 0)\nlib.helper.x"
    assert (await runs(room, code, files)).value == "1"
    assert await lists(room) == ["out"]
    if os.geteuid() != 0 or kind == "ordinary":
        with pytest.raises(KernelUnavailable, match="may not be read"):
            await client.read_file(room.name, "out")
    assert (
        await runs(room, "import lib.helper\nlib.helper.x", files | {"lib/helper.py": "x = 2"})
    ).value == "2"
    await runs(room, "os.chmod('lib', 0)", files)
    run = await runs(room, "1", files | {"lib/helper.py": "x = 3"})
    if os.geteuid() != 0 or kind == "ordinary":
        assert "took the permission away" in run.error["evalue"]
    await client.aclose()
    await asyncio.to_thread(host.end)
