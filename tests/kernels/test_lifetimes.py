"""How long a kernel host and its kernels live: past a server's sudden end, not past their own."""

import asyncio
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from fourhands_kernels.client import EmbeddedOptions, KernelHostClient, start_embedded_host
from fourhands_kernels.host import parse
from fourhands_kernels.kernel import HostLost, KernelUnavailable
from fourhands_kernels.options import TAKEN

from .hosting import ENVIRONMENTS, HostProcess, descendants, wait_gone
from .watching import Watched

pytestmark = pytest.mark.usefixtures("isolation")

# Prints ten lines, each when it is let go on, and so never depends on how fast anything is.
STEPS = "import time\nfor i in range(10):\n    print(i, flush=True)\n    time.sleep(0.02)"


async def test_a_new_link_finds_variables_and_every_event_once(host: HostProcess) -> None:
    first = KernelHostClient(host.socket)
    room = Watched(first, acknowledges=False)
    await room.attach()
    await room.runs("kept = 41")
    run = await room.begins(STEPS)
    await room.prints(run, "2\n")
    stands = room.stands
    await first.aclose()

    second = KernelHostClient(host.socket)
    again = Watched(second, name=room.name)
    attachment = await again.attach(after=stands)
    assert attachment.journal == stands[0]
    assert run in attachment.runs
    await again.event("run.finished", run=run)
    again.notices[:0] = [event for event in room.events if event.n <= stands[1]]
    assert (await again.ends(run)).text == "".join(f"{i}\n" for i in range(10))
    assert [event.n for event in again.events] == list(range(1, len(again.events) + 1))
    assert (await again.runs("kept + 1")).value == "42"
    await second.stop(room.name)
    await second.aclose()


async def test_what_was_acknowledged_is_not_sent_again(host: HostProcess) -> None:
    first = KernelHostClient(host.socket)
    room = Watched(first)
    await room.attach()
    await room.runs("1")
    await room.event("kernel", state="idle")
    await first.availability()  # answered after the acknowledgements before it
    await first.aclose()
    second = KernelHostClient(host.socket)
    again = Watched(second, name=room.name)
    await again.attach()
    await again.runs("2")
    assert again.events[0].n == room.events[-1].n + 1
    await second.stop(room.name)
    await second.aclose()


async def test_a_run_that_an_earlier_link_began_is_not_run_again(host: HostProcess) -> None:
    first = KernelHostClient(host.socket)
    room = Watched(first)
    await room.attach()
    run = (await room.runs("n = globals().get('n', 0) + 1")).run
    await first.aclose()
    second = KernelHostClient(host.socket)
    again = Watched(second, name=room.name)
    assert (await again.attach()).runs[run] == "ok"
    await again.begins("n = globals().get('n', 0) + 1", run=run)
    assert (await again.runs("n")).value == "1"
    await second.stop(room.name)
    await second.aclose()


async def test_sigterm_ends_everything(tmp_path: Path) -> None:
    host = HostProcess(tmp_path).start()
    client = KernelHostClient(host.socket)
    rooms = [Watched(client), Watched(client)]
    for room in rooms:
        await room.attach()
        await room.runs("import subprocess\nsubprocess.Popen(['sleep', '600'])\n1")
    inside = host.sandboxes()
    assert len(inside) >= 6
    await asyncio.to_thread(host.end)
    wait_gone(inside)
    await rooms[0].gone()
    await client.aclose()
    assert not host.socket.exists()


async def test_the_host_s_sudden_death_leaves_no_sandbox(tmp_path: Path) -> None:
    host = HostProcess(tmp_path).start()
    client = KernelHostClient(host.socket)
    room = Watched(client)
    await room.attach()
    await room.runs("import subprocess\nsubprocess.Popen(['sleep', '600'])\n1")
    inside = host.sandboxes()
    await asyncio.to_thread(host.end, signal.SIGKILL)
    wait_gone(inside)
    await room.gone()
    await client.aclose()


async def test_a_new_host_is_attached_to_and_knows_no_run(tmp_path: Path) -> None:
    host = HostProcess(tmp_path).start()
    client = KernelHostClient(host.socket)
    room = Watched(client)
    before = await room.attach()
    run = await room.begins("print('busy', flush=True)\nwhile True: pass")
    await room.prints(run, "busy")
    await asyncio.to_thread(host.end, signal.SIGKILL)
    await room.gone()
    with pytest.raises(HostLost):
        await client.interrupt(room.name)
    host.start()
    after = await room.attached_again()
    assert after.journal != before.journal
    assert run not in after.runs
    assert (await room.runs("1 + 1")).value == "2"
    await client.aclose()
    await asyncio.to_thread(host.end)


async def test_nobody_for_long_enough_ends_everything(tmp_path: Path) -> None:
    host = HostProcess(tmp_path, linger=0.5).start()
    client = KernelHostClient(host.socket)
    room = Watched(client)
    await room.attach()
    await room.runs("1")
    inside = host.sandboxes()
    await client.aclose()
    assert await asyncio.to_thread(host.process.wait, 30) == 0
    wait_gone(inside)


