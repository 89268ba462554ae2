"""Forks of a zygote: as far apart from each other and from it as from the host, and never the only way."""

import asyncio
import dataclasses
import os
import signal
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path

import pytest

from fourhands_kernels.client import KernelHostClient
from fourhands_kernels.environments import Environment, Environments
from fourhands_kernels.sandbox import zygote_launch, zygote_link
from fourhands_kernels.sandbox.argv import Mode
from fourhands_kernels.sandbox.channels import Channels
from fourhands_kernels.sandbox.launch import Bubblewrap
from fourhands_kernels.sandbox.probe import choose_mode
from fourhands_kernels.sandbox.process import KernelProcess
from fourhands_kernels.sandbox.spawn import SpawnedProcess
from fourhands_kernels.sandbox.zygote_launch import Zygotes
from fourhands_kernels.sandbox.zygote_link import ForkedProcess

from .hosting import HostProcess, descendants, wait_gone
from .test_walls import says
from .watching import Watched, hatched

SECONDS = 30.0


@pytest.fixture
def launcher() -> str:
    return "zygote"


async def test_a_kernel_is_a_fork(shared: Watched) -> None:
    assert await says(shared, "open('/proc/1/cmdline').read().strip('\\0')") == "first"


async def test_what_is_chance_differs_between_forks(room: Watched, other: Watched) -> None:
    code = """
import multiprocessing, random, uuid, numpy
key = multiprocessing.current_process().authkey
kernel = get_ipython().kernel
names = kernel.ident, kernel.session.session
key.hex(), random.random(), numpy.random.random(), uuid.uuid4().hex, uuid.uuid1().hex, *names
"""
    assert not set(await says(room, code)) & set(await says(other, code))


async def test_what_was_done_before_the_fork_leaves_no_trace(room: Watched) -> None:
    code = """
import linecache, os
shell = get_ipython()
runs = [name for name in linecache.cache if name.startswith('<')]
where = {str(folder) for folder in (*_dh, shell.starting_dir)} == {os.getcwd()}
shell.execution_count, len(In), Out, _, runs, shell.kernel.session.pid, where
"""
    assert await says(room, code) == (2, 2, {}, "", ["<run 1>/main.py"], 2, True)


async def test_a_fork_s_terminals_are_its_own(room: Watched, other: Watched) -> None:
    assert await says(room, "import os\nmaster, slave = os.openpty()\nos.ttyname(slave)") == "/dev/pts/0"
    assert await says(other, "import os\nos.listdir('/dev/pts')") == ["ptmx"]


async def test_the_first_process_shows_and_heeds_nothing(shared: Watched) -> None:
    code = """
import os, signal
def reach(path):
    try:
        return os.listdir(path) if path.endswith(('fd', 'root', 'cwd')) else open(path, 'rb').read(1)
    except OSError as error:
        return None
for number in (2, 9, 10, 15, 19):
    try:
        os.kill(1, number)
    except PermissionError:
        pass
[path for path in ('mem', 'environ', 'maps', 'root', 'cwd', 'fd', 'auxv') if reach('/proc/1/' + path)]
"""
    assert await says(shared, code) == []
    assert (await shared.runs("1 + 1")).value == "2"


async def test_killing_all_that_can_be_killed_hurts_no_other_room(room: Watched, other: Watched) -> None:
    await other.runs("kept = 1")
    await room.runs("import os\nos.kill(-1, 9)\nos.kill(os.getpid(), 9)")
    assert (await other.runs("kept")).value == "1"
    assert (await room.runs("1 + 1")).value == "2"


async def test_what_the_start_imported_stays_what_it_is(shared: Watched) -> None:
    """A fork that had to import half of it anew would be no faster than a start."""
    names = ["numpy", "pandas", "matplotlib.pyplot", "IPython", "debugpy"]
    assert await says(shared, f"import sys\n[n for n in {names} if n in sys.modules]") == names[:-1]


async def test_figures_show_themselves_in_a_fork(room: Watched) -> None:
    run = await room.runs("import matplotlib.pyplot as plt\n_ = plt.plot([1, 2])")
    assert [output["output_type"] for output in run.outputs] == ["display_data"]


