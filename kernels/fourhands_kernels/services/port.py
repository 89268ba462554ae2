"""One port of a kernel's loopback, held by the host as long as the kernel lives: nobody in the room can have
it, whether the service behind it runs or not.

A socket belongs to the network in which it was made, wherever it is used: so the service may accept from a
sandbox of its own, which has no network.
"""

import asyncio
import contextlib
import os
import socket
import subprocess
import sys
from pathlib import Path
from typing import Final, Literal

from ..descriptor import readable
from .enter import DONE, TAKEN

BACKLOG: Final = 64  # connections that may wait; further ones are not answered until there is room
_SECONDS: Final = 20.0  # it takes 30 ms on an idle machine
_NEEDED: Final = ("LD_LIBRARY_PATH",)  # some Pythons do not start without
_ENTER: Final = Path(__file__).parent / "enter.py"


class PortTaken(Exception):
    """Somebody in that network listens on the port."""


class PortUnavailable(Exception):
    """The port could not be had; the words are for the host's log."""


class Port:
    """A listening socket; `shut` refuses connections and keeps the port, `open` takes them again."""

    def __init__(self, number: int, listener: socket.socket) -> None:
        self.number = number
        self._listener = listener

    @property
    def fd(self) -> int:
        """The socket by number, to be handed on."""
        return self._listener.fileno()

    def open(self) -> None:
        """Take connections; PortTaken where that is not to be had any more."""
        if self._listener.getsockopt(socket.SOL_SOCKET, socket.SO_ACCEPTCONN):
            return
        try:
            # Without it connections that have ended would be in our own way.
            self._listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            self._listener.listen(BACKLOG)
        except OSError as error:
            raise PortTaken(str(error)) from error

    def shut(self) -> None:
        """Refuse connections, those that wait too. The port stays ours: who does not listen, and lets nobody
        use it again, is in everybody's way.
        """
        with contextlib.suppress(OSError):
            self._listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 0)
            self._listener.shutdown(socket.SHUT_RD)

    def close(self) -> None:
        """Let go of it."""
        self._listener.close()


async def reserve(number: int, *, network: int | None, mode: Literal["root", "user"] | None) -> Port:
    """A port that listens, in the network namespace of this descriptor, or (None) in our own."""
    if network is None or mode is None:
        return Port(number, _listen_here(number))
    ours, theirs = socket.socketpair()
    with ours:
        with theirs:
            entering = _enter(network, theirs.fileno(), number, mode)
        try:
            return Port(number, await _handed_over(ours, entering))
        finally:
            entering.kill()
            entering.wait()
            assert entering.stderr is not None
            entering.stderr.close()


def _enter(network: int, back: int, number: int, mode: str) -> "subprocess.Popen[bytes]":
    return subprocess.Popen(
        [sys.executable, "-I", "-S", str(_ENTER), *map(str, (network, back, number, BACKLOG)), mode],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        env={name: os.environ[name] for name in _NEEDED if name in os.environ},
        pass_fds=(network, back),
    )


async def _handed_over(ours: socket.socket, entering: "subprocess.Popen[bytes]") -> socket.socket:
    try:
        async with asyncio.timeout(_SECONDS):
            await readable(ours.fileno())
    except TimeoutError:
        raise PortUnavailable(f"no answer within {_SECONDS:g} s") from None
    said, given, _, _ = socket.recv_fds(ours, 1, 1, socket.MSG_CMSG_CLOEXEC)
    if said == DONE and given:
        return socket.socket(fileno=given[0])
    for fd in given:
        socket.close(fd)
    if said == TAKEN:
        raise PortTaken("it is in use")
    assert entering.stderr is not None
    words = entering.stderr.read(4_096).decode(errors="replace").strip()
    raise PortUnavailable(words.rsplit("\n", 1)[-1] or "it ended without a word")


def _listen_here(number: int) -> socket.socket:
    listener = socket.socket()
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(("127.0.0.1", number))
        listener.listen(BACKLOG)
    except OSError as error:
        listener.close()
        raise PortTaken(str(error)) from error
    return listener
