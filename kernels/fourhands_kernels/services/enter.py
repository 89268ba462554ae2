"""Run as a process of its own by the host: listens on the loopback of another network namespace and hands the
socket back.

A process with threads cannot enter a user namespace, and one that entered a network would have to come back:
this one ends. No code of a room runs in it, and nothing in that namespace can reach it: its processes are the
host's. Arguments: descriptors of the namespace and of a unix socket, the port, how many may wait, and `root`
or `user`: in user mode the way leads through the user namespace that the network belongs to.
"""

import ctypes
import errno
import fcntl
import os
import socket
import sys

CLONE_NEWUSER, CLONE_NEWNET = 0x10000000, 0x40000000
NS_GET_USERNS = 0xB701
TAKEN = b"T"
DONE = b"D"

libc = ctypes.CDLL(None, use_errno=True)


def setns(fd: int, kind: int) -> None:
    """setns(2), which Python has from 3.12 on."""
    if libc.setns(fd, kind) != 0:
        number = ctypes.get_errno()
        raise OSError(number, f"setns: {os.strerror(number)}")


def main() -> None:
    """Enter, listen, hand over, end."""
    network, back, port, waiting = map(int, sys.argv[1:5])
    if sys.argv[5] == "user":
        setns(fcntl.ioctl(network, NS_GET_USERNS), CLONE_NEWUSER)
    setns(network, CLONE_NEWNET)
    with socket.socket(fileno=back) as link, socket.socket() as listener:
        try:
            # Connections of an earlier server may still be remembered; one that listens is in the way.
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            listener.bind(("127.0.0.1", port))
            listener.listen(waiting)
        except OSError as error:
            if error.errno != errno.EADDRINUSE:
                raise
            link.send(TAKEN)
            return
        socket.send_fds(link, [DONE], [listener.fileno()])


if __name__ == "__main__":
    main()
