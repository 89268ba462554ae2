"""`make bench-kernels`: kernels as we start them, side by side with a plain ipykernel, in interleaved rounds.

Every contestant runs on the same Python environment. Plain is `python -m ipykernel_launcher` without any
isolation, spoken to by jupyter_client directly; the others are whole kernel hosts, spoken to over their
sockets, with all walls. Times are milliseconds: least / median / 95th percentile.

Each round asks every contestant once, every other round in the opposite order. Beside each title stands the
load of the machine before and after, our own part included: figures of one table compare, those of two runs
under different loads do not.
"""

import argparse
import asyncio
import itertools
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any, Protocol

from jupyter_client.asynchronous.client import AsyncKernelClient
from jupyter_client.kernelspec import KernelSpec
from jupyter_client.manager import AsyncKernelManager

from fourhands_kernels.client import KernelHostClient
from fourhands_kernels.kernel import Execution, KernelEvent, Notice
from tests.kernels.hosting import ENVIRONMENTS, HostProcess

SECONDS = 60.0
UNFLUSHED, FLUSHED = 20_000, 5_000  # lines
BUSY = "import time\nend = time.monotonic() + {}\nwhile time.monotonic() < end: pass"
_numbers = itertools.count(1)


class Kernel(Protocol):
    """One started kernel."""

    async def run(self, code: str) -> int:
        """Run it to its end; returns how many lines came."""
        ...

    async def settle(self) -> None:
        """Wait until its output will be heard."""
        ...

    async def stop(self) -> None: ...


class Contestant(Protocol):
    name: str

    async def cold(self) -> Kernel:
        """A kernel that has answered its first `1+1`."""
        ...

    def pids(self) -> list[int]:
        """Every process that is there for kernels alone."""
        ...


class PlainKernel:
    def __init__(self, manager: AsyncKernelManager, client: AsyncKernelClient) -> None:
        self.manager = manager
        self._client = client

    async def run(self, code: str) -> int:
        message = self._client.execute(code)
        lines = 0
        async with asyncio.timeout(SECONDS):
            while True:
                found = await self._client.get_iopub_msg()
                if found["parent_header"].get("msg_id") != message:
                    continue
                if found["msg_type"] == "stream":
                    lines += found["content"]["text"].count("\n")
                elif found["msg_type"] == "status" and found["content"]["execution_state"] == "idle":
                    break
            while (await self._client.get_shell_msg())["parent_header"].get("msg_id") != message:
                pass
        return lines

    async def settle(self) -> None:
        async with asyncio.timeout(SECONDS):
            while not await self._client.iopub_channel.msg_ready():
                self._client.kernel_info()
                await asyncio.sleep(0.1)

    async def first(self) -> None:
        """The reply alone: what iopub says before anybody listens is lost."""
        message = self._client.execute("1+1")
        async with asyncio.timeout(SECONDS):
            while (await self._client.get_shell_msg())["parent_header"].get("msg_id") != message:
                pass

    async def stop(self) -> None:
        self._client.stop_channels()
        await self.manager.shutdown_kernel(now=True)


class Plain:
    name = "plain ipykernel"

    def __init__(self, home: Path) -> None:
        home.mkdir()
        self._home = str(home)
        self._python = str(ENVIRONMENTS / "default/bin/python")
        self._kernels: list[PlainKernel] = []

    async def cold(self) -> PlainKernel:
        manager = AsyncKernelManager()
        argv = [self._python, "-m", "ipykernel_launcher", "-f", "{connection_file}"]
        manager._kernel_spec = KernelSpec(argv=argv, display_name="plain", language="python")
        env = {"PATH": os.environ["PATH"], "HOME": self._home}
        await manager.start_kernel(env=env, stderr=subprocess.DEVNULL)
        client = manager.client()
        client.start_channels(hb=False)
        kernel = PlainKernel(manager, client)
        self._kernels.append(kernel)
        await kernel.first()
        return kernel

    def pids(self) -> list[int]:
        found = [kernel.manager.provisioner.pid for kernel in self._kernels if kernel.manager.has_kernel]
        return [pid for pid in found if pid is not None]


class HostedKernel:
    """A room of a kernel host."""

    def __init__(self, client: KernelHostClient) -> None:
        self._client = client
        self.room = f"bench-{next(_numbers)}"
        self._lines = 0
        self._finished: asyncio.Future[None] | None = None

    async def attach(self) -> None:
        await self._client.attach(self.room, self._hear)

    async def run(self, code: str) -> int:
        self._lines, self._finished = 0, asyncio.get_running_loop().create_future()
        await self._client.execute(self.room, Execution(f"run-{next(_numbers)}", code))
        async with asyncio.timeout(SECONDS):
            await self._finished
        return self._lines

    async def settle(self) -> None: ...

    async def stop(self) -> None:
        await self._client.stop(self.room)

    def _hear(self, notice: Notice) -> None:
        if not isinstance(notice, KernelEvent):
            return
        self._client.acknowledge(self.room, notice.n)
        if notice.kind == "run.outputs":
            self._lines += sum(item.get("text", "").count("\n") for item in notice.body["items"])
        elif notice.kind == "run.finished" and self._finished is not None:
            self._finished.set_result(None)


