"""The launcher inside the sandbox: limits itself, tells its pid, then becomes the room's kernel.

It runs on the kernel environment's Python, not on the host's, and so imports the standard library and its
neighbours that run inside alone. Its one argument is the number of a file descriptor that holds a JSON
configuration:

    {key, sockets: {shell, iopub, stdin, control}, report, cwd, limits: {name: number}, parent?: pid,
     program?: {argv, folder, variables}}

`sockets` are listening unix sockets by number. `report` is a socket on which one byte tells the host, by its
credentials, our pid outside, and brings it a descriptor of our working folder `cwd`; its answer lets us go
on. `parent` is there only without a sandbox.
"""

import ctypes
import json
import os
import resource
import signal
import socket
import sys
from collections.abc import Callable
from typing import Any

PR_SET_PDEATHSIG = 1
YIELDING = 5  # niceness: who types comes before who computes


def read_configuration(fd: int) -> dict[str, Any]:
    """Read the configuration and close it: whoever runs code here later finds no descriptor of it."""
    with open(fd, encoding="utf-8") as file:
        configuration: dict[str, Any] = json.load(file)
    return configuration


def limit(limits: dict[str, int]) -> None:
    """Lower the limits, soft and hard, and offer ourselves to the OOM killer before anybody else."""
    for name, value in limits.items():
        kind = getattr(resource, name)
        hard = resource.getrlimit(kind)[1]
        lowest = value if hard == resource.RLIM_INFINITY else min(value, hard)
        resource.setrlimit(kind, (lowest, lowest))
    os.nice(YIELDING)
    with open("/proc/self/oom_score_adj", "w", encoding="ascii") as file:
        file.write("1000")


def die_with(parent: int) -> None:
    """End with the host: without a sandbox nothing else would see to it."""
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != parent:
        os._exit(1)


def lead() -> None:
    """Lead a process group: an interrupt then reaches what the room's code waits for, too."""
    if os.getpgrp() != os.getpid():
        os.setpgid(0, 0)


def sign(fd: int, cwd: str) -> socket.socket:
    """Go into the working folder, made where it is missing, and send the byte that carries our pid (for
    signals) and the folder's descriptor (for the room's files).

    It comes before any code of the room: what the descriptor names is then certain. Returns the link on which
    to wait for the host.
    """
    os.makedirs(cwd, exist_ok=True)
    os.chdir(cwd)
    folder = os.open(".", os.O_PATH | os.O_DIRECTORY | os.O_CLOEXEC)
    link = socket.socket(fileno=fd)
    socket.send_fds(link, [b"1"], [folder])
    os.close(folder)
    return link


def wait(link: socket.socket) -> None:
    """Wait for the host's word, before any code of the room: it puts us behind walls that only it can build,
    or has changed its mind and is gone.
    """
    with link:
        if not link.recv(1):
            os._exit(1)


def report(fd: int, cwd: str) -> None:
    """Sign, and wait."""
    wait(sign(fd, cwd))


def begin(configuration: dict[str, Any]) -> Callable[[], None]:
    """What comes before the kernel; returns the wait that comes before any code of the room. A kernel can be
    made meanwhile: what the host does to it takes as long.

    The sign comes before the limits: Linux counts descriptors on their way per user, and where all rooms are
    one user another room may hold as many as our limit allows.
    """
    lead()
    link = sign(configuration["report"], configuration["cwd"])
    limit(configuration["limits"])
    for fd in configuration["sockets"].values():
        os.set_inheritable(fd, False)  # what the room starts gets none of them
    return lambda: wait(link)


def main() -> None:
    """Become the kernel."""
    configuration = read_configuration(int(sys.argv[1]))
    if "parent" in configuration:
        die_with(configuration["parent"])
    allowed = begin(configuration)
    sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
    if "program" in configuration:
        allowed()
        import relay  # type: ignore[import-not-found, unused-ignore]

        relay.become(configuration["key"], configuration["sockets"], configuration["program"])
    from room_app import become  # type: ignore[import-not-found, unused-ignore]

    sys.path[0] = ""  # the room's own folder, as under a plain `python`
    become(configuration["key"].encode(), configuration["sockets"], allowed)


if __name__ == "__main__":
    main()
