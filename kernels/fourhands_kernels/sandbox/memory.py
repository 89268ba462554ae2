"""Files that exist in memory alone, to be handed to a child by descriptor: nothing of a sandbox lies on
disk.
"""

import fcntl
import os


def memory_file(name: str, data: bytes) -> int:
    """Return a readable descriptor of a sealed file with these bytes, positioned at its start; the caller
    closes it.
    """
    fd = os.memfd_create(name, os.MFD_CLOEXEC | os.MFD_ALLOW_SEALING)
    with open(fd, "wb", closefd=False) as file:
        file.write(data)
    fcntl.fcntl(fd, fcntl.F_ADD_SEALS, fcntl.F_SEAL_WRITE | fcntl.F_SEAL_GROW | fcntl.F_SEAL_SHRINK)
    os.lseek(fd, 0, os.SEEK_SET)
    return fd
