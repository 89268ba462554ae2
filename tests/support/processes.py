"""Processes as the machine sees them: whose children there are, and which of them are left."""

from __future__ import annotations

import os
import time
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Process:
    """A process, told from a later one of the same number by its start time (in clock ticks since boot)."""

    pid: int
    started: int
    command: str

    @property
    def alive(self) -> bool:
        found = look(self.pid)
        return found is not None and found.started == self.started

    def signal(self, number: int) -> None:
        assert self.alive, f"{self} is gone already"
        os.kill(self.pid, number)


def look(pid: int) -> Process | None:
    """The process of this number; None where there is none, or a zombie only."""
    try:
        stat = Path(f"/proc/{pid}/stat").read_text().rpartition(") ")[2].split()
        command = Path(f"/proc/{pid}/cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")
    except (OSError, ValueError):
        return None
    return None if stat[0] in "ZX" else Process(pid, int(stat[19]), command.strip())


def children(pid: int) -> list[Process]:
    """The living children of a process, and theirs, whatever sessions and namespaces they moved to."""
    parents: dict[int, list[int]] = {}
    for number in map(int, filter(str.isdigit, os.listdir("/proc"))):
        with suppress(OSError, IndexError):
            stat = Path(f"/proc/{number}/stat").read_text().rpartition(") ")[2].split()
            parents.setdefault(int(stat[1]), []).append(number)
    found, waiting = [], list(parents.get(pid, []))
    while waiting:
        number = waiting.pop(0)
        found.append(look(number))
        waiting += parents.get(number, [])
    return [process for process in found if process is not None]


def wait_until_gone(processes: list[Process], *, seconds: float = 15) -> None:
    deadline = time.monotonic() + seconds
    while left := [process for process in processes if process.alive]:
        assert time.monotonic() < deadline, f"still there: {left}"
        time.sleep(0.02)
