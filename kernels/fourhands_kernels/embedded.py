"""The kernel host of a data folder, started by the server that needs it and found again by the next one."""

import asyncio
import contextlib
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from . import wire
from .descriptor import readable
from .kernel import HostLost
from .options import KERNELS, LINGER, TAKEN, WARM, HostOptions, Isolation, LauncherKind

START_SECONDS: Final = 20.0
END_SECONDS: Final = 10.0
_LOG: Final = 1024 * 1024  # bytes of an old log beyond which it begins anew
_KEPT: Final = ("PATH", "LANG", "LC_ALL", "TMPDIR", "HOME")
_KEPT_FOR_OTHERS: Final = ("GP_", "KERNEL_", "KUBE", "DOCKER_")  # gateway-provisioners, and what they drive
_FIRST_PACKAGES: Final = Path(__file__).parents[1]


@dataclass(frozen=True, slots=True)
class EmbeddedOptions:
    """What a server wants of its host; `data` is the server's data folder.

    A host that is there already keeps its own `linger`, `kernels`, `warm` and `launcher`.
    """

    data: Path
    environments: Path
    isolation: Isolation = "auto"
    linger: float = LINGER
    kernels: int = KERNELS
    warm: int = WARM
    launcher: LauncherKind = "zygote"


class EmbeddedHost:
    """Sees to it that a host with these options runs."""

    def __init__(self, options: EmbeddedOptions) -> None:
        self._options = options
        self._folder = wire.private(options.data.absolute() / "kernels")
        self.socket = self._folder / "host.sock"
        self._process: subprocess.Popen[bytes] | None = None

    async def ensure(self) -> None:
        """Have a host that answers; HostLost where it cannot be started."""
        found = await self._ask({})
        if found == self._wanted.shown:
            return
        if found is not None:
            await self._ask({"call": "end", "id": 1})
        await self._start()

    async def end(self) -> None:
        """End the host and everything in it; by force where it does not go."""
        found = None
        with contextlib.suppress(OSError, TimeoutError):
            async with asyncio.timeout(END_SECONDS):
                found = await self._ask({"call": "end", "id": 1})
        if found is None and self._process is not None:
            self._process.terminate()  # it listens not yet, or no more
        await self._reap()

    @property
    def _wanted(self) -> HostOptions:
        options = self._options
        return HostOptions(
            socket=self.socket,
            environments=options.environments.absolute(),
            hidden=(options.data.absolute(),),
            isolation=options.isolation,
            linger=options.linger,
            kernels=options.kernels,
            warm=options.warm,
            launcher=options.launcher,
        )

    async def _ask(self, call: wire.Message) -> dict[str, str] | None:
        """Greet the host, and perhaps call it and wait for its end; returns its options, None where nobody
        answers.
        """
        try:
            async with asyncio.timeout(END_SECONDS):
                with wire.address(self.socket) as address:
                    reader, writer = await asyncio.open_unix_connection(address)
                with contextlib.closing(writer):
                    writer.write(wire.write({"hello": wire.VERSION}))
                    greeting = await wire.read(reader)
                    if call:
                        writer.write(wire.write(call))
                        while await wire.read(reader) is not None:
                            pass
        except OSError:
            return None
        except TimeoutError:
            self._kill_silent()
            return None
        if greeting is None or greeting.get("version") != wire.VERSION:
            return {}
        options = greeting.get("options")
        return options if isinstance(options, dict) else {}

    def _kill_silent(self) -> None:
        """A host that holds the socket and does not answer would keep every other from starting."""
        with (
            contextlib.suppress(OSError),
            wire.address(self.socket) as address,
            socket.socket(socket.AF_UNIX) as link,
        ):
            link.connect(address)
            if (pid := wire.peer(link)[0]) > 0:  # 0 in another pid namespace, and our own group to kill(2)
                os.kill(pid, signal.SIGKILL)

    async def _reap(self) -> None:
        """See our own host out, one that no longer answers."""
        if self._process is None:
            return
        with contextlib.suppress(subprocess.TimeoutExpired):
            await asyncio.to_thread(self._process.wait, END_SECONDS)
        if self._process.poll() is None:
            self._process.kill()
            await asyncio.to_thread(self._process.wait)
        self._process = None

    async def _start(self) -> None:
        await self._reap()
        ready, write = os.pipe2(os.O_CLOEXEC)
        try:
            self._process = self._spawn(write)
        finally:
            os.close(write)
        try:
            await self._until_closed(ready)
        finally:
            os.close(ready)
        status = self._process.poll()
        if status not in (None, TAKEN):
            raise HostLost(f"the kernel host ended at once with status {status}; see {self._log}")

    @property
    def _log(self) -> Path:
        return self._folder / "host.log"

    def _spawn(self, ready: int) -> "subprocess.Popen[bytes]":
        wanted = self._wanted
        command = [sys.executable, "-m", "fourhands_kernels.host", "--ready", str(ready)]
        command += ["--socket", str(wanted.socket), "--environments", str(wanted.environments)]
        command += [
            "--isolation",
            wanted.isolation,
            "--linger",
            str(wanted.linger),
            "--kernels",
            str(wanted.kernels),
            "--warm",
            str(wanted.warm),
            "--launcher",
            wanted.launcher,
            *_each("--hide", wanted.hidden),
        ]
        if self._log.exists() and self._log.stat().st_size > _LOG:
            self._log.unlink()
        with self._log.open("ab") as log:
            # A session of its own: Ctrl-C and the end of the server's terminal are not meant for it. No
            # stream of the server's either: whoever reads those would wait for the host.
            return subprocess.Popen(
                command,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                pass_fds=(ready,),
                start_new_session=True,
                env=_environment(),
                cwd="/",
            )

    async def _until_closed(self, ready: int) -> None:
        """The host closes the pipe once it serves; its death closes it too."""
        try:
            async with asyncio.timeout(START_SECONDS):
                await readable(ready)
        except TimeoutError:
            wait = f"{START_SECONDS:.0f} s"
            raise HostLost(f"the kernel host did not start within {wait}; see {self._log}") from None


def _each(option: str, folders: Sequence[Path]) -> Sequence[str]:
    return [word for folder in folders for word in (option, str(folder))]


def _environment() -> dict[str, str]:
    """What the host and other people's provisioners need; no key or address of the server's goes along."""
    kept = {
        name: text for name, text in os.environ.items() if name in _KEPT or name.startswith(_KEPT_FOR_OTHERS)
    }
    paths = [
        path
        for path in sys.path
        if (path and Path(path, "fourhands_kernels").is_dir()) or Path(path, "fourhands_protocol").is_dir()
    ]
    return kept | {"PYTHONPATH": os.pathsep.join(map(str, paths))}
