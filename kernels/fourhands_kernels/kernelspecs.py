"""Jupyter's kernelspecs: what a `kernel.json` says, and which of the three kinds of kernels it comes to."""

import json
import shutil
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Literal

from .kernel import KernelUnavailable

_IPYKERNEL: Final = ("-m", "ipykernel_launcher")


@dataclass(frozen=True, slots=True)
class Program:
    """A kernel that is not ours: its command with Jupyter's places to fill in, its kernelspec's folder, its
    variables, and how it is interrupted.
    """

    argv: tuple[str, ...]
    folder: Path
    variables: tuple[tuple[str, str], ...] = ()
    interrupt: Literal["message", "signal"] = "signal"


@dataclass(frozen=True, slots=True)
class Kernelspec:
    """A kernel that a provisioner of its own starts, as Jupyter describes it."""

    name: str
    folder: Path
    title: str
    provisioner: str


@dataclass(frozen=True, slots=True)
class OtherPython:
    """A Python with ipykernel, which our launcher starts as well as any; `otherwise` where it is too old for
    that.
    """

    python: Path
    otherwise: "Standalone"


@dataclass(frozen=True, slots=True)
class Standalone:
    """A program of its own, with the folders that it reads."""

    name: str
    folders: tuple[Path, ...]
    title: str
    program: Program


def read(name: str, home: Path) -> Kernelspec | OtherPython | Standalone:
    """Read a kernelspec; KernelUnavailable where it is none."""
    try:
        spec = json.loads((home / "kernel.json").read_text())
        argv, metadata = tuple(map(str, spec.get("argv", []))), dict(spec.get("metadata", {}))
        provisioner = dict(metadata.get("kernel_provisioner", {})).get("provisioner_name")
        variables = tuple((str(key), str(value)) for key, value in dict(spec.get("env", {})).items())
        shown = [Path(str(folder)) for folder in dict(metadata.get("fourhands", {})).get("readable", [])]
        title = str(spec.get("display_name") or spec.get("language") or name)
        interrupt: Literal["message", "signal"] = (
            "message" if spec.get("interrupt_mode") == "message" else "signal"
        )
    except (OSError, ValueError, TypeError, AttributeError) as error:
        raise KernelUnavailable(f"the kernelspec {name!r} in {home} cannot be read: {error}") from error
    if provisioner is not None:
        return Kernelspec(name, home, title, str(provisioner))
    if not argv:
        raise KernelUnavailable(f"the kernelspec {name!r} in {home} names no program")
    path = _program(argv[0], home)
    folders = _folders(name, (*map(_prefix, (path, path.resolve())), home, *shown))
    program = Program((str(path), *argv[1:]), home, variables, interrupt)
    standalone = Standalone(name, folders, title, program)
    return OtherPython(path, standalone) if _runs_ipykernel(argv) else standalone


def _prefix(program: Path) -> Path:
    """The folder with all that belongs to a program, as most are installed."""
    return program.parents[1] if program.parent.name == "bin" else program.parent


def _folders(name: str, wanted: Iterable[Path]) -> tuple[Path, ...]:
    """What a sandbox is to show besides the system; KernelUnavailable for whole homes, and for roots."""
    folders = tuple(dict.fromkeys(folder for folder in wanted if not folder.is_relative_to("/usr")))
    folders = tuple(folder for folder in folders if folder != Path("/"))  # /bin is a link into /usr
    for folder in folders:
        if len(folder.parts) < 3 or folder.parent == Path("/home"):
            raise KernelUnavailable(f"the kernelspec {name!r} would show all of {folder} to sandboxes")
    return folders


def _runs_ipykernel(argv: Sequence[str]) -> bool:
    """Whether it is nothing but a Python with ipykernel, which our launcher starts as well."""
    return any(tuple(argv[at : at + 2]) == _IPYKERNEL for at in range(1, len(argv)))


def _program(program: str, home: Path) -> Path:
    """The program that a kernelspec means: by its path, or the prefix's around it, or the system's."""
    path = Path(program)
    if path.is_absolute():
        return path
    prefix = home.parents[3] if len(home.parents) > 3 else Path("/usr")  # PREFIX/share/jupyter/kernels/NAME
    own = prefix / "bin" / path.name
    return own if own.exists() else Path(shutil.which(path.name, path="/usr/local/bin:/usr/bin") or own)
