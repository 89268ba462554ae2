"""What a host hands to the launcher inside a sandbox, whichever way that starts, and what it hears back."""

import os
import secrets
import socket
from contextlib import ExitStack
from typing import Any, Final

from .cells import Cells
from .channels import Channels
from .limits import Limits
from .memory import memory_file
from .process import KernelProcess

# Uids that no distribution hands out, above systemd's containers and below 2^31. One per sandbox:
# RLIMIT_NPROC counts by uid.
_FIRST_UID: Final = 1_900_000_000
_UIDS: Final = 2**24


def new_uid() -> int:
    """A uid for one sandbox."""
    return _FIRST_UID + secrets.randbelow(_UIDS)


def configuration(
    channels: Channels, *, key: str, report: socket.socket, limits: Limits, cwd: str
) -> dict[str, Any]:
    """What the launcher inside reads (see `boot`)."""
    return {
        "key": key,
        "sockets": dict(channels.descriptors),
        "report": report.fileno(),
        "cwd": cwd,
        "limits": limits.resources(),
    }


def report_pair(stack: ExitStack) -> tuple[socket.socket, socket.socket]:
    """Our end and the launcher's of the socket on which it gives its sign."""
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_STREAM)
    stack.enter_context(ours)
    stack.enter_context(theirs)
    ours.setblocking(False)
    ours.setsockopt(socket.SOL_SOCKET, socket.SO_PASSCRED, 1)
    return ours, theirs


def memory(stack: ExitStack, name: str, data: bytes) -> int:
    """A memory file that lasts as long as the stack."""
    fd = memory_file(name, data)
    stack.callback(os.close, fd)
    return fd


async def reported(
    process: KernelProcess, report: socket.socket, *, in_memory: bool, cells: Cells | None = None
) -> KernelProcess:
    """Wait for the sign, put the sandbox behind what only the host can build, and let it go on."""
    try:
        await process.reported(report, in_memory=in_memory)
        if cells is not None:
            await cells.confine(process)
        report.send(b"1")  # the launcher waits for it before anything of the room runs
    except BaseException:
        process.kill()
        raise
    return process
