"""Ends what is left of bubblewrap where it was killed in the middle of a start.

Its child, the first process of the sandbox to be, waits for a word of bubblewrap's and only then binds itself
to its life. Where bubblewrap dies within that millisecond, by our hand or with its host, the child would wait
for ever. It runs nothing; but nothing is to stay behind.
"""

import contextlib
import os
import signal
import time
from pathlib import Path

from .argv import CODE

_NAME = "bwrap"
_STOP_SECONDS = 0.1  # it takes microseconds, but where the kernel holds the process


def end(bubblewrap: int) -> None:
    """Kill a bubblewrap that may be starting, and its children; it is ours, and nobody has waited for it."""
    os.kill(bubblewrap, signal.SIGSTOP)  # so that it makes no child behind our back
    with contextlib.suppress(OSError):
        # A thread that is still on its way to the stop can be in the middle of a clone.
        deadline = time.monotonic() + _STOP_SECONDS
        while _state(bubblewrap) not in "TtZX" and time.monotonic() < deadline:
            os.sched_yield()
        for child in Path(f"/proc/{bubblewrap}/task/{bubblewrap}/children").read_text().split():
            os.kill(int(child), signal.SIGKILL)
    os.kill(bubblewrap, signal.SIGKILL)


def end_all() -> None:
    """Kill those that a host left which was killed itself, as far as this user may."""
    for entry in os.scandir("/proc"):
        if entry.name.isdigit():
            with contextlib.suppress(OSError, ValueError, StopIteration):
                _end_stray(int(entry.name))


def _end_stray(pid: int) -> None:
    handle = os.pidfd_open(pid)
    try:
        if _is_stray(pid):
            signal.pidfd_send_signal(handle, signal.SIGKILL)
    finally:
        os.close(handle)


def _is_stray(pid: int) -> bool:
    """Whether it is the first process of a sandbox of ours, and no child of a bubblewrap."""
    status = _status(pid)
    first = status["NSpid"].split()[1:][-1:] == ["1"]
    if status["Name"] != _NAME or not first or CODE.encode() not in Path(f"/proc/{pid}/cmdline").read_bytes():
        return False
    return _status(int(status["PPid"]))["Name"] != _NAME


def _status(pid: int) -> dict[str, str]:
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    return {name: value.strip() for name, _, value in (line.partition(":") for line in lines)}


def _state(pid: int) -> str:
    return _status(pid)["State"][:1]
