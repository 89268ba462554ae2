"""Starts one kernel, behind bubblewrap or (where the operator says so) plainly; both speak to the same
launcher inside.
"""

import json
import os
import secrets
import shutil
import socket
import tempfile
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, Protocol

from ..environments import Environment
from ..kernel import KernelUnavailable
from . import argv, seccomp
from .cells import Cells
from .channels import Channels
from .limits import DEFAULT, Limits
from .memory import memory_file
from .process import KernelProcess
from .spawn import spawn

_INSIDE: Final = Path(__file__).parent
_LAUNCHER_FILES: Final = ("boot.py", "room_kernel.py")
# Uids that no distribution hands out, above systemd's containers and below 2^31. One per sandbox:
# RLIMIT_NPROC counts by uid.
_FIRST_UID: Final = 1_900_000_000
_UIDS: Final = 2**24

Start = Callable[[Sequence[str], Sequence[int]], KernelProcess]


class Launcher(Protocol):
    """A way to start kernels."""

    async def launch(self, environment: Environment, channels: Channels, *, key: str) -> KernelProcess:
        """Start a kernel on these sockets; KernelUnavailable where it cannot be."""
        ...


@dataclass(frozen=True, slots=True)
class Bubblewrap:
    """Kernels behind all walls; `runtime`, the host's own folder, and `hidden` are shown to no sandbox.

    `cells` hold each sandbox as a whole to its limits, before any code of a room runs in it.
    """

    mode: argv.Mode
    runtime: Path
    hidden: tuple[Path, ...] = ()
    limits: Limits = DEFAULT
    cells: Cells | None = None

    async def launch(self, environment: Environment, channels: Channels, *, key: str) -> KernelProcess:
        """Start a kernel in a sandbox of its own."""
        with ExitStack() as stack:
            report = report_pair(stack)
            settings = configuration(
                channels, key=key, report=report[1], limits=self.limits, cwd=argv.WORK
            )
            config = memory(stack, "configuration", json.dumps(configuration).encode())
            command = [str(environment.python), "-I", f"{argv.CODE}/boot.py", str(config)]
            inherited = (config, report[1].fileno(), *channels.descriptors.values())
            files = {f"{argv.CODE}/{name}": (_INSIDE / name).read_bytes() for name in _LAUNCHER_FILES}
            process = self.start(environment, command, files=files, inherited=inherited)
            channels.hand_over()
            report[1].close()
            return await reported(process, report[0], in_memory=True, cells=self.cells)

    def start(
        self,
        environment: Environment,
        command: Sequence[str],
        *,
        files: Mapping[str, bytes],
        inherited: Iterable[int] = (),
    ) -> KernelProcess:
        """Start any command behind the walls; the probe uses this to try them."""
        uid = _FIRST_UID + secrets.randbelow(_UIDS)
        inner = uid if self.mode == "root" else argv.USER_UID
        with ExitStack() as stack:
            contents = argv.account_files(inner) | dict(files)
            filter_ = memory(stack, "filter", seccomp.program(seccomp.machine()))
            told, telling = os.pipe2(os.O_CLOEXEC)
            stack.callback(os.close, telling)
            sandbox = argv.Sandbox(
                mode=self.mode,
                uid=uid,
                readable=environment.folders,
                masked=(self.runtime, *self.hidden),
                files={path: memory(stack, Path(path).name, data) for path, data in contents.items()},
                environment=_variables(environment, home=argv.HOME),
                seccomp=filter_,
                info=telling,
                limits=self.limits,
            )
            options = memory(stack, "options", "\0".join(argv.options(sandbox)).encode())
            # By descriptor, for /proc/1/cmdline inside would show the host's paths.
            line = [find_bubblewrap(), "--args", str(options), "--", *argv.change_uid(sandbox), *command]
            handed = (*inherited, *sandbox.files.values(), filter_, telling, options)
            try:
                return spawn(line, descriptors=handed, env={}, info=told)
            except KernelUnavailable:
                os.close(told)
                raise


@dataclass(frozen=True, slots=True)
class Plain:
    """Kernels without any wall, as the host's own user: for one's own code, and for machines that hold
    nothing else.
    """

    runtime: Path
    limits: Limits = DEFAULT

    async def launch(self, environment: Environment, channels: Channels, *, key: str) -> KernelProcess:
        """Start a kernel as a plain child process."""
        home = tempfile.mkdtemp(prefix="home", dir=self.runtime)
        # RLIMIT_NPROC would count everything else that this user runs.
        limits = {name: value for name, value in self.limits.resources().items() if name != "RLIMIT_NPROC"}
        with ExitStack() as stack:
            report = report_pair(stack)
            settings = configuration(
                channels, key=key, report=report[1], limits=self.limits, cwd=f"{home}/work"
            )
            configuration |= {"parent": os.getpid(), "limits": limits}
            config = memory(stack, "configuration", json.dumps(configuration).encode())
            command = [str(environment.python), "-I", str(_INSIDE / "boot.py"), str(config)]
            inherited = (config, report[1].fileno(), *channels.descriptors.values())
            process = spawn(command, descriptors=inherited, env=_variables(environment, home=home))
            process.exited.add_done_callback(lambda _: shutil.rmtree(home, ignore_errors=True))
            channels.hand_over()
            report[1].close()
            return await reported(process, report[0], in_memory=False)


def find_bubblewrap() -> str:
    """The path of bubblewrap; KernelUnavailable says how to get it."""
    found = shutil.which("bwrap", path="/usr/bin:/usr/local/bin:/bin")
    if found is None:
        raise KernelUnavailable("bubblewrap is not installed: apt-get install bubblewrap")
    return found


def _variables(environment: Environment, *, home: str) -> dict[str, str]:
    """All of the environment that a kernel sees; nothing of the host's gets through."""
    return {
        "PATH": f"{environment.python.parent}:/usr/bin:/bin",
        "HOME": home,
        "LANG": "C.UTF-8",
        "PYTHONUNBUFFERED": "1",
        # One thread each: rooms share the processors, and idle threads count against the limit of processes.
        "OPENBLAS_NUM_THREADS": "1",
        "OMP_NUM_THREADS": "1",
        "MPLBACKEND": "module://matplotlib_inline.backend_inline",
        # The debugger's warning about frozen modules is about a debugger that nobody starts.
        "PYDEVD_DISABLE_FILE_VALIDATION": "1",
    }


def configuration(
    channels: Channels, *, key: str, report: socket.socket, limits: Limits, cwd: str
) -> dict[str, Any]:
    return {
        "key": key,
        "sockets": dict(channels.descriptors),
        "report": report.fileno(),
        "cwd": cwd,
        "limits": limits.resources(),
    }


def report_pair(stack: ExitStack) -> tuple[socket.socket, socket.socket]:
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_STREAM)
    stack.enter_context(ours)
    stack.enter_context(theirs)
    ours.setblocking(False)
    ours.setsockopt(socket.SOL_SOCKET, socket.SO_PASSCRED, 1)
    return ours, theirs


def memory(stack: ExitStack, name: str, data: bytes) -> int:
    fd = memory_file(name, data)
    stack.callback(os.close, fd)
    return fd


async def reported(
    process: KernelProcess, report: socket.socket, *, in_memory: bool, cells: Cells | None = None
) -> KernelProcess:
    try:
        await process.reported(report, in_memory=in_memory)
        if cells is not None:
            cells.confine(process)
        report.send(b"1")  # the launcher waits for it before anything of the room runs
    except BaseException:
        process.kill()
        raise
    return process
