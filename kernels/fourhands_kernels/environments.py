"""What rooms may run on: a folder of Python environments and of Jupyter kernelspecs, apart from the server's
own Python.

Each is an entry of the folder (or a link in it), looked at anew whenever it has changed: one that is added,
replaced or taken away while the host runs counts for the next kernel.

    NAME/bin/python     a virtual environment with ipykernel: its kernels run behind our walls
    NAME/kernel.json    a kernelspec: ipykernel on another Python, or any other program, which runs behind our
                        walls too; one with a provisioner of its own (Kubernetes, Docker) runs where that says
"""

import asyncio
import contextlib
import dataclasses
import fcntl
import json
import logging
import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from .kernel import KernelUnavailable
from .kernelspecs import Kernelspec, OtherPython, Program, Standalone, read

log = logging.getLogger(__name__)

DEFAULT: Final = "default"
MADE: Final = ".made"  # where `fourhands environments add` puts each of its environments, version by version
NAME: Final = re.compile(r"[a-z0-9][a-z0-9_-]{0,39}")
_OLDEST_IPYKERNEL: Final = 7  # the first that says when a subscription has arrived
_INSPECT: Final = """
import importlib.metadata, json, platform, sys
version = importlib.metadata.version("ipykernel")
print(json.dumps([sys.prefix, sys.base_prefix, sys.base_exec_prefix, platform.python_version(), version]))
"""


@dataclass(frozen=True, slots=True)
class Environment:
    """A Python with ipykernel: its interpreter, the folders that it reads, what people call it.

    `variables` are set for its kernels besides the usual ones. Where there is a `program` the Python only
    starts that one.
    """

    name: str
    python: Path
    folders: tuple[Path, ...]
    title: str = "Python"
    variables: tuple[tuple[str, str], ...] = ()
    program: Program | None = None


class _TooOld(KernelUnavailable):
    """An ipykernel that our launcher cannot start."""


_Found = Environment | Kernelspec | Standalone


