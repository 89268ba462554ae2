"""Control groups, version 2 or 1: each sandbox gets one of its own wherever this host may make them.

Nothing is assumed: what is mounted where is read, and a trial group with a process in it shows whether it
works. A group lies below the host's own, so that whatever holds the host holds its sandboxes too.
"""

import contextlib
import os
import subprocess
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Literal

from .limits import Limits

Version = Literal[1, 2]
_Way = tuple[Version, dict[str, Path]]

PREFIX: Final = "fourhands-"
_NEEDED: Final = ("memory", "pids")
_WANTED: Final = (*_NEEDED, "cpu")
_LEAF: Final = "fourhands-itself"  # version 2: processes and groups do not go together in one group
_DELEGATED: Final = ("user.delegate", "trusted.delegate")  # how systemd marks what it leaves to us
_SPARE: Final = 16  # processes: bubblewrap's own are in the group, too
_WEIGHT: Final = 2  # processes per processor that all rooms together weigh as
_HEAVIEST: Final = {1: 262_144, 2: 10_000}
_TRIALS: Final = 50  # times 20 ms: a group stays busy for a moment after its last process
_PAUSE: Final = 0.02  # seconds


@dataclass(frozen=True, slots=True, eq=False)
class Group:
    """One sandbox's group: a folder per hierarchy (one in all with version 2)."""

    version: Version
    folders: Mapping[str, Path]

    def join(self, pid: int) -> None:
        """Take a process in, with all that it will start; ProcessLookupError where it is gone."""
        for folder in dict.fromkeys(self.folders.values()):
            (folder / "cgroup.procs").write_text(str(pid))

    def exceeded(self) -> bool:
        """Whether the kernel ended a process here because all of them took too much memory."""
        name = "memory.events" if self.version == 2 else "memory.oom_control"
        with contextlib.suppress(OSError):
            for line in (self.folders["memory"] / name).read_text().splitlines():
                if line.startswith("oom_kill "):
                    return int(line.split()[1]) > 0
        return False

    def remove(self) -> bool:
        """Take it away; False while something in it is still on its way out."""
        return all([_remove(folder) for folder in dict.fromkeys(self.folders.values())])


@dataclass(frozen=True, slots=True)
class Cgroups:
    """Where this host makes its groups; `bases` is a folder per controller."""

    version: Version
    bases: Mapping[str, Path]
    name: str

    @property
    def words(self) -> str:
        """For an operator."""
        return f"cgroup v{self.version} ({', '.join(self.bases)})"

    @property
    def folders(self) -> list[Path]:
        """The host's own folders: all of ours lies in them."""
        return [base / self.name for base in dict.fromkeys(self.bases.values())]

    def make(self, name: str, limits: Limits) -> Group:
        """A group with these limits; OSError where it cannot be."""
        for folder in self.folders:
            folder.mkdir(exist_ok=True)
            if self.version == 2:
                _enable(folder, self.bases)
        if "cpu" in self.bases:
            _weigh(self.version, self.bases["cpu"] / self.name)
        group = Group(self.version, {kind: base / self.name / name for kind, base in self.bases.items()})
        for folder in dict.fromkeys(group.folders.values()):
            folder.mkdir()
        _limit(group, limits)
        return group

    def tidy(self) -> None:
        """Take away what hosts left here that no longer live."""
        for base in dict.fromkeys(self.bases.values()):
            for folder in base.glob(f"{PREFIX}*-*"):
                if left_behind(folder):
                    sweep(folder)

    def remove(self) -> None:
        """Take everything of this host away."""
        for folder in self.folders:
            sweep(folder)


def find(
    *, proc: Path = Path("/proc"), name: str | None = None, limits: Limits | None = None
) -> Cgroups | None:
    """The first way that works in a trial: version 2, then 1; None where neither does."""
    for version, bases in _candidates(proc):
        found = Cgroups(version, bases, name or _own_name())
        if _works(found, limits or Limits()):
            return found
    return None


def sweep(folder: Path) -> None:
    """Remove one host's folder and the groups in it, as far as nothing runs there."""
    with contextlib.suppress(OSError):
        for inner in folder.iterdir():
            if inner.is_dir():
                _remove(inner)
        _remove(folder)


def left_behind(folder: Path) -> bool:
    """Whether a folder is that of a host which no longer lives."""
    if not folder.name.startswith(PREFIX):
        return False
    try:
        pid, started = map(int, folder.name.removeprefix(PREFIX).split("-"))
    except ValueError:
        return False
    return _started(pid) != started


def _own_name() -> str:
    """Pid and start time: a later process of the same number is another one."""
    return f"{PREFIX}{os.getpid()}-{_started(os.getpid())}"


def _started(pid: int) -> int | None:
    try:
        return int(Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[19])
    except (OSError, IndexError):
        return None


