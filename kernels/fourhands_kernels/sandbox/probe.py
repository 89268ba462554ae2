"""Tries the walls at start by building one sandbox and letting code inside look for the way out; says which
wall is missing.
"""

import asyncio
import json
import os
import socket
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Final

from ..environments import Environment
from ..kernel import KernelUnavailable
from . import argv, seccomp
from .launch import Bubblewrap

SECONDS: Final = 20  # it takes 0.1 s on an idle machine
_SCRIPT: Final = Path(__file__).parent / "walls.py"
_UNISOLATED: Final = "to run code without isolation all the same, start with --isolation none"
_NAMESPACES: Final = ("net", "pid", "ipc", "uts", "mnt", "user")

# What an operator reads when a wall does not stand.
REASONS: Final = {
    "network": "code would reach the network: network namespaces do not work here",
    "processes": "code would see other processes: pid namespaces do not work here",
    "identity": "code would keep privileges: uid and capabilities could not be dropped",
    "system": "code could write to the system: read-only binds do not hold here",
    "files": "code would see the host's files: mount namespaces do not hold here",
    "calls": "code could make any system call: the seccomp filter was not loaded",
    "sizes": "code could fill the memory with files: sized tmpfs does not work here",
}
_OUTSIDE: Final = "run outside of it, or in one whose seccomp profile allows namespaces and mounts"
# Parts of bubblewrap's own complaints, and what to do about them.
_COMPLAINTS: Final = {
    "No permissions to creat": "user namespaces are forbidden in this chroot, container or system: run as "
    "root and outside of it, or allow them "
    "(sysctl kernel.unprivileged_userns_clone=1; on Ubuntu 23.10 and later an AppArmor profile for bwrap)",
    "setting up uid map": "unprivileged user namespaces are restricted, by AppArmor perhaps: allow them for "
    "bwrap, or run as root",
    "Creating new namespace failed": f"namespaces are forbidden in this chroot or container: {_OUTSIDE}",
    "pivot_root": "pivot_root is forbidden in this chroot: enter it with unshare and pivot_root instead",
    "Failed to make / slave": f"mounts are forbidden in this chroot or container: {_OUTSIDE}",
    "Can't mount proc": "/proc is masked by a container: run it with systempaths=unconfined",
    "loopback": f"the network namespace cannot be set up in this container: {_OUTSIDE}",
}


def choose_mode() -> argv.Mode:
    """Root where we are root, else a user namespace."""
    return "root" if os.geteuid() == 0 else "user"


Inside = Callable[[str], Awaitable[str]]


async def probe(bubblewrap: Bubblewrap, environment: Environment, *, inside: Inside | None = None) -> None:
    """Raise KernelUnavailable, with the reason, unless all walls stand.

    `inside` runs the trial in another kind of sandbox than bubblewrap's: given what lies outside as JSON, it
    returns what came out.
    """
    try:
        seccomp.machine()
    except LookupError as error:
        raise KernelUnavailable(f"isolation is not possible: {error}; {_UNISOLATED}") from error
    canary = bubblewrap.runtime / "canary"
    canary.write_text("outside")
    with socket.create_server(("127.0.0.1", 0)) as listener:
        outside = {
            "namespaces": {name: os.readlink(f"/proc/self/ns/{name}") for name in _NAMESPACES},
            "canary": str(canary),
            "port": listener.getsockname()[1],
            "largest": max(bubblewrap.limits.home, bubblewrap.limits.tmp, bubblewrap.limits.shared),
        }
        words = json.dumps(outside)
        answer = await (inside(words) if inside is not None else _inside(bubblewrap, environment, words))
    missing = _missing(answer)
    if missing is None:
        raise KernelUnavailable(f"isolation is not possible: {_complaint(answer)}; {_UNISOLATED}")
    if missing:
        reasons = "; ".join(REASONS.get(name, name) for name in missing)
        raise KernelUnavailable(f"isolation is not complete: {reasons}; {_UNISOLATED}")


async def _inside(bubblewrap: Bubblewrap, environment: Environment, outside: str) -> str:
    script = f"{argv.CODE}/walls.py"
    command = [str(environment.python), "-I", "-S", script, outside]
    process = bubblewrap.start(environment, command, files={script: _SCRIPT.read_bytes()})
    try:
        async with asyncio.timeout(SECONDS):
            await process.wait()
    except TimeoutError:
        return f"the probe did not end within {SECONDS} s"
    finally:
        process.kill()
    return process.last_words


def _missing(answer: str) -> list[str] | None:
    """The probe's own answer; None where something else came out."""
    try:
        found = json.loads(answer.rsplit("\n", 1)[-1])["missing"]
    except (ValueError, TypeError, KeyError):
        return None
    return [str(name) for name in found]


def _complaint(answer: str) -> str:
    line = answer.rsplit("\n", 1)[-1].removeprefix("bwrap: ") or "bubblewrap said nothing"
    for beginning, advice in _COMPLAINTS.items():
        if beginning in answer:
            return f"{advice} ({line})"
    if "Permission denied" in line and "execvp" in line:
        return f"the environment's Python cannot be run in a sandbox ({line}): make it with /usr/bin/python3"
    return line
