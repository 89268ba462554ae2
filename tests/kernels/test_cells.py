"""Whole sandboxes held to their limits: by control groups, by the watchdog; nothing of them stays behind."""

import asyncio
import contextlib
import os
import signal
import socket
import subprocess
import sys
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path

import pytest

from fourhands_kernels.client import KernelHostClient
from fourhands_kernels.sandbox import cgroups, watchdog
from fourhands_kernels.sandbox.cells import Cells
from fourhands_kernels.sandbox.limits import Limits

from .hosting import HostProcess, wait_gone
from .watching import Watched

MIB = 1024 * 1024
SMALL = Limits(whole=64 * MIB, processes=8)


@pytest.fixture(scope="module", params=["as-started", "as-an-ordinary-user"])
def either(
    request: pytest.FixtureRequest, isolation: None, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[HostProcess]:
    """As root with control groups where there are any, else with the watchdog."""
    folder = tmp_path_factory.mktemp("either")
    host = HostProcess(folder, ordinary=request.param != "as-started", launcher="bubblewrap").start()
    yield host
    host.end()


@pytest.fixture
async def watched(either: HostProcess) -> AsyncIterator[tuple[HostProcess, Watched]]:
    client = KernelHostClient(either.socket)
    room = Watched(client)
    await room.attach()
    yield either, room
    await client.stop(room.name)
    await client.aclose()


# Each process stays below its own limit.
TOGETHER = """
import os, time
for _ in range(4):
    if os.fork() == 0:
        block = bytearray(400 << 20)
        time.sleep(600)
time.sleep(600)
"""


async def test_processes_that_take_too_much_together_are_ended_and_told_why(
    watched: tuple[HostProcess, Watched],
) -> None:
    host, room = watched
    run = await room.runs(TOGETHER)
    assert run.status == "kernel_died"
    assert run.error["evalue"] == "the kernel was ended: it took more than 1.5 GiB of memory"
    assert (await room.runs("1 + 1")).value == "2"
    assert "it took more than 1.5 GiB" in host.log


BOMB = """
import os, time
count = 0
try:
    while count < 2000:
        if os.fork() == 0:
            time.sleep(600)
        count += 1
except OSError:
    pass
count
"""


async def test_processes_are_counted_by_room(watched: tuple[HostProcess, Watched]) -> None:
    """Also where all rooms are one user of the machine."""
    _, room = watched
    other = Watched(room.client)
    await other.attach()
    assert 0 < int((await room.runs(BOMB)).value) < 200
    assert 50 < int((await other.runs(BOMB)).value) < 200
    assert (await room.runs("1 + 1")).value == "2"
    await room.client.stop(other.name)


IN_FLIGHT = """
import socket
held = []
try:
    while len(held) < 40:
        held.append(socket.socketpair())
        socket.send_fds(held[-1][0], [b"x"], [0] * 250)
except OSError as error:
    pass
len(held)
"""


async def test_descriptors_on_their_way_keep_no_other_room_from_starting(
    watched: tuple[HostProcess, Watched],
) -> None:
    _, room = watched
    assert int((await room.runs(IN_FLIGHT)).value) > 2
    other = Watched(room.client)
    await other.attach()
    assert (await other.runs("1 + 1")).value == "2"
    await room.client.stop(other.name)


async def test_what_holds_sandboxes_is_said(watched: tuple[HostProcess, Watched]) -> None:
    host, room = watched
    words = (await room.client.availability()).confinement
    expected = cgroups.find() if os.geteuid() == 0 and not host.ordinary else None
    assert words == (expected.words if expected else "a watchdog in the kernel host")
    assert f"each held by {words}" in host.log


# Control groups


@pytest.fixture
def groups() -> Iterator[cgroups.Cgroups]:
    found = cgroups.find(limits=SMALL)
    if found is None:
        pytest.skip("no control groups for this user here")
    yield found
    found.remove()


def left() -> list[Path]:
    """Every host's folders."""
    return list(Path("/sys/fs/cgroup").glob(f"**/{cgroups.PREFIX}*"))


def test_a_group_is_made_holds_and_goes(groups: cgroups.Cgroups) -> None:
    group = groups.make("a", SMALL)
    grows = "import sys; sys.stdin.read(1); x = bytearray(512 << 20); sys.stdin.read(1)"
    with subprocess.Popen([sys.executable, "-c", grows], stdin=subprocess.PIPE) as process:
        group.join(process.pid)
        assert not group.exceeded()
        assert process.stdin is not None
        process.stdin.write(b"11")
        process.stdin.close()
        assert process.wait(30) == -signal.SIGKILL
    assert group.exceeded()
    assert group.remove()
    groups.remove()
    assert not any(folder.exists() for folder in groups.folders)


class Started:
    """A started sandbox of one process."""

    def __init__(self, process: "subprocess.Popen[bytes]") -> None:
        self.process = process
        self.explain: Callable[[], str | None] | None = None
        self.exited: asyncio.Future[str] = asyncio.get_running_loop().create_future()

    @property
    def inside(self) -> tuple[int, ...]:
        return (self.process.pid,)

    def kill(self) -> None:
        self.process.kill()


@pytest.fixture
def idle() -> Iterator["subprocess.Popen[bytes]"]:
    with subprocess.Popen(["/bin/cat"], stdin=subprocess.PIPE) as process:
        yield process
        process.kill()


async def test_a_sandbox_is_held_when_confine_returns_and_its_group_goes_with_it(
    groups: cgroups.Cgroups, idle: "subprocess.Popen[bytes]"
) -> None:
    cells, started = Cells(SMALL, groups=groups), Started(idle)
    await cells.confine(started)
    for base in groups.folders:
        assert str(idle.pid) in (base / "room-1/cgroup.procs").read_text().split()
    idle.kill()
    started.exited.set_result("ended")
    await cells.close()
    assert not any(folder.exists() for folder in groups.folders)


async def test_a_group_for_which_nobody_waits_any_more_goes(
    groups: cgroups.Cgroups, idle: "subprocess.Popen[bytes]"
) -> None:
    cells = Cells(SMALL, groups=groups)
    confining = asyncio.create_task(cells.confine(Started(idle)))
    await asyncio.sleep(0)  # now it is under way
    confining.cancel()
    await asyncio.wait((confining,))
    await asyncio.get_running_loop().shutdown_default_executor()
    assert any((folder / "room-1").exists() for folder in groups.folders)
    idle.kill()
    async with asyncio.timeout(30):
        while any((folder / "room-1").exists() for folder in groups.folders):  # noqa: ASYNC110
            await asyncio.sleep(0.02)  # nobody tells when a group is empty
    await cells.close()


def test_a_group_bounds_the_number_of_processes(groups: cgroups.Cgroups) -> None:
    group = groups.make("a", SMALL)
    forks = """
import os, sys, time
sys.stdin.read(1)
count = 0
try:
    while os.fork():
        count += 1
    os.execlp("sleep", "sleep", "60")
except BlockingIOError:
    print(count, flush=True)
"""
    with subprocess.Popen(
        [sys.executable, "-c", forks], stdin=subprocess.PIPE, stdout=subprocess.PIPE, start_new_session=True
    ) as process:
        group.join(process.pid)
        assert process.stdin is not None
        assert process.stdout is not None
        process.stdin.write(b"1")
        process.stdin.close()
        assert 0 < int(process.stdout.readline()) < 40
        os.killpg(process.pid, signal.SIGKILL)
    for pid in _in(group):
        with contextlib.suppress(ProcessLookupError):
            wait_gone([pid])


def _in(group: cgroups.Group) -> list[int]:
    return [int(pid) for pid in (group.folders["pids"] / "cgroup.procs").read_text().split()]


async def test_a_host_that_was_killed_leaves_no_group_past_the_next_start(
    isolation: None, groups: cgroups.Cgroups, tmp_path: Path
) -> None:
    groups.remove()
    host = await asyncio.to_thread(HostProcess(tmp_path).start)
    client = KernelHostClient(host.socket)
    room = Watched(client)
    await room.attach()
    await room.runs("1")
    name = next(folder.name for folder in left() if f"-{host.process.pid}-" in folder.name)
    await asyncio.to_thread(host.end, signal.SIGKILL)
    await room.gone()
    assert any(folder.name == name for folder in left())
    await client.aclose()
    await asyncio.to_thread(host.start)
    assert not any(folder.name == name for folder in left())
    mine = host.process.pid
    await asyncio.to_thread(host.end)
    assert not any(f"-{mine}-" in folder.name for folder in left())


def test_what_any_dead_host_left_is_tidied_and_nothing_else(groups: cgroups.Cgroups) -> None:
    base = groups.bases["pids"]
    dead, living = base / f"{cgroups.PREFIX}{os.getpid()}-1", base / f"{cgroups.PREFIX}other"
    (dead / "room-1").mkdir(parents=True)
    living.mkdir()
    try:
        groups.tidy()
        assert not dead.exists()
        assert living.exists()
    finally:
        living.rmdir()


def test_a_living_host_s_folder_is_no_leftover() -> None:
    started = Path("/proc/self/stat").read_text().rpartition(")")[2].split()[19]
    assert not cgroups.left_behind(Path(f"/x/fourhands-{os.getpid()}-{started}"))
    assert cgroups.left_behind(Path(f"/x/fourhands-{os.getpid()}-1"))
    assert not cgroups.left_behind(Path("/x/user.slice"))


def hierarchy(tmp_path: Path, *, handed: str, own: str = "/slice/unit") -> Path:
    """What /proc and a version 2 hierarchy would show."""
    root = tmp_path / "cgroup"
    folder = root / own.lstrip("/")
    folder.mkdir(parents=True, exist_ok=True)
    for place in (folder, folder.parent):
        (place / "cgroup.procs").write_text("")
        (place / "cgroup.controllers").write_text("cpu io memory pids")
        (place / "cgroup.subtree_control").write_text(handed if place == folder.parent else "")
    proc = tmp_path / "proc/self"
    proc.mkdir(parents=True)
    (proc / "cgroup").write_text(f"0::{own}\n")
    (proc / "mountinfo").write_text(f"31 23 0:28 / {root} rw,relatime - cgroup2 cgroup2 rw\n")
    return proc.parent


def test_version_2_is_taken_beside_us_where_controllers_are_handed_on(tmp_path: Path) -> None:
    proc = hierarchy(tmp_path, handed="memory pids")
    ((version, bases),) = cgroups._candidates(proc)
    assert version == 2
    assert set(bases) == {"memory", "pids"}  # what is not handed on is not to be had
    assert set(bases.values()) == {tmp_path / "cgroup/slice"}


def test_version_2_is_left_alone_where_nobody_left_it_to_us(tmp_path: Path) -> None:
    assert list(cgroups._candidates(hierarchy(tmp_path, handed="cpu"))) == []


def test_version_2_limits_the_whole(tmp_path: Path) -> None:
    hierarchy(tmp_path, handed="memory pids cpu")
    base = tmp_path / "cgroup/slice"
    group = cgroups.Cgroups(2, {"memory": base, "pids": base, "cpu": base}, "fourhands-1-1").make("a", SMALL)
    folder = base / "fourhands-1-1/a"
    assert (folder / "memory.max").read_text() == str(64 * MIB)
    assert (folder / "memory.oom.group").read_text() == "1"
    assert (base / "fourhands-1-1/cgroup.subtree_control").read_text() == "+memory +pids +cpu"
    (folder / "memory.events").write_text("low 0\noom 1\noom_kill 2\n")
    assert group.exceeded()


# The watchdog


def judged(*pids: int) -> str | None:
    """Without folders in memory."""
    seen = [watchdog._see(pid) for pid in pids]
    return watchdog._judge(watchdog.Watched(0, ""), seen, SMALL)


@contextlib.contextmanager
def python(code: str) -> Iterator[int]:
    """A process that has got to its end of the code."""
    command = [sys.executable, "-S", "-c", f"{code}\nprint(1, flush=True)\nimport time\ntime.sleep(600)"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, start_new_session=True) as process:
        assert process.stdout is not None
        process.stdout.readline()
        try:
            yield process.pid
        finally:
            os.killpg(process.pid, signal.SIGKILL)  # and its forks


def children(pid: int) -> list[int]:
    return [pid, *map(int, Path(f"/proc/{pid}/task/{pid}/children").read_text().split())]


def test_what_a_process_takes_is_seen() -> None:
    with python("x = bytearray(96 << 20)") as pid:
        assert judged(pid) == "it took more than 0.0625 GiB of memory"
    with python("x = bytearray(16 << 20)") as pid:
        assert judged(pid) is None


def test_shared_memory_without_a_name_counts() -> None:
    with python("import mmap\nm = mmap.mmap(-1, 96 << 20)\nm.write(bytes(96 << 20))") as pid:
        assert judged(pid) is not None


def test_pages_that_forks_share_count_once() -> None:
    with python(
        "import os, time\nx = bytearray(32 << 20)\nfor _ in range(4):\n    os.fork() or time.sleep(600)"
    ) as pid:
        family = children(pid)
        assert sum(watchdog._see(member).resident for member in family) > SMALL.whole
        assert judged(*family) is None


def test_a_process_whose_first_thread_has_ended_is_seen() -> None:
    code = """
import ctypes, threading, time
x = bytearray(96 << 20)
threading.Thread(target=time.sleep, args=(600,)).start()
print(1, flush=True)
ctypes.CDLL(None).syscall(60 if __import__("os").uname().machine == "x86_64" else 93, 0)
"""
    with python(code) as pid:
        while watchdog._stat(f"/proc/{pid}/stat")[1] != "Z":
            os.sched_yield()
        assert judged(pid) is not None


def test_too_many_threads_are_seen() -> None:
    code = (
        "import threading, time\nfor _ in range(100): threading.Thread(target=time.sleep, args=(9,)).start()"
    )
    with python(code) as pid:
        assert judged(pid) == "it ran more than 8 processes and threads"


def test_many_open_descriptors_count_for_what_they_can_hold() -> None:
    code = (
        "import os\nheld = [os.open('/dev/null', os.O_RDONLY) for _ in range(900)]\nif os.fork() == 0: pass"
    )
    with python(code) as pid:
        family = children(pid)
        assert watchdog._held([watchdog._see(member) for member in family]) > 700 * 200 * 1024


def test_page_tables_count() -> None:
    code = """
import mmap
m = mmap.mmap(-1, 1 << 36, flags=mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS | 0x4000, prot=mmap.PROT_READ)
for at in range(0, 1 << 36, 1 << 21):
    m[at]
"""
    with python(code) as pid:
        seen = watchdog._see(pid)
        assert seen.resident < SMALL.whole
        assert watchdog.tables(seen) > 100 * MIB
        assert judged(pid) == "it took more than 0.0625 GiB of memory"


def test_what_waits_in_connections_is_seen() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener, socket.socket() as one:
        one.connect(listener.getsockname())
        one.setblocking(False)
        sent = one.send(bytes(1 << 20))
        assert watchdog.queued(os.getpid()) >= sent > 0


def test_a_sandbox_s_processes_are_told_by_their_namespace_and_by_descent() -> None:
    first, inside, hidden, stranger = (
        watchdog.Seen(pid, parent, 1, 0) for pid, parent in ((10, 1), (11, 10), (12, 11), (13, 1))
    )
    seen = {process.pid: process for process in (first, inside, hidden, stranger)}
    assert watchdog._ancestor(hidden, {10: 0}, seen) == 0
    assert watchdog._ancestor(stranger, {10: 0}, seen) is None
