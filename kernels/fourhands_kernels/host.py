"""The kernel host: a process of its own that owns every sandbox, serves servers on a unix socket, and takes
all down with it.

It outlives a server's sudden death by `linger` seconds, so that variables and output are still there for the
next one; it ends at once at SIGTERM. One host per socket. Run as `python -m fourhands_kernels.host --socket
PATH --environments DIR`.
"""

import argparse
import asyncio
import fcntl
import logging
import os
import resource
import secrets
import shutil
import signal
import socket
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from . import wire
from .connection import Connection
from .house import House, HouseOptions
from .options import LINGER, TAKEN, WARM, HostOptions

log = logging.getLogger(__name__)

_BACKLOG: Final = 16
_RUNTIME_PATH: Final = 85  # bytes: a socket below it must fit into 107


class Host:
    """The serving part; it ends when `ended` is set."""

    def __init__(self, options: HostOptions, runtime: Path) -> None:
        self._options = options
        self._id = secrets.token_hex(8)
        hidden = (options.socket.parent, *options.hidden)
        house = HouseOptions(
            options.isolation,
            options.environments,
            hidden,
            options.kernels,
            warm=options.warm,
            launcher=options.launcher,
            note=options.socket.with_suffix(".groups"),
        )
        self.house = House(house, runtime)
        self._owners: dict[str, Connection] = {}
        self._links: set[asyncio.Task[None]] = set()
        self._lonely: asyncio.TimerHandle | None = None
        self._ended = asyncio.Event()

    def end(self) -> None:
        """Serve no longer."""
        self._ended.set()

    def take_over(self, room: str, connection: Connection) -> None:
        """Give a room's events to a link."""
        before = self._owners.get(room)
        if before is not None and before is not connection:
            before.lose(room)
        self._owners[room] = connection

    async def serve(self, listener: socket.socket) -> None:
        """Serve until somebody ends us or nobody has come for too long."""
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, self.end)
        self._wait_for_somebody()
        server = await asyncio.start_unix_server(self._accept, sock=listener)
        if self._options.ready is not None:
            os.close(self._options.ready)
        await self._ended.wait()
        server.close()
        for link in self._links:
            link.cancel()
        await asyncio.gather(*self._links, return_exceptions=True)
        await self.house.close()

    async def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        link = asyncio.current_task()
        assert link is not None
        _, uid = wire.peer(writer.get_extra_info("socket"))
        if uid not in (0, os.geteuid()):
            log.warning("uid %d was turned away", uid)
            writer.close()
            return
        self._links.add(link)
        if self._lonely is not None:
            self._lonely.cancel()
        try:
            connection = Connection(self, reader, writer)
            greeting = {"version": wire.VERSION, "host": self._id, "options": self._options.shown}
            await connection.serve(greeting)
        except asyncio.CancelledError:
            writer.close()
        finally:
            self._owners = {room: owner for room, owner in self._owners.items() if owner is not connection}
            self._links.discard(link)
            if not self._links:
                self._wait_for_somebody()

    def _wait_for_somebody(self) -> None:
        self._lonely = asyncio.get_running_loop().call_later(self._options.linger, self._give_up)

    def _give_up(self) -> None:
        log.info("nobody came for %.0f s", self._options.linger)
        self.end()


def run_host(options: HostOptions) -> int:
    """Be a kernel host until told to end; returns the exit status."""
    os.umask(0o077)
    files = resource.getrlimit(resource.RLIMIT_NOFILE)[1]  # a kernel takes a dozen of them
    resource.setrlimit(resource.RLIMIT_NOFILE, (files, files))
    signal.signal(signal.SIGHUP, signal.SIG_IGN)  # the terminal of a server that died is none of our business
    wire.private(options.socket.parent)
    lock = os.open(options.socket.with_suffix(".lock"), os.O_CREAT | os.O_RDWR | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        log.error("another kernel host has %s", options.socket)
        return TAKEN
    asyncio.run(_run(options))
    options.socket.unlink(missing_ok=True)
    return 0


async def _run(options: HostOptions) -> None:
    runtime = _runtime(options.socket)
    host = Host(options, runtime)
    options.socket.unlink(missing_ok=True)
    listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    with wire.address(options.socket) as address:
        listener.bind(address)
    listener.listen(_BACKLOG)
    await host.serve(listener)


def _runtime(path: Path) -> Path:
    """An empty folder for the kernels' sockets: beside ours, or in /tmp where their paths would be too long.

    A host that was killed leaves its own behind; it is removed here.
    """
    beside, note = path.parent / "run", path.with_suffix(".runtime")
    left = Path(note.read_text()) if note.exists() else beside
    if left == beside or (left.parent == Path("/tmp") and left.name.startswith("fourhands-")):
        shutil.rmtree(left, ignore_errors=True)
    if len(os.fsencode(beside)) <= _RUNTIME_PATH:
        beside.mkdir(mode=0o700)
        note.unlink(missing_ok=True)
        return beside
    elsewhere = Path(tempfile.mkdtemp(prefix="fourhands-", dir="/tmp"))
    note.write_text(str(elsewhere))
    return elsewhere


def parse(arguments: Sequence[str]) -> HostOptions:
    """Read the command line."""
    parser = argparse.ArgumentParser(
        prog="fourhands kernel-host", description="Own the sandboxes of all rooms."
    )
    parser.add_argument("--socket", type=Path, required=True, help="the unix socket that servers connect to")
    parser.add_argument("--environments", type=Path, required=True, help="a folder of virtual environments")
    parser.add_argument(
        "--isolation", choices=("auto", "none"), default="auto", help="none: run code unisolated"
    )
    parser.add_argument("--hide", type=Path, action="append", default=[], help="a folder no sandbox may see")
    parser.add_argument("--linger", type=float, default=LINGER, help="seconds to live without a server")
    parser.add_argument("--kernels", type=int, default=64, help="kernels at the same time")
    parser.add_argument(
        "--launcher",
        choices=("zygote", "bubblewrap"),
        default="zygote",
        help="bubblewrap: fork no kernels off one that has imported everything",
    )
    parser.add_argument(
        "--warm", type=int, default=WARM, help="kernels made ahead, per environment in use; 0: none"
    )
    parser.add_argument("--ready", type=int, help="a descriptor to close once serving")
    found = parser.parse_args(arguments)
    return HostOptions(
        socket=found.socket.absolute(),
        environments=found.environments.absolute(),
        hidden=tuple(folder.absolute() for folder in found.hide),
        isolation=found.isolation,
        linger=found.linger,
        kernels=found.kernels,
        warm=found.warm,
        launcher=found.launcher,
        ready=found.ready,
    )


def main() -> None:
    """Run from a command line."""
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s: %(message)s")
    sys.exit(run_host(parse(sys.argv[1:])))


if __name__ == "__main__":
    main()
