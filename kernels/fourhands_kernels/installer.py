"""Adds environments for rooms, and takes them away, while servers go on: `fourhands environments …`.

A new one is made in a folder of its own, with a lock on it, and shows only once it is whole, by one link:

    ENVIRONMENTS/.made/NAME-1f2e3d4c    the virtual environment
    ENVIRONMENTS/NAME                   a link to it, or to the folder of an installed kernelspec

Kernels hold a lock on what they run on (`environments.held`). Whatever has neither link nor lock is left from
before and is cleared away by the next command.
"""

import argparse
import asyncio
import contextlib
import fcntl
import os
import secrets
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Final, NoReturn

from .environments import MADE, NAME, Environments, inspect
from .kernel import KernelUnavailable
from .kernelspecs import Kernelspec, read

_IPYKERNEL: Final = "ipykernel>=7"
# Each would send packages, or the search for them, somewhere else.
_MISLEADING: Final = ("PIP_TARGET", "PIP_PREFIX", "PIP_ROOT", "PIP_USER", "PYTHONHOME", "PYTHONPATH")
_STOPS: Final = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
_READABLE: Final = 0o022  # umask: sandboxes have a uid of their own


class NotDone(Exception):
    """What was asked for was not done, and nothing is left of it; the text says why."""


@dataclass(frozen=True, slots=True)
class Recipe:
    """What goes into a new environment; `python` is the interpreter that it is made with."""

    requirements: Sequence[Path]
    python: Path


class Shelf:
    """The environments of one folder, as an operator arranges them."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder.absolute()
        self._made = self._folder / MADE

    def add(self, name: str, recipe: Recipe, *, replace: bool = False) -> str:
        """Make an environment of these requirements; returns what it is ("Python 3.11.7")."""
        self._may_add(name, replace=replace)
        for file in recipe.requirements:
            if not file.is_file():
                raise NotDone(f"there is no requirements file {file}")
        with self._new(name) as (home, lock):
            _make(home, recipe, lock)
            title = _tried(name, home)
            self._show(name, home)
        self._sweep()
        return title

    def link(self, name: str, kernelspec: Path, *, replace: bool = False) -> str:
        """Offer the kernelspec of a folder; returns what it is."""
        self._may_add(name, replace=replace)
        if not (kernelspec / "kernel.json").is_file():
            raise NotDone(f"there is no kernel.json in {kernelspec}")
        title = _tried(name, kernelspec.absolute())
        self._folder.mkdir(parents=True, exist_ok=True)
        self._show(name, kernelspec.absolute())
        self._sweep()
        return title

    def remove(self, name: str) -> None:
        """Take an environment away; kernels that run on it keep it until they end."""
        place = self._folder / name
        if not NAME.fullmatch(name) or not (place.is_symlink() or place.exists()):
            raise NotDone(f"there is no environment {name!r} in {self._folder}")
        self._need_link(name)
        place.unlink()
        self._sweep()

    def rows(self) -> list[tuple[str, str]]:
        """Each environment's name, and what it is or what is wrong with it."""
        found = Environments(self._folder)

        async def row(name: str) -> tuple[str, str]:
            try:
                return name, (await found.find(name)).title
            except KernelUnavailable as problem:
                return name, f"not offered: {problem.reason}"

        async def rows() -> list[tuple[str, str]]:
            return list(await asyncio.gather(*map(row, found.names())))

        return asyncio.run(rows())

    # Inside

    def _may_add(self, name: str, *, replace: bool) -> None:
        if not NAME.fullmatch(name):
            raise NotDone(
                f"{name!r} cannot be a name: it takes 1 to 40 of the letters a to z, digits, - and _, "
                "the first a letter or digit"
            )
        place = self._folder / name
        if place.is_symlink() or place.exists():
            self._need_link(name)
            if not replace:
                raise NotDone(f"there is already an environment {name!r}; --replace makes it anew")

    def _need_link(self, name: str) -> None:
        if not (self._folder / name).is_symlink():
            raise NotDone(f"{self._folder / name} was not made by this command, which leaves it alone")

    @contextmanager
    def _new(self, name: str) -> Iterator[tuple[Path, int]]:
        """A locked folder for a new environment, which goes again unless all ends well."""
        self._made.mkdir(parents=True, exist_ok=True)
        home = self._made / f"{name}-{secrets.token_hex(4)}"
        with _locked(self._made):
            home.mkdir()
            lock = _lock(home, fcntl.LOCK_EX)
        try:
            yield home, lock
        except BaseException:
            shutil.rmtree(home, ignore_errors=True)
            raise
        finally:
            os.close(lock)

    def _show(self, name: str, home: Path) -> None:
        """Let the name stand for this folder from now on, in one step."""
        link = self._folder / f".{name}-{secrets.token_hex(4)}"
        link.symlink_to(home.relative_to(self._folder) if home.is_relative_to(self._folder) else home)
        link.replace(self._folder / name)

    def _sweep(self) -> None:
        """Clear away what nobody links to, makes or runs on."""
        if not self._made.is_dir():
            return
        with _locked(self._made):
            for home in self._made.iterdir():
                try:
                    lock = _lock(home, fcntl.LOCK_EX | fcntl.LOCK_NB)
                except OSError:
                    continue
                if home.resolve() not in self._linked():
                    shutil.rmtree(home, ignore_errors=True)
                os.close(lock)

    def _linked(self) -> set[Path]:
        return {entry.resolve() for entry in self._folder.iterdir() if entry.is_symlink()}


