"""Starts one kernel, behind bubblewrap or (where the operator says so) plainly; both speak to the same
launcher inside.
"""

import json
import os
import shutil
import tempfile
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from string import Template
from typing import Any, Final, Protocol

from ..environments import Environment
from ..kernel import KernelUnavailable
from . import argv, seccomp
from .cells import Cells
from .channels import Channels
from .handover import configuration, memory, new_uid, report_pair, reported
from .limits import DEFAULT, Limits
from .process import KernelProcess
from .spawn import spawn

_INSIDE: Final = Path(__file__).parent
KERNEL_FILES: Final = ("boot.py", "room_app.py", "room_kernel.py", "room_output.py", "room_streams.py")
_LAUNCHER_FILES: Final = (*KERNEL_FILES, "relay.py")
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
            settings = configuration(channels, key=key, report=report[1], limits=self.limits, cwd=argv.WORK)
            settings |= _program(environment)
            config = memory(stack, "configuration", json.dumps(settings).encode())
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
        zygote: bool = False,
    ) -> KernelProcess:
        """Start any command behind the walls; the probe uses this to try them.

        A zygote keeps the powers that it needs to build walls itself, and has no filter.
        """
        uid = 0 if zygote else new_uid()
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
                seccomp=None if zygote else filter_,
                info=telling,
                limits=self.limits,
                zygote=zygote,
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
            settings |= _program(environment) | {"parent": os.getpid(), "limits": limits}
            config = memory(stack, "configuration", json.dumps(settings).encode())
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


def _program(environment: Environment) -> dict[str, Any]:
    """What the launcher inside starts in place of our own kernel."""
    program = environment.program
    if program is None:
        return {}
    variables = dict(program.variables)
    return {"program": {"argv": list(program.argv), "folder": str(program.folder), "variables": variables}}


def _variables(environment: Environment, *, home: str) -> dict[str, str]:
    """All of the environment that a kernel sees; nothing of the host's gets through."""
    usual = {
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
    given = {name: Template(text).safe_substitute(usual) for name, text in environment.variables}
    return usual | given
