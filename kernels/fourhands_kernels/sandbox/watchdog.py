"""Measures whole sandboxes where there are no control groups: what all their processes and folders in memory
take together, and how many processes there are.

A look has two steps, for it must stay cheap. First the resident sizes are added up, of all processes in one
pass over /proc: too much where processes share memory, never too little. Only where that is over the limit,
the proportional sizes (PSS) are asked for, in which a shared page counts once; that takes the kernel a walk
through the page tables. A sandbox's processes are told by their pid namespace, which nobody leaves, and by
descent where the namespace may not be read. Files in memory count by their file systems. What sockets and
pipes hold is seen nowhere, so descriptors beyond the usual count for what they can hold.
"""

import contextlib
import os
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from .argv import HOME
from .limits import Limits

PLACES: Final = (HOME, "/tmp", "/dev/shm")
_PAGE: Final = os.sysconf("SC_PAGE_SIZE")
_FREE_DESCRIPTORS: Final = 1024  # of a sandbox: some hundred are usual
_FILE: Final = 1024  # bytes that a file takes which holds nothing
_DESCRIPTOR: Final = 208 * 1024  # bytes that a socket holds by default
_TALKATIVE: Final = 8  # sockets: fewer cannot hold much, and looking at queues is slow
_TABLES: Final = ("tcp", "tcp6", "udp", "udp6")
_SPARE: Final = 64  # processes and threads over the limit that each process has: bubblewrap's, a scan's blur
_COUNTED: Final = ("Pss_Anon:", "Pss_Shmem:")


@dataclass(frozen=True, slots=True)
class Seen:
    """One process in a pass: its parent, its threads, its resident bytes."""

    pid: int
    parent: int
    threads: int
    resident: int


@dataclass(frozen=True, slots=True)
class Watched:
    """A sandbox to look at: the pid of its first process, and the identity of its pid namespace."""

    first: int
    namespace: str


def watched(first: int) -> Watched:
    """What a look needs of a sandbox; OSError where its first process is gone."""
    return Watched(first, os.readlink(f"/proc/{first}/ns/pid"))


def look(sandboxes: Iterable[Watched], limits: Limits) -> dict[int, str]:
    """The sandboxes that took too much, by their first pid, each with the reason in words."""
    wanted = list(sandboxes)
    seen = {process.pid: process for process in _processes()}
    found: dict[int, str] = {}
    for sandbox, inside in zip(wanted, _members(wanted, seen), strict=True):
        reason = _judge(sandbox, inside, limits)
        if reason is not None:
            found[sandbox.first] = reason
    return found


def look_at_sockets(firsts: Iterable[int], limits: Limits) -> dict[int, str]:
    """The sandboxes in whose network queues too much waits, by their first pid, each with the reason.

    That memory is in nobody's size and has one bound for the whole machine: past it every connection suffers,
    the server's too.
    """
    reason = f"more than {limits.sockets // 2**20} MiB waited in its network connections"
    talkative = [first for first in firsts if _sockets(first) > _TALKATIVE]
    return {first: reason for first in talkative if queued(first) > limits.sockets}


def queued(first: int) -> int:
    """Bytes that wait in the TCP and UDP sockets of a sandbox, which has a network of its own."""
    total = 0
    for table in _TABLES:
        with (
            contextlib.suppress(OSError, ValueError, IndexError),
            open(f"/proc/{first}/net/{table}") as lines,
        ):
            next(lines)
            for line in lines:
                sending, _, received = line.split(maxsplit=5)[4].partition(":")
                total += int(sending, 16) + int(received, 16)
    return total


def _sockets(first: int) -> int:
    """How many TCP and UDP sockets there are."""
    count = 0
    for table in ("sockstat", "sockstat6"):
        with contextlib.suppress(OSError, ValueError, IndexError):
            for line in Path(f"/proc/{first}/net/{table}").read_text().splitlines():
                if line.startswith(("TCP", "UDP")):
                    count += int(line.split()[2])
    return count


def too_much(limits: Limits) -> str:
    """The words for a sandbox that took more memory than it may."""
    return f"it took more than {limits.whole / 2**30:g} GiB of memory"