# One zygote of a bare kind, driven by hand


@pytest.fixture
async def environment(environments: Path) -> Environment:
    return await Environments(environments).get("default")


@pytest.fixture(autouse=True)
def bare(monkeypatch: pytest.MonkeyPatch) -> None:
    """Zygotes of these tests (not those of hosts) bring no libraries, and so are there at once."""
    monkeypatch.setattr(zygote_link, "_MODULES", ())


@pytest.fixture
def channels(tmp_path: Path) -> Iterator[Callable[[], Channels]]:
    made: list[Channels] = []

    def make() -> Channels:
        made.append(Channels.open(tmp_path))
        return made[-1]

    yield make
    for one in made:
        one.remove()


@pytest.fixture
async def zygotes(isolation: None, tmp_path: Path) -> AsyncIterator[Zygotes]:
    zygotes = Zygotes(Bubblewrap(choose_mode(), tmp_path))
    yield zygotes
    await zygotes.close()


def line_of(pid: int) -> str:
    try:
        return Path(f"/proc/{pid}/cmdline").read_text()
    except OSError:
        return ""


def below(zygotes: Zygotes) -> list[int]:
    """The zygote (the first of them) and its forks."""
    present = next(iter(zygotes._nests.values())).present
    assert present is not None
    assert isinstance(present.process, SpawnedProcess)
    return descendants(present.process._process.pid)


async def ended(process: KernelProcess) -> str:
    async with asyncio.timeout(SECONDS):
        return await process.wait()


@pytest.mark.usefixtures("isolation")
@pytest.mark.parametrize("mode", ["root", "user"])
async def test_the_walls_of_forks_stand(
    environment: Environment, tmp_path: Path, channels: Callable[[], Channels], mode: Mode
) -> None:
    if mode == "root" and choose_mode() == "user":
        pytest.skip("root mode needs root")
    zygotes = Zygotes(Bubblewrap(mode, tmp_path))
    assert await zygotes.ready(environment)
    process = await zygotes.launch(environment, channels(), key="k")
    assert isinstance(process, ForkedProcess)
    assert len(process.inside) == 2
    await zygotes.close()
    await ended(process)


async def test_an_environment_below_a_place_that_forks_have_anew_is_still_seen(
    zygotes: Zygotes, environment: Environment, channels: Callable[[], Channels], tmp_path: Path
) -> None:
    """Below /tmp, say; by a kernel of another uid, though the host keeps all that it makes to itself."""
    folder = tmp_path / "more"
    folder.mkdir()
    if not folder.is_relative_to("/tmp"):
        pytest.skip("temporary folders lie elsewhere")
    around = dataclasses.replace(environment, folders=(*environment.folders, folder))
    before = os.umask(0o077)
    try:
        assert await zygotes.ready(around)
    finally:
        os.umask(before)
    process = await zygotes.launch(around, channels(), key="k")
    inside = Path(f"/proc/{process.inside[1]}/root")
    assert (inside / folder.relative_to("/")).is_dir()
    for parent in folder.parents[:-2]:
        assert (inside / parent.relative_to("/")).stat().st_mode & 0o005 == 0o005
    assert [path.name for path in (inside / tmp_path.relative_to("/")).iterdir()] == ["more"]
    process.kill()
    await ended(process)