class Hosted:
    """A kernel host; `warm` is how many kernels wait for rooms."""

    def __init__(self, name: str, folder: Path, *, launcher: str, warm: int = 0) -> None:
        self.name = name
        self.warm = warm
        self._host = HostProcess(folder, launcher=launcher, warm=warm)
        self._client: KernelHostClient | None = None

    @property
    def client(self) -> KernelHostClient:
        assert self._client is not None
        return self._client

    async def __aenter__(self) -> "Hosted":
        self._host.start()
        self._client = KernelHostClient(self._host.socket)
        found = await self._client.availability()
        if not found.ok:
            sys.exit(f"no sandbox here: {found.reason}")
        if self._host.launcher == "zygote":
            room = HostedKernel(self._client)
            await room.attach()
            async with asyncio.timeout(SECONDS):
                while True:
                    if " is ready" in self._host.log:
                        break
                    assert "no zygote" not in self._host.log, self._host.log
                    await asyncio.sleep(0.05)
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.client.aclose()
        await asyncio.to_thread(self._host.end)

    async def cold(self) -> HostedKernel:
        kernel = HostedKernel(self.client)
        await kernel.attach()
        await kernel.run("1+1")
        return kernel

    async def settled(self) -> None:
        """Until as many kernels wait as should, and have had time to become warm."""
        async with asyncio.timeout(SECONDS):
            while True:
                if sum(line_of(pid).startswith("kernel\0") for pid in self.pids()) == self.warm:
                    break
                await asyncio.sleep(0.05)
        await asyncio.sleep(0.5)

    def pids(self) -> list[int]:
        return self._host.sandboxes()


def line_of(pid: int) -> str:
    try:
        return Path(f"/proc/{pid}/cmdline").read_text()
    except OSError:
        return ""


def pss(pid: int) -> float | None:
    """MB of memory, what is shared counted in parts; None where we may not look."""
    try:
        for line in Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines():
            if line.startswith("Pss:"):
                return int(line.split()[1]) / 1024
    except OSError:
        return None
    return None


async def timed(what: Awaitable[Any]) -> tuple[float, Any]:
    began = time.perf_counter()
    found = await what
    return (time.perf_counter() - began) * 1000, found


def figures(values: Sequence[float]) -> str:
    ordered = sorted(values)
    last = ordered[min(len(ordered) - 1, round(0.95 * (len(ordered) - 1)))]
    return f"{ordered[0]:.1f} / {statistics.median(ordered):.1f} / {last:.1f}"


def load() -> float:
    return os.getloadavg()[0]


def show(title: str, rows: Mapping[str, str], began: float) -> None:
    print(f"\n{title}; load {began:.1f} to {load():.1f}")
    for name, value in rows.items():
        print(f"  {name:<26}{value}", flush=True)


async def cold_and_warm(contestants: Sequence[Contestant], rounds: int) -> None:
    """Cold starts, and `1+1` on the kernel that came of each."""
    began = load()
    cold: dict[str, list[float]] = {one.name: [] for one in contestants}
    warm: dict[str, list[float]] = {one.name: [] for one in contestants}
    for number in range(rounds + 1):
        for one in contestants[:: -1 if number % 2 else 1]:
            if isinstance(one, Hosted) and one.warm:
                await one.settled()
            spent, kernel = await timed(one.cold())
            await kernel.settle()
            again = [(await timed(kernel.run("1+1")))[0] for _ in range(5)]
            await kernel.stop()
            if number:  # the first round fills the caches of all
                cold[one.name].append(spent)
                warm[one.name] += again
    title = f"Start to first reply (a new kernel; warm: one that waited), ms, {rounds} rounds"
    show(title, {name: figures(values) for name, values in cold.items()}, began)
    show("1+1 on a kernel that runs, ms", {name: figures(values) for name, values in warm.items()}, began)


async def lines(contestants: Sequence[Contestant], rounds: int) -> None:
    """Printed lines a second, flushed and not."""
    for title, count, code in (
        ("Lines a second, unflushed", UNFLUSHED, f"for i in range({UNFLUSHED}): print(i)"),
        ("Lines a second, flushed", FLUSHED, f"for i in range({FLUSHED}): print(i, flush=True)"),
    ):
        began = load()
        rates: dict[str, list[float]] = {one.name: [] for one in contestants}
        came: dict[str, set[int]] = {one.name: set() for one in contestants}
        for number in range(rounds):
            for one in contestants[:: -1 if number % 2 else 1]:
                kernel = await one.cold()
                await kernel.settle()
                spent, arrived = await timed(kernel.run(code))
                await kernel.stop()
                rates[one.name].append(count / spent * 1000)
                came[one.name].add(arrived)
        show(
            f"{title} ({count} lines, least / median / 95 %, and how many came)",
            {name: f"{figures(found)}   {sorted(came[name])}" for name, found in rates.items()},
            began,
        )


