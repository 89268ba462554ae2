"""Starts one half of a pair: a sandbox that has some files, one socket, and nothing else of the world."""

import dataclasses
import os
import shutil
import socket
import tempfile
from collections.abc import Mapping
from contextlib import ExitStack
from pathlib import Path
from typing import Any, Final

from ..environments import Environment
from ..sandbox import argv
from ..sandbox.handover import memory, report_pair, reported
from ..sandbox.launch import Bubblewrap, Plain
from ..sandbox.limits import MIB, Limits
from ..sandbox.process import KernelProcess
from ..sandbox.spawn import spawn
from .inside.writing import encode

_INSIDE: Final = Path(__file__).parent / "inside"
_BOOT: Final = Path(__file__).parent.parent / "sandbox" / "boot.py"
_LIMITS: Final = Limits(memory=768 * MIB, processes=64, home=32 * MIB, tmp=32 * MIB, shared=16 * MIB)
_COMMAND: Final = (
    "import sys; own = {folders!r}; sys.path[:0] = own; from inside.entry import main; "
    "del sys.path[:len(own)]; main()"
)


@dataclasses.dataclass(frozen=True, slots=True)
class Pairs:
    """Both halves are started here, behind the same walls as kernels (or, where the operator says so, behind
    none).
    """

    launcher: Bubblewrap | Plain

    @property
    def unisolated(self) -> bool:
        """Whether there are no walls: results can then be forged."""
        return isinstance(self.launcher, Plain)

    async def start(
        self, environment: Environment, role: str, link: socket.socket, settings: Mapping[str, Any]
    ) -> KernelProcess:
        """Start one half with its end of a socket, which is then its own; KernelUnavailable where it cannot
        be.
        """
        with ExitStack() as stack:
            stack.enter_context(link)
            report = report_pair(stack)
            chosen = {
                **settings,
                "role": role,
                "link": link.fileno(),
                "report": report[1].fileno(),
                "limits": _LIMITS.resources(),
            }
            if isinstance(self.launcher, Plain):
                process = self._plain(environment, chosen, stack)
            else:
                process = self._walled(self.launcher, environment, chosen, stack)
            report[1].close()
            link.close()
            cells = getattr(self.launcher, "cells", None)
            return await reported(process, report[0], in_memory=not self.unisolated, cells=cells)

    def _walled(
        self, launcher: Bubblewrap, environment: Environment, settings: dict[str, Any], stack: ExitStack
    ) -> KernelProcess:
        # Alone: in a pid namespace of its own, where it may kill all that there is.
        config = memory(stack, "settings", encode({**settings, "cwd": argv.WORK, "alone": True}))
        files = {f"{argv.CODE}/inside/{path.name}": path.read_bytes() for path in _INSIDE.glob("*.py")}
        files[f"{argv.CODE}/boot.py"] = _BOOT.read_bytes()
        command = [str(environment.python), "-I", "-c", _COMMAND.format(folders=[argv.CODE]), str(config)]
        inherited = (config, settings["link"], settings["report"])
        limited = dataclasses.replace(launcher, limits=_LIMITS)
        return limited.start(environment, command, files=files, inherited=inherited)

    def _plain(self, environment: Environment, settings: dict[str, Any], stack: ExitStack) -> KernelProcess:
        home = tempfile.mkdtemp(prefix="judge", dir=self.launcher.runtime)
        # RLIMIT_NPROC would count everything else that this user runs.
        limits = {name: value for name, value in settings["limits"].items() if name != "RLIMIT_NPROC"}
        settings |= {"parent": os.getpid(), "limits": limits, "cwd": f"{home}/work"}
        config = memory(stack, "settings", encode(settings))
        folders = [str(_INSIDE.parent), str(_BOOT.parent)]
        command = [str(environment.python), "-I", "-c", _COMMAND.format(folders=folders), str(config)]
        process = spawn(
            command,
            descriptors=(config, settings["link"], settings["report"]),
            env={"PATH": f"{environment.python.parent}:/usr/bin:/bin", "HOME": home, "LANG": "C.UTF-8"},
        )
        process.exited.add_done_callback(lambda _: shutil.rmtree(home, ignore_errors=True))
        return process
