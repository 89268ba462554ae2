"""One kernel's process as the host sees it: how it ended, its last words, signals to it, and nothing of its
inside.
"""

import asyncio
import contextlib
import os
import signal
import socket
from abc import ABC, abstractmethod
from collections.abc import Callable
from typing import Final

from ..kernel import KernelUnavailable
from .sign import Sign, sign

REPORT_SECONDS: Final = 20  # from the start to the launcher's first sign; it takes 30 ms on an idle machine
_TAIL: Final = 4096  # bytes of last words that are kept
_READ: Final = 64 * 1024
_LAST_WORDS: Final = 1.0  # seconds that a launcher which gave no sign gets to end
_PAUSE: Final = 0.02  # seconds between reads of stderr: who floods it waits, not we


class KernelProcess(ABC):
    """A started launcher, whichever way it was started.

    `errors` is the reading end of its stderr, ours to close. `work` is a descriptor (O_PATH) of the kernel's
    working folder, from the launcher's sign until the end: closed then, for it would keep a folder in memory
    alive. `explain` is asked at the end: what holds the sandbox may know better than an exit status why.
    """

    def __init__(self, errors: int) -> None:
        self._errors: int | None = errors
        self._tail = b""
        self.explain: Callable[[], str | None] | None = None
        self.work: int | None = None
        self._kernel: int | None = None
        self._first: int | None = None  # the first process inside: with it goes its whole pid namespace
        self._loop = asyncio.get_running_loop()
        self.exited: asyncio.Future[str] = self._loop.create_future()
        os.set_blocking(errors, False)
        self._loop.add_reader(errors, self._on_errors)

    @property
    def alive(self) -> bool:
        """Whether anything of it still runs."""
        return not self.exited.done()

    @property
    def inside(self) -> tuple[int, ...]:
        """The pids, in our own pid namespace, of the first process inside and of the kernel; known from the
        sign on.
        """
        return tuple(_pid(fd) for fd in (self._first, self._kernel) if fd is not None)

    @property
    def last_words(self) -> str:
        """The end of what came out of its stderr."""
        return self._tail.decode(errors="replace").strip()

    async def reported(self, report: socket.socket, *, in_memory: bool) -> None:
        """Wait for the launcher's sign and take what it brings; KernelUnavailable where it ends without one.

        `in_memory` says that its working folder has to be a tmpfs.
        """
        waiting = asyncio.ensure_future(sign(report, in_memory=in_memory))
        try:
            async with asyncio.timeout(REPORT_SECONDS):
                await asyncio.wait((waiting, self.exited), return_when=asyncio.FIRST_COMPLETED)
            if not waiting.done() or isinstance(waiting.exception(), (EOFError, OSError)):
                await asyncio.wait((self.exited,), timeout=_LAST_WORDS)  # it says why in pieces
                raise KernelUnavailable(f"the sandbox did not start: {self._why()}")
            self._take(waiting.result())
        except TimeoutError:
            raise KernelUnavailable(f"the sandbox did not start within {REPORT_SECONDS} s") from None
        finally:
            if not waiting.cancel() and not waiting.exception() and self.work is None:
                os.close(waiting.result().work)  # nobody else would

    def _take(self, sign: Sign) -> None:
        if not self.alive:
            raise KernelUnavailable(f"the sandbox did not start: {self._why()}")
        self._kernel, self.work = handle(sign.pid), sign.work
        self._first = self._take_first()

    def signal(self, number: int) -> None:
        """Signal the kernel itself: a signal to what started it would stop there."""
        if self._kernel is not None:
            send(self._kernel, number)

    def network(self) -> int:
        """A descriptor of the sandbox's network namespace, for the caller to close; ProcessLookupError once
        the sandbox is gone.
        """
        process = self._first or self._kernel
        if process is None:
            raise ProcessLookupError("the sandbox is gone")
        network = os.open(f"/proc/{_pid(process)}/ns/net", os.O_RDONLY | os.O_CLOEXEC)
        try:
            _pid(process)  # it is still there, so what was opened was its own
        except ProcessLookupError:
            os.close(network)
            raise
        return network

    def kill(self) -> None:
        """End the sandbox and all in it: when `exited` is set nothing is left."""
        if not self.alive:
            return
        if self._first is not None:
            send(self._first, signal.SIGKILL)
        else:
            self._kill_early()

    async def wait(self) -> str:
        """Wait for the end; returns how it came."""
        return await asyncio.shield(self.exited)

    def _end(self, code: int) -> None:
        """It is gone: let go of all that was held of it."""
        for fd in (self._kernel, self._first, self.work):
            if fd is not None:
                os.close(fd)
        self._kernel = self._first = self.work = None
        if self._errors is not None:
            self._on_errors()
            self._close_errors()
        if not self.exited.done():
            why = None if self.explain is None else self.explain()
            self.exited.set_result(why or _ending(code))

    @abstractmethod
    def _kill_early(self) -> None:
        """End it while the first process inside is not known."""

    @abstractmethod
    def _take_first(self) -> int | None:
        """A handle of the first process inside; the sign has come."""

    def _on_errors(self) -> None:
        if self._errors is None:
            return
        self._loop.remove_reader(self._errors)
        try:
            data = os.read(self._errors, _READ)
        except BlockingIOError:
            data = None
        if data == b"":
            self._close_errors()
            return
        self._tail = (self._tail + (data or b""))[-_TAIL:]
        self._loop.call_later(_PAUSE, self._listen_again)

    def _listen_again(self) -> None:
        if self._errors is not None:
            self._loop.add_reader(self._errors, self._on_errors)

    def _close_errors(self) -> None:
        if self._errors is not None:
            self._loop.remove_reader(self._errors)
            os.close(self._errors)
            self._errors = None

    def _why(self) -> str:
        return self.last_words.rsplit("\n", 1)[-1] or (
            self.exited.result() if self.exited.done() else "no sign"
        )


def _pid(process: int) -> int:
    """The pid that a handle stands for; ProcessLookupError once it is gone."""
    with open(f"/proc/self/fdinfo/{process}", encoding="ascii") as file:
        pid = next(int(line.split()[1]) for line in file if line.startswith("Pid:"))
    if pid <= 0:
        raise ProcessLookupError("the process is gone")
    return pid


def handle(pid: int) -> int | None:
    """A handle that stays with the process, where a pid may come to name another."""
    try:
        return os.pidfd_open(pid)
    except ProcessLookupError:
        return None


def send(process: int, number: int) -> None:
    """Signal a process by its handle, where it still is."""
    with contextlib.suppress(ProcessLookupError, PermissionError):
        signal.pidfd_send_signal(process, number)


def _ending(code: int) -> str:
    """How a process ended, in words; bubblewrap passes a signal on as 128 + its number."""
    number = -code if code < 0 else code - 128
    if number in signal.valid_signals():
        name = signal.Signals(number).name
        return f"ended by {name}" + (" (out of memory, perhaps)" if name == "SIGKILL" else "")
    return f"ended with status {code}"
