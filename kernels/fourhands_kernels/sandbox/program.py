"""Programs of ours beside a room's kernel, each started in a sandbox of its own, or without one."""

import dataclasses
import json
import os
import shutil
import socket
import tempfile
from collections.abc import Callable, Iterable, Mapping
from contextlib import ExitStack
from pathlib import Path
from typing import Any, Final

from ..environments import Environment
from . import argv
from .handover import memory, report_pair, reported
from .launch import Bubblewrap, Plain
from .limits import Limits
from .process import KernelProcess
from .spawn import spawn

_BOOT: Final = Path(__file__).parent / "boot.py"
_COMMAND: Final = "import sys; own = {folders!r}; sys.path[:0] = own; {entry}"


def _json(settings: Mapping[str, Any]) -> bytes:
    return json.dumps(settings).encode()


@dataclasses.dataclass(frozen=True, slots=True)
class Program:
    """What is started: `files` below `folder`, which is put at the front of `sys.path` (it stands there as
    `own`), by the statement `entry`. It reads settings from the descriptor whose number is its argument,
    written by `write`, and gives its sign by `boot.report`.

    Without `site`, the environment's packages and what they run at a start are not there.
    """

    name: str
    folder: Path
    files: tuple[str, ...]
    entry: str
    limits: Limits
    site: bool = True
    write: Callable[[Mapping[str, Any]], bytes] = _json

    def command(self, environment: Environment, folders: Iterable[str], config: int) -> list[str]:
        """Its arguments; isolated from variables and from the user's own packages."""
        flags = ["-I"] if self.site else ["-I", "-S"]
        source = _COMMAND.format(folders=list(folders), entry=self.entry)
        return [str(environment.python), *flags, "-c", source, str(config)]


async def start(
    launcher: Bubblewrap | Plain,
    program: Program,
    environment: Environment,
    settings: Mapping[str, Any],
    *,
    link: socket.socket,
    descriptors: Mapping[str, int] | None = None,
) -> KernelProcess:
    """Start it with its end of a link, which is then its own; KernelUnavailable where it cannot be.

    It finds its settings, and in them the numbers of `link` and `descriptors`, `report`, `limits` and `cwd`;
    and `parent`, where nothing but itself would end it with the host.
    """
    with ExitStack() as stack:
        stack.enter_context(link)
        report = report_pair(stack)
        passed = {**(descriptors or {}), "link": link.fileno(), "report": report[1].fileno()}
        chosen = {**settings, **passed, "limits": program.limits.resources()}
        if isinstance(launcher, Plain):
            process = _plain(launcher, program, environment, chosen, passed, stack)
        else:
            process = _walled(launcher, program, environment, chosen, passed, stack)
        report[1].close()
        link.close()
        walled = isinstance(launcher, Bubblewrap)
        cells = launcher.cells if isinstance(launcher, Bubblewrap) else None
        return await reported(process, report[0], in_memory=walled, cells=cells)


def _walled(
    launcher: Bubblewrap,
    program: Program,
    environment: Environment,
    settings: dict[str, Any],
    passed: Mapping[str, int],
    stack: ExitStack,
) -> KernelProcess:
    config = memory(stack, "settings", program.write({**settings, "cwd": argv.WORK}))
    files = {f"{argv.CODE}/{name}": (program.folder / name).read_bytes() for name in program.files}
    files[f"{argv.CODE}/boot.py"] = _BOOT.read_bytes()
    command = program.command(environment, [argv.CODE], config)
    limited = dataclasses.replace(launcher, limits=program.limits)
    return limited.start(environment, command, files=files, inherited=(config, *passed.values()))


def _plain(
    launcher: Plain,
    program: Program,
    environment: Environment,
    settings: dict[str, Any],
    passed: Mapping[str, int],
    stack: ExitStack,
) -> KernelProcess:
    home = tempfile.mkdtemp(prefix=program.name, dir=launcher.runtime)
    # RLIMIT_NPROC would count everything else that this user runs.
    limits = {name: value for name, value in settings["limits"].items() if name != "RLIMIT_NPROC"}
    own = {"parent": os.getpid(), "limits": limits, "cwd": f"{home}/work"}
    config = memory(stack, "settings", program.write({**settings, **own}))
    process = spawn(
        program.command(environment, [str(program.folder), str(_BOOT.parent)], config),
        descriptors=(config, *passed.values()),
        env={"PATH": f"{environment.python.parent}:/usr/bin:/bin", "HOME": home, "LANG": "C.UTF-8"},
    )
    process.exited.add_done_callback(lambda _: shutil.rmtree(home, ignore_errors=True))
    return process


def sources(folder: Path, *, below: str = "") -> tuple[str, ...]:
    """The Python files of a folder (of `below` in it), as `Program.files`."""
    return tuple(str(path.relative_to(folder)) for path in sorted((folder / below).glob("*.py")))
