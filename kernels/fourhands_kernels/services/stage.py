"""Starts the program of one service in a sandbox of its own: no network, a uid of its own, little memory, its
source in no file.
"""

import dataclasses
import json
import os
import shutil
import socket
import tempfile
from collections.abc import Awaitable, Callable
from contextlib import ExitStack
from pathlib import Path
from typing import Any, Final, Literal

from ..environments import Environment, held
from ..sandbox import argv
from ..sandbox.handover import memory, report_pair, reported
from ..sandbox.launch import Bubblewrap, Plain
from ..sandbox.limits import MIB, Limits
from ..sandbox.process import KernelProcess
from ..sandbox.spawn import spawn
from .service import Service

_INSIDE: Final = Path(__file__).parent / "inside"
_BOOT: Final = Path(__file__).parent.parent / "sandbox" / "boot.py"
_FOLDER: Final = f"{argv.CODE}/service"
_LIMITS: Final = Limits(
    memory=384 * MIB, processes=64, open_files=256, home=16 * MIB, tmp=16 * MIB, shared=1 * MIB
)
_COMMAND: Final = "import sys; sys.path[:0] = {folders!r}; from runner import main; main()"


@dataclasses.dataclass(frozen=True, slots=True)
class Stage:
    """Services are started here, behind the same walls as kernels (or, where the operator says so, behind
    none); `find` gives an environment by its name.
    """

    launcher: Bubblewrap | Plain
    find: Callable[[str], Awaitable[Environment]]

    @property
    def mode(self) -> Literal["root", "user"] | None:
        """How walls are built; None where there are none."""
        return None if isinstance(self.launcher, Plain) else self.launcher.mode

    async def start(
        self, environment: str, service: Service, *, listener: int, link: socket.socket
    ) -> KernelProcess:
        """Start it on a listening socket, with its end of a link, which is then its own; KernelUnavailable
        where it cannot be.
        """
        with ExitStack() as stack:
            stack.enter_context(link)
            found = await self.find(environment)
            own = stack.enter_context(ExitStack())
            own.enter_context(held(found))
            report = report_pair(stack)
            settings = {
                "source": service.source,
                "listener": listener,
                "link": link.fileno(),
                "report": report[1].fileno(),
                "limits": _LIMITS.resources(),
            }
            launcher = self.launcher
            if isinstance(launcher, Plain):
                process = self._plain(launcher, found, settings, stack)
            else:
                process = self._walled(launcher, found, settings, stack)
            holding = own.pop_all()
            process.exited.add_done_callback(lambda _: holding.close())
            report[1].close()
            link.close()
            walls = getattr(launcher, "cells", None)
            return await reported(process, report[0], in_memory=self.mode is not None, cells=walls)

    def _walled(
        self, launcher: Bubblewrap, environment: Environment, settings: dict[str, Any], stack: ExitStack
    ) -> KernelProcess:
        config = memory(stack, "settings", json.dumps({**settings, "cwd": argv.WORK}).encode())
        files = {f"{_FOLDER}/{path.name}": path.read_bytes() for path in _INSIDE.glob("*.py")}
        files[f"{_FOLDER}/boot.py"] = _BOOT.read_bytes()
        command = [str(environment.python), "-I", "-c", _COMMAND.format(folders=[_FOLDER]), str(config)]
        inherited = (config, settings["link"], settings["listener"], settings["report"])
        limited = dataclasses.replace(launcher, limits=_LIMITS)
        return limited.start(environment, command, files=files, inherited=inherited)

    def _plain(
        self, launcher: Plain, environment: Environment, settings: dict[str, Any], stack: ExitStack
    ) -> KernelProcess:
        home = tempfile.mkdtemp(prefix="service", dir=launcher.runtime)
        # RLIMIT_NPROC would count everything else that this user runs.
        limits = {name: value for name, value in settings["limits"].items() if name != "RLIMIT_NPROC"}
        settings |= {"parent": os.getpid(), "limits": limits, "cwd": f"{home}/work"}
        config = memory(stack, "settings", json.dumps(settings).encode())
        folders = [str(_INSIDE), str(_BOOT.parent)]
        command = [str(environment.python), "-I", "-c", _COMMAND.format(folders=folders), str(config)]
        process = spawn(
            command,
            descriptors=(config, settings["link"], settings["listener"], settings["report"]),
            env={"PATH": f"{environment.python.parent}:/usr/bin:/bin", "HOME": home, "LANG": "C.UTF-8"},
        )
        process.exited.add_done_callback(lambda _: shutil.rmtree(home, ignore_errors=True))
        return process