def _candidates(proc: Path) -> Iterator[_Way]:
    with contextlib.suppress(OSError, ValueError, IndexError):
        own = dict(_own(proc))
        mounts = list(_mounts(proc))
        for kinds, root, point in mounts:
            if kinds == {"cgroup2"} and "" in own:
                yield from _unified(_below(own[""], root, point), point)
        bases: dict[str, Path] = {
            kind: base
            for kind in _WANTED
            for kinds, root, point in mounts
            if kind in kinds and kind in own and os.access(base := _below(own[kind], root, point), os.W_OK)
        }
        if all(kind in bases for kind in _NEEDED):
            yield 1, bases


def _unified(own: Path, point: Path) -> Iterator[_Way]:
    """Beside our own group, where its parent hands controllers on; below it, where it was left to us."""
    for base in (own.parent, own) if own != point else (own,):
        with contextlib.suppress(OSError):
            if not os.access(base, os.W_OK) or not os.access(base / "cgroup.procs", os.W_OK):
                continue
            able = (base / "cgroup.controllers").read_text().split()
            handed = (base / "cgroup.subtree_control").read_text().split()
            if not all(kind in able for kind in _NEEDED):
                continue
            if not all(kind in handed for kind in _NEEDED):
                if base != own or not (own == point or _delegated(own)):
                    continue
                _move_aside(own)
                _enable(own, able)
                handed = (base / "cgroup.subtree_control").read_text().split()
            yield 2, {kind: base for kind in _WANTED if kind in handed}


def _delegated(folder: Path) -> bool:
    for name in _DELEGATED:
        with contextlib.suppress(OSError):
            if os.getxattr(folder, name) == b"1":
                return True
    return False


def _move_aside(folder: Path) -> None:
    """Move what runs in a group into one of its own: a group with groups in it may hold no process."""
    leaf = folder / _LEAF
    leaf.mkdir(exist_ok=True)
    for pid in (folder / "cgroup.procs").read_text().split():
        with contextlib.suppress(ProcessLookupError):
            (leaf / "cgroup.procs").write_text(pid)


def _enable(folder: Path, kinds: "Mapping[str, Path] | list[str]") -> None:
    wanted = " ".join(f"+{kind}" for kind in _WANTED if kind in kinds)
    (folder / "cgroup.subtree_control").write_text(wanted)


def _own(proc: Path) -> Iterator[tuple[str, str]]:
    """Our path by controller; version 2 under the empty name."""
    for line in (proc / "self/cgroup").read_text().splitlines():
        _, kinds, path = line.split(":", 2)
        for kind in kinds.split(","):
            yield kind, path


def _mounts(proc: Path) -> Iterator[tuple[set[str], str, Path]]:
    """What is mounted: its controllers (or cgroup2), its root in the hierarchy, where."""
    for line in (proc / "self/mountinfo").read_text().splitlines():
        before, _, after = line.partition(" - ")
        kind, _, options = after.split(" ", 2)
        root, point = before.split(" ")[3:5]
        if kind == "cgroup2":
            yield {"cgroup2"}, root, Path(point)
        elif kind == "cgroup":
            yield set(options.split(",")), root, Path(point)


def _below(own: str, root: str, point: Path) -> Path:
    """Our group's folder; a container may see a part of the hierarchy under another root."""
    inner = own.removeprefix(root) if root != "/" else own
    folder = point / inner.lstrip("/")
    return folder if folder.is_dir() else point


def _weigh(version: Version, folder: Path) -> None:
    """All rooms together against what else runs here, the server for one: as a group they would weigh no more
    than one process.
    """
    with contextlib.suppress(OSError):
        name, one = ("cpu.weight", 100) if version == 2 else ("cpu.shares", 1024)
        (folder / name).write_text(str(min(_WEIGHT * (os.cpu_count() or 1) * one, _HEAVIEST[version])))


def _limit(group: Group, limits: Limits) -> None:
    memory, pids = group.folders["memory"], group.folders["pids"]
    (pids / "pids.max").write_text(str(limits.processes + _SPARE))
    if group.version == 2:
        (memory / "memory.max").write_text(str(limits.whole))
        optional = {"memory.swap.max": "0", "memory.oom.group": "1"}
    else:
        (memory / "memory.limit_in_bytes").write_text(str(limits.whole))
        optional = {"memory.memsw.limit_in_bytes": str(limits.whole)}  # only where swap is counted
    for name, value in optional.items():
        with contextlib.suppress(OSError):
            (memory / name).write_text(value)


def _works(cgroups: Cgroups, limits: Limits) -> bool:
    """Make a group, put a process in, see it there, take all away."""
    try:
        group = cgroups.make("trial", limits)
        try:
            with subprocess.Popen(["/bin/cat"], stdin=subprocess.PIPE, stdout=subprocess.DEVNULL) as process:
                try:
                    group.join(process.pid)
                    procs = [folder / "cgroup.procs" for folder in set(group.folders.values())]
                    inside = all(str(process.pid) in file.read_text().split() for file in procs)
                finally:
                    process.kill()
            group.exceeded()
        finally:
            for _ in range(_TRIALS):
                if group.remove():
                    break
                time.sleep(_PAUSE)
    except OSError:
        inside = False
    if not inside:
        cgroups.remove()
    return inside


def _remove(folder: Path) -> bool:
    try:
        folder.rmdir()
    except FileNotFoundError:
        return True
    except OSError:
        return False
    return True
