"""What processes cost: CPU time and memory of a process and all below it, from /proc."""

from __future__ import annotations

import os
import time
from contextlib import suppress
from pathlib import Path

from tests.support.processes import children

_TICK = os.sysconf("SC_CLK_TCK")
_SCHED = 2  # with the complement of a process's number: its CPU clock, to the nanosecond (CPUCLOCK_SCHED)


def tree(pid: int) -> list[int]:
    """The process and all its living descendants."""
    return [pid, *(child.pid for child in children(pid))]


def cpu_s(pid: int) -> float:
    """Seconds of CPU that a process, its living descendants and its reaped children have taken."""
    total = 0.0
    for one in tree(pid):
        with suppress(OSError, IndexError):
            total += time.clock_gettime((~one << 3) | _SCHED)
            stat = Path(f"/proc/{one}/stat").read_text().rpartition(") ")[2].split()
            total += (int(stat[13]) + int(stat[14])) / _TICK  # of reaped children
    return total


def memory(pid: int, *, kernels: bool = True) -> int:
    """Bytes of memory of a process and its descendants; what they share is counted once (PSS).

    Without `kernels`, what is there to run code is left out: no peer of ours has any.
    """
    hosts = [child for child in children(pid) if "kernel" in child.command]
    without = {below for host in hosts for below in tree(host.pid)}
    total = 0
    for one in tree(pid):
        if one in without and not kernels:
            continue
        with suppress(OSError):
            for line in Path(f"/proc/{one}/smaps_rollup").read_text().splitlines():
                if line.startswith("Pss:"):
                    total += int(line.split()[1]) * 1024
    return total


class Meter:
    """CPU of a server and of the load, between its making and `stop`."""

    def __init__(self, pid: int) -> None:
        self._pid = pid
        self._server, self._load = cpu_s(pid), time.process_time()

    def stop(self) -> tuple[float, float]:
        """Seconds of CPU: the server's, the load's."""
        return cpu_s(self._pid) - self._server, time.process_time() - self._load
