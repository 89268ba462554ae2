"""One hostile snippet: what it tries, how its run may end, and what must be true afterwards."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Literal

from fourhands_kernels.kernel import Service
from tests.kernels.watching import Run

Group = Literal["secrets", "reach", "exhaust", "output", "lifecycle", "forge"]
Check = Callable[[Run], None]

# Stands before every snippet. `T` holds what the ground set up (never a secret itself), `found` what the
# snippet got at and should not have.
PRELUDE = """
import ctypes, errno, glob, json, mmap, os, re, resource, signal, socket, stat, struct, subprocess, sys
import threading, time
T = json.loads({targets!r})
SECRET = re.compile(b"canary-" + b"[0-9a-f]" * 16)
libc = ctypes.CDLL(None, use_errno=True)
found = []
def tries(name, action):
    try:
        value = action()
    except BaseException:
        return None
    if value:
        found.append((name, repr(value)[:200]))
    return value
def secrets_in(data):
    return [piece.decode() for piece in SECRET.findall(data)]
def content(path, size=1 << 22):
    with open(path, "rb") as file:
        return file.read(size)
def refused(number, *arguments):
    ctypes.set_errno(0)
    return libc.syscall(number, *arguments) != -1
"""


@dataclass(frozen=True)
class Attack:
    """`code` leaves what it got in `found`, unless `finds` is False.

    `ends` are the ways in which its run may end, `limit` its time limit in seconds. One that `shares` leaves
    its kernel as good as it was. `check` looks at what the room was told. `services` stand beside the kernel.
    `asks` is what somebody writes afterwards: the kernel is asked how it goes on.
    """

    name: str
    group: Group
    code: str
    ends: frozenset[str] = field(default=frozenset({"ok"}))
    finds: bool = True
    shares: bool = False
    limit: float = 25.0
    machine: str | None = None
    check: Check | None = None
    services: tuple[Service, ...] = ()
    asks: str = ""

    def source(self, targets: str) -> str:
        """What the room runs."""
        return PRELUDE.replace("{targets!r}", repr(targets)) + self.code + ("\nfound" if self.finds else "")


def ways(*statuses: str) -> frozenset[str]:
    """Ways for a run to end."""
    return frozenset(statuses)


ANY = ways("ok", "error", "interrupted", "timeout", "kernel_died")


def texts(run: Run) -> str:
    """All that a run put out, as one text."""
    return "".join(str(item) for item in run.items)


def says(*words: str) -> Check:
    """The run's output holds these words."""

    def check(run: Run) -> None:
        for word in words:
            assert word in texts(run), f"{word!r} is not in {texts(run)[-300:]!r}"

    return check


def hides(*words: str) -> Check:
    """The run's output holds none of these words."""

    def check(run: Run) -> None:
        for word in words:
            assert word not in texts(run), f"{word!r} came through"

    return check


def is_honest(run: Run) -> None:
    """What was cut is marked, and counted the same at the end."""
    assert run.finished.get("dropped", 0) == run.marked, (run.finished, run.marked)


def is_cut(run: Run) -> None:
    """Something was."""
    is_honest(run)
    assert run.marked > 0, run.finished


def value(run: Run) -> Any:
    """The run's last expression."""
    return run.value
