"""Runs inside the probe's sandbox, as strangers' code would, and prints which walls it does not find (JSON,
one line).

Like `boot` it runs on the environment's Python and imports the standard library alone. Its argument is JSON:
{namespaces: {name: identity outside}, canary: path outside, port: one that listens on the host's loopback,
largest: bytes}.
"""

import ctypes
import errno
import json
import os
import socket
import sys
from collections.abc import Iterator
from typing import Any

CLONE_NEWUSER, AF_VSOCK = 0x10000000, 40
NOBODY = 65534  # what a group outside looks like in a user namespace


def status() -> dict[str, str]:
    """The kernel's words about this process."""
    with open("/proc/self/status", encoding="ascii") as file:
        fields = (line.split(":\t", 1) for line in file if ":\t" in line)
        return {name: value.strip() for name, value in fields}


def network(outside: dict[str, Any]) -> bool:
    """Nothing but an own loopback."""
    with open("/proc/net/dev", encoding="ascii") as file:
        interfaces = [line.split(":")[0].strip() for line in file if ":" in line]
    with socket.socket() as link:
        reached = link.connect_ex(("127.0.0.1", outside["port"])) == 0
    return interfaces == ["lo"] and not reached and own(outside, "net")


def own(outside: dict[str, Any], name: str) -> bool:
    """Another namespace than the host's."""
    return bool(os.readlink(f"/proc/self/ns/{name}") != outside["namespaces"][name])


def processes(outside: dict[str, Any]) -> bool:
    """An own process tree: bubblewrap or a zygote's fork is the first, we the second."""
    return own(outside, "pid") and own(outside, "ipc") and os.getpid() < 10 and first()


def first() -> bool:
    """Nobody looks into a first process that has a zygote's memory; bubblewrap's holds nothing."""
    with open("/proc/1/comm", encoding="ascii") as file:
        forked = file.read() == "first\n"
    return not (forked and any(openable(f"/proc/1/{name}") for name in ("mem", "maps", "environ")))


def openable(path: str) -> bool:
    """Try it."""
    try:
        os.close(os.open(path, os.O_RDONLY))
    except OSError:
        return False
    return True


def identity(outside: dict[str, Any]) -> bool:
    """An ordinary uid without a capability, and no way to gain one."""
    now = status()
    powers = any(int(now[name], 16) for name in ("CapEff", "CapPrm", "CapInh", "CapBnd", "CapAmb"))
    strangers = set(os.getgroups()) - {os.getgid(), NOBODY}
    return os.getuid() >= 1000 and not strangers and now["NoNewPrivs"] == "1" and not powers


def system(outside: dict[str, Any]) -> bool:
    """A system that cannot be written to."""
    return not any(
        writable(folder) for folder in ("/", "/usr", "/usr/bin", "/etc", "/dev", "/proc/sys", sys.prefix)
    )


def writable(folder: str) -> bool:
    """Try it."""
    path = os.path.join(folder, "probe")
    try:
        os.close(os.open(path, os.O_CREAT | os.O_WRONLY))
    except OSError:
        return False
    os.unlink(path)
    return True


def files(outside: dict[str, Any]) -> bool:
    """None of the host's files."""
    return not os.path.exists(outside["canary"]) and os.listdir(os.environ["HOME"]) == []


def calls(outside: dict[str, Any]) -> bool:
    """A filter on system calls."""
    libc = ctypes.CDLL(None, use_errno=True)
    refused = libc.unshare(CLONE_NEWUSER) == -1 and ctypes.get_errno() == errno.EPERM
    try:
        socket.socket(AF_VSOCK, socket.SOCK_STREAM).close()
    except OSError as error:
        return refused and status()["Seccomp"] == "2" and error.errno == errno.EAFNOSUPPORT
    return False


def sizes(outside: dict[str, Any]) -> bool:
    """Writable places of a bounded size."""
    places = [os.statvfs(place) for place in ("/tmp", "/dev/shm", os.environ["HOME"])]
    return all(place.f_frsize * place.f_blocks <= outside["largest"] for place in places)


WALLS = (network, processes, identity, system, files, calls, sizes)


def missing(outside: dict[str, Any]) -> Iterator[str]:
    """The names of the walls that are not there."""
    for wall in WALLS:
        try:
            stands = wall(outside)
        except Exception:  # a wall that cannot be tried is not known to stand
            stands = False
        if not stands:
            yield wall.__name__


if __name__ == "__main__":
    sys.stdout.write(json.dumps({"missing": list(missing(json.loads(sys.argv[1])))}) + "\n")
