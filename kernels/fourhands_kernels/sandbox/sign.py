"""The launcher's first sign, taken by the host before any code of the room runs: one byte that carries the
kernel's pid and the descriptor of its working folder.
"""

import ctypes
import os
import socket
import stat
import struct
from dataclasses import dataclass
from typing import Final

from ..descriptor import readable
from ..kernel import KernelUnavailable

TMPFS: Final = 0x01021994  # what statfs calls a folder in memory
_CREDENTIALS: Final = struct.Struct("3i")
_INT: Final = struct.calcsize("i")
_DESCRIPTORS: Final = 8  # that fit into the message: more than the one that is wanted are closed and refused
_STATFS: Final = 256  # bytes; the structure has about half of it, and begins with the type as a long


@dataclass(frozen=True, slots=True)
class Sign:
    """The kernel's pid, in our own pid namespace, and its working folder (O_PATH); the folder is the taker's
    to close.
    """

    pid: int
    work: int


async def sign(report: socket.socket, *, in_memory: bool) -> Sign:
    """Wait for the sign; EOFError where the launcher ends without it, KernelUnavailable where it is none.

    `in_memory` says that the folder has to be one: a sandbox has no other that can be written to.
    """
    await readable(report.fileno())
    space = socket.CMSG_SPACE(_CREDENTIALS.size) + socket.CMSG_SPACE(_DESCRIPTORS * _INT)
    data, ancillary, flags, _ = report.recvmsg(1, space, socket.MSG_CMSG_CLOEXEC)
    pids: list[int] = []
    found: list[int] = []
    for level, kind, payload in ancillary:
        if (level, kind) == (socket.SOL_SOCKET, socket.SCM_RIGHTS):
            found += struct.unpack(f"{len(payload) // _INT}i", payload)
        elif (level, kind) == (socket.SOL_SOCKET, socket.SCM_CREDENTIALS):
            pids.append(_CREDENTIALS.unpack(payload)[0])
    try:
        if not data:
            raise EOFError("the launcher ended without a sign")
        if len(pids) != 1 or len(found) != 1 or flags & socket.MSG_CTRUNC:
            raise KernelUnavailable(f"the launcher's sign has {len(pids)} pids, {len(found)} descriptors")
        _check(found[0], in_memory=in_memory)
        return Sign(pids[0], found.pop())
    finally:
        for fd in found:
            os.close(fd)


def _check(work: int, *, in_memory: bool) -> None:
    if not stat.S_ISDIR(os.fstat(work).st_mode):
        raise KernelUnavailable("the launcher's working folder is no folder")
    if in_memory and filesystem(work) != TMPFS:
        raise KernelUnavailable("the working folder of a sandbox is not in memory")


def filesystem(fd: int) -> int:
    """The type of the file system that a descriptor lies on; OSError where the kernel does not say."""
    libc = ctypes.CDLL(None, use_errno=True)
    found = ctypes.create_string_buffer(_STATFS)
    if libc.fstatfs(fd, found) != 0:
        raise OSError(ctypes.get_errno(), "fstatfs")
    return ctypes.c_long.from_buffer(found).value
