"""Holds every sandbox as a whole to its limits: by a control group where the host has them, else by looking
again and again; whichever it is, who takes too much is ended and told why.
"""

import asyncio
import itertools
import logging
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Protocol

from ..kernel import KernelUnavailable
from . import cgroups, watchdog
from .cgroups import Cgroups, Group
from .limits import Limits
from .watchdog import Watched

log = logging.getLogger(__name__)

EVERY: Final = 0.25  # seconds between looks
_SHARE: Final = 20  # a look may take one part in so many of a processor's time
_TRIES, _PAUSE = 25, 0.02  # seconds: a group is busy for a moment after its last process
_WATCHDOG: Final = "a watchdog in the kernel host"


class Confined(Protocol):
    """What cells need of a started sandbox.

    `inside` holds the pids, in our pid namespace, of its first process and of the kernel. `explain` is asked
    at the end: it may know better than an exit status why the sandbox ended.
    """

    explain: Callable[[], str | None] | None
    exited: "asyncio.Future[str]"

    @property
    def inside(self) -> tuple[int, ...]:
        """Pids."""
        ...

    def kill(self) -> None:
        """End it."""
        ...


@dataclass(slots=True, eq=False)
class _Cell:
    """One sandbox, and what holds it."""

    process: Confined
    first: int
    held: Group | Watched
    reason: str | None = None

    def end(self, reason: str) -> None:
        if self.reason is None:
            log.info("a sandbox is ended: %s", reason)
            self.reason = reason
            self.process.kill()


class Cells:
    """All sandboxes of a host. Made in a running loop; `close` after the last one has ended.

    `note` is a file that names the folders of groups for the next host, should this one be killed.
    """

    def __init__(self, limits: Limits, *, groups: Cgroups | None, note: Path | None = None) -> None:
        self._limits = limits
        self._groups = groups
        self._note = note
        self._cells: set[_Cell] = set()
        self._leaving: set[Group] = set()
        self._names = itertools.count(1)
        self._some = asyncio.Event()
        if groups is not None and note is not None:
            note.write_text("".join(f"{folder}\n" for folder in groups.folders))
        self._watching = asyncio.create_task(self._watch())

    @classmethod
    def open(cls, limits: Limits, *, note: Path | None = None) -> "Cells":
        """Take the best way there is on this machine, and away what an earlier host left."""
        if note is not None and note.exists():
            for line in note.read_text().splitlines():
                if cgroups.left_behind(Path(line)):
                    cgroups.sweep(Path(line))
            note.unlink()
        groups = cgroups.find(limits=limits)
        if groups is not None:
            groups.tidy()
        return cls(limits, groups=groups, note=note)

    @property
    def words(self) -> str:
        """What holds sandboxes here, for an operator."""
        return _WATCHDOG if self._groups is None else self._groups.words

    async def confine(self, process: Confined) -> None:
        """Hold a sandbox in which no code of a room has run yet; KernelUnavailable where that fails."""
        try:
            first = process.inside[0]
            held = await self._hold(process)
        except OSError as error:
            raise KernelUnavailable(f"the sandbox could not be confined by {self.words}: {error}") from error
        cell = _Cell(process, first, held)
        self._cells.add(cell)
        process.explain = lambda: self._explain(cell)
        process.exited.add_done_callback(lambda _: self._let_go(cell))
        self._some.set()

    async def close(self) -> None:
        """Stop looking, and take all groups away."""
        self._watching.cancel()
        await asyncio.wait((self._watching,))
        if self._groups is not None:
            for _ in range(_TRIES):
                self._groups.remove()
                if not any(folder.exists() for folder in self._groups.folders):
                    break
                await asyncio.sleep(_PAUSE)
            if self._note is not None and not any(folder.exists() for folder in self._groups.folders):
                self._note.unlink(missing_ok=True)

    async def _hold(self, process: Confined) -> Group | Watched:
        if self._groups is None:
            return watchdog.watched(process.inside[0])
        return await self._group(self._groups, process.inside)

    async def _group(self, groups: Cgroups, inside: Sequence[int]) -> Group:
        """A group with these processes in it; in a thread, for to move a process takes Linux 5 to 20 ms."""
        name = f"room-{next(self._names)}"
        making = asyncio.ensure_future(asyncio.to_thread(_filled, groups, name, self._limits, inside))
        try:
            group, error = await asyncio.shield(making)
        except asyncio.CancelledError:
            making.add_done_callback(self._unwanted)
            raise
        if error is not None:
            self._remove(group)
            raise error
        return group

    def _unwanted(self, making: "asyncio.Future[tuple[Group, OSError | None]]") -> None:
        """Nobody waited for the group to the end."""
        if not making.cancelled() and making.exception() is None:
            self._remove(making.result()[0])

    def _explain(self, cell: _Cell) -> str | None:
        if cell.reason is None and isinstance(cell.held, Group) and cell.held.exceeded():
            cell.reason = watchdog.too_much(self._limits)
        return None if cell.reason is None else f"was ended: {cell.reason}"

    def _let_go(self, cell: _Cell) -> None:
        self._cells.discard(cell)
        if isinstance(cell.held, Group):
            self._remove(cell.held)

    def _remove(self, group: Group) -> None:
        """A group is busy for a moment after its last process: the next look tries again."""
        if group.remove():
            self._leaving.discard(group)
        else:
            self._leaving.add(group)
            self._some.set()

    async def _watch(self) -> None:
        while True:
            if not self._cells and not self._leaving:
                self._some.clear()
                await self._some.wait()
            spent = 0.0
            try:
                spent = await self._look()
            except Exception:  # one failed look must not be the last
                log.exception("the sandboxes could not be looked at")
            await asyncio.sleep(max(EVERY, spent * _SHARE))

    async def _look(self) -> float:
        """One look; returns what it took, in seconds of a processor."""
        for group in tuple(self._leaving):
            self._remove(group)
        cells = {cell.first: cell for cell in self._cells}
        watched = [cell.held for cell in cells.values() if isinstance(cell.held, Watched)]
        for cell in cells.values():
            if isinstance(cell.held, Group) and cell.held.exceeded():
                cell.end(watchdog.too_much(self._limits))
        # In a thread: a walk through large page tables must not hold up the rooms.
        found, spent = await asyncio.to_thread(_timed_look, watched, list(cells), self._limits)
        for first, reason in found.items():
            cells[first].end(reason)
        return spent


def _filled(
    groups: Cgroups, name: str, limits: Limits, inside: Sequence[int]
) -> tuple[Group, OSError | None]:
    """A group, and why not all of these processes are in it."""
    group = groups.make(name, limits)
    try:
        for pid in inside:
            group.join(pid)
    except OSError as error:
        return group, error
    return group, None


def _timed_look(watched: list[Watched], firsts: list[int], limits: Limits) -> tuple[dict[int, str], float]:
    """By the thread's own clock: on a busy machine a look waits, and the next one must not wait for that."""
    began = time.thread_time()
    found = watchdog.look_at_sockets(firsts, limits)
    if watched:
        found |= watchdog.look(watched, limits)
    return found, time.thread_time() - began