async def test_a_zygote_whose_forks_lack_a_wall_is_not_used(
    zygotes: Zygotes,
    environment: Environment,
    channels: Callable[[], Channels],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    with monkeypatch.context() as patch:
        patch.setattr(zygote_link.seccomp, "program", lambda _: b"\x06\0\0\0\0\0\xff\x7f")  # allow
        assert not await zygotes.ready(environment)
    process = await zygotes.launch(environment, channels(), key="k")
    assert not isinstance(process, ForkedProcess)
    process.kill()
    await ended(process)


async def test_the_end_of_a_fork_is_told(
    zygotes: Zygotes, environment: Environment, channels: Callable[[], Channels]
) -> None:
    assert await zygotes.ready(environment)
    for number, words in ((signal.SIGTERM, "SIGTERM"), (signal.SIGKILL, "SIGKILL")):
        process = await zygotes.launch(environment, channels(), key="k")
        process.signal(number)
        assert words in await ended(process)
    process = await zygotes.launch(environment, channels(), key="k")
    process.kill()
    assert "SIGKILL" in await ended(process)


async def test_a_zygote_that_dies_takes_its_forks_along_and_bubblewrap_takes_over(
    zygotes: Zygotes, environment: Environment, channels: Callable[[], Channels]
) -> None:
    assert await zygotes.ready(environment)
    process = await zygotes.launch(environment, channels(), key="k")
    inside = below(zygotes)
    os.kill(below(zygotes)[0], signal.SIGKILL)
    await ended(process)
    await asyncio.to_thread(wait_gone, inside)
    after = await zygotes.launch(environment, channels(), key="k")
    assert not isinstance(after, ForkedProcess)
    after.kill()
    await ended(after)


async def test_a_zygote_that_does_not_answer_is_not_waited_for(
    zygotes: Zygotes,
    environment: Environment,
    channels: Callable[[], Channels],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    assert await zygotes.ready(environment)
    monkeypatch.setattr(zygote_link, "FORK_SECONDS", 0.2)
    os.kill(below(zygotes)[0], signal.SIGSTOP)
    process = await zygotes.launch(environment, channels(), key="k")
    assert not isinstance(process, ForkedProcess)
    process.kill()
    await ended(process)


async def test_a_changed_environment_gets_a_new_zygote_and_old_kernels_live_on(
    zygotes: Zygotes,
    environment: Environment,
    channels: Callable[[], Channels],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    assert await zygotes.ready(environment)
    first = await zygotes.launch(environment, channels(), key="k")
    old = next(iter(zygotes._nests.values())).present
    assert old is not None
    monkeypatch.setattr(zygote_launch, "state_of", lambda _: "other files")
    between = await zygotes.launch(environment, channels(), key="k")
    assert not isinstance(between, ForkedProcess)
    assert await zygotes.ready(environment)
    second = await zygotes.launch(environment, channels(), key="k")
    assert isinstance(second, ForkedProcess)
    assert first.alive
    assert old.process.alive
    first.kill()
    await ended(first)
    await ended(old.process)  # with the last of its kernels
    for process in (between, second):
        process.kill()
        await ended(process)


async def test_one_that_nobody_uses_goes(zygotes: Zygotes, environment: Environment) -> None:
    assert await zygotes.ready(environment)
    zygote = next(iter(zygotes._nests.values())).present
    assert zygote is not None
    zygotes.rest(environment.name)
    await ended(zygote.process)


# Whole hosts


async def test_a_host_s_sudden_death_leaves_no_fork(isolation: None, tmp_path: Path) -> None:
    host = HostProcess(tmp_path, warm=1).start()
    await hatched(host)
    client = KernelHostClient(host.socket)
    room = Watched(client)
    await room.attach()
    await room.runs("import subprocess\nsubprocess.Popen(['sleep', '600'])\n1")
    assert len(await kernels(host, 2)) == 2  # one of them waits
    inside = host.sandboxes()
    await client.aclose()
    await asyncio.to_thread(host.end, signal.SIGKILL)
    wait_gone(inside)


async def kernels(host: HostProcess, number: int) -> list[int]:
    """The kernels of a host, once there are so many."""
    async with asyncio.timeout(SECONDS):
        while True:
            found = [pid for pid in host.sandboxes() if line_of(pid).startswith("kernel\0")]
            if len(found) >= number:
                return found
            await asyncio.sleep(0.05)


@pytest.mark.skipif(os.geteuid() != 0, reason="an ordinary user already")
async def test_an_ordinary_user_s_host_forks_too(isolation: None, tmp_path: Path) -> None:
    host = HostProcess(tmp_path, ordinary=True).start()
    await hatched(host)
    client = KernelHostClient(host.socket)
    room = Watched(client)
    await room.attach()
    code = "import os\nos.getuid(), open('/proc/1/comm').read(), open('/proc/self/uid_map').read().split()[0]"
    assert await says(room, code) == (1000, "first\n", "1000")
    await client.aclose()
    inside = host.sandboxes()
    await asyncio.to_thread(host.end)
    wait_gone(inside)