class Environments:
    """All that one folder offers."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._known: dict[str, tuple[object, _Found]] = {}

    async def find(self, name: str) -> Environment | Kernelspec:
        """Return what is offered under this name; KernelUnavailable says what is missing."""
        if not NAME.fullmatch(name):
            raise KernelUnavailable(f"{name!r} is no name of a kernel environment")
        home = (self._folder / name).resolve()
        state = _state(home)
        known = self._known.get(name)
        if known is None or known[0] != state:
            known = self._known[name] = (state, await self._inspect(name, home))
        found = known[1]
        return await self._started(found) if isinstance(found, Standalone) else found

    async def all(self) -> list[Environment | Kernelspec]:
        """All that works, the default first."""
        found = await asyncio.gather(*map(self.find, self.names()), return_exceptions=True)
        for problem in found:
            if isinstance(problem, KernelUnavailable):
                log.info("not offered: %s", problem.reason)
            elif isinstance(problem, BaseException):
                raise problem
        working = [one for one in found if not isinstance(one, BaseException)]
        return sorted(working, key=lambda one: (one.name != DEFAULT, one.name))

    async def get(self, name: str) -> Environment:
        """Return an environment of ours; KernelUnavailable says what is missing."""
        found = await self.find(name)
        if isinstance(found, Kernelspec):
            raise KernelUnavailable(f"{name!r} is a kernelspec that is started elsewhere")
        return found

    async def python(self) -> Environment:
        """A Python of ours, to try our walls with and to start programs: the default, or else any other."""
        problem = KernelUnavailable(f"there is no Python environment in {self._folder}")
        for name in (DEFAULT, *self.names()):
            if _spec(self._folder / name).exists():
                continue
            try:
                found = await self.find(name)
            except KernelUnavailable as error:
                problem = error if name == DEFAULT else problem
            else:
                assert isinstance(found, Environment)
                return found
        raise problem

    async def _started(self, found: Standalone) -> Environment:
        """A program, with the Python that starts it and the folders of both."""
        own = await self.python()
        folders = tuple(dict.fromkeys((*own.folders, *found.folders)))
        return Environment(found.name, own.python, folders, found.title, program=found.program)

    def names(self) -> list[str]:
        """Every entry that might be one."""
        try:
            entries = sorted(os.listdir(self._folder))
        except OSError:
            return []
        homes = {name: self._folder / name for name in entries if NAME.fullmatch(name)}
        return [name for name, home in homes.items() if _python(home).exists() or _spec(home).exists()]

    async def _inspect(self, name: str, home: Path) -> _Found:
        if not os.access(home, os.R_OK | os.X_OK):
            others = ", ".join(self.names()) or "none: run `make setup`, or name a folder with --environments"
            raise KernelUnavailable(
                f"the kernel environment {name!r} is not in {self._folder}, or not for uid {os.getuid()}; "
                f"there are {others}"
            )
        return await inspect(name, home)


async def inspect(name: str, home: Path) -> _Found:
    """Look at what a folder holds; KernelUnavailable where no kernel can come of it."""
    if not _spec(home).exists():
        return await _environment(name, _python(home))
    found = read(name, home)
    if not isinstance(found, OtherPython):
        return found
    return await _other_python(found)


async def _other_python(found: OtherPython) -> _Found:
    """The Python of a kernelspec, with what that says of it."""
    said = found.otherwise
    try:
        own = await _environment(said.name, found.python)
    except _TooOld:
        return said
    folders = tuple(dict.fromkeys((*own.folders, *said.folders)))
    return dataclasses.replace(own, title=said.title, folders=folders, variables=said.program.variables)


async def _environment(name: str, python: Path) -> Environment:
    *folders, version, ipykernel = await _ask(name, python)
    if int(ipykernel.split(".")[0]) < _OLDEST_IPYKERNEL:
        raise _TooOld(
            f"the kernel environment {name!r} has ipykernel {ipykernel}, "
            f"and {_OLDEST_IPYKERNEL} or later is needed"
        )
    prefix, *bases = map(Path, folders)
    return Environment(name, python, tuple(dict.fromkeys((*bases, prefix))), f"Python {version}")


@contextmanager
def held(environment: Environment) -> Iterator[None]:
    """Keep an environment from being cleared away while a kernel runs on it."""
    home = environment.python.parent.parent
    if home.parent.name != MADE:  # made by hand, and taken away by hand
        yield
        return
    try:
        fd = os.open(home, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    except OSError as error:
        raise KernelUnavailable(f"the kernel environment {environment.name!r} has just gone") from error
    try:
        with contextlib.suppress(OSError):  # somebody clears it away, or it lies where there are no locks
            fcntl.flock(fd, fcntl.LOCK_SH | fcntl.LOCK_NB)
        yield
    finally:
        os.close(fd)


def _python(home: Path) -> Path:
    return home / "bin" / "python"


def _spec(home: Path) -> Path:
    return home / "kernel.json"


def _state(home: Path) -> object:
    """Something that changes with what the folder holds."""

    def seen(path: Path) -> tuple[int, int] | None:
        try:
            found = path.stat()
        except OSError:
            return None
        return found.st_ino, found.st_mtime_ns

    return home, seen(home), seen(_spec(home))


async def _ask(name: str, python: Path) -> list[str]:
    """Let the interpreter say where it lives."""
    try:
        process = await asyncio.create_subprocess_exec(
            str(python),
            "-I",
            "-c",
            _INSPECT,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
            env={},
        )
    except OSError as error:
        raise KernelUnavailable(
            f"uid {os.getuid()} cannot run {python} ({error.strerror}): if its Python lies in another's "
            "home, make the environment with one that everybody may read, /usr/bin/python3 say"
        ) from error
    out, err = await process.communicate()
    if process.returncode != 0:
        last = err.decode(errors="replace").strip().rsplit("\n", 1)[-1]
        raise KernelUnavailable(f"the kernel environment {name!r} does not work: {last}")
    answer: list[str] = json.loads(out)
    return answer
