"""What rooms may run on: a folder of Python environments and of Jupyter kernelspecs, apart from the server's
own Python.

Each is an entry of the folder (or a link in it), looked at anew whenever it has changed: one that is added,
replaced or taken away while the host runs counts for the next kernel.

    NAME/bin/python     a virtual environment with ipykernel: its kernels run behind our walls
    NAME/kernel.json    a kernelspec: ipykernel on another Python runs behind our walls too, one with a
                        provisioner of its own (Kubernetes, Docker) runs where that says, any other only where
                        the operator has chosen to do without isolation
"""

import asyncio
import contextlib
import fcntl
import json
import logging
import os
import re
import shutil
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from .kernel import KernelUnavailable

log = logging.getLogger(__name__)

DEFAULT: Final = "default"
MADE: Final = ".made"  # where `fourhands environments add` puts each of its environments, version by version
NAME: Final = re.compile(r"[a-z0-9][a-z0-9_-]{0,39}")
_OLDEST_IPYKERNEL: Final = 7  # the first that says when a subscription has arrived
_IPYKERNEL: Final = ("-m", "ipykernel_launcher")
_INSPECT: Final = """
import importlib.metadata, json, platform, sys
version = importlib.metadata.version("ipykernel")
print(json.dumps([sys.prefix, sys.base_prefix, sys.base_exec_prefix, platform.python_version(), version]))
"""


@dataclass(frozen=True, slots=True)
class Environment:
    """A Python with ipykernel: its interpreter, the folders that it reads, what people call it."""

    name: str
    python: Path
    folders: tuple[Path, ...]
    title: str = "Python"


@dataclass(frozen=True, slots=True)
class Kernelspec:
    """Any other kernel, as Jupyter describes it; `provisioner` starts it, None is Jupyter's own."""

    name: str
    folder: Path
    title: str
    provisioner: str | None


class Environments:
    """All that one folder offers."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._known: dict[str, tuple[object, Environment | Kernelspec]] = {}

    async def get(self, name: str) -> Environment:
        """Return an environment of ours; KernelUnavailable says what is missing."""
        found = await self.find(name)
        if isinstance(found, Kernelspec):
            raise KernelUnavailable(f"{name!r} is a kernelspec that has no Python of ours")
        return found

    async def find(self, name: str) -> Environment | Kernelspec:
        """Return what is offered under this name; KernelUnavailable says what is missing."""
        if not NAME.fullmatch(name):
            raise KernelUnavailable(f"{name!r} is no name of a kernel environment")
        home = (self._folder / name).resolve()
        state = _state(home)
        known = self._known.get(name)
        if known is None or known[0] != state:
            known = self._known[name] = (state, await self._inspect(name, home))
        return known[1]

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

    async def python(self) -> Environment:
        """A Python to try our walls with: the default, or any other where that is a kernelspec."""
        default = await self.find(DEFAULT)
        for one in (default, *await self.all()):
            if isinstance(one, Environment):
                return one
        raise KernelUnavailable("there is no environment of ours to try the isolation with")

    def names(self) -> list[str]:
        """Every entry that might be one."""
        try:
            entries = sorted(os.listdir(self._folder))
        except OSError:
            return []
        homes = {name: self._folder / name for name in entries if NAME.fullmatch(name)}
        return [name for name, home in homes.items() if _python(home).exists() or _spec(home).exists()]

    async def _inspect(self, name: str, home: Path) -> Environment | Kernelspec:
        if not os.access(home, os.R_OK | os.X_OK):
            others = ", ".join(self.names()) or "none: run `make setup`, or name a folder with --environments"
            raise KernelUnavailable(
                f"the kernel environment {name!r} is not in {self._folder}, or not for uid {os.getuid()}; "
                f"there are {others}"
            )
        return await inspect(name, home)


async def inspect(name: str, home: Path) -> Environment | Kernelspec:
    """Look at what a folder holds; KernelUnavailable where no kernel can come of it."""
    return await (_kernelspec(name, home) if _spec(home).exists() else _environment(name, _python(home)))


async def _environment(name: str, python: Path) -> Environment:
    *folders, version, ipykernel = await _ask(name, python)
    if int(ipykernel.split(".")[0]) < _OLDEST_IPYKERNEL:
        raise KernelUnavailable(
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


async def _kernelspec(name: str, home: Path) -> Environment | Kernelspec:
    try:
        spec = json.loads(_spec(home).read_text())
        argv, metadata = [str(word) for word in spec.get("argv", [])], dict(spec.get("metadata", {}))
        provisioner = dict(metadata.get("kernel_provisioner", {})).get("provisioner_name")
        title = str(spec.get("display_name") or spec.get("language") or name)
    except (OSError, ValueError, TypeError, AttributeError) as error:
        raise KernelUnavailable(f"the kernelspec {name!r} in {home} cannot be read: {error}") from error
    if provisioner is None and _runs_ipykernel(argv):
        python = _interpreter(argv[0], home)
        found = await _environment(name, python)
        return Environment(name, python, found.folders, title)
    return Kernelspec(name, home, title, provisioner)


def _runs_ipykernel(argv: Sequence[str]) -> bool:
    """Whether it is nothing but a Python with ipykernel, which our launcher starts as well."""
    return any(tuple(argv[at : at + 2]) == _IPYKERNEL for at in range(1, len(argv)))


def _interpreter(program: str, home: Path) -> Path:
    """The Python that a kernelspec means: by its path, or the prefix's around it, or the system's."""
    path = Path(program)
    if path.is_absolute():
        return path
    prefix = home.parents[3] if len(home.parents) > 3 else Path("/usr")  # PREFIX/share/jupyter/kernels/NAME
    own = prefix / "bin" / path.name
    return own if own.exists() else Path(shutil.which(path.name, path="/usr/local/bin:/usr/bin") or own)


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