async def memory(make: Mapping[str, Callable[[], Any]], kernels: int) -> None:
    """PSS of idle kernels, one contestant at a time: what two of them share would count for both."""
    rows, began = {}, load()
    for name, made in make.items():
        async with AsyncExitStack() as stack:
            one = made()
            if isinstance(one, Hosted):
                await stack.enter_async_context(one)
            started = [await one.cold() for _ in range(kernels)]
            sizes = {pid: pss(pid) for pid in one.pids()}
            known = {pid: size for pid, size in sizes.items() if size is not None}
            zygote = sum(size for pid, size in known.items() if "zygote.py" in line_of(pid))
            per = (sum(known.values()) - zygote) / kernels
            missing = "" if len(known) == len(sizes) else "   (some processes may not be looked at)"
            shared = f", and {zygote:.1f} of the zygote for all" if zygote else ""
            rows[name] = f"{per:.1f}{shared}{missing}"
            for kernel in started:
                await kernel.stop()
    show(f"Idle memory per kernel, MB as PSS, {kernels} kernels", rows, began)


async def up(one: Contestant, rooms: int) -> list[Kernel]:
    """So many kernels, four at a time, that can be heard."""
    kernels: list[Kernel] = []
    for start in range(0, rooms, 4):
        kernels += await asyncio.gather(*(one.cold() for _ in range(min(4, rooms - start))))
    await asyncio.gather(*(kernel.settle() for kernel in kernels))
    return kernels


async def ask(kernel: Kernel, times: int) -> list[float]:
    return [(await timed(kernel.run("1+1")))[0] for _ in range(times)]


async def many(contestants: Sequence[Contestant], rooms: int, rounds: int) -> None:
    """Many rooms at once: all asking one thing after the other, and one asking while all others compute."""
    began = load()
    started = {one.name: await timed(up(one, rooms)) for one in contestants}
    asking: dict[str, list[float]] = {name: [] for name in started}
    among: dict[str, list[float]] = {name: [] for name in started}
    for number in range(rounds):
        for one in contestants[:: -1 if number % 2 else 1]:
            kernels = started[one.name][1]
            asking[one.name] += itertools.chain(
                *await asyncio.gather(*(ask(kernel, 10) for kernel in kernels))
            )
            busy = [asyncio.create_task(kernel.run(BUSY.format(6))) for kernel in kernels[1:]]
            await asyncio.sleep(0.5)
            among[one.name] += await ask(kernels[0], 10)
            await asyncio.gather(*busy)
    for _, kernels in started.values():
        await asyncio.gather(*(kernel.stop() for kernel in kernels))
    rows = {
        name: f"{figures(values)}   (all started in {started[name][0] / 1000:.1f} s)"
        for name, values in asking.items()
    }
    show(f"1+1 in {rooms} rooms at once, each one after the other, ms", rows, began)
    rows = {name: figures(values) for name, values in among.items()}
    show(f"1+1 in one room while {rooms - 1} others compute, ms", rows, began)


async def bench(rounds: int, rooms: int, parts: set[str]) -> None:
    print(f"{os.cpu_count()} processors, uid {os.getuid()}")
    with tempfile.TemporaryDirectory(prefix="fourhands-") as folder:
        numbers = itertools.count()

        def hosted(name: str, launcher: str, warm: int = 0) -> Hosted:
            return Hosted(name, Path(folder, str(next(numbers))), launcher=launcher, warm=warm)

        kinds: dict[str, Callable[[], Any]] = {
            "plain ipykernel": lambda: Plain(Path(folder, str(next(numbers)))),
            "bubblewrap": lambda: hosted("bubblewrap", "bubblewrap"),
            "zygote": lambda: hosted("zygote", "zygote"),
            "warm": lambda: hosted("warm", "zygote", 2),
        }
        if parts - {"memory"}:
            async with AsyncExitStack() as stack:
                made = [kind() for kind in kinds.values()]
                for one in made:
                    if isinstance(one, Hosted):
                        await stack.enter_async_context(one)
                if "start" in parts:
                    await cold_and_warm(made, rounds)
                if "lines" in parts:
                    await lines(made[:3], max(2, rounds // 5))
                if "rooms" in parts:
                    await many(made[:3], rooms, max(2, rounds // 5))
        if "memory" in parts:
            alone = {name: kind for name, kind in kinds.items() if name != "warm"}
            await memory(alone, 20)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=15)
    parser.add_argument("--rooms", type=int, default=40)
    parser.add_argument("--only", choices=("start", "lines", "rooms", "memory"), action="append")
    found = parser.parse_args()
    asyncio.run(bench(found.rounds, found.rooms, set(found.only or ("start", "lines", "rooms", "memory"))))


if __name__ == "__main__":
    main()