def _judge(sandbox: Watched, inside: list[Seen], limits: Limits) -> str | None:
    if sum(process.threads for process in inside) > limits.processes + _SPARE:
        return f"it ran more than {limits.processes} processes and threads"
    besides = _files(sandbox.first) + _held(inside) + sum(map(tables, inside))
    if sum(process.resident for process in inside) + besides <= limits.whole:
        return None
    exact = 0
    for process in inside:
        exact += proportional(process)
        if exact + besides > limits.whole:
            return too_much(limits)
    return None


def _processes() -> Iterator[Seen]:
    for name in os.listdir("/proc"):
        if name.isdigit():
            with contextlib.suppress(OSError, ValueError, IndexError):
                yield _see(int(name))


def _see(pid: int) -> Seen:
    parent, state, threads, resident = _stat(f"/proc/{pid}/stat")
    if state == "Z" and threads > 1:
        # The first thread has ended: the process shows no memory, its other threads do.
        for thread in os.listdir(f"/proc/{pid}/task"):
            with contextlib.suppress(OSError):
                resident = max(resident, _stat(f"/proc/{pid}/task/{thread}/stat")[3])
    return Seen(pid, parent, threads, resident)


def _stat(path: str) -> tuple[int, str, int, int]:
    """Parent, state, threads, resident bytes; a program's name may contain anything."""
    with open(path, "rb") as file:
        fields = file.read().rpartition(b")")[2].split()
    return int(fields[1]), fields[0].decode(), int(fields[17]), int(fields[21]) * _PAGE


def _members(sandboxes: list[Watched], seen: Mapping[int, Seen]) -> list[list[Seen]]:
    """The processes of each sandbox."""
    by_namespace = {sandbox.namespace: index for index, sandbox in enumerate(sandboxes)}
    by_first = {sandbox.first: index for index, sandbox in enumerate(sandboxes)}
    members: list[list[Seen]] = [[] for _ in sandboxes]
    for process in seen.values():
        try:
            index = by_namespace.get(os.readlink(f"/proc/{process.pid}/ns/pid"))
        except OSError:
            index = _ancestor(process, by_first, seen)
        if index is not None:
            members[index].append(process)
    return members


def _ancestor(process: Seen, firsts: Mapping[int, int], seen: Mapping[int, Seen]) -> int | None:
    at: Seen | None = process
    passed = 0
    while at is not None and passed <= len(seen):
        if at.pid in firsts:
            return firsts[at.pid]
        at, passed = seen.get(at.parent), passed + 1
    return None


def proportional(process: Seen) -> int:
    """A process's share of memory in bytes: its own, and of what it shares a part; the resident size where
    that may not be read.
    """
    for folder in _ways(process):
        with contextlib.suppress(OSError, ValueError):
            lines = Path(f"{folder}/smaps_rollup").read_text().splitlines()
            parts = [line.split() for line in lines if line.startswith(_COUNTED)]
            if parts:
                return sum(int(part[1]) for part in parts) * 1024
    return process.resident


def tables(process: Seen) -> int:
    """Bytes of a process's page tables: reading here and there in an endless mapping takes nothing else."""
    for folder in _ways(process):
        with contextlib.suppress(OSError, ValueError):
            for line in Path(f"{folder}/status").read_text().splitlines():
                if line.startswith("VmPTE:"):
                    return int(line.split()[1]) * 1024
    return 0


def _ways(process: Seen) -> Iterator[str]:
    """Where a process's memory may be read: through a living thread where the first one has ended."""
    yield f"/proc/{process.pid}"
    if process.threads > 1:
        with contextlib.suppress(OSError):
            for thread in os.listdir(f"/proc/{process.pid}/task")[1:]:
                yield f"/proc/{process.pid}/task/{thread}"


def _files(first: int) -> int:
    """Bytes in the sandbox's folders in memory, empty files' too; mount points, which nothing inside can
    move.
    """
    used = 0
    for place in PLACES:
        with contextlib.suppress(OSError):
            found = os.statvfs(f"/proc/{first}/root{place}")
            used += (found.f_blocks - found.f_bfree) * found.f_frsize
            used += (found.f_files - found.f_ffree) * _FILE
    return used


def _held(inside: list[Seen]) -> int:
    """What the descriptors beyond the usual may hold, in bytes."""
    count = 0
    for process in inside:
        with contextlib.suppress(OSError):
            folder = f"/proc/{process.pid}/fd"
            count += os.stat(folder).st_size or len(os.listdir(folder))  # the size since Linux 6.2
    return max(0, count - _FREE_DESCRIPTORS) * _DESCRIPTOR
