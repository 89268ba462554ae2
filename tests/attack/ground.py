"""The ground that attacks stand on: a kernel host with secrets around it, and a neighbour who must not
notice.
"""

import asyncio
import contextlib
import ctypes
import json
import os
import secrets
import shutil
import socket
import tempfile
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from fourhands_kernels.client import KernelHostClient
from fourhands_kernels.kernel import Question
from tests.kernels.hosting import ENVIRONMENTS, ORDINARY, HostProcess
from tests.kernels.watching import Watched

# A machine that halts everybody for a moment makes one answer slow; an attack that gets through makes many.
NEIGHBOUR_SECONDS, NEIGHBOUR_WORST = 1.0, 10.0  # 95 of 100 answers; any of them
GROWTH = 64 * 1024 * 1024
_PAUSE = 0.2
_IPC_CREAT, _IPC_RMID = 0o1000, 0


def secret() -> str:
    return f"canary-{secrets.token_hex(8)}"


class Canaries:
    """Secrets where a host of kernels has some; `targets` says where they lie, not what they are."""

    def __init__(self) -> None:
        self.stack = ExitStack()
        self.known: list[str] = []
        self.folder = Path(tempfile.mkdtemp(prefix="attack-", dir="/tmp"))
        self.folder.chmod(0o755)
        self.stack.callback(shutil.rmtree, self.folder, ignore_errors=True)
        self.data = self.folder / "data"
        self.data.mkdir()
        self.targets: dict[str, Any] = {"folder": str(self.folder)}
        self._files()
        self._sockets()
        self._shared()

    def close(self) -> None:
        self.stack.close()

    def secret(self) -> str:
        self.known.append(secret())
        return self.known[-1]

    def in_environment(self) -> None:
        """Around the start of a process that inherits it."""
        os.environ["FOURHANDS_CANARY"] = self.secret()
        self.stack.callback(os.environ.pop, "FOURHANDS_CANARY", None)

    def _files(self) -> None:
        (self.data / "admin-key").write_text(self.secret())
        (self.data / "admin-key").chmod(0o600)
        (self.data / "log.sqlite").write_text(self.secret())
        loose = Path(tempfile.mkstemp(prefix="attack-", dir="/tmp")[1])
        loose.write_text(self.secret())
        loose.chmod(0o644)
        self.stack.callback(loose.unlink)
        self.targets["files"] = [
            str(self.data / "admin-key"),
            str(self.data / "log.sqlite"),
            str(loose),
            __file__,
        ]

    def _sockets(self) -> None:
        tcp = self.stack.enter_context(socket.create_server(("", 0)))
        self.targets["port"] = tcp.getsockname()[1]
        with contextlib.suppress(OSError):
            addresses = socket.gethostbyname_ex(socket.gethostname())[2]
            self.targets["addresses"] = addresses[:4]
        self.targets.setdefault("addresses", [])
        self.targets["abstract"] = f"attack-{secrets.token_hex(4)}"
        self.targets["socket"] = str(self.folder / "listening")
        for address in ("\0" + self.targets["abstract"], self.targets["socket"]):
            listener = self.stack.enter_context(socket.socket(socket.AF_UNIX))
            listener.bind(address)
            listener.listen()
        Path(self.targets["socket"]).chmod(0o666)

    def _shared(self) -> None:
        posix = Path("/dev/shm") / f"attack-{secrets.token_hex(4)}"
        posix.write_text(self.secret())
        posix.chmod(0o666)
        self.stack.callback(posix.unlink)
        libc = ctypes.CDLL(None, use_errno=True)
        libc.shmat.restype = ctypes.c_void_p
        key = secrets.randbelow(2**30) + 1
        number = libc.shmget(key, 4096, _IPC_CREAT | 0o666)
        place = libc.shmat(number, None, 0)
        ctypes.memmove(place, self.secret().encode(), 23)
        self.stack.callback(libc.shmctl, number, _IPC_RMID, None)
        self.stack.callback(libc.shmdt, ctypes.c_void_p(place))
        self.targets |= {"posix": posix.name, "sysv": key}