async def test_there_is_one_host_per_socket(host: HostProcess) -> None:
    second = HostProcess(host.folder)
    await asyncio.to_thread(second.start)
    assert await asyncio.to_thread(second.process.wait, 30) == TAKEN
    client = KernelHostClient(host.socket)
    assert (await client.availability()).ok
    await client.aclose()


async def test_there_are_no_more_kernels_than_allowed(tmp_path: Path) -> None:
    host = HostProcess(tmp_path, kernels=1).start()
    client = KernelHostClient(host.socket)
    first, second = Watched(client), Watched(client)
    await first.attach()
    await second.attach()
    await first.runs("1")
    with pytest.raises(KernelUnavailable, match="all 1 kernels"):
        await second.begins("1")
    await first.client.stop(first.name)
    await first.event("kernel", state="none")
    await client.aclose()
    await asyncio.to_thread(host.end)


SERVER = """
import asyncio, sys
from pathlib import Path
from fourhands_kernels.client import EmbeddedOptions, start_embedded_host
from fourhands_kernels.kernel import Execution

async def main():
    data, environments = map(Path, sys.argv[1:])
    client = await start_embedded_host(EmbeddedOptions(data=data, environments=environments))
    finished = asyncio.Event()
    await client.attach("room", lambda notice: "run.finished" in str(notice) and finished.set())
    await client.execute("room", Execution("first", "kept = 1"))
    await finished.wait()
    print("ready", flush=True)
    await asyncio.Event().wait()

asyncio.run(main())
"""


async def test_an_embedded_host_outlives_its_server_and_ends_with_the_next(tmp_path: Path) -> None:
    command = [sys.executable, "-c", SERVER, str(tmp_path), str(ENVIRONMENTS)]
    server = await asyncio.create_subprocess_exec(*command, stdout=subprocess.PIPE, start_new_session=True)
    assert server.stdout is not None
    assert await server.stdout.readline() == b"ready\n"
    inside = descendants(server.pid)
    os.killpg(server.pid, signal.SIGKILL)
    await server.wait()

    client = await start_embedded_host(EmbeddedOptions(data=tmp_path, environments=ENVIRONMENTS))
    room = Watched(client, name="room")
    attachment = await room.attach()
    assert attachment.runs == {"first": "ok"}
    assert (await room.runs("kept")).value == "1"
    await client.aclose()
    wait_gone(inside)


async def test_an_embedded_host_that_dies_is_started_again(tmp_path: Path) -> None:
    client = await start_embedded_host(EmbeddedOptions(data=tmp_path, environments=ENVIRONMENTS))
    room = Watched(client)
    await room.attach()
    await room.runs("1")
    (host,) = [pid for pid in descendants(os.getpid()) if str(tmp_path) in command_line(pid)]
    os.kill(host, signal.SIGKILL)
    await room.gone()
    await room.attached_again()
    assert (await room.runs("1 + 1")).value == "2"
    await client.aclose()


async def test_an_embedded_host_with_other_wishes_is_replaced(tmp_path: Path) -> None:
    left = HostProcess(tmp_path / "kernels").start()
    options = EmbeddedOptions(data=tmp_path, environments=ENVIRONMENTS, isolation="none")
    client = await start_embedded_host(options)
    assert await asyncio.to_thread(left.process.wait, 30) == 0
    room = Watched(client)
    await room.attach()
    assert int((await room.runs("import os\nos.getuid()")).value) == os.getuid()
    await client.aclose()


def runtime_of(host: HostProcess) -> Path:
    return Path(host.socket.with_suffix(".runtime").read_text())


def folders() -> list[Path]:
    return list(Path("/tmp").iterdir())


def command_line(pid: int) -> str:
    return Path(f"/proc/{pid}/cmdline").read_text()


async def test_a_long_path_is_no_obstacle_and_what_a_killed_host_left_is_removed(tmp_path: Path) -> None:
    host = HostProcess(tmp_path / ("long-" * 20)).start()
    left = runtime_of(host)
    assert left in folders()
    await asyncio.to_thread(host.end, signal.SIGKILL)
    host.start()
    assert left not in folders()
    client = KernelHostClient(host.socket)
    room = Watched(client)
    await room.attach()
    assert (await room.runs("1 + 1")).value == "2"
    await client.aclose()
    await asyncio.to_thread(host.end)


async def test_an_embedded_host_is_told_how_to_run_and_to_hide_the_data_of_its_server(tmp_path: Path) -> None:
    """Keys and recordings lie there, perhaps within a folder that sandboxes see."""
    options = EmbeddedOptions(data=tmp_path, environments=ENVIRONMENTS, warm=0, launcher="bubblewrap")
    client = await start_embedded_host(options)
    (host,) = [pid for pid in descendants(os.getpid()) if str(tmp_path) in command_line(pid)]
    words = command_line(host).rstrip("\0").split("\0")
    told = parse(words[words.index("fourhands_kernels.host") + 1 :])
    assert (told.hidden, told.warm, told.launcher) == ((tmp_path,), 0, "bubblewrap")
    await client.aclose()
