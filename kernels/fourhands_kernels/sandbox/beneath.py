"""Opens files below a folder that hostile code owns: by openat2, which follows no link and leaves neither the
folder nor its file system, whatever is moved about meanwhile.
"""

import ctypes
import errno
import os
from typing import Final

_OPENAT2: Final = 437  # the same on every machine
_TRIES: Final = 8  # the kernel asks for another try where something is moved during the walk
_NO_XDEV, _NO_MAGICLINKS, _NO_SYMLINKS, _BENEATH = 0x01, 0x02, 0x04, 0x08
_RESOLVE: Final = _NO_XDEV | _NO_MAGICLINKS | _NO_SYMLINKS | _BENEATH
# A FIFO must not be waited for, and what is opened belongs to nobody whom the host starts.
_ALWAYS: Final = os.O_CLOEXEC | os.O_NOFOLLOW | os.O_NONBLOCK


class _How(ctypes.Structure):
    _fields_ = (("flags", ctypes.c_uint64), ("mode", ctypes.c_uint64), ("resolve", ctypes.c_uint64))


_libc = ctypes.CDLL(None, use_errno=True)


def open_beneath(folder: int, path: bytes, flags: int, mode: int = 0) -> int:
    """Open a path below the folder; returns a descriptor that the caller closes, or raises OSError.

    O_NONBLOCK is always among the flags: what is opened may turn out to be a FIFO, so look at it before use.
    """
    flags |= os.O_CLOEXEC | os.O_NOFOLLOW if flags & os.O_PATH else _ALWAYS
    how = _How(flags, mode, _RESOLVE)
    error = errno.EAGAIN
    for _ in range(_TRIES):
        fd = _libc.syscall(
            ctypes.c_long(_OPENAT2),
            ctypes.c_int(folder),
            ctypes.c_char_p(path),
            ctypes.byref(how),
            ctypes.c_size_t(ctypes.sizeof(how)),
        )
        if fd >= 0:
            return int(fd)
        error = ctypes.get_errno()
        if error not in (errno.EAGAIN, errno.EINTR):
            break
    raise OSError(error, os.strerror(error), os.fsdecode(path))


def why_not(folder: int) -> str | None:
    """Why folders cannot be looked into on this machine, in words for an operator; None where they can."""
    try:
        os.close(open_beneath(folder, b".", os.O_PATH | os.O_DIRECTORY))
    except OSError as error:
        if error.errno == errno.ENOSYS:
            return "this Linux has no openat2 (5.6 and later have it)"
        if error.errno == errno.EPERM:
            return "a seccomp profile of this container forbids openat2"
    return None