class Neighbour:
    """A room whose kernel answers `1 + 1` all the time; `waits` has how long each answer took, in s."""

    def __init__(self, client: KernelHostClient, canaries: Canaries) -> None:
        self.room = Watched(client, name="neighbour")
        self._secret = canaries.secret()
        self.waits: list[float] = []
        self._enough = False
        self._task: asyncio.Task[None] | None = None
        self.runs: set[str] = set()

    async def start(self) -> None:
        await self.room.attach()
        code = f"secret = {self._secret!r}\n"
        code += "".join(f"open('{place}/secret', 'w').write(secret)\n" for place in ("/tmp", "/dev/shm", "."))
        code += "from IPython.display import display\nhandle = display('mine', display_id='neighbours')\nNone"
        run = await self.room.runs(code)
        assert run.status == "ok", run
        self.runs.add(run.run)
        self._task = asyncio.create_task(self._ask())

    async def _ask(self) -> None:
        clock = asyncio.get_running_loop().time
        while not self._enough:
            began = clock()
            run = await self.room.runs("1 + 1")
            self.runs.add(run.run)
            self.waits.append(clock() - began)
            assert (run.status, run.value) == ("ok", "2"), run
            await asyncio.sleep(_PAUSE)

    @property
    def slow(self) -> float:
        """95 of 100 answers came within so many seconds."""
        return sorted(self.waits)[len(self.waits) * 95 // 100] if self.waits else 0.0

    @property
    def slowest(self) -> float:
        return max(self.waits, default=0.0)

    async def end(self) -> None:
        assert self._task is not None
        self._enough = True
        await self._task
        kept = await self.room.runs("secret[:7]")
        self.runs.add(kept.run)
        assert kept.value == "'canary-'"

    def assert_untouched(self) -> None:
        """Nothing but its own runs stands in its journal, and nothing that it did not say."""
        told = [event.body for event in self.room.events if "run" in event.body]
        assert {body["run"] for body in told} <= self.runs
        assert "forged" not in str(told)


class Ground:
    """A host in one mode with one launcher, canaries around it, a neighbour in it."""

    def __init__(self, *, mode: str, launcher: str) -> None:
        self.mode, self.launcher = mode, launcher
        self.canaries = Canaries()
        self.canaries.in_environment()
        self.host = HostProcess(self.canaries.folder / "host", ordinary=mode == "user", launcher=launcher)
        self.client = KernelHostClient(self.host.socket)
        self.neighbour = Neighbour(self.client, self.canaries)
        self._inside: set[tuple[int, str]] = set()

    async def start(self) -> None:
        before = entries(0)
        await asyncio.to_thread(self.host.start)
        self.availability = await self.client.availability()
        assert self.availability.ok, self.availability.reason
        await self.neighbour.start()
        for room in ("neighbour", "shared"):
            files = {"kept.py": f"secret = {self.canaries.secret()!r}\n"}
            await self.client.consult(room, Question("hover", "main.py", "import kept", files=files))
        if self.launcher == "zygote":
            await self._zygote()
        self.before = before
        self.targets = json.dumps(
            self.canaries.targets
            | {
                "pids": [os.getpid(), self.host.process.pid, *self.host.sandboxes()[:6]],
                "sockets": [str(self.host.socket)],
                "runs": sorted(self.neighbour.runs),
                "display": "neighbours",
                "shown": [ENVIRONMENTS.resolve().parts[1], "work", "srv", "opt", "tmp"],
            }
        )
        self.resident = self.host.resident()
        self.largest = self.resident
        self._weighing = asyncio.create_task(self._weigh())

    async def _zygote(self) -> None:
        async with asyncio.timeout(60):
            while "the zygote of" not in self.host.log:
                assert "no zygote for" not in self.host.log, self.host.log[-600:]
                await asyncio.sleep(_PAUSE)

    async def _weigh(self) -> None:
        while True:
            self.largest = max(self.largest, self.host.resident())
            await asyncio.sleep(0.05)

    def note(self) -> None:
        """Remember what runs below the host now."""
        self._inside |= living(self.host.sandboxes())

    @property
    def grown(self) -> int:
        """Bytes that the host's memory grew by, at its largest."""
        return self.largest - self.resident

    async def end(self) -> None:
        """End the host; nothing of it may be left."""
        self._weighing.cancel()
        self.note()
        try:
            await self.neighbour.end()
            self.neighbour.assert_untouched()
        finally:
            await self.client.aclose()
            await asyncio.to_thread(self.host.end)
        await self._gone()
        new = entries(self.host.process.pid) - self.before
        assert not new, f"left behind: {sorted(new)}"
        assert not (self.host.folder / "run").exists()

    async def _gone(self) -> None:
        until = asyncio.get_running_loop().time() + 20
        while left := self._inside & living([pid for pid, _ in self._inside]):
            assert asyncio.get_running_loop().time() < until, f"still there: {left}"
            await asyncio.sleep(_PAUSE)

    def close(self) -> None:
        """Whatever happened."""
        self.host.end(9)
        self.canaries.close()


def living(pids: list[int]) -> set[tuple[int, str]]:
    """Those of these processes that live, told from later ones by their start time."""
    found = set()
    for pid in pids:
        with contextlib.suppress(OSError, IndexError):
            fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
            if fields[0] not in "ZX":
                found.add((pid, fields[19]))
    return found


def entries(host: int) -> set[str]:
    """What rooms could have left in the machine's shared places, and the control groups of this host."""
    found = {str(path) for path in Path("/sys/fs/cgroup").glob(f"**/fourhands-{host}-*")}
    for place in ("/tmp", "/dev/shm", "/var/tmp", "/run"):
        with os.scandir(place) as inside:
            for entry in inside:
                with contextlib.suppress(OSError):
                    if entry.stat(follow_symlinks=False).st_uid >= ORDINARY:
                        found.add(entry.path)
    return found