def _make(home: Path, recipe: Recipe, lock: int) -> None:
    """A virtual environment with all that is asked for; our own pip does it where we have one."""
    ours = find_spec("pip") is not None
    _run([str(recipe.python), "-I", "-m", "venv", *(["--without-pip"] if ours else []), str(home)], lock)
    python = str(home / "bin" / "python")
    pip = [sys.executable, "-I", "-m", "pip", "--python", python] if ours else [python, "-m", "pip"]
    files = [word for file in recipe.requirements for word in ("-r", str(file))]
    _run([*pip, "install", "--disable-pip-version-check", "--no-input", *files, _IPYKERNEL], lock)


def _run(command: Sequence[str], lock: int) -> None:
    """Run a command to its end; NotDone has its last line. Where we are stopped it ends with all it started;
    where we are killed it goes on for a while, and so it has our lock as well.
    """
    environment = {name: value for name, value in os.environ.items() if name not in _MISLEADING}
    stops: list[int] = []  # a signal in the midst of the start would leave behind what was just started
    usual = {number: signal.signal(number, lambda number, _: stops.append(number)) for number in _STOPS}
    try:
        process = subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            env=environment,
            umask=_READABLE,
            pass_fds=(lock,),
            start_new_session=True,
        )
    except OSError as error:
        _handle(usual)
        raise NotDone(f"{command[0]} cannot be run: {error.strerror}") from error
    try:
        _handle(usual)
        if stops:
            raise KeyboardInterrupt
        said, _ = process.communicate()
    except BaseException:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()
        raise
    if process.returncode != 0:
        lines = [line for line in said.decode(errors="replace").splitlines() if line.strip()]
        raise NotDone(lines[-1].strip() if lines else f"{command[0]} ended with {process.returncode}")


def _handle(signals: Mapping[signal.Signals, Any]) -> None:
    for number, handler in signals.items():
        signal.signal(number, handler)


def _tried(name: str, home: Path) -> str:
    """Look at it as a kernel host will."""
    try:
        return asyncio.run(inspect(name, home)).title
    except KernelUnavailable as problem:
        raise NotDone(problem.reason) from problem


def _lock(folder: Path, kind: int) -> int:
    fd = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        fcntl.flock(fd, kind)
    except BaseException:
        os.close(fd)
        raise
    return fd


@contextmanager
def _locked(folder: Path) -> Iterator[None]:
    fd = _lock(folder, fcntl.LOCK_EX)
    try:
        yield
    finally:
        os.close(fd)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one of the commands; returns the exit status."""
    parser = argparse.ArgumentParser(prog="fourhands environments")
    parser.add_argument("--environments", type=Path, required=True)
    parser.add_argument("--name", default="")
    parser.add_argument("--requirements", type=Path, action="append", default=[])
    parser.add_argument("--python", type=Path, default=Path(sys.executable))
    parser.add_argument("--kernelspec")
    parser.add_argument("--replace", action="store_true")
    parser.add_argument("action", choices=("add", "list", "remove"))
    chosen = parser.parse_args(arguments)
    os.umask(_READABLE)
    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, _stop)
    try:
        for line in _carry_out(chosen):
            sys.stdout.write(f"{line}\n")
    except (NotDone, KernelUnavailable, OSError) as problem:
        sys.stderr.write(f"fourhands: {problem}\n")
        return 1
    except KeyboardInterrupt:
        sys.stderr.write("fourhands: stopped; nothing is left of it\n")
        return 130
    return 0


def _stop(number: int, frame: object) -> NoReturn:
    raise KeyboardInterrupt


def _carry_out(chosen: argparse.Namespace) -> Iterator[str]:
    shelf, name = Shelf(chosen.environments), chosen.name
    if chosen.action == "list":
        rows = shelf.rows()
        width = max((len(name) for name, _ in rows), default=0)
        yield from (f"{name:{width}}  {title}" for name, title in rows)
        if not rows:
            yield f"No environment in {chosen.environments}: `make setup` makes two."
        return
    if chosen.action == "remove":
        shelf.remove(name)
        yield f"{name} is gone. Rooms that have chosen it run no code until there is one of that name again."
        return
    if chosen.kernelspec is not None:
        from .foreign import installed_kernelspec

        folder = installed_kernelspec(chosen.kernelspec)
        title = shelf.link(name, folder, replace=chosen.replace)
        found = read(name, folder)
        if isinstance(found, Kernelspec):
            yield f"Its kernels are started and isolated by the provisioner {found.provisioner}, not by us."
    else:
        title = shelf.add(name, Recipe(chosen.requirements, chosen.python), replace=chosen.replace)
    yield f"{name} is ready ({title}). New rooms may choose it: on the home page, or as a room's setting."


if __name__ == "__main__":
    sys.exit(main())
